"""UpdateFirmware, OCPP 2.0.1 L01, L02. A job: the certificate is checked before the answer."""

from ocpp.v2.types import time_of

_CHECK = const("ocpp.station.firmware_signature")


def handle(dialect, request):
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    p = request.payload
    firmware = p["firmware"]
    certificate, signature = firmware.get("signingCertificate"), firmware.get("signature")
    check = None
    if certificate and signature:
        from ocpp.station import firmware_signature

        key = yield from firmware_signature.signer(station, certificate)
        if key is None:
            reason = {"reasonCode": "InvalidCertificate"}
            return request.reply({"status": "InvalidCertificate", "statusInfo": reason})
        check = [_CHECK, "check", [key, signature]]
    elif certificate or signature or not _unsigned(station):
        reason = {
            "reasonCode": "MissingParam",
            "additionalInfo": "signature" if certificate else "signingCertificate",
        }
        return request.reply({"status": "Rejected", "statusInfo": reason})
    install = firmware.get("installDateTime")
    status = station.part("update").begin(
        firmware["location"],
        time_of(firmware["retrieveDateTime"]),
        install and time_of(install),
        p.get("retries"),
        p.get("retryInterval"),
        p["requestId"],
        check,
    )
    answer = {"status": status}
    if status == "Rejected":
        answer["statusInfo"] = {"reasonCode": "FwUpdateInProgress"}
    request.reply(answer)


def _unsigned(station):
    """True if firmware without a signature is taken: not where it can be told from what the
    manufacturer has signed."""
    if not station.settings.get("UnsignedFirmwareAllowed"):
        return False
    from ocpp.station.certificates import USES

    return not station.part("certificates").roots(USES[1])
