"""UnlockConnector, OCPP 1.6 §5.18 and errata 3.87. The lock may take its time: answered later."""


def handle(dialect, request):
    station = dialect.station
    id = request.payload["connectorId"]
    if not 1 <= id <= len(station.connectors):
        return {"status": "NotSupported"}
    station.unlock(station.connectors[id - 1], lambda status: request.reply({"status": status}))
    return None
