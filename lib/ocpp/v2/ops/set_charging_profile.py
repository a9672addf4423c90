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
    from ocpp.station import profiles
    from ocpp.v2 import profile as own

    p = request.payload
    profile = yield from profiles.install(
        station, request, p["evseId"], p.pop("chargingProfile"), own.record, own.refused
    )
    if profile and station.iso15118:
        _hand_on(station, profile)


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
