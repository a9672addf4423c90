"""GetCompositeSchedule, OCPP 1.6 §5.7, errata 3.51, 3.57. A job: answered later."""

from ocpp.calls import CallError


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

    number = p["connectorId"]
    start, schedule = yield from composite.answer(
        station, number, p["duration"], p.get("chargingRateUnit", "A"), False
    )
    answer = {"status": "Accepted", "connectorId": number, "chargingSchedule": schedule}
    if start is not None:
        from ocpp.iso import to_iso

        answer["scheduleStart"] = to_iso(start)
    del composite
    station.tidy()
    yield
    request.reply(answer)
