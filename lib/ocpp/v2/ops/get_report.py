"""GetReport, OCPP 2.0.1 B08: what the criteria and the list of variables leave. A job: answered
once it is known that there is something to tell."""

from ocpp.calls import CallError


def handle(dialect, request):
    from ocpp.v2 import reports

    station = dialect.station
    most = station.settings.get("DeviceDataCtrlr.ItemsPerMessage[GetReport]")
    if len(request.payload.get("componentVariable", ())) > most:  # B08.FR.17
        raise CallError("OccurrenceConstraintViolation", "at most %d variables" % most)
    if dialect.reporting:
        return reports.refused()
    station.jobs.append(request.finished_by(reports.selected(dialect, request)))
    return None
