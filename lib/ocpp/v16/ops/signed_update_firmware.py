"""SignedUpdateFirmware, security whitepaper §5.21, L01. A job: the certificate is checked before
the answer (L01.FR.23)."""


def handle(dialect, request):
    dialect.station.jobs.append(request.finished_by(_answer(dialect.station, request)))
    return None


def _answer(station, request):
    from ocpp.station import firmware_signature

    status = yield from firmware_signature.begin(station, request.payload)
    request.reply({"status": status})
