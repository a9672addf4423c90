"""ReserveNow, OCPP 1.6 §5.13."""

from ocpp.v16.types import time_of


def handle(dialect, request):
    p = request.payload
    status = dialect.station.reserve(
        p["reservationId"],
        p["connectorId"],
        p["idTag"],
        p.get("parentIdTag"),
        time_of(p["expiryDate"]),
    )
    return {"status": status}
