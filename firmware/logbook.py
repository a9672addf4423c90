"""The log on flash: two files of lines, the older one goes when the newer one is full.

Lines wait in memory until there are enough of them, or one is urgent. Flash bears no more than
`_CREDIT` writes at a stretch and one every `_EVERY_S` on average: 144 a day. What has to wait
longer than memory lasts is left out, and counted.
"""

import os

from ocpp.clock import Timer

FILES = ("/log.old", "/log.txt")
_SIZE = const(16384)  # bytes of a file
_BUFFER = const(1024)  # bytes in memory
_LINE = const(200)  # of a line
_CREDIT = const(12)
_EVERY_S = const(600)
_ERROR = const(0)


class Logbook:
    """`folder`: where its files are; `time()` -> Unix seconds or None."""

    def __init__(self, folder, clock, time):
        self._folder = folder
        self._time = time
        self._buffer = bytearray(_BUFFER)  # made once: single lines would split up the heap
        self._size = 0  # bytes in it
        self._lost = 0  # lines left out since the last write
        self._credit = _CREDIT  # writes
        self._urgent = False
        self._earn = Timer(clock)
        self._earn.start_s(_EVERY_S)

    def add(self, level, line):
        """A line of the log (see `ocpp.log`). Without room it is left out."""
        data = ("%s %s\n" % (self._time() or "-", line[:_LINE])).encode()
        if self._size + len(data) > _BUFFER:
            self.write()
            if self._size + len(data) > _BUFFER:
                self._lost += 1
                return
        self._buffer[self._size : self._size + len(data)] = data
        self._size += len(data)
        self._urgent = self._urgent or level == _ERROR

    def step(self):
        """Now and then."""
        if self._earn.due():
            self._earn.start_s(_EVERY_S)
            self._credit = min(self._credit + 1, _CREDIT)
            self._urgent = self._size > 0
        if self._urgent:
            self.write()

    def latest(self, count):
        """Iterator of the last `count` lines on flash, as they are there."""
        lines = []
        for name in FILES:
            try:
                with open(self._folder + name) as file:
                    for line in file:
                        lines.append(line.rstrip())
                        if len(lines) > count:
                            lines.pop(0)
            except OSError:
                pass  # nothing was written yet
        return iter(lines)

    def write(self):
        """What waits in memory goes to flash, if it may."""
        if not self._size or not self._credit:
            return
        self._credit -= 1
        self._urgent = False
        size, self._size = self._size, 0
        old, new = [self._folder + name for name in FILES]
        try:
            if _size(new) + size > _SIZE:
                _remove(old)
                os.rename(new, old)
            with open(new, "ab") as file:
                file.write(memoryview(self._buffer)[:size])
                if self._lost:
                    file.write("- (%d lines left out)\n" % self._lost)
            self._lost = 0
        except OSError:
            self._lost += 1  # flash full: it must not keep us from charging


def _size(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass
