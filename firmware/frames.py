"""The last OCPP frames, both ways, as lines of JSON in a file of bounded size: no heap is held by
them.

The file is a ring: the newest line overwrites the oldest ones. It begins anew with each process.
"""

import array
import json

from ocpp import strictjson
from ocpp.iso import to_iso

_SIZE = const(1000000)  # bytes of the file
_COUNT = const(512)  # frames that are kept at most
_LONGEST = const(100000)  # bytes of a frame that is kept whole


class Frames:
    """`path`: where the file is; `now()` -> Unix seconds. The numbers go on over a restart of the
    firmware."""

    def __init__(self, path, now):
        self._file = open(path, "w+b")
        self._now = now
        self._starts = array.array(
            "I", [0] * _COUNT
        )  # place in the file of frame n, at n % _COUNT
        self._lengths = array.array("I", [0] * _COUNT)
        self._at = 0  # where the next line goes
        self.first = 1  # number of the oldest frame that is kept
        self.last = 0  # number of the newest frame

    def add(self, direction, text):
        """A frame was sent ("out") or has come in ("in")."""
        n = self.last + 1
        line = _line(n, self._now(), direction, text).encode()
        if self._at + len(line) > _SIZE:
            while self.first <= self.last and self._starts[self.first % _COUNT] >= self._at:
                self.first += 1
            self._at = 0
        while self.first <= self.last and (
            n - self.first >= _COUNT or self._covers(len(line), self.first)
        ):
            self.first += 1
        try:
            self._file.seek(self._at)
            self._file.write(line)
        except OSError:
            return  # the disk is full: this frame is not kept
        self._starts[n % _COUNT] = self._at
        self._lengths[n % _COUNT] = len(line)
        self._at += len(line)
        self.last = n

    def read(self, n):
        """The JSON text of frame `n`, from `first` to `last`, as bytes."""
        self._file.seek(self._starts[n % _COUNT])
        return self._file.read(self._lengths[n % _COUNT])

    def _covers(self, size, n):
        """True if a line of `size` bytes, written now, destroys frame `n`."""
        start = self._starts[n % _COUNT]
        return start < self._at + size and start + self._lengths[n % _COUNT] > self._at


def _line(n, unix, direction, text):
    """What is not a frame, or too long, has `"frame": null` and its text."""
    try:
        whole = len(text) <= _LONGEST and isinstance(strictjson.loads(text), list)
    except ValueError:
        whole = False
    shown = '"frame": ' + text if whole else '"frame": null, "text": ' + json.dumps(text[:200])
    return '{"n": %d, "t": "%s", "dir": "%s", %s}' % (n, to_iso(unix), direction, shown)
