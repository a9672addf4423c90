"""InstallCertificate, security whitepaper §5.11, M05. A job: signatures take their time."""

from ocpp.v16.types import certificate_use


def handle(dialect, request):
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    from ocpp.station import roots

    use = certificate_use(request.payload["certificateType"])
    status = yield from roots.install(station, use, request.payload["certificate"])
    request.reply({"status": status})
