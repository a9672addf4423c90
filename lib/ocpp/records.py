"""Framed records in plain files, and files replaced atomically.

A record on flash: 0xFF 0xFE, u16 length, u32 CRC-32 of length and body (little endian), then the
body: a JSON list. 0xFF and 0xFE never occur in UTF-8, so after damage the reader finds the next
record by them. The first record of a file is its label: [_LABEL, VERSION, number, level].

Frame, label, and [kind, seq, cursor, ...] as the first of seven or more fields of a record stay in
every later format: so firmware that finds what a later one has written can go on behind it.
"""

import binascii
import json
import os
import struct

_LABEL = const(0)
VERSION = 1  # newest format that is read, and the one written
_MAX_BODY = const(2048)  # B
_HEADER = const("<2sHI")
_HEADER_SIZE = const(8)
_MAGIC = const(b"\xff\xfe")
_START = const(1)
_DATA = const(5)  # kinds up to this one have a JSON object in them
_CHECK = const(6)
_ANSWER = const(8)
_LISTS = {7: 2, _ANSWER: 3, 9: 2, 10: 3, 12: 2}  # kind -> items of the list in it
_CHUNK = const(128)
_BATCH = const(4)
_ENOENT = const(2)


def pack(fields, room=0):
    """One record as bytes. ValueError if it is longer than _MAX_BODY less `room` bytes."""
    body = json.dumps(fields, separators=(",", ":")).encode()
    if len(body) > _MAX_BODY - room:
        raise ValueError("record too long")
    return struct.pack(_HEADER, _MAGIC, len(body), binascii.crc32(body, len(body))) + body


def label(number, level=0):
    return pack([_LABEL, VERSION, number, level])


def _read(f, at):
    """The record at `at` of open file `f` -> (fields, raw); None if it is damaged."""
    f.seek(at)
    header = f.read(_HEADER_SIZE)
    if len(header) < _HEADER_SIZE:
        return None
    magic, size, crc = struct.unpack(_HEADER, header)
    if magic != _MAGIC or size > _MAX_BODY:
        return None
    body = f.read(size)
    if len(body) < size or binascii.crc32(body, size) != crc:
        return None
    try:
        fields = json.loads(body)
    except ValueError:
        return None
    return (fields, header + body) if _is_record(fields) else None


def _is_record(fields):
    """Has it the shape that readers rely on? See `txfiles`."""
    if not isinstance(fields, list) or len(fields) < 4 or not _ints(fields[:2]):
        return False
    if fields[0] == _LABEL:
        return True
    if len(fields) < 7:
        return False
    kind, _, cursor, key, n, stamp, data = fields[:7]
    if not _ints((cursor, n)) or not _ints(stamp if isinstance(stamp, list) else (stamp,)):
        return False
    if not isinstance(key or "", str):
        return False
    if kind <= _DATA:
        return isinstance(data, dict) and (kind != _START or _ints((data.get("connector"),)))
    if kind == _CHECK:
        return _ints((data,))
    size = _LISTS.get(kind, 0)
    return not size or (data is None and kind == _ANSWER) or _is_list(data, size)


def _ints(values):
    return all([isinstance(v, int) for v in values])


def _is_list(data, size):
    return isinstance(data, list) and len(data) == size


def _resync(f, at):
    """Offset of the next possible record behind `at`, or None."""
    at += 1
    while True:
        f.seek(at)
        chunk = f.read(_CHUNK)
        if len(chunk) < 2:
            return None
        found = chunk.find(_MAGIC)
        if found >= 0:
            return at + found
        at += len(chunk) - 1


def each(path, at=0, batch=_BATCH):
    """Yield (offset, fields, raw) of the records from `at` on, without the label; (offset, None,
    None) once for each damaged stretch. A missing file is empty. Holds no file open while the
    caller has the turn: an abandoned iterator must not leave that to the garbage collector, which
    may act at a time when the file system is busy."""
    while at is not None:
        found, at = _some(path, at, batch)
        for entry in found:
            if not entry[1] or entry[1][0] != _LABEL:
                yield entry


def _some(path, at, batch):
    """-> (list of up to `batch` records and the damaged stretches between, offset to go on from
    or None)"""
    found = []
    try:
        f = open(path, "rb")
    except OSError as e:
        return [(at, None, None)] if e.errno != _ENOENT else found, None
    try:
        end = f.seek(0, 2)
        sound = True
        while at is not None and at < end:
            if sound and len(found) >= batch:
                return found, at
            record = _read(f, at)
            if record:
                sound = True
                found.append((at, record[0], record[1]))
                at += len(record[1])
            else:
                if sound:
                    sound = False
                    found.append((at, None, None))
                at = _resync(f, at)
    except OSError:
        found.append((at, None, None))
    finally:
        f.close()
    return found, None


def first(path):
    """The fields of the first record if it is a label, else None."""
    found, _ = _some(path, 0, 1)
    fields = found[0][1] if found else None
    return fields if fields and fields[0] == _LABEL and len(fields) >= 4 else None


def append(path, raw):
    """Add bytes to a file in one go. OSError if that fails."""
    with open(path, "ab") as f:
        f.write(raw)


def replace(path, raw, at_once):
    """Put a file in the place of another, or leave the old one. OSError if that fails. `at_once`:
    the file system itself sees to that, see `txboot.at_once`."""
    new = path if at_once else path + ".new"
    with open(new, "wb") as f:
        f.write(raw)
    if not at_once:
        os.rename(new, path)
