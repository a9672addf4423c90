"""One WebSocket connection, from name lookup to the end: made, used once, thrown away.

`step()` does what is due and never blocks (but see `dial.py`). While nothing moves it looks at the
socket every 5 ms and allocates nothing. What only dialling needs is in memory for a dial, and let
go once the link is open.
"""

import sys

from wsclient.failure import Failure
from wsclient.frames import Frames

_IDLE_MS = const(4)  # looks at a quiet socket are further apart than this
_TLS_EOF = const(-0x7280)  # mbedTLS: the peer closed without a goodbye


class Link:
    """Dials `url` at the first `step()`. ValueError for a bad URL or header.

    protocols         subprotocols in order of preference
    headers           further (name, value) pairs of the upgrade request
    clock             object with ticks() in ms and diff(a, b)
    tls               for wss://, a dict; without one nobody is trusted:
                      "cadata" certificates to trust, bytes or a list of bytes, DER or PEM
                      "name" that the server's certificate must bear (default: the URL's host)
                      "cert", "key" our own, DER or PEM
                      "verify" False: trust anyone
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
        from wsclient.handshake import Handshake, parse_url

        secure, host, port, _ = parse_url(url)
        self._clock = clock
        self._handshake = Handshake(url, protocols, headers, lenient)
        self._frames = Frames(max_message)
        self._dial = Dial(host, port, (tls or {}) if secure else None, clock, dial_timeout_ms)
        self._secure = secure
        self._close_ms = close_timeout_ms
        self._closing_since = 0  # ticks
        self._looked = 0  # ticks of the last look at the socket
        self._sock = None  # the TCP socket, once connected
        self._io = None  # what is read and written: the same, or TLS over it
        self._pending = None  # rest of the upgrade request
        self._phase = self._connect  # what `step` does; None: closed
        self.url = url
        self.state = "connecting"  # "open", "closing", "closed"
        self.failure = None  # why it closed: dns tcp tls http401 ...; None: by us
        self.error = None  # the same in words, with the URL
        self.subprotocol = None
        self.last_rx = None  # ticks of the last bytes received
        self.busy = True  # step again soon

    @property
    def pong_seen(self):
        """Number of pongs received."""
        return self._frames.pong_seen

    def step(self):
        """Do the I/O that is due. Never blocks."""
        now = self._clock.ticks()
        if self._phase is None or (not self.busy and 0 <= now - self._looked < _IDLE_MS):
            return
        self._looked = now
        self.busy = False
        try:
            self._phase(now)
        except Failure as e:
            self.abort(e.kind, str(e))
        except MemoryError:
            self.abort("closed", "out of memory")
        except OSError as e:
            self._lost(e)

    def recv(self):
        """The next text message, or None."""
        if not self._frames.ready:
            return None
        self.busy = True
        return self._frames.recv()

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
            self._begin_closing(self._clock.ticks())
            self.step()

    def abort(self, failure=None, text=None):
        """Drop the socket at once, without a goodbye. The first reason given stays."""
        if failure and not self.failure:
            self._note(failure, text)
        self.state = "closed"
        self.busy = False
        if self._dial:
            self._dial.close()
        # The TCP socket first: TLS must not say anything any more.
        for s in (self._sock, self._io):
            if s is not None:
                s.close()
        self._sock = self._io = self._dial = self._handshake = self._pending = self._phase = None

    # ---- phases, in this order ----

    def _connect(self, now):
        io = self._dial.step()
        if io is not None:
            self._io = io
            self._sock = self._dial.sock
            self._pending = memoryview(self._handshake.request)
            self._phase = self._request
            self.busy = True

    def _request(self, now):
        """Send the upgrade request; over TLS this takes the handshake along."""
        try:
            n = self._io.write(self._pending)
        except ValueError as e:  # the certificate, in mbedTLS's words
            raise Failure("tls", _words(e)) from None
        if not n:
            return self._dial.in_time("no answer to the TLS handshake")
        self._pending = self._pending[n:] if n < len(self._pending) else None
        if not self._pending:
            self._phase = self._answer

    def _answer(self, now):
        view = self._frames.room()
        n = self._io.readinto(view)
        if n == 0:
            raise Failure("http", "connection closed without an answer to the upgrade request")
        rest = self._handshake.receive(view[:n]) if n else None
        if rest is None:
            return self._dial.in_time("no answer to the upgrade request")
        self._frames.receive(view[n - rest : n])
        self.subprotocol = self._handshake.subprotocol
        self._handshake = self._dial = None
        _let_go()
        self.last_rx = now
        self.state = "open"
        self._phase = self._talk
        self.busy = True

    def _talk(self, now):
        self._exchange(now)
        frames = self._frames
        if frames.error:
            self._note("protocol", frames.error)
        elif frames.close_code:
            self._note(
                "closed", "closed by the server, %d %s" % (frames.close_code, frames.close_reason)
            )
        else:
            return
        self._begin_closing(now)

    def _closing(self, now):
        """Until the server has closed the connection, which is its part (RFC 6455 7.1.1), or time
        is up."""
        try:
            self._exchange(now)
        except (Failure, OSError):
            return self.abort()
        if self._clock.diff(now, self._closing_since) >= self._close_ms:
            self.abort()

    # ---- their parts ----

    def _exchange(self, now):
        """Write, parse, read: as much as goes without waiting."""
        frames = self._frames
        moved = self._write()
        if not frames.parse():
            self.busy = True
        elif self._read(now):
            self.busy = True
            frames.parse()
            self._write()
        elif moved:
            self.busy = True

    def _write(self):
        """Write one buffer. True if bytes went out."""
        data = self._frames.output()
        n = data and self._io.write(data)
        if not n:
            return False
        self._frames.sent(n)
        return True

    def _read(self, now):
        """Read one buffer. True if bytes came in."""
        n = self._io.readinto(self._frames.room())
        if n == 0:
            raise Failure("closed", "connection closed without a goodbye")
        if not n:
            return False
        self._frames.received(n)
        self.last_rx = now
        return True

    def _begin_closing(self, now):
        self.state = "closing"
        self._closing_since = now
        self._phase = self._closing
        self.busy = True

    def _note(self, failure, text):
        self.failure = failure
        self.error = "%s: %s" % (self.url, text)

    def _lost(self, e):
        """An OSError while reading or writing."""
        text = _words(e)
        if self._secure and e.errno < 0 and e.errno != _TLS_EOF:
            self.abort("tls", text)
        elif self.state == "open":
            self.abort("closed", "connection lost (%s)" % text)
        elif self._pending and self._secure:
            self.abort("tls", "connection lost in the TLS handshake (%s)" % text)
        else:
            self.abort(
                "http", "connection lost before the answer to the upgrade request (%s)" % text
            )


def _words(e):
    from wsclient.dial import words

    return words(e)


def _let_go():
    """Dialling is over: its code leaves the memory."""
    package = sys.modules.get("wsclient")
    for name in ("dial", "handshake"):
        if sys.modules.pop("wsclient." + name, None) and hasattr(package, name):
            delattr(package, name)
