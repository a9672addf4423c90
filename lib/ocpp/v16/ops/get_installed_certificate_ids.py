"""GetInstalledCertificateIds, security whitepaper §5.7, M03."""

from ocpp.v16.types import certificate_use


def handle(dialect, request):
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    from ocpp.station import roots

    use = certificate_use(request.payload["certificateType"])
    found = yield from roots.ids(station, use)
    if found:
        request.reply({"status": "Accepted", "certificateHashData": found})
    else:
        request.reply({"status": "NotFound"})
