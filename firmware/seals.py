"""Is the seal of a bundle that of the manufacturer? In memory only while one is checked."""

import binascii

from ocpp.station.certificates import USES
from pki import chain
from pki.der import DERError
from pki.x509 import DIGITAL_SIGNATURE, Certificate

_MAKER = USES[1]


def verifier(station):
    """What `Bundle.check` wants."""
    return lambda digest, seal: _check(station, digest, seal)


def _check(station, digest, seal):
    """A generator that returns what is wrong, or None."""
    try:
        signature = binascii.a2b_base64(seal["signature"])
        signer = Certificate(binascii.a2b_base64(seal["certificate"]))
    except (KeyError, TypeError):
        return "not signed"
    except ValueError:  # a DERError is one
        return "bad signature or certificate"
    certificates = station.part("certificates")
    try:
        roots = [Certificate(der) for _, der, _ in certificates.roots(_MAKER)]
    except DERError:
        return "bad root certificate"
    wrong = yield from chain.check(signer, [], roots, *certificates.now())
    if signer.usage is not None and not signer.usage & DIGITAL_SIGNATURE:
        wrong = wrong or "not for signatures"
    if wrong:
        return "signer: " + wrong
    how = ("rsa" if signer.key[0] == "rsa" else "ecdsa", "sha256", None)
    if not (yield from chain.hash_signed_by(signer.key, how, digest, signature)):
        return "signature is wrong"
    return None
