"""A flash chip in RAM for LittleFS: counts what is programmed and erased, and loses power at any
chosen operation, before it or half-way through."""

import vfs

_BLOCK = const(4096)


class PowerCut(BaseException):
    """Not an Exception: no code under test can catch it by chance."""


class Flash:
    """Block device for `vfs.VfsLfs2`, with the geometry of an RP2040's (program 256 B)."""

    def __init__(self, blocks=32, prog=256, read=32):
        self.data = bytearray(b"\xff" * (blocks * _BLOCK))
        self.options = {"progsize": prog, "readsize": read, "mtime": False}
        self.ops = self.programs = self.programmed = self.erased = 0
        self.cut_at = None  # number of the operation, from 1, at which power goes
        self.half = False  # True: that one gets half-way
        self.dead = False
        vfs.VfsLfs2.mkfs(self, progsize=prog, readsize=read)

    def mount(self, path="/flash"):
        vfs.mount(vfs.VfsLfs2(self, **self.options), path)

    def umount(self, path="/flash"):
        vfs.umount(path)

    def clear(self):
        self.ops = self.programs = self.programmed = self.erased = 0

    def cut(self, at, half):
        """Power goes at operation `at`, counted from now."""
        self.clear()
        self.cut_at = at
        self.half = half

    def restore(self):
        """Power is back."""
        self.cut_at = None
        self.dead = False

    def readblocks(self, block, buf, offset=0):
        if self.dead:
            raise PowerCut
        at = block * _BLOCK + offset
        buf[:] = memoryview(self.data)[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        size = self._allowed(len(buf))
        at = block * _BLOCK + offset
        self.data[at : at + size] = memoryview(buf)[:size]
        self.programs += 1
        self.programmed += size
        self._end()

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // _BLOCK
        if op == 5:
            return _BLOCK
        if op == 6:
            size = self._allowed(_BLOCK)
            at = arg * _BLOCK
            self.data[at : at + size] = b"\xff" * size
            self.erased += 1
            self._end()
        return 0

    def _allowed(self, size):
        """How many of `size` bytes the coming operation gets done."""
        if self.dead:
            raise PowerCut
        self.ops += 1
        if self.ops != self.cut_at:
            return size
        self.dead = True
        return size // 2 if self.half else 0

    def _end(self):
        if self.dead:
            raise PowerCut
