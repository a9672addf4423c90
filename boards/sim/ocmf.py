"""The signing unit of the simulated meter: readings in OCMF 1.4, signed with ECDSA on P-256. In
memory only while it signs.

Its key and its count are the meter's own, in a file beside the charger's flash: `path`.
"""

import binascii
import hashlib
import json
import os

from ocpp.iso import to_iso

_MARKS = {"Transaction.Begin": "B", "Transaction.End": "E", "Sample.Clock": "T"}


def public_key(path):
    """As it is printed on the meter, with what it is (signed meter values 1.0 §3.2.2)."""
    return "oca:base16:asn1:" + _kept(path)["public"]


def sign(path, serial, unix, wh, context, id_token):
    """(encoding, method, data, public key) of a reading of `wh` at `unix` s, the meter's clock."""
    kept = _kept(path)
    kept["count"] += 1
    _save(path, kept)
    reading = {
        "TM": to_iso(unix)[:-1] + ",000+0000 S",
        "TX": _MARKS.get(context, "C"),
        "RV": wh / 1000,
        "RI": "01-00:01.08.00*FF",
        "RU": "kWh",
        "ST": "G",
    }
    payload = {
        "FV": "1.0",
        "PG": "T%d" % kept["count"],
        "MV": "ocppy",
        "MM": "sim",
        "MS": serial,
        "IS": bool(id_token),
        "IT": "UNDEFINED" if id_token else "NONE",
        "ID": id_token or "",
        "RD": [reading],
    }
    text = json.dumps(payload, separators=(",", ":"))
    signature = _run(_signature(int(kept["key"], 16), text))
    mark = {"SA": "ECDSA-secp256r1-SHA256", "SD": binascii.hexlify(signature).decode()}
    data = "OCMF|%s|%s" % (text, json.dumps(mark, separators=(",", ":")))
    return "OCMF", "", data, public_key(path)


def _kept(path):
    try:
        with open(path) as f:
            return json.load(f)
    except (OSError, ValueError):
        pass
    from pki import p256

    d, x, y = _run(p256.generate())
    public = binascii.hexlify(p256.public(x, y)).decode()
    kept = {"key": "%064x" % d, "public": public, "count": 0}
    _save(path, kept)
    return kept


def _save(path, kept):
    with open(path + ".new", "w") as f:
        json.dump(kept, f)
    os.rename(path + ".new", path)


def _signature(d, text):
    from pki import p256

    return p256.sign(d, hashlib.sha256(text.encode()).digest())


def _run(job):
    """All of it at once: it is the meter's own time, not the station's."""
    while True:
        try:
            next(job)
        except StopIteration as e:
            return e.value
