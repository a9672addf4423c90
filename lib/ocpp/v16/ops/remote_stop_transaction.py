"""RemoteStopTransaction, OCPP 1.6 §5.12."""

from ocpp.station.registration import ACCEPTED


def handle(dialect, request):
    station = dialect.station
    found = False
    if station.registration.status == ACCEPTED:
        # All of that id: a central system may give one to several, and it wants no energy to flow.
        for c in station.connectors:
            if c.tx and not c.tx.ending and c.tx.id == request.payload["transactionId"]:
                station.emit("RemoteStop", c)
                c.stop(None, "Remote")
                found = True
    return {"status": "Accepted" if found else "Rejected"}
