"""The files of a `store.Store`; imported while one is read or written. A value is written to a new
file first, the file it replaces is kept as NAME.bak.

A file: `ocppy`, number of the format, blank, 8 hex digits of the CRC-32 of name, NUL and JSON
text; newline; JSON text. `ocppy`, number and blank stay in every later format.
"""

import binascii
import json
import os

from ocpp.log import log

FORMAT = 1  # newest format that is read, and the one written
_MARK = const(b"ocppy")
_ENOENT = const(2)
_DIRECTORY = const(0x4000)
_MAX_DAMAGED = const(16)
_PROBE = const(1024)  # characters: more than LittleFS puts into a directory


def load(store, name):
    """The newest undamaged value of `name`, or None."""
    path = _path(store, name)
    for candidate in (path, path + ".bak", "%s.v%d" % (path, FORMAT)):
        text = _read(store, candidate, name)
        if text is not None:
            return json.loads(text)
    return None


def save(store, name, value):
    """Replace the value of `name`. False if the flash did not take it: the old one stays."""
    path = _path(store, name)
    body = json.dumps(value, separators=(",", ":")).encode()
    header = _header(name, body)
    try:
        _replace(store, path, name, header, body)
    except OSError as e:
        if not store.full:
            log.error("store", "cannot save", name, "-", e)
        store.full = True
        return False
    store.full = False
    return True


def probe(store):
    """Try again whether the flash takes anything; see `full`."""
    if save(store, "probe", "x" * _PROBE):
        remove(store, "probe")


def remove(store, name):
    """Forget `name`; the previous version first, lest it come back."""
    path = _path(store, name)
    for victim in ("%s.v%d" % (path, FORMAT), path + ".bak", path):
        if not delete(victim):
            set_aside(victim)


def next_boot(store, floor=0):
    """Count this boot; -> its number, greater than `floor` and any before. Where the count
    was damaged it leaps, as a number used twice would make two transactions one."""
    last = load(store, "boot")
    lost = "boot" in store.damaged or "boot" in store.newer
    if not isinstance(last, int) or last < 1:
        lost = lost or size(_path(store, "boot")) > 0
        last = 0
        if lost:
            last = 65536 + int.from_bytes(os.urandom(2), "little")
    number = max(last + (2 if lost else 1), floor + 1)
    save(store, "boot", number)
    return number


def _path(store, name):
    for c in name or "/":
        if not (c.isalpha() or c.isdigit() or c in "_-"):
            raise ValueError("bad name")
    return store.root + "/" + name


def _replace(store, path, name, header, body):
    current = _read(store, path, name)
    if current is not None:
        if current == body:
            return
        _write(path + ".new", header, body)
        set_aside(path + ".bak")
        os.rename(path, path + ".bak")
    else:
        _write(path + ".new", header, body)
        set_aside(path)
        newer = _format(path)
        if newer > FORMAT:
            os.rename(path, "%s.v%d" % (path, newer))
    os.rename(path + ".new", path)
    store.writes += 1


def _read(store, path, name):
    """The JSON text in a file, None if there is none, or it can't be read (which is noted)."""
    try:
        with open(path, "rb") as f:
            header = f.readline()
            body = f.read()
        if header == _header(name, body):
            return body
    except OSError as e:
        if e.errno == _ENOENT:
            return None
    newer = _format(path) > FORMAT
    found = store.newer if newer else store.damaged
    if name not in found:
        log.error("store", path, "is of a newer format, left as it is" if newer else "is damaged")
        if len(found) < _MAX_DAMAGED:
            found.append(name)
    return None


def _format(path):
    """Number of a file's format, 0: not one of ours."""
    try:
        with open(path, "rb") as f:
            mark, _, number = f.read(16).split(b" ")[0].partition(_MARK)
        return 0 if mark else int(number)
    except (OSError, ValueError):
        return 0


def _header(name, body):
    crc = binascii.crc32(body, binascii.crc32(name.encode() + b"\0"))
    return b"%s%d %08x\n" % (_MARK, FORMAT, crc)


def _write(path, header, body):
    set_aside(path)
    with open(path, "wb") as f:
        f.write(header)
        f.write(body)


def size(path):
    """Bytes in a file, 0 if there is none."""
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def delete(path):
    """Delete a file; True unless that failed. Its absence is fine."""
    try:
        os.remove(path)
    except OSError as e:
        return e.errno == _ENOENT
    return True


def set_aside(path):
    """Should a directory be where a file belongs, get it out of the way."""
    try:
        if os.stat(path)[0] & _DIRECTORY:
            try:
                os.rmdir(path)
            except OSError:
                os.rename(path, path + ".dir")
    except OSError:
        pass


def numbers(store, kind):
    """See `Store.numbers`; also those of which only the previous version is."""
    found = []
    for name in os.listdir(store.root):
        digits = name.split(".")[0][2:]
        if name[:2] == kind and digits.isdigit() and int(digits) not in found:
            found.append(int(digits))
    return found
