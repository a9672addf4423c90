"""Certification requests, PKCS#10 (RFC 2986), signed with ECDSA on P-256."""

import hashlib

from pki import der, p256, pem

_NAMES = {"O": b"\x0a", "CN": b"\x03", "C": b"\x06", "OU": b"\x0b"}
_PRINTABLE = const(0x13)
_ECDSA_SHA256 = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"


def request(key, subject):
    """A generator that returns the request as PEM text. `key`: (d, x, y); `subject`: [("O",
    text), ...] in order."""
    info = der.write(
        der.SEQUENCE,
        der.integer(0),
        name(subject),
        p256.public(key[1], key[2]),
        der.write(0xA0),
    )
    yield
    signature = yield from p256.sign(key[0], hashlib.sha256(info).digest())
    yield
    signed = der.write(der.SEQUENCE, info, _ECDSA_SHA256, der.write(der.BITS, b"\0", signature))
    return pem.text("CERTIFICATE REQUEST", signed)


def name(subject):
    """A distinguished name."""
    parts = []
    for kind, value in subject:
        oid = der.write(der.OID, b"\x55\x04" + _NAMES[kind])
        text = der.write(_PRINTABLE if kind == "C" else der.UTF8, value.encode())
        parts.append(der.write(der.SET, der.write(der.SEQUENCE, oid, text)))
    return der.write(der.SEQUENCE, *parts)
