"""ChangeAvailability, OCPP 1.6 §5.2."""


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    if not 0 <= p["connectorId"] <= len(station.connectors):
        return {"status": "Rejected"}
    return {"status": station.change_availability(p["connectorId"], p["type"] == "Operative")}
