"""RemoteStopTransaction, OCPP 1.6 §5.12."""

from ocpp.station.registration import ACCEPTED


def handle(dialect, request):
    station = dialect.station
    if station.registration.status == ACCEPTED:
        for c in station.connectors:
            if c.tx and not c.tx.ending and c.tx.id == request.payload["transactionId"]:
                station.emit("RemoteStop", c)
                c.stop(None, "Remote")
                return {"status": "Accepted"}
    return {"status": "Rejected"}
