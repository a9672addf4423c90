"""Signed firmware: its signing certificate, and its signature (whitepaper L01). Generators."""

import binascii
import hashlib
import sys

from ocpp.iso import from_iso
from ocpp.log import log
from ocpp.station.certificates import USES
from pki import chain, pem
from pki.der import DERError
from pki.x509 import DIGITAL_SIGNATURE, Certificate, public_key

_CHUNK = const(512)
_CHECK = const("ocpp.station.firmware_signature")


def begin(station, p):
    """Begin the update that `p` asks for, a SignedUpdateFirmware.req, or an UpdateFirmwareRequest
    of OCPP 2.x. Returns a status as of `Update.begin`, or "InvalidCertificate"."""
    firmware = p["firmware"]
    check = None
    if "signature" in firmware:
        key = yield from signer(station, firmware["signingCertificate"])
        if key is None:
            return "InvalidCertificate"
        check = [_CHECK, "check", [key, firmware["signature"]]]
    install = firmware.get("installDateTime")
    return station.part("update").begin(
        firmware["location"],
        from_iso(firmware["retrieveDateTime"]),
        install and from_iso(install),
        p.get("retries"),
        p.get("retryInterval"),
        p["requestId"],
        check,
    )


def signer(station, text):
    """Returns the public key, base64 of its SubjectPublicKeyInfo, of a signing certificate, PEM
    text; None, and a security event, if it is not valid. It is signed by a manufacturer root
    itself (L01 remarks)."""
    certificates = station.part("certificates")
    try:
        found = pem.blocks(text)
        certificate = Certificate(found[0])
        roots = [Certificate(der) for _, der, _ in certificates.roots(USES[1])]
        wrong = yield from chain.check(certificate, (), roots, *certificates.now())
        if certificate.usage is not None and not certificate.usage & DIGITAL_SIGNATURE:
            wrong = wrong or "not for signatures"
    except DERError as e:
        wrong = str(e)
    if wrong:
        log.warn("update", "signing certificate refused:", wrong)
        station.part("security").event("InvalidFirmwareSigningCertificate", wrong)
        return None
    return binascii.b2a_base64(certificate.spki).decode().strip()


def check(station, path, value):
    """Returns None, or the status that the update of the file `path` fails with. `value`: [key as
    of `signer`, signature in base64] (L01.FR.04)."""
    good = False
    _return_borrowed(station)
    try:
        key = public_key(binascii.a2b_base64(value[0]))
        signature = binascii.a2b_base64(value[1])
        hashed = yield from _hash(path)
        for how in _ways(key):
            good = good or (yield from chain.hash_signed_by(key, how, hashed, signature))
    except ValueError as e:
        log.warn("update", "signature:", e)
    return None if good else "InvalidSignature"


def _return_borrowed(station):
    """Let go what the host lent for transfers (`Host.borrowed`): this needs the memory now."""
    for name in list(sys.modules):
        if name.split(".")[0] in station.borrowed:
            del sys.modules[name]


def _ways(key):
    if key[0] == "rsa":
        return ("rsa", "sha256", None), ("rsa", "sha256", -1)
    return (("ecdsa", "sha256", None),)


def _hash(path):
    hashed = hashlib.sha256()
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    with open(path, "rb") as f:
        while True:
            n = f.readinto(buffer)
            if not n:
                return hashed.digest()
            hashed.update(view[:n])
            yield
