"""InstallCertificate, OCPP 2.0.1 M05. A job: signatures take their time."""


def handle(dialect, request):
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    from ocpp.station import roots

    p = request.payload
    status = yield from roots.install(station, p["certificateType"], p["certificate"])
    answer = {"status": status}
    if status == "Rejected":
        answer["statusInfo"] = {"reasonCode": "InvalidCertificate"}
    request.reply(answer)
