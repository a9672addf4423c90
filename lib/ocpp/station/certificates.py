"""The station's certificates on flash, and what TLS is given of them.

Files in `state/certs/`, each written aside and renamed:

    USE-HASH     a root: its DER, behind it the key bits of its issuer if that is another. USE:
                 CSMS, Manu, V2GR, MORo (the beginning of the use), or Old: a CSMS root that was
                 replaced and stays until its successor has proved itself. HASH: of the file,
                 first 8 bytes
    own-N.key    a secret key; it never leaves the flash but into TLS
    own-N.crt    our certificate for it, behind it those between it and its root (DER)
    own-0.*      from the configuration
"""

import binascii
import hashlib
import os

from ocpp.log import log

USES = (
    "CSMSRootCertificate",
    "ManufacturerRootCertificate",
    "V2GRootCertificate",
    "MORootCertificate",
)
OLD = "Old"
BUILT = 1767225600  # 2026-01-01: this program is not older, whatever a clock says
_PRESENT = const(4)  # letters of a use in a file's name
_STATE = const("security")
_MOST = const(8192)  # bytes of a file


class Certificates:
    """A part of the station (see `OnDemand.part`); what it knows is on flash."""

    def __init__(self, station):
        self.station = station
        self._folder = station.store.root + "/certs"

    # -- files --

    def names(self, start=""):
        """Names of the files that begin so, in order."""
        try:
            found = os.listdir(self._folder)
        except OSError:
            return []
        return sorted(n for n in found if n.startswith(start) and not n.endswith(".new"))

    def read(self, name):
        """The content of a file; b"" if there is none or it is damaged."""
        from ocpp.statefiles import size  # here, as below: it is imported deep in calls

        path = self._folder + "/" + name
        try:
            with open(path, "rb") as f:
                data = f.read(min(size(path), _MOST))
        except OSError:
            return b""
        if name[:4] != "own-" and not name.endswith("-" + short_hash(data)):
            log.error("certificates", "damaged:", name)
            return b""
        return data

    def write(self, name, data):
        """Put a file in place, whole or not at all. False: the flash does not take it."""
        path = self._folder + "/" + name
        try:
            try:
                os.mkdir(self._folder)
            except OSError:
                pass  # it is there
            with open(path + ".new", "wb") as f:
                f.write(data)
            os.rename(path + ".new", path)
        except OSError as e:
            log.error("certificates", "cannot save", name, "-", e)
            return False
        return True

    def rename(self, old, new):
        try:
            os.rename(self._folder + "/" + old, self._folder + "/" + new)
        except OSError:
            return False
        return True

    def remove(self, name):
        """True unless it is still there."""
        from ocpp.statefiles import delete

        return delete(self._folder + "/" + name)

    # -- roots --

    def roots(self, use):
        """[(name, DER, key bits of the issuer or b"")] of the roots for a use, or for `OLD`."""
        found = []
        for name in self.names(use[:_PRESENT] + "-"):
            data = self.read(name)
            if data:
                end = whole(data)
                found.append((name, data[:end], data[end:]))
        return found

    def count(self):
        """Roots in the store, without those that wait to go."""
        return sum(len(self.names(use[:_PRESENT] + "-")) for use in USES)

    def add_root(self, use, der, issuer_bits=b""):
        data = der + issuer_bits
        return self.write(use[:_PRESENT] + "-" + short_hash(data), data)

    # -- our own --

    def numbers(self, ending=".crt"):
        """Numbers of our certificates (or keys: ".key"), the newest last."""
        found = [n[4 : -len(ending)] for n in self.names("own-") if n.endswith(ending)]
        return sorted(int(n) for n in found if n.isdigit())

    def note(self, name, default=None):
        """One of a few small values kept on flash: "bad": numbers of our certificates that did not
        work; "good": that which did last; "tries": failures of the newest; "asked": Unix s
        when its renewal was asked for; "seen": hashes of what was imported; "profile": [the one
        before, failures]."""
        return self._notes().get(name, default)

    def keep(self, name, value):
        """Keep a note; None forgets it. False: the flash does not take it."""
        notes = self._notes()
        if value is None:
            notes.pop(name, None)
        else:
            notes[name] = value
        return self.station.store.save(_STATE, notes)

    def _notes(self):
        notes = self.station.store.load(_STATE)
        return notes if isinstance(notes, dict) else {}

    def current(self):
        """Number of our certificate to use now (whitepaper A02.FR.08, FR.09): of those that began,
        the one that began last and has not failed; None without any."""
        from pki.x509 import Certificate

        now, known = self.now()
        bad = self.note("bad", [])
        best = None
        for number in self.numbers():
            data = self.read("own-%d.crt" % number)
            try:
                c = Certificate(data[: whole(data)])
            except ValueError:
                continue
            order = (number not in bad, now <= c.ends, c.starts, number)
            if (not known or c.starts <= now) and (best is None or order > best):
                best = order
        return best and best[-1]

    def now(self):
        """(Unix s, known): the time, or while it is not known the latest it can't be before."""
        unix = self.station.clock.unix()
        if unix is not None and unix >= BUILT:
            return unix, True
        latest = self.station.log.latest
        return max(BUILT, latest if isinstance(latest, int) else 0), False

    # -- TLS --

    def tls(self, dial=False):
        """What a TLS connection needs, as `wsclient.Link` takes it; `dial`: that to the central
        system, whose part our own certificate is."""
        trusted = self.roots(USES[0])
        if not (dial and self.station.route and self.station.part("network").on_trial()):
            trusted += self.roots(OLD)  # M05.FR.13 to FR.16
        options = {"cadata": [root[1] for root in trusted]}
        if not dial:
            return options
        options["watch"] = self.watch
        self.station.trusted = ""
        self.station.presented = None
        if self.station.settings.get("SecurityProfile") == 3:
            number = self.current()
            if number is not None:
                options["cert"] = each(self.read("own-%d.crt" % number))
                options["key"] = self.read("own-%d.key" % number)
            self.station.presented = number
        return options

    def watch(self, depth, der):
        """Called for each certificate of the server, the root first. -> why it is refused, or
        None. The station's clock is asked, which knows what it does not know."""
        from pki.chain import out_of_date
        from pki.x509 import Certificate

        self.station.trusted = self.station.trusted or short_hash(der)
        if depth == 0:
            self.station.trusted += "+"  # the whole chain was seen
        try:
            return out_of_date(Certificate(bytes(der)), *self.now())
        except ValueError as e:
            return "certificate not understood: %s" % e


def short_hash(data):
    return binascii.hexlify(hashlib.sha256(data).digest()[:8]).decode()


def each(data):
    """[DER] of the values one behind the other in `data`."""
    found = []
    while whole(data):
        found.append(data[: whole(data)])
        data = data[whole(data) :]
    return found


def whole(data):
    """Bytes of the first DER value in `data`; 0 if there is none."""
    from pki import der

    try:
        return der.read(data, 0, len(data))[2]
    except der.DERError:
        return 0
