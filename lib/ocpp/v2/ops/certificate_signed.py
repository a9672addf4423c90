"""CertificateSigned, OCPP 2.0.1 A02, A03. A job: signatures take their time. Certificates of ISO
15118 are a host's."""


def handle(dialect, request):
    station = dialect.station
    if request.payload.get("certificateType") == "V2GCertificate":
        return _controllers(station.iso15118, request.payload["certificateChain"])
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _controllers(controller, chain):
    """That of the controller that speaks with the EV."""
    if controller is None:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedParam"}}
    if controller.certificate(chain):
        return {"status": "Accepted"}
    return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidCertificate"}}


def _answer(station, request):
    from ocpp.station import own

    status = yield from own.signed(station, request.payload["certificateChain"])
    if status == "Accepted":
        request.reply({"status": status})
        station.part("asking").answered()
        station.part("credentials").certificate_changed()
    else:
        request.reply({"status": status, "statusInfo": {"reasonCode": "InvalidCertificate"}})
