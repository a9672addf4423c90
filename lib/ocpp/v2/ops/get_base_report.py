"""GetBaseReport, OCPP 2.0.1 B07. The report follows as a job."""


def handle(dialect, request):
    from ocpp.v2 import reports

    if dialect.reporting:
        return reports.refused()
    p = request.payload
    return reports.start(dialect, p["requestId"], reports.BASES[p["reportBase"]])
