"""CancelReservation, OCPP 1.6 §5.1."""


def handle(dialect, request):
    found = dialect.station.cancel_reservation(request.payload["reservationId"])
    return {"status": "Accepted" if found else "Rejected"}
