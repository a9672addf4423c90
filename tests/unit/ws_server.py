"""A WebSocket server in the same process, served by hand, for the tests of `wsclient.Link`."""

import binascii
import hashlib
import socket
import sys
import time

from support import FakeClock

from wsclient import Link

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Server:
    """A listening socket in this very process, served by hand."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port = 20000
        while True:
            self.address = socket.getaddrinfo("127.0.0.1", self.port)[0][-1]
            try:
                self.listener.bind(self.address)
                break
            except OSError:
                self.port += 1
        self.listener.listen(5)
        self.conn = None
        self.data = b""

    def accept(self):
        self.conn = self.listener.accept()[0]
        self.conn.setblocking(False)

    def read(self):
        part = self.conn.read(65536)
        self.data += part or b""
        return part

    def write(self, data):
        self.conn.setblocking(True)
        self.conn.write(data)
        self.conn.setblocking(False)

    def accept_key(self):
        key = self.data.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        return binascii.b2a_base64(hashlib.sha1(key + GUID).digest()).strip()

    def upgrade(self, more=b""):
        self.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: "
            + self.accept_key()
            + b"\r\n\r\n"
            + more
        )
        self.data = b""

    def end(self):
        for s in (self.conn, self.listener):
            if s:
                s.close()


def with_socket(module, fn):
    """Run `fn()` while links are dialled with `module` for the module `socket`."""
    sys.modules["socket"] = module
    sys.modules.pop("wsclient.dial", None)
    try:
        return fn()
    finally:
        sys.modules["socket"] = socket
        sys.modules.pop("wsclient.dial", None)


class Bench:
    """A server, a fake clock, and links to it."""

    def __init__(self):
        self.server = Server()
        self.clock = FakeClock()

    def end(self):
        self.server.end()

    def link(self, url=None, clock=None, **options):
        url = url or "ws://127.0.0.1:%d/cp1" % self.server.port
        return Link(url, ["ocpp1.6"], [], clock or self.clock, **options)

    def until(self, li, condition, limit_ms=3000):
        """Step `li`, while the fake clock moves as the real one does, until `condition()`."""
        end = time.ticks_add(time.ticks_ms(), limit_ms)
        while not condition():
            assert time.ticks_diff(end, time.ticks_ms()) > 0, (li.state, li.error)
            li.step()
            self.clock.advance(5)
            time.sleep_ms(1)

    def closed(self, li):
        self.until(li, lambda: li.state == "closed")

    def accepted(self, **options):
        """A link whose upgrade request is at the server."""
        li = self.link(**options)
        assert li.state == "connecting" and li.busy
        self.until(li, lambda: li._io)
        self.server.accept()
        self.until(li, lambda: self.server.read() and self.server.data.endswith(b"\r\n\r\n"))
        return li

    def opened(self, **options):
        li = self.accepted(**options)
        self.server.upgrade()
        self.until(li, lambda: li.state == "open")
        return li

    def settle(self, li):
        """Step until nothing moves any more."""
        for _ in range(10):
            li.step()
            self.clock.advance(5)
            time.sleep_ms(1)
            if self.server.conn:
                self.server.read()
