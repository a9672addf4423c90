"""SetDisplayMessage, OCPP 2.0.1 O01, O02, O06."""

from ocpp.calls import CallError


def handle(dialect, request):
    station = dialect.station
    if station.on_display is None:
        raise CallError("NotSupported", "there is no display")
    from ocpp.v2 import message

    info = request.payload["message"]
    refused = message.refusal(station, info)
    if refused is None:
        why = station.part("display").put(message.plain(station, info))
        refused = why and ("Rejected", why)
    if refused:
        return {"status": refused[0], "statusInfo": {"reasonCode": refused[1]}}
    return {"status": "Accepted"}
