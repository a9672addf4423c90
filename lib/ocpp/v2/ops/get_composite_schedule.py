"""GetCompositeSchedule, OCPP 2.0.1 K08. A job: answered later."""

from ocpp.calls import CallError

_LONGEST_S = const(31536000)
_MOST = const(128)  # periods that fit into an answer; the duration is cut short for more


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("SmartChargingEnabled"):
        raise CallError("NotSupported", "smart charging is switched off")
    p = request.payload
    why = None
    allowed = station.settings.get("ChargingScheduleAllowedChargingRateUnit")
    unit = p.get("chargingRateUnit")
    if not 0 <= p["evseId"] <= len(station.connectors):
        why = "UnknownEvse"  # K08.FR.05
    elif unit and ("Current" if unit == "A" else "Power") not in allowed:
        why = "UnsupportedRateUnit"  # K08.FR.07
    elif p["duration"] <= 0:
        why = "InvalidValue"
    elif station.clock.unix() is None:
        why = "InternalError"  # its start can't be told
    if why:
        return {"status": "Rejected", "statusInfo": {"reasonCode": why}}
    unit = unit or ("A" if "Current" in allowed else "W")
    station.jobs.append(request.finished_by(_answer(station, p, unit, request)))
    return None


def _answer(station, p, unit, request):
    station.tidy()  # what led here is not needed any more
    from ocpp.station import composite

    duration = min(p["duration"], _LONGEST_S)
    start, found = yield from composite.composite(
        station.limits, p["evseId"], duration, unit, None, _MOST
    )
    if len(found) > _MOST:
        duration = found[_MOST][0]
        found = found[:_MOST]
    flat = []
    for entry in found:
        flat += entry
    from ocpp.iso import to_iso
    from ocpp.v2.profile import periods

    schedule = {
        "evseId": p["evseId"],
        "duration": duration,
        "scheduleStart": to_iso(start),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods(flat),
    }
    del composite, found, flat
    station.tidy()
    yield
    request.reply({"status": "Accepted", "schedule": schedule})
