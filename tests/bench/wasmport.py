"""Makes up for what the wasm32 port lacks: os.urandom, and error numbers as everywhere else."""

import binascii
import hashlib
import os
import random
import sys

import disk
import vfs

_ENOENT_EMSCRIPTEN = const(44)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_ANSWER = b"""HTTP/1.1 101 Switching Protocols\r
Upgrade: websocket\r
Connection: Upgrade\r
Sec-WebSocket-Protocol: ocpp1.6\r
Sec-WebSocket-Accept: %s\r
\r
"""


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


class Stream:
    """A socket to a server that agrees to every upgrade, and says nothing more."""

    def __init__(self, *a):
        self._answer = b""

    def connect(self, *a):
        pass

    setblocking = setsockopt = connect

    def close(self):
        pass

    def write(self, data):
        data = bytes(data)
        key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        if key:
            accept = binascii.b2a_base64(Hashlib.sha1(key + _GUID).digest())[:-1]
            self._answer = _ANSWER % accept.decode()
        return len(data)

    def readinto(self, view):
        n = min(len(view), len(self._answer))
        view[:n] = self._answer[:n]
        self._answer = self._answer[n:]
        return n or None


class Socket:
    """Stands in for the module `socket`."""

    SOCK_STREAM = 1
    socket = Stream

    @staticmethod
    def getaddrinfo(*a):
        return [(2, 1, 6, "", ("127.0.0.1", 80))]


class Poll:
    def register(self, *a):
        pass

    def poll(self, *a):
        return [(None, Select.POLLOUT)]


class Select:
    """Stands in for the module `select`: every socket is ready."""

    POLLIN, POLLOUT, POLLERR, POLLHUP = 1, 4, 8, 16
    poll = Poll


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
