"""From a host name to a connected socket, without blocking.

Except where a port leaves no choice: the name lookup on ports without usable threads (see
`Lookup`), and each single step of a TLS handshake (public-key arithmetic).
"""

import binascii
import errno
import select
import socket
import sys

from wsclient.failure import Failure

try:
    import _thread
except ImportError:
    _thread = None

_DOWN = select.POLLERR | select.POLLHUP
_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ETIMEDOUT: "timed out",
    errno.ENOMEM: "out of memory",
    32: "connection reset",  # EPIPE
    101: "network unreachable",
}


class Lookup:
    """Resolves one name. On RP2 lwIP works on one core only, so there it blocks (seconds, if the
    name server does not answer); elsewhere it runs in a thread. One at a time: a hung one delays
    the next."""

    running = None

    def __init__(self, host, port):
        self._what = (host, port)
        self.result = None  # list of getaddrinfo, or an exception
        if ":" in host or host.replace(".", "").isdigit():
            self._run()  # a number: answered without asking anyone

    def poll(self):
        """True once `result` is there."""
        if Lookup.running is not None and Lookup.running.result is not None:
            Lookup.running = None
        if self.result is None and Lookup.running is None:
            self._start()
        return self.result is not None

    def _start(self):
        if _thread is None or sys.platform == "rp2":
            return self._run()
        try:
            _thread.start_new_thread(self._run, ())
            Lookup.running = self
        except (OSError, MemoryError) as e:
            self.result = e

    def _run(self):
        try:
            self.result = socket.getaddrinfo(self._what[0], self._what[1], 0, socket.SOCK_STREAM)
        except Exception as e:  # in a thread: nobody else would catch it
            self.result = e


class Dial:
    """One dial: the addresses of `host` are tried one after the other, `timeout_ms` is shared
    among them. `tls`: None, or the options of `Link`."""

    def __init__(self, host, port, tls, clock, timeout_ms):
        self._host = host
        self._tls = tls
        self._clock = clock
        self._timeout = timeout_ms
        self._begun = clock.ticks()
        self._lookup = Lookup(host, port)
        self._addresses = None  # those still to be tried, as getaddrinfo gives them
        self._until = 0  # ms of the dial after which the next address is tried
        self._poll = None
        self.sock = None  # the TCP socket

    def step(self):
        """None, or once connected the stream to read and write: `sock`, or TLS over it, whose
        handshake the first write takes along. Raises Failure."""
        if self._lookup is not None:
            if self._lookup.poll():
                self._found(self._lookup.result)
            else:
                self.in_time("no answer from the name server")
        elif self._connected():
            return self._wrapped()

    def in_time(self, text):
        """Raise Failure("timeout") with `text` once the dial's time is up."""
        if self._gone() >= self._timeout:
            raise Failure("timeout", "%s in %d s" % (text, self._timeout // 1000))

    def close(self):
        """Give the socket up."""
        if self.sock is not None:
            self.sock.close()
        self.sock = self._poll = None

    def _gone(self):
        return self._clock.diff(self._clock.ticks(), self._begun)

    def _found(self, addresses):
        self._lookup = None
        if isinstance(addresses, Exception) or not addresses:
            raise Failure("dns", "host %s not found" % self._host)
        self._addresses = addresses
        self._next(None)

    def _next(self, why):
        """Try the next address. `why`: the Failure of the one before."""
        self.close()
        if not self._addresses:
            raise why
        gone = self._gone()
        self._until = gone + max(0, self._timeout - gone) // len(self._addresses)
        family, kind, proto, _, address = self._addresses.pop(0)
        try:
            self.sock = socket.socket(family, kind, proto)
            self.sock.setblocking(False)
            _no_delay(self.sock)
            self.sock.connect(address)
        except OSError as e:
            if e.errno not in (errno.EINPROGRESS, errno.EAGAIN, errno.EALREADY):
                return self._next(Failure("tcp", words(e)))
        self._poll = select.poll()
        self._poll.register(self.sock, select.POLLOUT)

    def _connected(self):
        for event in self._poll.poll(0):
            if not event[1] & _DOWN:
                self._poll = None
                return True
            self._next(Failure("tcp", self._fault()))
            return False
        if self._gone() >= self._until:
            text = "no answer to the TCP connection in %d s" % (self._timeout // 1000)
            self._next(Failure("timeout", text))
        return False

    def _fault(self):
        """Why the connection was not made."""
        try:
            self.sock.read(1)
        except OSError as e:
            return words(e)
        return "connection refused"

    def _wrapped(self):
        if self._tls is None:
            return self.sock
        import tls  # not on every port, and not needed for ws://

        name = self._tls.get("name") or self._host
        try:
            context = _context(tls, self._tls)
            return context.wrap_socket(
                self.sock, server_hostname=name, do_handshake_on_connect=False
            )
        except (OSError, ValueError, TypeError) as e:
            raise Failure("tls", words(e)) from None


def words(e):
    """An OSError or ValueError in plain words."""
    if isinstance(e, OSError) and len(e.args) == 1:
        return _WORDS.get(e.errno) or errno.errorcode.get(e.errno) or "error %s" % e.errno
    return str(e.args[-1]).strip() if e.args else type(e).__name__


def _no_delay(sock):
    # A message goes out in several writes: none of them may wait for the ACK of the one before.
    try:
        sock.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY
    except OSError:
        pass  # then it is slower


def _context(tls, options):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    trusted = options.get("cadata")
    if not options.get("verify", True):
        context.verify_mode = tls.CERT_NONE
    elif not trusted:
        raise ValueError("no CA certificate to check the server with")
    else:
        for data in trusted if isinstance(trusted, (list, tuple)) else (trusted,):
            for block in der(data, b"CERTIFICATE"):
                context.load_verify_locations(block)
    if options.get("cert"):
        cert = der(options["cert"], b"CERTIFICATE")
        key = der(options.get("key") or b"", b"PRIVATE KEY")
        if not cert or not key:
            raise ValueError("no certificate or no key in the file")
        context.load_cert_chain(cert[0], key[0])
    return context


def der(data, kind):
    """The blocks of PEM `data` whose name ends in `kind`, as DER; DER is given back as it is. Not
    every port's TLS reads PEM."""
    parts = data.split(b"-----BEGIN ")
    if len(parts) == 1:
        return [data]
    blocks = []
    for part in parts[1:]:
        name, _, body = part.partition(b"-----")
        if name.endswith(kind):
            blocks.append(binascii.a2b_base64(body.partition(b"-----")[0]))
    return blocks
