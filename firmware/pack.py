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
    """A file in the pack, for reading. MicroPython reads it by `readinto`. All share the one open
    file: a module is imported when little of the stack is left, and opening one takes much of
    it."""

    def readinto(self, view):
        view = memoryview(view)[: self.left]
        if not view:
            return 0
        self.file.seek(self.at)
        n = self.file.readinto(view)
        self.at += n
        self.left -= n
        return n

    def read(self, n=-1):
        self.file.seek(self.at)
        data = self.file.read(self.left if n < 0 else min(n, self.left))
        self.at += len(data)
        self.left -= len(data)
        return data

    def ioctl(self, request, argument):
        if request == 11:  # how much is to be read at a time: few calls make imports faster
            return 255
        return 0 if request == 4 else -1  # close

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Pack:
    """A file system, as `vfs.mount` takes them. `path`: of the pack. ValueError: it is none."""

    def __init__(self, path):
        file = self._file = open(path, "rb")
        if file.read(len(MAGIC)) != MAGIC:
            file.close()
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
        self._file.seek(self._table + 8 * low)
        at, size = struct.unpack("<II", self._file.read(8))
        return at, size & (_FOLDER - 1), bool(size & _FOLDER)

    # -- what MicroPython calls ------------------------------------------------------------------

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        self._file.close()

    def stat(self, path):
        _, size, folder = self._find(path)
        return (_DIR if folder else _FILE, 0, 0, 0, 0, 0, size, 0, 0, 0)

    def open(self, path, mode):
        if mode[0] != "r" or "+" in mode:
            raise OSError(errno.EROFS)
        at, size, folder = self._find(path)
        if folder:
            raise OSError(errno.EISDIR)
        part = Part()
        part.file, part.at, part.left = self._file, at, size
        return part

    def ilistdir(self, path):
        at, size, folder = self._find(path)
        if not folder:
            raise OSError(errno.ENOTDIR)
        self._file.seek(at)
        names = self._file.read(size).decode().split("\n")
        return iter([(name.rstrip("/"), _DIR if name[-1:] == "/" else _FILE, 0) for name in names])


def mount(path="/lib.pack", folder="/lib"):
    """Show a pack as a folder. OSError, ValueError: there is none."""
    import vfs

    vfs.mount(Pack(path), folder, readonly=True)
