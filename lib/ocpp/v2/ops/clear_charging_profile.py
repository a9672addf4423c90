"""ClearChargingProfile, OCPP 2.0.1 K10. A job: answered later."""

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
    if count:
        request.reply({"status": "Accepted"})
    else:
        request.reply({"status": "Unknown", "statusInfo": {"reasonCode": "NotFound"}})


def _wanted(fields, p):
    """[(field, value)] that a profile must have; with an id all else is ignored (K10.FR.02).
    External constraints are no profiles here: they match nothing (K10.FR.05)."""
    if "chargingProfileId" in p:
        return [(fields.ID, p["chargingProfileId"])]
    criteria = p.get("chargingProfileCriteria", {})
    wanted = []
    for name, field in (
        ("evseId", fields.NUMBER),
        ("stackLevel", fields.STACK),
        ("chargingProfilePurpose", fields.PURPOSE),
    ):
        if name in criteria:
            wanted.append((field, criteria[name]))
    return wanted
