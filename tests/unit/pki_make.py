"""Certificates made by the tests themselves, with `lib/pki`."""

import hashlib

from ocpp.iso import to_iso
from pki import csr, der, p256, pem

_ECDSA = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
_CA = b"\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff"


def run(job):
    """All of a generator; what it returns."""
    while True:
        try:
            next(job)
        except StopIteration as e:
            return e.value


def key():
    return run(p256.generate())


def certificate(subject, public, issuer, signer, ca=False, starts=0, ends=4102444799, serial=7):
    """DER of a certificate. `public`: (x, y); `signer`: the secret number; times in Unix s."""
    tbs = der.write(
        der.SEQUENCE,
        der.write(0xA0, der.integer(2)),
        der.integer(serial),
        _ECDSA,
        csr.name(issuer),
        der.write(der.SEQUENCE, _time(starts), _time(ends)),
        csr.name(subject),
        p256.public(*public),
        der.write(0xA3, der.write(der.SEQUENCE, _CA)) if ca else b"",
    )
    signature = run(p256.sign(signer, hashlib.sha256(tbs).digest()))
    return der.write(der.SEQUENCE, tbs, _ECDSA, der.write(der.BITS, b"\0", signature))


def _time(unix):
    text = to_iso(unix)
    digits = "".join([c for c in text if c.isdigit()])
    return der.write(0x18, (digits + "Z").encode())


class Authority:
    def __init__(self, name="Root", **more):
        self.secret, x, y = key()
        self.name = [("O", "ACME"), ("CN", name)]
        self.der = certificate(self.name, (x, y), self.name, self.secret, True, **more)
        self.pem = pem.text("CERTIFICATE", self.der)

    def issue(self, common, public, **more):
        """PEM of a certificate for a public key (x, y)."""
        subject = [("O", "ACME"), ("CN", common)]
        made = certificate(subject, public, self.name, self.secret, **more)
        return pem.text("CERTIFICATE", made)
