"""Makes up for what the wasm32 port lacks: os.urandom, and error numbers as everywhere else."""

import hashlib
import os
import random
import sys

import disk
import vfs

_ENOENT_EMSCRIPTEN = const(44)


class Disk(disk.Disk):
    """A folder of the port's file system, with ENOENT as 2."""

    def _do(self, fn, *a):
        try:
            return fn(*a)
        except OSError as e:
            raise OSError(2 if e.errno == _ENOENT_EMSCRIPTEN else e.errno) from None


def urandom(n):
    return bytes(random.getrandbits(8) for _ in range(n))


class Os:
    """Stands in for the module, to which nothing can be added."""


class Socket:
    """Stands in for the module `socket`: no name is found."""

    SOCK_STREAM = 1

    @staticmethod
    def getaddrinfo(*a):
        return []


class Hashlib:
    """Stands in for the module `hashlib`, which here lacks SHA-1: for its footprint only."""

    sha1 = sha256 = hashlib.sha256


def prepare(folder, at):
    """Make `folder` and mount it at `at`; `import os` has `urandom` from now on."""
    os.mkdir(folder)
    vfs.mount(Disk(folder), at)
    for name in dir(os):
        if not name.startswith("__"):
            setattr(Os, name, getattr(os, name))
    Os.urandom = urandom
    sys.modules["os"] = Os
