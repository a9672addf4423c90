"""CertificateSigned, OCPP 2.0.1 A02, A03. A job: signatures take their time. Certificates of ISO
15118 are a host's."""


def handle(dialect, request):
    if request.payload.get("certificateType") == "V2GCertificate":
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedParam"}}
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    from ocpp.station import own

    status = yield from own.signed(station, request.payload["certificateChain"])
    if status == "Accepted":
        request.reply({"status": status})
        station.part("asking").answered()
        station.part("security").certificate_changed()
    else:
        request.reply({"status": status, "statusInfo": {"reasonCode": "InvalidCertificate"}})
