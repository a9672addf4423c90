"""Local authorization list: who may charge, as the central system has sent it (OCPP 1.6 §3.5.2).

It lives on flash in one file of lines in order of the identifiers, so that one is found by halving
and the list is never loaded. An update merges that file with its changes into a new one, which
takes its place at once when it is complete: after a failure or a power cut there is the old list.

    identifier (lower case) TAB status TAB group TAB expiry TAB CRC-32    for each identifier
    TAB format, version, count, bytes before this line TAB CRC-32         the last one, 46 bytes

The last one, with `ocppy` and the format's number, stays like that in every later format; a list
of a later one is kept as locallist.vN when another takes its place. Fields are empty where they
are "Accepted", no group, no expiry (Unix s). A CRC is that of what is before it in its line.
"""

import binascii
import os

from ocpp.log import log
from ocpp.station.identity import ACCEPTED, LIST, IdInfo

_END = const(46)  # bytes of the last line
_FORMAT = const("ocppy1")
_BLOCK = const(1024)  # bytes copied in one step
_STEP = const(8)  # lines written in one step
_ENOENT = const(2)


def line(id_token, info):
    """The line of an identifier and its `IdInfo`; None: the identifier is to be deleted.
    ValueError for control characters."""
    fields = [id_token.lower()]
    if info:
        status = "" if info.status == ACCEPTED else info.status
        expiry = "" if info.expiry is None else str(info.expiry)
        fields += [status, info.parent or "", expiry]
    if min("".join(fields)) < " ":
        raise ValueError("control character in an identifier")
    text = "\t".join(fields) + "\t"
    return _sealed(text) if info else text.encode()


def _sealed(text):
    data = text.encode()
    return data + ("%08x\n" % binascii.crc32(data)).encode()


def _key(data):
    """What orders lines."""
    return data[: data.find(b"\t") + 1]


def _intact(data):
    """A line read from flash. ValueError if it is damaged."""
    if len(data) < 11 or int(data[-9:], 16) != binascii.crc32(memoryview(data)[:-9]):
        raise ValueError("damaged")
    return data


def _fields(data):
    return data[:-10].decode().split("\t")


class LocalList:
    """The list of one station."""

    def __init__(self, station):
        self._station = station
        self._path = station.store.root + "/" + LIST
        self.busy = False  # True: an update is under way
        self._later = None  # the format of the list, where that is a later one

    def version(self):
        """Number of the list, 0 while it is empty (OCPP 1.6 §5.10)."""
        file = self._open()
        if file is None:
            return 0
        with file:
            end = self._end(file)
        return end[0] if end and end[1] else 0

    def find(self, id_token):
        """`IdInfo` of an identifier; None if the list has it not."""
        try:
            key = line(id_token, None)
        except ValueError:
            return None
        file = self._open()
        if file is None:
            return None
        with file:
            try:
                end = self._end(file)
                found = _search(file, end[2], key) if end else None
            except (ValueError, OSError) as e:
                return self._damaged(e)
        if found is None:
            return None
        status, group, expiry = found[1:4]
        return IdInfo(status or ACCEPTED, group or None, int(expiry) if expiry else None)

    def entries(self, batch):
        """Iterator of dicts with idTag, status, group and expiry (text), in order. No file is open
        while the caller has the turn; a list that is replaced meanwhile ends here."""
        from ocpp.iso import to_iso

        at = 0
        first = None
        while True:
            found = []
            file = self._open()
            if file is None:
                return
            with file:
                end = self._end(file)
                first = first or end
                if end is None or end != first:
                    return
                file.seek(at)
                while at < end[2] and len(found) < batch:
                    found.append(file.readline())
                    at += len(found[-1])
            for data in found:
                key, status, group, expiry = _fields(_intact(data))[:4]
                yield {
                    "idTag": key,
                    "status": status or ACCEPTED,
                    "group": group or None,
                    "expiry": to_iso(int(expiry)) if expiry else None,
                }
            if at >= end[2]:
                return

    def update(self, version, changes, full):
        """A job: take `changes`, lines as of `line`, as the whole list (`full`), or into it.
        Returns None, or in words why the list is as before."""
        self.busy = True
        try:
            why = yield from self._update(version, sorted(changes), full)
        except (OSError, ValueError) as e:
            why = "flash: %r" % e
        finally:
            self.busy = False
        if why:
            log.error("local list", "not updated:", why)
            _delete(self._path + ".new")
            return why
        try:
            station = self._station
            station.errors = [e for e in station.errors if e.code != "LocalListConflict"]
            log.info("local list", "version", version)
        except MemoryError:
            pass  # the new list is in its place, and that is what is asked for
        return None

    def _update(self, version, changes, full):
        for i in range(1, len(changes)):
            if _key(changes[i]) == _key(changes[i - 1]):
                return "an identifier twice"
        old = self._open()
        count = end = 0
        try:
            found = self._end(old) if old else None
            if old and not full:
                if found is None:
                    return "the old one can't be read"
                _, count, end = found
                old.seek(0)
            with open(self._path + ".new", "wb") as new:
                for more in _merge(old, end, new, changes):
                    count += more
                    yield
                if count > self._station.settings.get("LocalAuthListMaxLength"):
                    return "it would have %d identifiers" % count
                new.write(_sealed("\t%s%12d%7d%10d\t" % (_FORMAT, version, count, new.tell())))
        finally:
            if old:
                old.close()
        yield
        if self._later:
            os.rename(self._path, "%s.v%s" % (self._path, self._later[len(_FORMAT) - 1 :]))
        os.rename(self._path + ".new", self._path)

    def _open(self):
        try:
            return open(self._path, "rb")
        except OSError as e:
            if e.errno != _ENOENT:
                self._damaged(e)
            return None

    def _end(self, file):
        """(version, count, bytes of lines) from the last line; None if it can't be used."""
        self._later = None
        try:
            end = file.seek(0, 2) - _END
            file.seek(max(end, 0))
            words = _fields(_intact(file.read(_END)))[1].split()
            if words[0] != _FORMAT:
                self._later = words[0]
                return self._note("is of a newer format", self._station.store.newer)
            version, count, size = [int(n) for n in words[1:]]
            if size == end:
                return version, count, size
        except (ValueError, OSError, IndexError):
            pass
        return self._damaged("its end")

    def _damaged(self, why):
        """Noted, and told as a warning; the central system is asked instead."""
        return self._note("is damaged: %s" % why, self._station.store.damaged)

    def _note(self, what, names):
        if LIST not in names:
            log.error("local list", what)
            names.append(LIST)


def _search(file, high, key):
    """The fields of the line that begins with `key`, None if there is none. The line, if it is
    there, starts at `low` or later, before `high`."""
    low = 0
    while low < high:
        mid = (low + high) // 2
        at = mid
        if mid:
            file.seek(mid - 1)
            file.readline()  # up to the next start of a line
            at = file.tell()
        else:
            file.seek(0)
        if at >= high:
            high = mid
            continue
        data = _intact(file.readline())
        found = _key(data)
        if found == key:
            return _fields(data)
        if found < key:
            low = at + len(data)
        else:
            high = mid
    return None


def _merge(old, end, new, changes):
    """Write the lines of `old`, `end` bytes, with the changes into `new`. Yields after each piece
    by how many identifiers the list has grown."""
    i = 0
    rest = b""
    while end > 0:
        block = old.read(min(_BLOCK, end))
        if not block:
            raise ValueError("ends early")
        end -= len(block)
        block = rest + block
        cut = block.rfind(b"\n") + 1
        rest = block[cut:]
        block = block[:cut]
        last = block[block.rfind(b"\n", 0, cut - 1) + 1 :] if cut else b""
        if i == len(changes) or _key(changes[i]) > _key(last):
            new.write(block)
            yield 0
            continue
        more = 0
        for data in block[:-1].split(b"\n"):
            key = _key(data)
            while i < len(changes) and _key(changes[i]) < key:
                more += _add(new, changes[i])
                i += 1
            if i < len(changes) and _key(changes[i]) == key:
                more += _add(new, changes[i]) - 1
                i += 1
            else:
                new.write(data)
                new.write(b"\n")
        yield more
    for n in range(i, len(changes)):
        more = _add(new, changes[n])
        if more or n % _STEP == 0:
            yield more


def _add(new, change):
    """Write a changed line, unless it deletes; how many there are now."""
    if change[-1] == 9:
        return 0
    new.write(change)
    return 1


def _delete(path):
    try:
        os.remove(path)
    except OSError:
        pass
