"""A flash chip in RAM for LittleFS: counts what is programmed and erased, and loses power at any
chosen operation, before it or half-way through.

Without power every operation fails with EIO, so that open files can still be closed (one that the
garbage collector had to close would do so at any later time). The code under test then runs on
without flash until its harness calls `check()`, which raises PowerCut: do so before anything it
does can be noticed.
"""

import vfs

_BLOCK = const(4096)
_EIO = const(5)
_BLANK = b"\xff" * _BLOCK


class PowerCut(Exception):
    """The end of this boot."""


class Flash:
    """Block device for `vfs.VfsLfs2`, with the geometry of an RP2040's (programs 256 B)."""

    def __init__(self, blocks=32, prog=256, read=32):
        self.blocks = [bytearray(_BLANK) for _ in range(blocks)]
        self.options = {"progsize": prog, "readsize": read, "mtime": False}
        self.ops = self.programs = self.programmed = self.erased = 0
        self.cut_at = None  # number of the operation, from 1, at which power goes
        self.half = False  # True: that one gets half-way
        self.dead = False
        self.tape = None  # a Tape that is told of each operation
        vfs.VfsLfs2.mkfs(self, progsize=prog, readsize=read)

    def mount(self, path="/flash"):
        vfs.mount(vfs.VfsLfs2(self, **self.options), path)

    def umount(self, path="/flash"):
        vfs.umount(path)

    def clear(self):
        """Set the counters to 0."""
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

    def check(self):
        if self.dead:
            raise PowerCut

    def readblocks(self, block, buf, offset=0):
        if self.dead:
            return -_EIO
        buf[:] = memoryview(self.blocks[block])[offset : offset + len(buf)]
        return 0

    def writeblocks(self, block, buf, offset=0):
        if self.tape is not None:
            self.tape.note(block, offset, bytes(buf))
        size = self._allowed(len(buf))
        memoryview(self.blocks[block])[offset : offset + size] = memoryview(buf)[:size]
        self.programs += 1
        self.programmed += size
        return -_EIO if self.dead else 0

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.blocks)
        if op == 5:
            return _BLOCK
        if op == 6:
            if self.tape is not None:
                self.tape.note(arg, 0, None)
            size = self._allowed(_BLOCK)
            memoryview(self.blocks[arg])[:size] = b"\xff" * size
            self.erased += 1
            return -_EIO if self.dead else 0
        return 0

    def do(self, block, offset, data, half=False):
        """An operation of a tape: program `data`, or erase (None)."""
        data = _BLANK if data is None else data
        size = len(data) // 2 if half else len(data)
        self.blocks[block][offset : offset + size] = data[:size]

    def _allowed(self, size):
        """How many of `size` bytes the coming operation gets done."""
        if self.dead:
            return 0
        self.ops += 1
        if self.ops != self.cut_at:
            return size
        self.dead = True
        return size // 2 if self.half else 0
