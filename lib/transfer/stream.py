"""One connection, TCP or TLS, read and written by generators that never block."""

from transfer import TransferError
from wsclient.dial import Dial, words
from wsclient.link import Failure

SIZE = const(1024)  # bytes of a buffer
_LINE = const(1024)  # longest line
_SLOW_MS = const(60000)  # in that time ...
_LEAST = const(1024)  # ... so many bytes have to move, or it will never end


class _Dial(Dial):
    """A dial that ends when the connection is there."""

    def _upgrade(self, io):
        return
        yield


class Stream:
    """`tls`: None, or options as of `wsclient.Link`. `close()` it, whatever happens."""

    def __init__(self, host, port, clock, tls, stall_ms):
        self.host = host
        self.port = port
        self._clock = clock
        self._tls = tls
        self._stall = stall_ms
        self._sock = self._io = None  # set by the dial
        self._buffer = bytearray(SIZE)
        self._view = memoryview(self._buffer)
        self._from = self._to = 0  # what is read and not yet given away
        self._since = clock.ticks()  # of the minute looked at
        self._moved = 0  # bytes in it

    def open(self):
        """Dial."""
        try:
            yield from _Dial(self, self, self._clock, self._tls, self._stall).steps()
        except Failure as e:
            raise TransferError(*e.args) from None

    def secure(self, tls):
        """Go on with TLS."""
        from wsclient.secure import wrap

        try:
            self._io = wrap(self._sock, self.host, tls or {})
        except (OSError, ValueError, TypeError) as e:
            raise TransferError("tls", words(e)) from None
        self._tls = tls or {}

    def close(self):
        # TLS first: its goodbye tells the other side that the file is whole.
        for s in (self._io, self._sock):
            if s is not None:
                try:
                    s.close()
                except OSError:
                    pass
        self._io = self._sock = None

    def write(self, data):
        """Send all of `data`."""
        view = memoryview(data)
        begun = self._clock.ticks()
        while view:
            try:
                n = self._io.write(view)
            except (OSError, ValueError) as e:
                raise self._lost(e) from None
            if n:
                view = view[n:]
                begun = self._clock.ticks()
                self._count(n)
            yield from self._wait(begun, n)

    def read(self):
        """A memoryview of what comes next, valid until the next read; empty: the other side
        has closed."""
        if self._from == self._to:
            yield from self._fill()
        part = self._view[self._from : self._to]
        self._from = self._to
        return part

    def back(self, n):
        """The last `n` bytes of what read() gave are for the next one."""
        self._from -= n

    def line(self):
        """The next line without its end, as text; None: closed before one began."""
        line = b""
        while True:
            part = yield from self.read()
            if not part:
                if line:
                    raise TransferError("closed", "connection closed in the middle of a line")
                return None
            part = bytes(part)
            end = part.find(b"\n")
            if end >= 0:
                self.back(len(part) - end - 1)
                line += part[:end]
            else:
                line += part
            if len(line) > _LINE:
                raise TransferError("protocol", "line longer than %d bytes" % _LINE)
            if end >= 0:
                line = line[:-1] if line[-1:] == b"\r" else line
                return "".join([chr(c) if 32 <= c < 127 else "?" for c in line])

    def drained(self):
        """True if nothing that came is left unread: what follows may be under TLS."""
        return self._from == self._to

    def _fill(self):
        begun = self._clock.ticks()
        while True:
            try:
                n = self._io.readinto(self._buffer)
            except (OSError, ValueError) as e:
                raise self._lost(e) from None
            if n is not None:
                self._from = 0
                self._to = n
                return self._count(n)
            yield from self._wait(begun, None)

    def _wait(self, begun, n):
        """One step passes. TransferError if nothing moved for too long."""
        if not n and self._clock.diff(self._clock.ticks(), begun) >= self._stall:
            raise TransferError("timeout", "nothing moved for %d s" % (self._stall // 1000))
        yield

    def _count(self, n):
        """`n` bytes moved. A trickle that keeps everybody waiting is no connection either."""
        self._moved += n
        now = self._clock.ticks()
        if self._clock.diff(now, self._since) >= max(_SLOW_MS, self._stall):
            if self._moved < _LEAST:
                raise TransferError("timeout", "all too slow")
            self._since = now
            self._moved = 0

    def _lost(self, e):
        tls = self._io is not self._sock and (not isinstance(e, OSError) or e.errno < 0)
        return TransferError("tls" if tls else "closed", words(e))
