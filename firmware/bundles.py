"""Bundles: firmware in one file. In memory only while one is unpacked.

    ocppy bundle 1
    {"version": "1.2.0", "board": "sim", "micropython": "1.28.0", "mpy": 6, "files": 2}
    SHA-256-IN-HEX SIZE ocpp/__init__.mpy
    SHA-256-IN-HEX SIZE app.mpy
    {"sha256": "...", "signature": "...", "certificate": "..."}

then the bytes of the files, one after the other. The last line, the seal, has the hash of all
lines before it, which hold everything else by its hash; perhaps the signature (Base64; ECDSA or
RSA) of these lines, and the certificate (Base64, DER) of its signer.
"""

import binascii
import hashlib
import json
import os
import sys

_MAGIC = b"ocppy bundle 1\n"
_LINE = const(2000)  # bytes of a line
_FILES = const(500)
_PATH = const(80)  # characters of a file's path
_CHUNK = const(512)
_BATCH = const(4)  # chunks a step
_RESERVE = const(32768)  # bytes of flash that stay free


class Bundle:
    """ValueError from any function: what is wrong with it. OSError: the flash."""

    def __init__(self, path, board):
        self._board = board
        self._size = os.stat(path)[6]
        self._file = open(path, "rb")
        self.version = None
        self._count = 0  # files
        self._lines = self._data = 0  # offsets of the first file's line, and of its bytes

    def close(self):
        self._file.close()

    def check(self, verify):
        """Look at all of its lines."""
        digest = hashlib.sha256()
        head = self._file.read(len(_MAGIC))
        if head != _MAGIC:
            raise ValueError("not a bundle")
        digest.update(head)
        self._header(self._line(digest))
        self._lines = self._file.tell()
        total = 0
        for _ in range(self._count):
            total += _entry(self._line(digest))[1]
            yield
        seal = _json(self._line(None))
        self._data = self._file.tell()
        if self._size != self._data + total:
            raise ValueError("truncated, or longer than it should be")
        digest = digest.digest()
        if seal.get("sha256") != binascii.hexlify(digest).decode():
            raise ValueError("damaged")
        if verify:
            wrong = yield from verify(digest, seal)
            if wrong:
                raise ValueError(wrong)

    def unpack(self, target):
        """Write its files into the new folder `target`; each must have its hash."""
        stat = os.statvfs(target.rpartition("/")[0] or "/")
        # Each file takes whole blocks
        if stat[0] * (stat[3] - self._count) < self._size - self._data + _RESERVE:
            raise OSError("no room for %d bytes" % (self._size - self._data))
        os.mkdir(target)
        at = self._lines
        for _ in range(self._count):
            self._file.seek(at)
            digest, size, path = _entry(self._line(None))
            at = self._file.tell()
            _make_folders(target, path)
            self._file.seek(self._data)
            if (yield from self._copy(target + "/" + path, size)) != digest:
                raise ValueError("damaged: " + path)
            self._data += size

    def _copy(self, path, left):
        """-> the hash of what was copied"""
        digest = hashlib.sha256()
        steps = 0
        with open(path, "wb") as out:
            while left:
                chunk = self._file.read(min(left, _CHUNK))
                if not chunk:
                    raise ValueError("truncated")
                digest.update(chunk)
                out.write(chunk)
                left -= len(chunk)
                steps += 1
                if steps % _BATCH == 0:
                    yield
        yield
        return digest.digest()

    def _header(self, line):
        header = _json(line)
        self.version = header.get("version")
        self._count = header.get("files")
        if not isinstance(self.version, str) or not 0 < len(self.version) <= 50:
            raise ValueError("bad version")
        if not isinstance(self._count, int) or not 0 < self._count <= _FILES:
            raise ValueError("bad number of files")
        if header.get("board") != self._board:
            raise ValueError("for another board: %s" % header.get("board"))
        if header.get("mpy") != sys.implementation._mpy & 255:
            raise ValueError("for another version of .mpy files: %s" % header.get("mpy"))
        if _numbers(header.get("micropython")) > list(sys.implementation.version[:3]):
            raise ValueError("needs MicroPython %s" % header.get("micropython"))

    def _line(self, digest):
        line = self._file.readline(_LINE)
        if line[-1:] != b"\n":
            raise ValueError("truncated")
        if digest:
            digest.update(line)
        return line[:-1]


def _json(line):
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError("not a bundle")
    return value


def _numbers(text):
    try:
        return [int(n) for n in text.split(".")]
    except (ValueError, AttributeError):
        raise ValueError("bad version of MicroPython") from None


def _entry(line):
    """(hash, size, path) of a file."""
    words = line.split(b" ")
    if len(words) != 3 or len(words[0]) != 64 or not words[1].isdigit() or len(words[1]) > 8:
        raise ValueError("bad line")
    try:
        digest = binascii.unhexlify(words[0])
        path = words[2].decode()
    except (ValueError, UnicodeError):
        raise ValueError("bad line") from None
    if not path or len(path) > _PATH:
        raise ValueError("bad path")
    for part in path.split("/"):
        if part.strip(".") == "":
            raise ValueError("bad path")
        for c in part:
            if not (c.isalpha() or c.isdigit() or c in "_-."):
                raise ValueError("bad path")
    return digest, int(words[1]), path


def _make_folders(target, path):
    at = path.find("/")
    while at >= 0:
        try:
            os.mkdir(target + "/" + path[:at])
        except OSError:
            pass  # it is there; if not, opening the file tells
        at = path.find("/", at + 1)
