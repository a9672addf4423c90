"""ClearChargingProfile, OCPP 1.6 §5.5, errata 3.25, 3.26. A job: answered later."""

from ocpp.calls import CallError


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("SmartChargingEnabled"):
        raise CallError("NotSupported", "smart charging is switched off")
    station.jobs.append(request.finished_by(_clear(station, request)))
    return None


def _clear(station, request):
    station.tidy()  # what led here is not needed any more
    from ocpp.station import fields, profiles

    wanted = _wanted(fields, request.payload)

    count = yield from profiles.clear(station.limits, profiles.having(wanted))
    request.reply({"status": "Accepted" if count else "Unknown"})


def _wanted(fields, p):
    """[(field, value)] that a profile must have; with an id all else is ignored."""
    if "id" in p:
        return [(fields.ID, p["id"])]
    wanted = []
    if "connectorId" in p:
        wanted.append((fields.NUMBER, p["connectorId"]))
    if "stackLevel" in p:
        wanted.append((fields.STACK, p["stackLevel"]))
    if "chargingProfilePurpose" in p:
        from ocpp.v16.profile import purpose

        wanted.append((fields.PURPOSE, purpose(p["chargingProfilePurpose"])))
    return wanted
