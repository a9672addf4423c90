"""CancelReservation, OCPP 2.0.1 H02."""


def handle(dialect, request):
    found = dialect.station.cancel_reservation(request.payload["reservationId"])
    return {"status": "Accepted" if found else "Rejected"}
