"""GetTransactionStatus, OCPP 2.0.1 E14. A job: it looks through the transaction log."""


def handle(dialect, request):
    id = request.payload.get("transactionId")
    station = dialect.station
    if id is None:
        return {"messagesInQueue": station.log.pending() > 0}
    station.jobs.append(_answer(station, id, request))
    return None


def _answer(station, id, request):
    ongoing = False
    waiting = False
    for c in station.connectors:
        if c.tx and str(c.tx.id) == id:
            ongoing = True
    for key in _keys(station, id):
        for record in station.log.records(key):
            waiting = waiting or record.seq >= station.log.cursor
            yield
    request.reply({"ongoingIndicator": ongoing, "messagesInQueue": waiting})


def _keys(station, id):
    """Local keys that may be meant: the end of an id of our own, or a running transaction's."""
    own = station.dialect.transaction_id("")
    if id.startswith(own):
        return [id[len(own) :]]
    return [c.tx.key for c in station.connectors if c.tx and str(c.tx.id) == id]
