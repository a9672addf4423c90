"""Checking of signatures by certificates, and of chains of them (RFC 5280 §6)."""

from pki import sha2

_LEAST = const(2048)  # bits of an RSA key (whitepaper A00.FR.502)
_LONGEST = const(4)  # certificates between a leaf and its root


def signed_by(key, how, data, signature):
    """A generator that returns True if `signature` of `data` fits the public key. `key`, `how`: as
    in `Certificate`."""
    if not key or not how or (how[0] == "rsa") != (key[0] == "rsa"):
        return False
    hashed = yield from sha2.digest(how[1], data)
    return (yield from hash_signed_by(key, how, hashed, signature))


def hash_signed_by(key, how, hashed, signature):
    """The same for data of which the hash is known."""
    if key[0] == "rsa":
        from pki import rsa

        return (yield from rsa.verify(key[1], key[2], how[1], hashed, signature, how[2]))
    from pki import ec

    curve = ec.P256 if key[0] == "P256" else ec.P384
    if not ec.on_curve(curve, key[1], key[2]):
        return False
    return (yield from ec.verify(curve, key[1], key[2], hashed, signature))


def check(certificate, others, roots, now, known=True):
    """A generator that returns what is wrong with a certificate in words, or None. `others`: what
    may lie between it and one of the `roots` (lists of `Certificate`). `now`: Unix s; not `known`:
    it is later than that, nobody knows how much."""
    for depth in range(_LONGEST + 1):
        wrong = out_of_date(certificate, now, known) or _unusable(certificate)
        if wrong:
            return wrong
        issuer = yield from _find(roots, certificate, depth)
        if issuer:
            return out_of_date(issuer, now, known)
        certificate = yield from _find(others, certificate, depth)
        if certificate is None:
            return "not signed by a trusted certificate"
    return "chain too long"


def _unusable(certificate):
    if certificate.unknown:
        return "critical extension not understood"
    key = certificate.key
    if not key or (key[0] == "rsa" and key[1] >> _LEAST - 1 == 0):
        return "key too weak or of an unknown kind"
    return None


def _find(candidates, certificate, depth):
    """A generator that returns the one of them that issued the certificate, or None."""
    for candidate in candidates:
        if candidate.subject == certificate.issuer:
            if (yield from issued(candidate, certificate, depth)):
                return candidate
    return None


def issued(issuer, certificate, depth=0):
    """A generator that returns True if `issuer` may and did sign `certificate`, below which are
    `depth` more authorities."""
    from pki.x509 import CERT_SIGN  # loaded long ago: there are certificates

    if not issuer.ca or issuer.unknown or (issuer.path is not None and issuer.path < depth):
        return False
    if issuer.usage is not None and not issuer.usage & CERT_SIGN:
        return False
    how = certificate.signed
    return (yield from signed_by(issuer.key, how, certificate.tbs, certificate.signature))


def out_of_date(certificate, now, known=True):
    """What is wrong with the validity of a certificate now, or None."""
    if now > certificate.ends:
        return "expired"
    if known and now < certificate.starts:
        return "not yet valid"
    return None
