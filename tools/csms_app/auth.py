"""Basic authentication of stations: passwords are kept as salted hashes."""

import base64
import binascii
import hashlib
import hmac
import os

_ROUNDS = 20_000


def hashed(password):
    """Text to keep for a password."""
    salt = os.urandom(16)
    return salt.hex() + ":" + _digest(password.encode(), salt)


def matches(kept, sent):
    """True if the bytes sent are the password. Takes some milliseconds.

    A 1.6 AuthorizationKey is written in hexadecimal; some stations send that text, others the
    bytes it stands for. Both are taken.
    """
    salt, digest = kept.split(":")
    salt = bytes.fromhex(salt)
    for form in (sent, sent.hex().encode(), sent.hex().upper().encode()):
        if hmac.compare_digest(digest, _digest(form, salt)):
            return True
    return False


def _digest(password, salt):
    return hashlib.pbkdf2_hmac("sha256", password, salt, _ROUNDS).hex()


def basic(header):
    """(user, password) as bytes out of an Authorization header; None if it is not of that kind."""
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None
