"""GetBaseReport, OCPP 2.0.1 B07. The report follows as a job."""


def handle(dialect, request):
    p = request.payload
    return report(dialect, p["requestId"], p["reportBase"])


def report(dialect, id, wanted):
    """Begin a report, see `reports.matches`; one at a time. Returns the answer to its request."""
    if dialect.reporting:
        info = {"reasonCode": "Unspecified", "additionalInfo": "another report is under way"}
        return {"status": "Rejected", "statusInfo": info}
    dialect.reporting = True
    dialect.station.jobs.append(_report(dialect, id, wanted))
    return {"status": "Accepted"}


def _report(dialect, id, wanted):
    from ocpp.v2 import parts

    try:
        yield from parts.send(dialect.station, "NotifyReport", id, "reports", wanted)
    finally:
        dialect.reporting = False
