"""UpdateFirmware, OCPP 2.0.1 L01, L02. A job: the certificate is checked before the answer."""

_REASONS = {"Rejected": "FwUpdateInProgress", "InvalidCertificate": "InvalidCertificate"}


def handle(dialect, request):
    dialect.station.jobs.append(request.finished_by(_answer(dialect.station, request)))
    return None


def _answer(station, request):
    p = request.payload
    signed = "signature" in p["firmware"]
    known = "signingCertificate" in p["firmware"]
    if signed != known or not (signed or _unsigned(station)):
        info = {
            "reasonCode": "MissingParam",
            "additionalInfo": "signature" if known else "signingCertificate",
        }
        return request.reply({"status": "Rejected", "statusInfo": info})
    from ocpp.station import firmware_signature

    status = yield from firmware_signature.begin(station, p)
    answer = {"status": status}
    if status in _REASONS:
        answer["statusInfo"] = {"reasonCode": _REASONS[status]}
    request.reply(answer)


def _unsigned(station):
    """True if firmware without a signature is taken: not where it can be told from what the
    manufacturer has signed."""
    if not station.settings.get("UnsignedFirmwareAllowed"):
        return False
    from ocpp.station.certificates import USES

    return not station.part("certificates").roots(USES[1])
