"""GetCompositeSchedule, OCPP 1.6 §5.7, errata 3.51, 3.57. A job: answered later."""

from ocpp.calls import CallError

_LONGEST_S = const(31536000)
_MOST = const(128)  # periods that fit into an answer; the duration is cut short for more


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("SmartChargingEnabled"):
        raise CallError("NotSupported", "smart charging is switched off")
    p = request.payload
    if not 0 <= p["connectorId"] <= len(station.connectors) or p["duration"] <= 0:
        return {"status": "Rejected"}
    station.jobs.append(request.finished_by(_answer(station, p, request)))
    return None


def _answer(station, p, request):
    station.tidy()  # what led here is not needed any more
    from ocpp.station import composite

    duration = min(p["duration"], _LONGEST_S)
    unit = p.get("chargingRateUnit", "A")
    number = p["connectorId"]
    start, found = yield from composite.composite(
        station.limits, number, duration, unit, None, _MOST
    )
    if len(found) > _MOST:
        duration = found[_MOST][0]
        found = found[:_MOST]
    periods = []
    for at, limit, phases in found:
        period = {"startPeriod": at, "limit": limit / 10}
        if phases & 15:
            period["numberPhases"] = phases & 15
        periods.append(period)
    schedule = {
        "duration": duration,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    answer = {"status": "Accepted", "connectorId": number, "chargingSchedule": schedule}
    if start is not None:
        from ocpp.iso import to_iso

        answer["scheduleStart"] = to_iso(start)
    del composite, found
    station.tidy()
    yield
    request.reply(answer)
