"""The file here: one that grows by what is downloaded, and one that is sent."""

import os

from transfer import TransferError

_SYNC = const(32768)  # bytes between two points that a power cut can't go behind


def size(path):
    """Bytes in a file, 0 if there is none."""
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def remove(path):
    try:
        os.remove(path)
    except OSError:
        pass


class Sink:
    """Bytes that come are put behind those in `path`, or in place of them if `fresh`."""

    def __init__(self, path, limit, fresh):
        if fresh:
            remove(path)
        self.size = size(path)
        self._limit = limit
        self._file = open(path, "ab")
        self._synced = self.size

    def expect(self, n):
        """`n` more bytes are announced. TransferError, OSError if there is no room for them."""
        if self.size + n > self._limit:
            raise TransferError("size", "more than %d bytes" % self._limit)

    def write(self, data):
        """OSError: flash full or broken."""
        self.expect(len(data))
        self._file.write(data)
        self.size += len(data)
        if self.size - self._synced >= _SYNC:
            self._file.flush()
            self._synced = self.size

    def close(self):
        self._file.close()


def pieces(path, stream):
    """Send a file."""
    from transfer.stream import SIZE

    buffer = bytearray(SIZE)
    view = memoryview(buffer)
    with open(path, "rb") as file:
        while True:
            n = file.readinto(buffer)
            if not n:
                return
            yield from stream.write(view[:n])
