"""One WebSocket connection, from name lookup to the end: made, used once, thrown away.

`step()` does what is due and never blocks (but see `dial.py`). While nothing moves it looks at the
socket every 5 ms and allocates nothing. The code for dialling is in memory only as long as that
takes.
"""

import sys

from wsclient.frames import Frames

_IDLE_MS = const(4)  # looks at a quiet socket are further apart than this
_TLS_EOF = const(-0x7280)  # mbedTLS: the peer closed without a goodbye

lookup = None  # of the last name lookup in a thread: a list, empty while it runs
nameserver = None  # address of the name server, where the host has told: see `dial.Dial.lookup`


class Failure(Exception):
    """A dial failed. args: one of the words a link's `failure` can hold, the cause in words."""


class Link:
    """Dials `url` at the first `step()`. ValueError for a bad URL or header.

    protocols         subprotocols in order of preference
    headers           further (name, value) pairs of the upgrade request
    clock             object with ticks() in ms and diff(a, b)
    tls               for wss://, a dict; without one nobody is trusted:
                      "cadata" certificates to trust, bytes or a list of bytes, DER or PEM
                      "name" that the server's certificate must bear (default: the URL's host)
                      "cert", "key" our own, DER or PEM; "cert" may be a list, ours first
                      "verify" False: trust anyone
                      "watch" fn(depth, DER) called for each certificate of the server that is
                      trusted, the root first; it returns why it is refused after all, or None
    max_message       bytes; longer ones are refused
    dial_timeout_ms   for the whole dial
    close_timeout_ms  for the closing handshake
    lenient           take a missing subprotocol for the first one offered
    """

    def __init__(
        self,
        url,
        protocols,
        headers,
        clock,
        tls=None,
        max_message=8192,
        dial_timeout_ms=30000,
        close_timeout_ms=3000,
        lenient=False,
    ):
        from wsclient.dial import Dial
        from wsclient.handshake import Handshake

        handshake = Handshake(url, protocols, headers, lenient)
        tls = (tls or {}) if handshake.secure else None
        self._dial = Dial(self, handshake, clock, tls, dial_timeout_ms).steps()
        self._clock = clock
        self._frames = Frames(max_message)
        self._close_ms = close_timeout_ms
        self._since = 0  # ticks when closing began
        self._looked = 0  # ticks of the last look at the socket
        self._sock = None  # the TCP socket
        self._io = None  # what is read and written once connected: the same, or TLS over it
        self.url = url
        self.state = "connecting"  # "open", "closing", "closed"
        self.failure = None  # why it closed: dns tcp tls http401 ...; None: by us
        self.error = None  # the same in words, with the URL
        self.subprotocol = None
        self.pong_seen = 0  # pongs received
        self.last_rx = None  # ticks of the last bytes received
        self.busy = True  # step again soon

    def step(self):
        """Do the I/O that is due. Never blocks."""
        now = self._clock.ticks()
        if self.state == "closed" or (not self.busy and 0 <= now - self._looked < _IDLE_MS):
            return
        self._looked = now
        self.busy = False
        try:
            if self._dial:
                next(self._dial)
            else:
                self._exchange(now)
        except StopIteration:
            self._dial = None
            _let_go()
            self.state = "open"
            self.last_rx = now
            self.busy = True
        except Failure as e:
            self.abort(*e.args)
        except MemoryError:
            self.abort("closed", "out of memory")
        except OSError as e:
            self._lost(e)

    def recv(self):
        """The next text message, or None."""
        text = self._frames.recv()
        if text is not None:
            self.busy = True
        return text

    def send(self, text):
        """Hand over a text message. False if not now: not open, or the last one is still on its
        way."""
        if self.state != "open" or not self._frames.send(text):
            return False
        self.busy = True
        return True

    def ping(self, payload=b""):
        """Send a ping as soon as the frame under way is out; `pong_seen` counts the answers."""
        if self.state == "open":
            self._frames.ping(payload)
            self.busy = True

    def close(self, code=1000, reason=""):
        """Say goodbye; `state` is "closed" some steps later, at most `close_timeout_ms`."""
        if self.state == "connecting":
            self.abort()
        elif self.state == "open":
            self._frames.close(code, reason)
            self._end("closing")
            self.step()

    def abort(self, failure=None, text=None):
        """Drop the socket at once, without a goodbye. The first reason given stays."""
        self._end("closed", failure, text)
        # The TCP socket first: TLS must not say anything any more.
        for s in (self._sock, self._io):
            if s is not None:
                s.close()
        self._sock = self._io = self._dial = None
        _let_go()

    def _end(self, state, failure=None, text=None):
        """It comes to its end: now it is "closing" or "closed"."""
        if failure and self.state in ("connecting", "open"):
            self.failure = failure
            self.error = "%s: %s" % (self.url, text)
        self.state = state
        self.busy = state == "closing"
        self._since = self._clock.ticks()

    def _exchange(self, now):
        """Write, parse, read: as much as goes without waiting."""
        frames = self._frames
        self._write()
        if not frames.parse():
            self.busy = True
        else:
            n = self._io.readinto(frames.room())
            if n == 0:
                return self.abort("closed", "connection closed without a goodbye")
            if n:
                self.last_rx = now
                self.busy = True
                frames.received(n)
                frames.parse()
                self._write()
        self.pong_seen = frames.pong_seen
        if self.state == "closing":
            # Until the server has closed the connection, which is its part (RFC 6455 7.1.1).
            if self._clock.diff(now, self._since) >= self._close_ms:
                self.abort()
        elif frames.error:
            self._end("closing", "protocol", frames.error)
        elif frames.close_code:
            text = "closed by the server, %d %s" % (frames.close_code, frames.close_reason)
            self._end("closing", "closed", text)

    def _write(self):
        """Write one buffer, or what goes of it."""
        data = self._frames.output()
        n = data and self._io.write(data)
        if n:
            self._frames.sent(n)
            self.busy = True

    def _lost(self, e):
        """Reading or writing failed."""
        tls = self._io is not self._sock and _TLS_EOF != e.errno < 0
        try:
            from wsclient.dial import words

            why = words(e)
        except MemoryError:
            why = e.errno
        self.abort("tls" if tls else "closed", "connection lost (%s)" % why)


def _let_go():
    """Take the code for dialling out of memory. The package itself may be gone already."""
    package = sys.modules.get("wsclient")
    for name in ("dial", "handshake", "secure", "names"):
        if sys.modules.pop("wsclient." + name, None) and hasattr(package, name):
            delattr(package, name)
