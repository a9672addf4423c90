"""CostUpdated, OCPP 2.0.1 I02; with customData as for California."""

from ocpp.calls import CallError


def handle(dialect, request):
    station = dialect.station
    if not station.on_price:
        raise CallError("NotSupported", "no cost is shown here")
    from ocpp.v2 import price

    p = request.payload
    for c in station.connectors:
        if c.tx and str(c.tx.id) == p["transactionId"]:
            price.running(station, c, p["totalCost"], p.get("customData"))
    return {}
