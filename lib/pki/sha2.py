"""SHA-2: what the port has, and the rest."""

import hashlib

SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}


def digest(name, data):
    """A generator that returns the hash of `data`, bytes; `name`: one of `SIZES`."""
    if hasattr(hashlib, name):
        yield
        return getattr(hashlib, name)(data).digest()
    from pki import sha512

    return (yield from sha512.digest(data, SIZES[name]))
