"""RequestStopTransaction, OCPP 2.0.1 F03."""

from ocpp.station.registration import ACCEPTED


def handle(dialect, request):
    station = dialect.station
    if station.registration.status == ACCEPTED:
        for c in station.connectors:
            if c.tx and not c.tx.ending and str(c.tx.id) == request.payload["transactionId"]:
                station.emit("RemoteStop", c)
                c.stop(None, "Remote")
                return {"status": "Accepted"}
    return {"status": "Rejected"}
