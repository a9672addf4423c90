import socket
import sys
import time

import micropython
from ws_server import Bench
from ws_support import close, decode, frame, text

bench = None


def setup():
    global bench
    bench = Bench()


def teardown():
    bench.end()


def test_opens_and_talks():
    li = bench.opened()
    assert li.subprotocol == "ocpp1.6" and li.failure is None and li.error is None
    assert li.send("hello") and li.busy
    bench.server.write(text("wor") + text("ld"))
    bench.until(li, lambda: li.busy and li._frames.ready)
    assert li.recv() == "wor" and li.busy
    li.step()
    assert li.recv() == "ld" and li.recv() is None
    bench.settle(li)
    assert decode(bench.server.data)[0] == [(1, 1, b"hello")]
    assert not li.busy


def test_what_dialling_needs_is_let_go():
    bench.link()
    assert "wsclient.dial" in sys.modules and "wsclient.handshake" in sys.modules
    li = bench.opened()
    assert "wsclient.dial" not in sys.modules and "wsclient.handshake" not in sys.modules
    assert "wsclient.secure" not in sys.modules
    bench.server.conn.close()
    bench.closed(li)  # what it says comes from there
    assert li.failure == "closed" and "connection" in li.error
    bench.link().abort()
    assert "wsclient.dial" not in sys.modules and "wsclient.handshake" not in sys.modules


def test_goodbye_after_the_modules_were_dropped():
    # As a restart of the firmware does: all is loaded anew while the old link says goodbye.
    li = bench.opened()
    dropped = {}
    for name in list(sys.modules):
        if name.split(".")[0] == "wsclient":
            dropped[name] = sys.modules.pop(name)
    try:
        li.close()
        bench.server.conn.close()
        bench.closed(li)
        assert li.failure is None
    finally:
        sys.modules.update(dropped)


def test_first_message_in_the_same_packet_as_the_answer():
    li = bench.link()
    bench.until(li, lambda: li._io)
    bench.server.accept()
    bench.until(li, lambda: bench.server.read() and bench.server.data.endswith(b"\r\n\r\n"))
    key = bench.server.accept_key()
    bench.server.write(
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: ocpp1.6\r\n"
        b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n" + text("early")
    )
    bench.until(li, lambda: li._frames.ready)
    assert li.state == "open" and li.recv() == "early"


def test_idle_step_allocates_nothing_and_looks_rarely():
    li = bench.opened()
    bench.settle(li)

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
            bench.clock.now = (bench.clock.now + 1) & 0x1FFFFFFF
            li.step()
            li.step()
    finally:
        micropython.heap_unlock()
    reads = li._io.n
    assert 30 <= reads <= 52, reads
    li._io = li._sock


def test_large_message_to_a_slow_reader_goes_out_in_pieces():
    li = bench.opened(max_message=100)
    # SO_SNDBUF, SO_RCVBUF: smaller than the message
    li._sock.setsockopt(socket.SOL_SOCKET, 7, 4096)
    bench.server.conn.setsockopt(socket.SOL_SOCKET, 8, 4096)
    big = "0123456789abcdef" * 16384
    assert li.send(big) and not li.send("second")
    for _ in range(2000):
        li.step()
        bench.clock.advance(5)
    assert li.state == "open" and not li.busy and not li.send("second")  # waits without spinning
    total = 0
    data = b""
    fin = 0
    for _ in range(20000):
        li.step()
        bench.clock.advance(5)
        part = bench.server.conn.read(65536)
        if part:
            frames, _, data = decode(data + part)
            for last, _, body in frames:
                fin = last
                assert body == big[total : total + len(body)].encode()
                total += len(body)
        if fin:
            break
    assert total == len(big) and li.send("second")


def test_ping_between_fragments_both_ways():
    li = bench.opened()
    li.send("x" * 9000)
    li.step()
    li.ping(b"mine")
    bench.server.write(frame(1, b"a", False) + frame(9, b"yours"))
    bench.settle(li)
    bench.settle(li)
    frames = decode(bench.server.data)[0]
    kinds = [(fin, op) for fin, op, _ in frames]
    assert (
        kinds.count((1, 9)) == 1
        and kinds.count((1, 10)) == 1
        and kinds[0] == (0, 1)
        and kinds[-1] == (1, 0)
    ), kinds
    bench.server.write(frame(10, b"mine") + frame(0, b"b"))
    bench.until(li, lambda: li._frames.ready)
    assert li.recv() == "ab" and li.pong_seen == 1


def test_does_not_wait_while_bytes_are_left_to_parse():
    li = bench.opened()
    bench.settle(li)
    bench.server.write(frame(10) * 100)
    time.sleep_ms(20)
    bench.clock.advance(10)
    for _ in range(30):  # and no time goes by
        li.step()
    assert li.pong_seen == 100 and not li.busy


def test_close_by_us():
    li = bench.opened()
    li.close(1001, "going")
    assert li.state == "closing" and not li.send("x")
    bench.settle(li)
    assert decode(bench.server.data)[0] == [(1, 8, b"\x03\xe9going")]
    bench.server.write(close(1001))
    bench.settle(li)
    bench.server.conn.close()
    bench.closed(li)
    assert li.failure is None and li.error is None and not li.busy


def test_close_by_us_is_bounded():
    li = bench.opened(close_timeout_ms=2000)
    li.close()
    begun = bench.clock.now
    bench.closed(li)
    assert 1900 <= bench.clock.diff(bench.clock.now, begun) <= 2200


def test_close_by_the_server():
    li = bench.opened()
    bench.server.write(text("last") + close(1012, b"restart"))
    bench.until(li, lambda: li._frames.ready)
    bench.settle(li)
    assert li.state == "open" and li.recv() == "last"  # nothing is lost
    bench.until(li, lambda: li.state == "closing")
    bench.settle(li)
    assert decode(bench.server.data)[0] == [(1, 8, b"\x03\xf4")]
    bench.server.conn.close()
    bench.closed(li)
    assert li.failure == "closed" and "1012 restart" in li.error and li.url in li.error


def test_end_without_a_goodbye():
    li = bench.opened()
    bench.server.conn.close()
    bench.closed(li)
    assert li.failure == "closed" and "without a goodbye" in li.error


def test_protocol_error():
    li = bench.opened()
    bench.server.write(frame(2, b"binary"))
    bench.until(li, lambda: li.state == "closing")
    bench.settle(li)
    frames = decode(bench.server.data)[0]
    assert frames[0][1] == 8 and frames[0][2][:2] == b"\x03\xeb"
    bench.server.write(b"z" * 5000)  # is read and thrown away
    bench.settle(li)
    bench.server.conn.close()
    bench.closed(li)
    assert li.failure == "protocol" and "1003" in li.error and li.last_rx is not None


def test_abort():
    li = bench.opened()
    li.send("never")
    li.abort("timeout", "no answer")
    assert li.state == "closed" and li.error == li.url + ": no answer" and not li.busy
    li.step()
    li.close()
    li.abort("closed", "again")
    assert li.failure == "timeout" and not li.send("x") and li.recv() is None
    time.sleep_ms(10)
    assert bench.server.conn.read(100) == b""  # no goodbye, just the end


def test_no_memory_for_a_message():
    li = bench.opened(max_message=2000000)
    bench.server.write(
        b"\x81\x7f" + (1900000).to_bytes(8, "big")
    )  # more than this interpreter's heap
    bench.until(li, lambda: li.state != "open")
    assert li.failure == "protocol" and "no memory" in li.error and "1009" in li.error


def test_out_of_memory_ends_the_link_only():
    li = bench.opened()

    class Exhausted:
        def readinto(self, view):
            raise MemoryError

        def close(self):
            pass

    li._io = Exhausted()
    bench.closed(li)
    assert li.failure == "closed" and "out of memory" in li.error
