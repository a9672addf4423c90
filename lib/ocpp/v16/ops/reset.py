"""Reset, OCPP 1.6 §5.14."""


def handle(dialect, request):
    accepted = dialect.station.reset(request.payload["type"])
    return {"status": "Accepted" if accepted else "Rejected"}
