"""CertificateSigned, security whitepaper §5.1. A job: signatures take their time."""


def handle(dialect, request):
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    from ocpp.station import own

    status = yield from own.signed(station, request.payload["certificateChain"])
    request.reply({"status": status})
    if status == "Accepted":
        station.part("credentials").certificate_changed()
