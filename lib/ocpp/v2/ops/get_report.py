"""GetReport, OCPP 2.0.1 B08: what the criteria and the list of variables leave. A job: answered
once it is known that there is something to tell."""

from ocpp.calls import CallError


def handle(dialect, request):
    station = dialect.station
    most = station.settings.get("DeviceDataCtrlr.ItemsPerMessage[GetReport]")
    if len(request.payload.get("componentVariable", ())) > most:  # B08.FR.17
        raise CallError("OccurrenceConstraintViolation", "at most %d variables" % most)
    station.jobs.append(request.finished_by(_answer(dialect, request)))
    return None


def _answer(dialect, request):
    from ocpp.v2 import reports

    p = request.payload
    begin = dialect.op("GetBaseReport").report
    if dialect.reporting:
        return request.reply(begin(dialect, p["requestId"], None))
    wanted = yield from reports.selection(dialect.station, p)
    if wanted is None:
        return request.reply({"status": "EmptyResultSet"})
    request.reply(begin(dialect, p["requestId"], wanted))
