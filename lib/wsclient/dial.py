"""From a host name to an agreed WebSocket, without blocking. In memory only while a link is
dialled.

Except where a port leaves no choice: the name lookup on ports without usable threads (see
`Dial.lookup`), and each single step of a TLS handshake (public-key arithmetic).
"""

import errno
import select
import socket
import sys

from wsclient import link as shared
from wsclient.link import Failure

try:
    import _thread
except ImportError:
    _thread = None

_TLS_EOF = const(-0x7280)  # mbedTLS: the peer closed without a goodbye
_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ETIMEDOUT: "timed out",
    errno.ENOMEM: "out of memory",
    32: "connection reset",  # EPIPE
    101: "network unreachable",
}


class Dial:
    """Dials for `link`: the addresses of the host are tried one after the other, `timeout_ms` is
    shared among them. `tls`: None, or the options of `Link`."""

    def __init__(self, link, handshake, clock, tls, timeout_ms):
        self._link = link
        self._handshake = handshake
        self._clock = clock
        self._begun = clock.ticks()
        self._tls = tls
        self._timeout = timeout_ms

    def steps(self):
        """A generator that ends when the WebSocket is open: the link's `_sock` and `_io` are set,
        `_frames` holds what came behind the answer. Raises Failure."""
        link = self._link
        host = self._handshake.host
        addresses = yield from self.lookup(host, self._handshake.port)
        while True:
            gone = self._gone()
            until = gone + (self._timeout - gone) // len(addresses)
            try:
                yield from self._connect(addresses.pop(0), until)
                break
            except Failure:
                if not addresses:
                    raise
                link._sock.close()
        link._io = link._sock
        if self._tls is not None:
            try:
                from wsclient.secure import wrap

                link._io = wrap(link._sock, host, self._tls)
            except (ImportError, OSError, ValueError, TypeError) as e:
                raise Failure("tls", words(e)) from None
        yield from self._upgrade(link._io)

    def _gone(self):
        return self._clock.diff(self._clock.ticks(), self._begun)

    def _in_time(self, what, until):
        """Raise Failure if an answer is missing after `until` ms of the dial."""
        if self._gone() >= until:
            raise Failure("timeout", "no answer %s in %d s" % (what, self._timeout // 1000))

    def lookup(self, host, port):
        """In a thread, one at a time: a hung one delays the next. On RP2 lwIP works on one core
        only, so there the name server is asked by `names`; if it is not known, the lookup blocks
        (seconds, if there is no answer)."""
        box = []
        number = ":" in host or host.replace(".", "").isdigit()  # needs no name server
        alone = _thread is None or sys.platform == "rp2"
        if alone and not number and shared.nameserver:
            return (yield from self._ask(host, port))
        if number or alone:
            _resolve(box, host, port)
        else:
            while shared.lookup == []:
                self._in_time("from the name server", self._timeout)
                yield
            try:
                _thread.start_new_thread(_resolve, (box, host, port))
                shared.lookup = box
            except (OSError, MemoryError) as e:
                box.append(e)
        while not box:
            self._in_time("from the name server", self._timeout)
            yield
        if isinstance(box[0], Exception) or not box[0]:
            raise Failure("dns", "host %s not found" % host)
        return box[0]

    def _ask(self, host, port):
        from wsclient.names import lookup

        asking = lookup(host, port, shared.nameserver, self._clock)
        try:
            while True:
                next(asking)
                self._in_time("from the name server", self._timeout)
                yield
        except StopIteration as e:
            return e.value
        finally:
            asking.close()

    def _connect(self, address, until):
        try:
            sock = self._link._sock = socket.socket(*address[:3])
            sock.setblocking(False)
            try:
                # A message goes out in several writes: none may wait for the ACK of the last one.
                sock.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY
            except OSError:
                pass  # then it is slower
            sock.connect(address[4])
        except OSError as e:
            if e.errno not in (errno.EINPROGRESS, errno.EAGAIN, errno.EALREADY):
                raise Failure("tcp", words(e)) from None
        poll = select.poll()
        poll.register(sock, select.POLLOUT)
        while True:
            for _, event in poll.poll(0):
                if not event & (select.POLLERR | select.POLLHUP):
                    return
                why = "connection refused"
                try:
                    sock.read(1)
                except OSError as e:
                    why = words(e)
                raise Failure("tcp", why)
            self._in_time("to the TCP connection", until)
            yield

    def _upgrade(self, io):
        shake = self._handshake
        request = shake.request
        frames = self._link._frames
        view = frames.room()
        rest = None
        try:
            while request:  # over TLS this takes its handshake along
                n = io.write(request)
                if n:
                    request = request[n:]
                else:
                    self._in_time("to the TLS handshake", self._timeout)
                    yield
            while rest is None:
                self._in_time("to the upgrade request", self._timeout)
                yield
                n = io.readinto(view)
                if n == 0:
                    raise Failure("http", "connection closed without an answer")
                rest = shake.receive(view[:n]) if n else None
        except (OSError, ValueError) as e:  # ValueError: the certificate, in mbedTLS's words
            lost = isinstance(e, OSError) and (e.errno > 0 or e.errno == _TLS_EOF)
            kind = "http" if self._tls is None or (lost and not request) else "tls"
            if self._tls and self._tls.get("why"):
                raise Failure("tls", "server's certificate refused: " + self._tls["why"]) from None
            raise Failure(kind, "connection lost before an answer (%s)" % words(e)) from None
        frames.room()[:rest] = view[n - rest : n]
        frames.received(rest)
        self._link.subprotocol = shake.subprotocol


def _resolve(box, host, port):
    """Put the addresses of `host`, or the exception, into the list `box`."""
    try:
        box.append(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
    except Exception as e:  # in a thread: nobody else would catch it
        box.append(e)


def words(e):
    """An OSError or ValueError in plain words."""
    if isinstance(e, OSError) and len(e.args) == 1:
        return _WORDS.get(e.errno) or errno.errorcode.get(e.errno) or "error %s" % e.errno
    return str(e.args[-1]).strip() if e.args else type(e).__name__
