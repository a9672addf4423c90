"""The signing unit of the simulated meter: readings in OCMF 1.4, signed with ECDSA on P-256.

Its key and its count are the meter's own: a file beside the charger's flash.
"""

import binascii
import hashlib
import json
import os

from ocpp.iso import to_iso

_MARKS = {"Transaction.Begin": "B", "Transaction.End": "E", "Sample.Clock": "T"}
_VERSION = const("1.0")


class Signer:
    """`path`: its file, None: a new key each time. `rtc()`: Unix s of the meter's clock."""

    def __init__(self, path, serial, rtc):
        self._path = path
        self._serial = serial
        self._rtc = rtc
        self._kept = self._load() or self._make()

    @property
    def public_key(self):
        """As it is printed on the meter, with what it is (signed meter values 1.0 §3.2.2)."""
        return "oca:base16:asn1:" + self._kept["public"]

    def sign(self, wh, context, id_token):
        """(encoding, method, data, public key) of a reading of `wh`."""
        self._kept["count"] += 1
        self._save()
        reading = {
            "TM": to_iso(self._rtc())[:-1] + ",000+0000 S",
            "TX": _MARKS.get(context, "C"),
            "RV": wh / 1000,
            "RI": "01-00:01.08.00*FF",
            "RU": "kWh",
            "ST": "G",
        }
        payload = {
            "FV": _VERSION,
            "PG": "T%d" % self._kept["count"],
            "MV": "ocppy",
            "MM": "sim",
            "MS": self._serial,
            "IS": bool(id_token),
            "IT": "UNDEFINED" if id_token else "NONE",
            "ID": id_token or "",
            "RD": [reading],
        }
        text = json.dumps(payload, separators=(",", ":"))
        signature = _run(_signature(int(self._kept["key"], 16), text))
        mark = {"SA": "ECDSA-secp256r1-SHA256", "SD": binascii.hexlify(signature).decode()}
        data = "OCMF|%s|%s" % (text, json.dumps(mark, separators=(",", ":")))
        return "OCMF", "", data, self.public_key

    def _load(self):
        try:
            with open(self._path) as f:
                return json.load(f)
        except (OSError, TypeError, ValueError):
            return None

    def _make(self):
        from pki import p256

        d, x, y = _run(p256.generate())
        public = binascii.hexlify(p256.public(x, y)).decode()
        self._kept = {"key": "%064x" % d, "public": public, "count": 0}
        self._save()
        return self._kept

    def _save(self):
        if self._path:
            with open(self._path + ".new", "w") as f:
                json.dump(self._kept, f)
            os.rename(self._path + ".new", self._path)


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
