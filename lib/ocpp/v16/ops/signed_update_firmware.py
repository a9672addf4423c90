"""SignedUpdateFirmware, security whitepaper §5.21, L01. A job: the certificate is checked before
the answer (L01.FR.23)."""

from ocpp.v16.types import time_of

_CHECK = const("ocpp.station.firmware_signature")


def handle(dialect, request):
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    from ocpp.station import firmware_signature

    p = request.payload
    firmware = p["firmware"]
    key = yield from firmware_signature.signer(station, firmware["signingCertificate"])
    install = firmware.get("installDateTime")
    status = "InvalidCertificate"
    if key:
        status = station.part("update").begin(
            firmware["location"],
            time_of(firmware["retrieveDateTime"]),
            install and time_of(install),
            p.get("retries"),
            p.get("retryInterval"),
            p["requestId"],
            [_CHECK, "check", [key, firmware["signature"]]],
        )
    request.reply({"status": status})
