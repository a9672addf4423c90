"""ClearVariableMonitoring, OCPP 2.0.1 N06."""

from ocpp.calls import CallError


def handle(dialect, request):
    station = dialect.station
    ids = request.payload["id"]
    most = station.settings.get("MonitoringCtrlr.ItemsPerMessage[ClearVariableMonitoring]")
    if len(ids) > most:
        raise CallError("OccurrenceConstraintViolation", "at most %d monitors" % most)
    part = station.part("monitors")
    results = []
    for id in ids:
        results.append({"id": id, "status": "Accepted" if part.clear(id) else "NotFound"})
    return {"clearMonitoringResult": results}
