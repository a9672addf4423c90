"""GetInstalledCertificateIds, OCPP 2.0.1 M03: roots for the uses asked for, or for all."""

from ocpp.station.certificates import USES


def handle(dialect, request):
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    from ocpp.station import roots

    wanted = list(request.payload.get("certificateType", USES))
    chains = []
    for use in USES:
        for found in (yield from roots.ids(station, use)) if use in wanted else ():
            chains.append({"certificateType": use, "certificateHashData": found})
    if chains:
        request.reply({"status": "Accepted", "certificateHashDataChain": chains})
    else:
        request.reply({"status": "NotFound"})
