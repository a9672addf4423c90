"""ReserveNow, OCPP 2.0.1 H01: an EVSE, or any, perhaps with a connector of some type."""

from ocpp.v2.types import connectors_of, time_of


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    number = 0
    if "evseId" in p:
        found = connectors_of(station, {"id": p["evseId"]})
        if not found:
            return _rejected("UnknownEvse")
        number = found[0].id
    # All connectors are of one type
    if p.get("connectorType", _of_station(station)) != _of_station(station):
        return _rejected("UnknownConnectorType")
    until = time_of(p["expiryDateTime"])
    if until is None:
        return _rejected("InvalidValue")
    group = p.get("groupIdToken")
    status = station.reserve(
        p["id"], number, p["idToken"]["idToken"], group["idToken"] if group else None, until
    )
    return {"status": status}


def _of_station(station):
    return station.settings.get("Connector.ConnectorType")


def _rejected(why):
    return {"status": "Rejected", "statusInfo": {"reasonCode": why}}
