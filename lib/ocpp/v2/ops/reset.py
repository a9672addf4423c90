"""Reset, OCPP 2.0.1 B11, B12: of the whole station; a single EVSE can't be reset here."""


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    if "evseId" in p or station.on_reset is None:
        return {"status": "Rejected"}
    if p["type"] == "OnIdle" and not _idle(station):
        _wait(dialect)
        return {"status": "Scheduled"}
    return {"status": "Accepted" if station.reset(p["type"]) else "Rejected"}


def _idle(station):
    for c in station.connectors:
        if c.tx:
            return False
    return True


def _wait(dialect):
    """Reset once the last transaction has ended."""
    if dialect.reset_waits:
        return
    dialect.reset_waits = True

    def stopped(event, connector):
        if dialect.reset_waits and _idle(dialect.station):
            dialect.reset_waits = False
            dialect.station.reset("OnIdle")

    dialect.station.on("StopTx", stopped)
