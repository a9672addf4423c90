"""The data partition of a board: mounted, or made anew if it can't be read.

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
