"""ExtendedTriggerMessage, security whitepaper §5.5: as TriggerMessage, with the messages of the
security extension."""

_MEANS = {  # §6.16
    "FirmwareStatusNotification": "SignedFirmwareStatusNotification",
    "SignChargePointCertificate": "SignCertificate",
}


def handle(dialect, request):
    p = request.payload
    wanted = p["requestedMessage"]
    action = _MEANS.get(wanted, wanted)
    return dialect.op("TriggerMessage").trigger(dialect, action, p.get("connectorId"))


def refused(request, error):
    known = error.description != "requestedMessage: enum"
    return None if known else {"status": "NotImplemented"}
