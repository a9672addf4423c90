"""The data partition of a board: mounted, or made anew if it can't be read, or, if it takes
nothing, replaced by a file system in memory.

What is on it are the station's state and its transaction log. Code and configuration are
elsewhere, so that a charger whose data partition is gone comes up, charges, and says what
happened.
"""

import os

import vfs

from ocpp.log import log


def mount(device, path, **options):
    """Mount the LittleFS on block device `device` at `path`. Returns the names of what was found
    damaged, for `Runner`: ["file system"] if it had to be made anew, else []. OSError if the
    device takes no file system at all. `options`: `progsize`, `readsize`, ... of `VfsLfs2`."""
    try:
        _mount(device, path, options)
        return []
    except OSError as e:
        log.error("flash", "file system at", path, "can't be read and is made anew:", repr(e))
    try:
        vfs.umount(path)
    except OSError:
        pass  # it did not get so far
    sizes = {name: options[name] for name in options if name in ("progsize", "readsize")}
    vfs.VfsLfs2.mkfs(device, **sizes)
    _mount(device, path, options)
    return ["file system"]


def _mount(device, path, options):
    vfs.mount(vfs.VfsLfs2(device, **options), path)
    os.statvfs(path)  # fails if a directory is damaged: nothing could be written any more


_BLOCK = const(512)
_BLOCKS = const(32)
_LARGEST = const(4096)  # bytes of a file that is copied


class Memory:
    """A block device in memory: for the state of a charger whose flash takes nothing."""

    def __init__(self):
        self._data = bytearray(_BLOCK * _BLOCKS)

    def readblocks(self, block, buffer, offset=0):
        at = block * _BLOCK + offset
        buffer[:] = memoryview(self._data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=None):
        at = block * _BLOCK + (offset or 0)
        self._data[at : at + len(buffer)] = buffer

    def ioctl(self, what, _argument):
        if what == 4:
            return _BLOCKS
        return _BLOCK if what == 5 else 0


def takes(folder):
    """False: the station's state can be kept there neither now nor was it ever."""
    path = folder + "/state"
    try:
        os.mkdir(path)
    except OSError:
        try:
            os.stat(path)
        except OSError:
            return False
    return True


def in_memory(folder, path):
    """Mount a file system in memory at `path`, with the configuration's files of `folder`."""
    device = Memory()
    vfs.VfsLfs2.mkfs(device)
    _mount(device, path, {})
    try:
        entries = list(os.ilistdir(folder))
    except OSError:
        return
    for entry in entries:
        if entry[1] != 0x4000 and os.stat(folder + "/" + entry[0])[6] <= _LARGEST:
            with open(folder + "/" + entry[0], "rb") as old, open(
                path + "/" + entry[0], "wb"
            ) as new:
                new.write(old.read())
