"""All modules in one file, for flashes in which a block for each of them does not fit: `mount()`
shows the file /lib.pack as the folder /lib.

The file: `ocppy pack 1\\n`, number of entries (4 bytes, little end first), CRC-32 of each entry's
path, rising (4 bytes each), place and size of each (4 and 4 bytes), then what they hold. The
highest bit of a size marks a folder: it holds the names in it, a line each. Made by
`tools/device_app/pack.py`. 4 bytes of heap an entry; nothing is copied into it as a whole.
"""

import binascii
import errno
import io
import struct

MAGIC = b"ocppy pack 1\n"
_FOLDER = 1 << 31
_DIR = const(0x4000)
_FILE = const(0x8000)


class Part(io.IOBase):
    """A file in the pack, for reading. MicroPython reads it by `readinto`."""

    def __init__(self, path, at, size):
        self._file = open(path, "rb")
        self._file.seek(at)
        self._left = size

    def readinto(self, view):
        view = memoryview(view)[: self._left]
        n = self._file.readinto(view) if view else 0
        self._left -= n
        return n

    def read(self, n=-1):
        n = self._left if n < 0 else min(n, self._left)
        data = self._file.read(n)
        self._left -= len(data)
        return data

    def ioctl(self, request, argument):
        if request == 4:  # close
            self._file.close()
            return 0
        return -1

    def close(self):
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Pack:
    """A file system, as `vfs.mount` takes them. `path`: of the pack. ValueError: it is none."""

    def __init__(self, path):
        self._path = path
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError("not a pack: " + path)
            self._count = struct.unpack("<I", file.read(4))[0]
            self._sums = file.read(4 * self._count)
            self._table = file.tell()

    def _find(self, path):
        """(place, size, is a folder). OSError: it is not there."""
        wanted = binascii.crc32(path.strip("/").encode())
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if struct.unpack_from("<I", self._sums, 4 * middle)[0] < wanted:
                low = middle + 1
            else:
                high = middle
        if low == self._count or struct.unpack_from("<I", self._sums, 4 * low)[0] != wanted:
            raise OSError(errno.ENOENT)
        with open(self._path, "rb") as file:
            file.seek(self._table + 8 * low)
            at, size = struct.unpack("<II", file.read(8))
        return at, size & (_FOLDER - 1), bool(size & _FOLDER)

    # -- what MicroPython calls ------------------------------------------------------------------

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def stat(self, path):
        _, size, folder = self._find(path)
        return (_DIR if folder else _FILE, 0, 0, 0, 0, 0, size, 0, 0, 0)

    def open(self, path, mode):
        if mode[0] != "r" or "+" in mode:
            raise OSError(errno.EROFS)
        at, size, folder = self._find(path)
        if folder:
            raise OSError(errno.EISDIR)
        return Part(self._path, at, size)

    def ilistdir(self, path):
        at, size, folder = self._find(path)
        if not folder:
            raise OSError(errno.ENOTDIR)
        with Part(self._path, at, size) as part:
            names = part.read().decode().split("\n")
        return iter([(name.rstrip("/"), _DIR if name[-1:] == "/" else _FILE, 0) for name in names])


def mount(path="/lib.pack", folder="/lib"):
    """Show a pack as a folder. OSError, ValueError: there is none."""
    import vfs

    vfs.mount(Pack(path), folder, readonly=True)
