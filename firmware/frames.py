"""The last OCPP frames, both ways, as lines of JSON in a file of bounded size: no heap is held by
them.

The file is a ring: the newest line overwrites the oldest ones. It begins anew with each process.
Secrets (passwords, keys) never get there.
"""

import array
import io
import json
import sys

_SIZE = const(1000000)  # bytes of the file
_COUNT = const(512)  # frames that are kept at most
_FEW_SIZE = const(4096)  # the same where there is no file: in memory
_FEW = const(32)
_LONGEST = const(100000)  # bytes of a frame that is kept whole
_PIECE = const(1024)  # bytes that are read at a time
_SIGNS = ("assword", "uthorizationkey", "uthorizationKey", "://")  # of a frame with a secret


class Frames:
    """`path`: where the file is, None: a little in memory (a chip's flash is not for that);
    `now()` -> Unix seconds; `ticks()` -> milliseconds, kept as well. The numbers go on over a
    restart of the firmware."""

    def __init__(self, path, now, ticks=None):
        self._file = open(path, "w+b") if path else io.BytesIO(_FEW_SIZE)
        self._size = _SIZE if path else _FEW_SIZE
        self._count = _COUNT if path else _FEW
        self._now = now
        self._ticks = ticks
        # Place in the file of frame n, at n % _count
        self._starts = array.array("I", [0] * self._count)
        self._lengths = array.array("I", [0] * self._count)
        self._at = 0  # where the next line goes
        self.first = 1  # number of the oldest frame that is kept
        self.last = 0  # number of the newest frame

    def add(self, direction, text):
        """A frame was sent ("out") or has come in ("in")."""
        from ocpp.iso import to_iso  # only while it is needed: `lib/ocpp` lets it go

        if suspect(text):
            text = _masked(text)
        n = self.last + 1
        head = '{"n": %d, "t": "%s", "dir": "%s", ' % (n, to_iso(self._now()), direction)
        if self._ticks:
            head += '"ms": %d, ' % self._ticks()
        most = min(_LONGEST, self._size // 4)
        if len(text) <= most and (direction == "out" or _is_frame(text)):
            head += '"frame": '
        else:
            head += '"frame": null, "text": '
            text = json.dumps(text[:200])
        data = memoryview(text)  # its bytes, not copied
        size = len(head) + len(data) + 1
        if self._at + size > self._size:
            while self.first <= self.last and self._starts[self.first % self._count] >= self._at:
                self.first += 1
            self._at = 0
        while self.first <= self.last and (
            n - self.first >= self._count or self._covers(size, self.first)
        ):
            self.first += 1
        try:
            self._file.seek(self._at)
            for part in (head, data, "}"):
                self._file.write(part)
        except OSError:
            return  # the disk is full: this frame is not kept
        self._starts[n % self._count] = self._at
        self._lengths[n % self._count] = size
        self._at += size
        self.last = n

    def pieces(self, n):
        """The JSON text of frame `n`, from `first` to `last`, in pieces of bytes: a frame may be
        larger than what memory is left. OSError if it is overwritten meanwhile."""
        at = self._starts[n % self._count]
        left = self._lengths[n % self._count]
        while left:
            if n < self.first:
                raise OSError
            self._file.seek(at)
            piece = self._file.read(min(left, _PIECE))
            at += len(piece)
            left -= len(piece)
            yield piece

    def _covers(self, size, n):
        """True if a line of `size` bytes, written now, destroys frame `n`."""
        start = self._starts[n % self._count]
        return start < self._at + size and start + self._lengths[n % self._count] > self._at


def suspect(text):
    """True if a frame may hold a secret, see `masks.py`."""
    if len(text) <= _PIECE:  # names may be spelt in any case; of a long one no copy is made
        text = text.lower()
    for sign in _SIGNS:
        if sign in text:
            return True
    return False


def _masked(text):
    """The frame without secrets, by code that is in memory only meanwhile."""
    try:
        from masks import masked

        return masked(text)
    except MemoryError:
        return "too little memory to look for secrets in it"
    finally:
        sys.modules.pop("masks", None)


def _is_frame(text):
    """What the central system sends may be anything."""
    from ocpp.strictjson import check

    try:
        check(text)
        return text.lstrip()[0] == "["
    except ValueError:
        return False
