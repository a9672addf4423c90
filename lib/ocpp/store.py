"""Small state files: one JSON value a file, replaced atomically, checked by CRC-32.

    store = Store(root)             root: path of an existing directory
    store.load(name)                -> value, or None if there is none (or none undamaged)
    store.save(name, value)         -> True once it is on flash; False: flash full or broken, the
                                       old value stays. Saving what is there already writes nothing
    store.remove(name)              forget the value and its previous version
    store.damaged                   names found damaged (each once, at most 16; also logged)
    store.full                      True while the last save() failed; probe() tries again
    store.next_boot(floor=0)        -> number of this boot: above all earlier ones and `floor`

Names are short identifiers (letters, digits, `_`, `-`), else ValueError. load() never raises for
what is on flash: a damaged file costs its last change, as the previous version is kept beside it.
"""

import binascii
import json
import os

from ocpp.log import log
from ocpp.records import set_aside

_FORMAT = "ocppy1 "  # then 8 hex digits of the CRC-32 of name, NUL and JSON text; newline; JSON
_HEAD = const(16)
_ENOENT = const(2)
_MAX_DAMAGED = const(16)
_PROBE = const(1024)  # characters: more than LittleFS puts into a directory


class Store:
    def __init__(self, root):
        self._root = root
        self.damaged = []
        self.full = False

    def load(self, name):
        """The newest undamaged value of `name`, or None."""
        path = self._path(name)
        for candidate in (path, path + ".bak"):
            text = self._read(candidate, name)
            if text is not None:
                return json.loads(text)
        return None

    def save(self, name, value):
        """Replace the value of `name`. False if the flash did not take it: the old one stays."""
        path = self._path(name)
        body = json.dumps(value, separators=(",", ":")).encode()
        header = _header(name, body)
        try:
            self._replace(path, name, header, body)
        except OSError as e:
            if not self.full:
                log.error("store", "cannot save", name, "-", e)
            self.full = True
            return False
        self.full = False
        return True

    def probe(self):
        """Try again whether the flash takes anything; see `full`."""
        if self.save("probe", "x" * _PROBE):
            self.remove("probe")

    def remove(self, name):
        """Forget `name`; the previous version first, lest it come back."""
        path = self._path(name)
        for victim in (path + ".bak", path):
            try:
                os.remove(victim)
            except OSError as e:
                if e.errno != _ENOENT:
                    set_aside(victim)

    def next_boot(self, floor=0):
        """Count this boot; -> its number, greater than `floor` and any before. Where the count
        was damaged it leaps, as a number used twice would make two transactions one."""
        known = len(self.damaged)
        last = self.load("boot")
        lost = len(self.damaged) > known
        if not isinstance(last, int):
            last = 0
            if lost:
                last = 65536 + int.from_bytes(os.urandom(2), "little")
        number = max(last + (2 if lost else 1), floor + 1)
        self.save("boot", number)
        return number

    def _path(self, name):
        if not name:
            raise ValueError("bad name")
        for c in name:
            if not (c.isalpha() or c.isdigit() or c in "_-"):
                raise ValueError("bad name")
        return self._root + "/" + name

    def _replace(self, path, name, header, body):
        current = self._read(path, name)
        if current is not None:
            if current == body:
                return
            _write(path + ".new", header, body)
            set_aside(path + ".bak")
            os.rename(path, path + ".bak")
        else:
            _write(path + ".new", header, body)
            set_aside(path)
        os.rename(path + ".new", path)

    def _read(self, path, name):
        """The JSON text in a file, None if there is none or it is damaged (which is noted)."""
        try:
            with open(path, "rb") as f:
                header = f.read(_HEAD)
                body = f.read()
            if header == _header(name, body):
                return body
        except OSError as e:
            if e.errno == _ENOENT:
                return None
        if name not in self.damaged:
            log.error("store", "damaged:", path)
            if len(self.damaged) < _MAX_DAMAGED:
                self.damaged.append(name)
        return None


def _header(name, body):
    crc = binascii.crc32(body, binascii.crc32(name.encode() + b"\0"))
    return ("%s%08x\n" % (_FORMAT, crc)).encode()


def _write(path, header, body):
    set_aside(path)
    with open(path, "wb") as f:
        f.write(header)
        f.write(body)
