"""SetChargingProfile, OCPP 1.6 §5.16, errata 3.38, 3.39, 3.53. A job: answered later."""

from ocpp.calls import CallError
from ocpp.log import log


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("SmartChargingEnabled"):
        raise CallError("NotSupported", "smart charging is switched off")
    number = request.payload["connectorId"]
    if not 0 <= number <= len(station.connectors):
        raise CallError("PropertyConstraintViolation", "connectorId: there is none of that number")
    if request.payload["csChargingProfiles"]["stackLevel"] < 0:
        raise CallError("PropertyConstraintViolation", "stackLevel: range")
    station.jobs.append(request.finished_by(_install(station, number, request)))
    return None


def _install(station, number, request):
    station.tidy()  # what led here is not needed any more
    wanted = request.payload["csChargingProfiles"]
    name = wanted["chargingProfileId"]
    try:
        profile = _profile(station, number, wanted)
        wanted = request.payload = None  # it may be large
        yield
        from ocpp.station import profiles

        most = station.settings.get("MaxChargingProfilesInstalled")
        yield from profiles.put(station.limits, profile, most)
    except ValueError as e:
        log.warn("profile", name, "refused:", e)
        request.reply({"status": "Rejected"})
    else:
        log.info("profile", name, "installed")
        request.reply({"status": "Accepted"})


def _profile(station, number, wanted):
    from ocpp.station import fields, profile_rules
    from ocpp.v16.profile import plain

    told = plain(wanted)
    profile = profile_rules.record(station, number, told)
    profile[fields.TX] = profile_rules.transaction(station, number, told)
    return profile
