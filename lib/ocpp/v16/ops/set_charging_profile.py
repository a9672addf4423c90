"""SetChargingProfile, OCPP 1.6 §5.16, errata 3.38, 3.39, 3.53. A job: answered later."""

from ocpp.calls import CallError


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
    from ocpp.station import profile_rules, profiles
    from ocpp.v16.profile import plain

    yield from profiles.install(
        station,
        request,
        number,
        plain(request.payload["csChargingProfiles"]),
        profile_rules.record,
        lambda why: {"status": "Rejected"},
    )
