"""One readable line a frame, for the live log."""

from csms_app import protocol

_SHOWN = {
    "Authorize": ("idTag", "idToken.idToken"),
    "BootNotification": (
        "chargePointVendor",
        "chargePointModel",
        "chargingStation.vendorName",
        "chargingStation.model",
        "reason",
    ),
    "StatusNotification": (
        "connectorId",
        "evseId",
        "status",
        "connectorStatus",
        "errorCode",
    ),
    "StartTransaction": ("connectorId", "idTag", "meterStart"),
    "StopTransaction": ("transactionId", "meterStop", "reason"),
    "TransactionEvent": (
        "eventType",
        "triggerReason",
        "transactionInfo.transactionId",
        "transactionInfo.chargingState",
        "idToken.idToken",
    ),
    "MeterValues": ("connectorId", "evseId", "transactionId"),
    "ChangeConfiguration": ("key", "value"),
    "DataTransfer": ("vendorId", "messageId"),
    "Reset": ("type",),
    "SecurityEventNotification": ("type",),
    "TriggerMessage": ("requestedMessage",),
    "RemoteStartTransaction": ("idTag", "connectorId"),
    "RemoteStopTransaction": ("transactionId",),
    "RequestStartTransaction": ("idToken.idToken", "evseId"),
    "RequestStopTransaction": ("transactionId",),
    "UnlockConnector": ("connectorId", "evseId"),
    "ChangeAvailability": ("connectorId", "evse.id", "type", "operationalStatus"),
}
_ANSWER = ("status", "transactionId", "idTagInfo.status", "idTokenInfo.status", "interval")
_QUIET = ("NoError",)
_MAX_OPEN = 64


class Summary:
    """Lines for the frames of one connection. Empty answers make no line."""

    def __init__(self):
        self._open = {}  # message id -> action, of calls both ways

    def line(self, direction, frame):
        """The line for a frame (list), None where none is worth one."""
        if frame is None:
            return "not an OCPP message"
        if frame[0] in (protocol.CALL, protocol.SEND):
            return self._call(protocol.redact(frame))
        action = self._open.pop(frame[1], "?")
        if frame[0] == protocol.CALLRESULT:
            words = _words(frame[2], _ANSWER)
            return "%s: %s" % (action, words) if words else None
        return protocol.printable("%s: ERROR %s %s" % (action, frame[2], frame[3]), 300)

    def _call(self, frame):
        action = protocol.printable(frame[2], 40)
        if len(self._open) >= _MAX_OPEN:
            self._open.pop(next(iter(self._open)))
        self._open[frame[1]] = action
        return (action + " " + _words(frame[3], _SHOWN.get(action, ()))).rstrip()


def _words(payload, names):
    words = []
    for name in names:
        value = payload
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, (dict, list)) and value not in _QUIET:
            words.append(protocol.printable(value, 40))
    return " ".join(words)
