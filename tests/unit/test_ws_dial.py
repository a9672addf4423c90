import socket
import time

from support import raises
from ws_server import Bench, with_socket

from ocpp.clock import Clock
from wsclient import Link
from wsclient.secure import der

bench = None


def setup():
    global bench
    bench = Bench()


def teardown():
    bench.end()


def test_abort_at_any_time():
    for steps in range(6):
        li = bench.link()
        for _ in range(steps):
            li.step()
            bench.clock.advance(5)
        li.abort()
        assert li.state == "closed" and li.failure is None
        li.step()
    li = bench.link()
    li.close()
    assert li.state == "closed"


def test_refused():
    bench.server.listener.close()
    li = bench.link()
    bench.closed(li)
    assert li.failure == "tcp" and li.error == li.url + ": connection refused", li.error


def test_next_address_is_tried():
    good = socket.getaddrinfo("127.0.0.1", bench.server.port, 0, socket.SOCK_STREAM)
    bad = socket.getaddrinfo("127.0.0.1", 1, 0, socket.SOCK_STREAM)

    class Fake:
        SOCK_STREAM = socket.SOCK_STREAM
        socket = socket.socket

        @staticmethod
        def getaddrinfo(*args):
            return bad + good

    def run():
        li = bench.link()
        bench.until(li, lambda: li._io)
        return li

    li = with_socket(Fake, run)
    bench.server.accept()
    li.abort()


def test_name_lookup_does_not_block():
    class Fake:
        SOCK_STREAM = socket.SOCK_STREAM
        socket = socket.socket

        @staticmethod
        def getaddrinfo(*args):
            for _ in range(5000):
                if len(steps) >= 20:
                    break
                time.sleep_ms(2)
            during.append(len(steps))
            return socket.getaddrinfo("127.0.0.1", bench.server.port, 0, socket.SOCK_STREAM)

    steps, during = [], []

    def run():
        li = bench.link("ws://slow.example:%d/" % bench.server.port, clock=Clock())
        for _ in range(5000):
            li.step()
            steps.append(1)
            time.sleep_ms(2)
            if li._io:
                break
        assert li._io and during[0] >= 20, during
        li.abort()

    with_socket(Fake, run)


def test_name_lookup_in_time_and_one_at_a_time():
    asked = []

    class Fake:
        SOCK_STREAM = socket.SOCK_STREAM
        socket = socket.socket

        @staticmethod
        def getaddrinfo(*args):
            asked.append(args[0])
            time.sleep_ms(100)
            raise OSError(-2)

    def run():
        first = bench.link("ws://one.example/", dial_timeout_ms=1000)
        first.step()
        time.sleep_ms(20)
        bench.clock.advance(1100)
        first.step()
        assert first.failure == "timeout" and "name server" in first.error, first.error
        second = bench.link("ws://two.example/", dial_timeout_ms=60000)
        second.step()
        assert asked == ["one.example"]
        bench.closed(second)
        assert asked == ["one.example", "two.example"]
        assert second.failure == "dns" and "two.example not found" in second.error

    with_socket(Fake, run)


def test_no_answer_to_the_upgrade():
    li = bench.link(dial_timeout_ms=7000)
    bench.until(li, lambda: li._io)
    bench.server.accept()
    bench.until(li, bench.server.read)
    bench.server.write(b"HTTP/1.1 101 x\r\n")
    bench.settle(li)
    bench.clock.advance(7000)
    li.step()
    assert (
        li.state == "closed" and li.failure == "timeout" and "upgrade request in 7 s" in li.error
    ), li.error


def test_closed_instead_of_an_answer():
    li = bench.link()
    bench.until(li, lambda: li._io)
    bench.server.accept()
    bench.until(li, bench.server.read)
    bench.server.conn.close()
    bench.closed(li)
    assert li.failure == "http" and "without an answer" in li.error


def test_http_error():
    li = bench.link()
    bench.until(li, lambda: li._io)
    bench.server.accept()
    bench.until(li, bench.server.read)
    bench.server.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    bench.closed(li)
    assert li.failure == "http404" and li.error.startswith(li.url + ": HTTP 404 Not Found"), (
        li.error
    )


def test_wss_without_a_ca_is_refused():
    li = bench.link("wss://127.0.0.1:%d/" % bench.server.port)
    bench.closed(li)
    assert li.failure == "tls" and "no CA certificate" in li.error


def test_unusable_certificates_fail_the_dial():
    pem = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for options in (
        {"verify": False, "cert": b"x"},
        {"verify": False, "cert": b"x", "key": None},
        {"verify": False, "cert": pem, "key": pem},
        {"cadata": pem},
        {"cadata": [b"", b"y"]},
    ):
        li = bench.link("wss://127.0.0.1:%d/" % bench.server.port, tls=options)
        bench.closed(li)
        assert li.failure == "tls", (options, li.error)


def test_der():
    pem = b"x\n-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n"
    pem += b"-----BEGIN EC PRIVATE KEY-----\naGVs\nbG8=\n-----END EC PRIVATE KEY-----\n"
    pem += b"-----BEGIN CERTIFICATE-----\r\nb25l\r\n-----END CERTIFICATE-----\r\n"
    pem += b"-----BEGIN CERTIFICATE-----\nMg==\n-----END CERTIFICATE-----"
    assert der(pem, b"PRIVATE KEY") == [b"hello"]
    assert der(pem, b"CERTIFICATE") == [b"one", b"2"]
    assert der(b"\x30\x82", b"CERTIFICATE") == [b"\x30\x82"]


def test_bad_arguments():
    raises(ValueError, bench.link, "http://h/")
    raises(ValueError, Link, "ws://h/", [], [("A", "b\nc")], bench.clock)
