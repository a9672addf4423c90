"""A folder of the PC as a file system of its own, so that what is done to it can be seen."""

import vfs


class Disk:
    """Every operation goes through `_do(fn, ...)`."""

    def __init__(self, folder):
        self._folder = folder
        # Without a root of its own: `rename` of this class does not work with one.
        self._fs = vfs.VfsPosix()

    def _do(self, fn, *a):
        return fn(*a)

    def _at(self, path):
        return self._folder + "/" + path.lstrip("/")

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def open(self, path, mode):
        return self._do(self._fs.open, self._at(path), mode)

    def ilistdir(self, path):
        return self._do(self._fs.ilistdir, self._at(path))

    def mkdir(self, path):
        return self._do(self._fs.mkdir, self._at(path))

    def remove(self, path):
        return self._do(self._fs.remove, self._at(path))

    def rename(self, old, new):
        return self._do(self._fs.rename, self._at(old), self._at(new))

    def rmdir(self, path):
        return self._do(self._fs.rmdir, self._at(path))

    def stat(self, path):
        return self._do(self._fs.stat, self._at(path))

    def statvfs(self, path):
        return self._do(self._fs.statvfs, self._at(path))
