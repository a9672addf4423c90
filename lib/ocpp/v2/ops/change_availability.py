"""ChangeAvailability, OCPP 2.0.1 G03, G04: the station, or an EVSE with its one connector."""

from ocpp.v2.types import connectors_of


def handle(dialect, request):
    p = request.payload
    evse = p.get("evse")
    if evse and not connectors_of(dialect.station, evse):
        return {"status": "Rejected"}
    operative = p["operationalStatus"] == "Operative"
    return {"status": dialect.station.change_availability(evse["id"] if evse else 0, operative)}
