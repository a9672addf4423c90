"""UnlockConnector, OCPP 2.0.1 F05. The lock may take its time: answered later."""

from ocpp.calls import CallError
from ocpp.v2.types import connectors_of


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    found = connectors_of(station, {"id": p["evseId"], "connectorId": p["connectorId"]})
    if not found:
        return {"status": "UnknownConnector"}
    if station.on_unlock is None:
        raise CallError("NotSupported", "the cable is not locked here")
    if found[0].tx and found[0].tx.authorized:
        return {"status": "OngoingAuthorizedTransaction"}
    station.unlock(found[0], lambda status: request.reply({"status": status}))
    return None
