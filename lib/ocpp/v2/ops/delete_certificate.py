"""DeleteCertificate, OCPP 2.0.1 M04. A job: SHA-512 takes its time."""


def handle(dialect, request):
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    from ocpp.station import roots

    status = yield from roots.delete(station, request.payload["certificateHashData"])
    request.reply({"status": status})
