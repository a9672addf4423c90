"""Certificates of the configuration: the first contents of the store. Each is put there once; what
the central system deletes or replaces does not come back."""

from ocpp.log import log
from ocpp.station.certificates import USES, short_hash
from pki import pem
from pki.der import DERError
from pki.x509 import Certificate

_MOST = const(32)  # hashes remembered
_BUNDLE = const(64)  # certificates in one file


def certificates(station, found):
    """`found`: {use: [PEM or DER]}, and under "own" [certificate, key]."""
    store = station.part("certificates")
    seen = store.note("seen", [])
    count = len(seen)
    for use in USES:
        for data in found.get(use, ()):
            mark = use[:1] + short_hash(data)
            if mark not in seen and _roots(store, use, data):
                seen = seen + [mark]
    pair = found.get("own")
    mark = "own" + short_hash(b"".join(pair)) if pair else None
    if pair and mark not in seen and _own(store, *pair):
        seen = seen + [mark]
    if len(seen) > count:
        store.keep("seen", seen[-_MOST:])


def _roots(store, use, data):
    """True unless none of them could be kept."""
    kept = False
    try:
        for der in pem.blocks(data, "CERTIFICATE", _BUNDLE):
            kept = _root(store, use, der) or kept
    except DERError as e:
        _refuse(use, e)
    return kept


def _root(store, use, der):
    try:
        Certificate(der)
    except DERError as e:
        return _refuse(use, e)
    return store.add_root(use, der)


def _refuse(use, why):
    log.error("certificates", "%s of the configuration can't be used: %s" % (use, why))
    return False


def _own(store, certificate, key):
    try:
        data = b"".join(pem.blocks(certificate))
        Certificate(pem.blocks(certificate)[0])
        secret = pem.blocks(key, "PRIVATE KEY")[0]
    except DERError as e:
        log.error("certificates", "certificate and key of the configuration can't be used:", e)
        return False
    number = max(store.numbers() + [-1]) + 1
    return store.write("own-%d.key" % number, secret) and store.write("own-%d.crt" % number, data)
