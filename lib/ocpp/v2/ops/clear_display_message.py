"""ClearDisplayMessage, OCPP 2.0.1 O05."""

from ocpp.calls import CallError


def handle(dialect, request):
    station = dialect.station
    if station.on_display is None:
        raise CallError("NotSupported", "there is no display")
    if station.part("display").clear(request.payload["id"]):
        return {"status": "Accepted"}
    return {"status": "Unknown", "statusInfo": {"reasonCode": "NotFound"}}
