import binascii
import hashlib
import socket
import time

import micropython
from ocpp.clock import Clock
from support import FakeClock, raises
from ws_support import close, decode, frame, text
from wsclient import Link
from wsclient import dial

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
        key = [line for line in self.data.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key: ")][0][19:]
        return binascii.b2a_base64(hashlib.sha1(key + GUID).digest()).strip()

    def upgrade(self):
        self.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + self.accept_key() + b"\r\n\r\n"
        )
        self.data = b""

    def end(self):
        for s in (self.conn, self.listener):
            if s:
                s.close()


server = None
ticking = None


def setup():
    global server, ticking
    server = Server()
    ticking = FakeClock()


def teardown():
    server.end()


def link(url=None, clock=None, **options):
    return Link(url or "ws://127.0.0.1:%d/cp1" % server.port, ["ocpp1.6"], [], clock or ticking, **options)


def until(li, condition, limit_ms=3000):
    """Step `li`, while the fake clock moves as the real one does, until `condition()`."""
    end = time.ticks_add(time.ticks_ms(), limit_ms)
    while not condition():
        assert time.ticks_diff(end, time.ticks_ms()) > 0, (li.state, li.error)
        li.step()
        ticking.advance(5)
        time.sleep_ms(1)


def opened(**options):
    li = link(**options)
    assert li.state == "connecting" and li.busy
    until(li, lambda: li._sock)
    server.accept()
    until(li, lambda: server.read() and server.data.endswith(b"\r\n\r\n"))
    server.upgrade()
    until(li, lambda: li.state == "open")
    return li


def settle(li):
    """Step until nothing moves any more."""
    for _ in range(10):
        li.step()
        ticking.advance(5)
        time.sleep_ms(1)
        if server.conn:
            server.read()


def test_opens_and_talks():
    li = opened()
    assert li.subprotocol == "ocpp1.6" and li.failure is None and li.error is None
    assert li.send("hello") and li.busy
    server.write(text("wor") + text("ld"))
    until(li, lambda: li.busy and li._frames.ready)
    assert li.recv() == "wor" and li.busy
    li.step()
    assert li.recv() == "ld" and li.recv() is None
    settle(li)
    assert decode(server.data)[0] == [(1, 1, b"hello")]
    assert not li.busy


def test_first_message_in_the_same_packet_as_the_answer():
    li = link()
    until(li, lambda: li._sock)
    server.accept()
    until(li, lambda: server.read() and server.data.endswith(b"\r\n\r\n"))
    key = server.accept_key()
    server.write(
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
        b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n" + text("early")
    )
    until(li, lambda: li._frames.ready)
    assert li.state == "open" and li.recv() == "early"


def test_idle_step_allocates_nothing_and_looks_rarely():
    li = opened()
    settle(li)

    class Counted:
        def __init__(self, sock):
            self.sock = sock
            self.n = 0

        def readinto(self, view):
            self.n += 1
            return self.sock.readinto(view)

    li._io = Counted(li._io)
    micropython.heap_lock()
    try:
        for _ in range(200):
            ticking.now = (ticking.now + 1) & 0x1FFFFFFF
            li.step()
            li.step()
    finally:
        micropython.heap_unlock()
    reads = li._io.n
    assert 30 <= reads <= 52, reads
    li._io = li._sock


def test_large_message_to_a_slow_reader_goes_out_in_pieces():
    li = opened(max_message=100)
    # SO_SNDBUF, SO_RCVBUF: smaller than the message
    li._sock.setsockopt(socket.SOL_SOCKET, 7, 4096)
    server.conn.setsockopt(socket.SOL_SOCKET, 8, 4096)
    big = "0123456789abcdef" * 16384
    assert li.send(big) and not li.send("second")
    for _ in range(2000):
        li.step()
        ticking.advance(5)
    assert li.state == "open" and not li.busy and not li.send("second")  # waits without spinning
    total = 0
    data = b""
    fin = 0
    for _ in range(20000):
        li.step()
        ticking.advance(5)
        part = server.conn.read(65536)
        if part:
            frames, _, data = decode(data + part)
            for fin, _, body in frames:
                assert body == big[total : total + len(body)].encode()
                total += len(body)
        if fin:
            break
    assert total == len(big) and li.send("second")


def test_ping_between_fragments_both_ways():
    li = opened()
    li.send("x" * 9000)
    li.step()
    li.ping(b"mine")
    server.write(frame(1, b"a", False) + frame(9, b"yours"))
    settle(li)
    settle(li)
    frames = decode(server.data)[0]
    kinds = [(fin, op) for fin, op, _ in frames]
    assert kinds.count((1, 9)) == 1 and kinds.count((1, 10)) == 1 and kinds[0] == (0, 1) and kinds[-1] == (1, 0), kinds
    server.write(frame(10, b"mine") + frame(0, b"b"))
    until(li, lambda: li._frames.ready)
    assert li.recv() == "ab" and li.pong_seen == 1


def test_close_by_us():
    li = opened()
    li.close(1001, "going")
    assert li.state == "closing" and not li.send("x")
    settle(li)
    assert decode(server.data)[0] == [(1, 8, b"\x03\xe9going")]
    server.write(close(1001))
    settle(li)
    server.conn.close()
    until(li, lambda: li.state == "closed")
    assert li.failure is None and li.error is None and not li.busy


def test_close_by_us_is_bounded():
    li = opened(close_timeout_ms=2000)
    li.close()
    begun = ticking.now
    until(li, lambda: li.state == "closed")
    assert 1900 <= ticking.diff(ticking.now, begun) <= 2200


def test_close_by_the_server():
    li = opened()
    server.write(text("last") + close(1012, b"restart"))
    until(li, lambda: li._frames.ready)
    settle(li)
    assert li.state == "open" and li.recv() == "last"  # nothing is lost
    until(li, lambda: li.state == "closing")
    settle(li)
    assert decode(server.data)[0] == [(1, 8, b"\x03\xf4")]
    server.conn.close()
    until(li, lambda: li.state == "closed")
    assert li.failure == "closed" and "1012 restart" in li.error and li.url in li.error


def test_end_without_a_goodbye():
    li = opened()
    server.conn.close()
    until(li, lambda: li.state == "closed")
    assert li.failure == "closed" and "without a goodbye" in li.error


def test_protocol_error():
    li = opened()
    server.write(frame(2, b"binary"))
    until(li, lambda: li.state == "closing")
    settle(li)
    frames = decode(server.data)[0]
    assert frames[0][1] == 8 and frames[0][2][:2] == b"\x03\xeb"
    server.write(b"z" * 5000)  # is read and thrown away
    settle(li)
    server.conn.close()
    until(li, lambda: li.state == "closed")
    assert li.failure == "protocol" and "1003" in li.error and li.last_rx is not None


def test_abort():
    li = opened()
    li.send("never")
    li.abort("timeout", "no answer")
    assert li.state == "closed" and li.error == li.url + ": no answer" and not li.busy
    li.step()
    li.close()
    li.abort("closed", "again")
    assert li.failure == "timeout" and not li.send("x") and li.recv() is None
    time.sleep_ms(10)
    assert server.conn.read(100) == b""  # no goodbye, just the end


def test_abort_at_any_time():
    for steps in range(6):
        li = link()
        for _ in range(steps):
            li.step()
            ticking.advance(5)
        li.abort()
        assert li.state == "closed" and li.failure is None
        li.step()
    li = link()
    li.close()
    assert li.state == "closed"


def test_refused():
    server.listener.close()
    li = link()
    until(li, lambda: li.state == "closed")
    assert li.failure == "tcp" and li.error == li.url + ": connection refused", li.error


def test_next_address_is_tried():
    real = dial.socket
    good = socket.getaddrinfo("127.0.0.1", server.port, 0, socket.SOCK_STREAM)
    bad = socket.getaddrinfo("127.0.0.1", 1, 0, socket.SOCK_STREAM)

    class Fake:
        SOCK_STREAM = socket.SOCK_STREAM
        socket = socket.socket

        @staticmethod
        def getaddrinfo(*args):
            return bad + good

    dial.socket = Fake
    try:
        li = link()
        until(li, lambda: li._sock)
    finally:
        dial.socket = real
    server.accept()
    li.abort()


def test_name_lookup_does_not_block():
    real = dial.socket

    class Fake:
        SOCK_STREAM = socket.SOCK_STREAM
        socket = socket.socket

        @staticmethod
        def getaddrinfo(*args):
            time.sleep_ms(300)
            return socket.getaddrinfo("127.0.0.1", server.port, 0, socket.SOCK_STREAM)

    dial.socket = Fake
    try:
        li = link("ws://slow.example:%d/" % server.port, clock=Clock())
        longest = 0
        for _ in range(500):
            t = time.ticks_ms()
            li.step()
            longest = max(longest, time.ticks_diff(time.ticks_ms(), t))
            time.sleep_ms(2)
            if li._sock:
                break
    finally:
        dial.socket = real
    assert li._sock and longest < 100, longest
    li.abort()


def test_name_lookup_in_time_and_one_at_a_time():
    real = dial.socket
    asked = []

    class Fake:
        SOCK_STREAM = socket.SOCK_STREAM
        socket = socket.socket

        @staticmethod
        def getaddrinfo(*args):
            asked.append(args[0])
            time.sleep_ms(100)
            raise OSError(-2)

    dial.socket = Fake
    try:
        first = link("ws://one.example/", dial_timeout_ms=1000)
        second = link("ws://two.example/", dial_timeout_ms=60000)
        first.step()
        time.sleep_ms(20)
        ticking.advance(1100)
        first.step()
        assert first.failure == "timeout" and "name server" in first.error, first.error
        second.step()
        assert asked == ["one.example"]
        until(second, lambda: second.state == "closed")
    finally:
        dial.socket = real
    assert asked == ["one.example", "two.example"]
    assert second.failure == "dns" and "two.example not found" in second.error


def test_no_answer_to_the_upgrade():
    li = link(dial_timeout_ms=7000)
    until(li, lambda: li._sock)
    server.accept()
    until(li, lambda: server.read())
    server.write(b"HTTP/1.1 101 x\r\n")
    settle(li)
    ticking.advance(7000)
    li.step()
    assert li.state == "closed" and li.failure == "timeout" and "upgrade request in 7 s" in li.error, li.error


def test_closed_instead_of_an_answer():
    li = link()
    until(li, lambda: li._sock)
    server.accept()
    until(li, lambda: server.read())
    server.conn.close()
    until(li, lambda: li.state == "closed")
    assert li.failure == "http" and "without an answer" in li.error


def test_http_error():
    li = link()
    until(li, lambda: li._sock)
    server.accept()
    until(li, lambda: server.read())
    server.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    until(li, lambda: li.state == "closed")
    assert li.failure == "http404" and li.error.startswith(li.url + ": HTTP 404 Not Found"), li.error


def test_wss_without_a_ca_is_refused():
    li = link("wss://127.0.0.1:%d/" % server.port)
    until(li, lambda: li.state == "closed")
    assert li.failure == "tls" and "no CA certificate" in li.error


def test_no_memory_for_a_message():
    li = opened(max_message=2000000)
    server.write(b"\x81\x7f" + (1900000).to_bytes(8, "big"))  # more than this interpreter's heap
    until(li, lambda: li.state != "open")
    assert li.failure == "protocol" and "no memory" in li.error and "1009" in li.error


def test_bad_arguments():
    raises(ValueError, link, "http://h/")
    raises(ValueError, Link, "ws://h/", [], [("A", "b\nc")], ticking)
