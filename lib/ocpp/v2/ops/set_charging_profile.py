"""SetChargingProfile, OCPP 2.0.1 K01 to K05, K15, K16. A job: answered later."""

from ocpp.calls import CallError
from ocpp.log import log


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("SmartChargingEnabled"):
        raise CallError("NotSupported", "smart charging is switched off")
    station.jobs.append(request.finished_by(_install(station, request)))
    return None


def _install(station, request):
    station.tidy()  # what led here is not needed any more
    number, wanted = request.payload["evseId"], request.payload["chargingProfile"]
    name = wanted["id"]
    try:
        profile = _profile(station, number, wanted)
        wanted = request.payload = None  # it may be large
        yield
        from ocpp.station import profiles

        most = station.settings.get("MaxChargingProfilesInstalled")
        yield from profiles.put(station.limits, profile, most)
    except ValueError as e:
        from ocpp.v2.profile import refused

        log.warn("profile", name, "refused:", e)
        request.reply({"status": "Rejected", "statusInfo": refused(e)})
        return
    log.info("profile", name, "installed")
    request.reply({"status": "Accepted"})
    if station.iso15118:
        _hand_on(station, profile)


def _profile(station, number, wanted):
    from ocpp.station import fields, profile_rules
    from ocpp.v2 import profile as own

    profile = own.record(station, number, wanted)
    for _, _, other in own.external(station):
        if other["id"] == wanted["id"]:
            raise ValueError("ExistingChargingStationExternalConstraints")
    profile[fields.TX] = profile_rules.transaction(station, number, own.plain(wanted))
    return profile


def _hand_on(station, profile):
    """The schedules of a transaction go to the controller that speaks with the EV (K15.FR.07,
    K16)."""
    from ocpp.station import fields
    from ocpp.v2.profile import told

    if profile[fields.PURPOSE] == fields.TRANSACTION:
        connector = station.connectors[profile[fields.NUMBER] - 1]
        try:
            station.iso15118.schedules(connector, told(station, profile)["chargingSchedule"])
        except Exception as e:  # the host's fault
            log.error("profile", "iso15118.schedules failed:", repr(e))
