"""Name lookups by UDP: against a name server in the same process."""

import os
import socket
import struct

from support import FakeClock, raises

import wsclient.link as shared
from wsclient import dial
from wsclient.link import Failure, Link
from wsclient.names import _answer, lookup

CHAIN = b"\x03www\x07example\x00"


def _loopback(port):
    return socket.getaddrinfo("127.0.0.1", port)[0][-1]


class Server:
    """`answer(question)` -> bytes or None."""

    def __init__(self, answer):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while True:  # the port tells no address that is bound: pick one
            self.address = _loopback(20000 + int.from_bytes(os.urandom(2), "big") % 40000)
            try:
                self.sock.bind(self.address)
                break
            except OSError:
                pass
        self.sock.setblocking(False)
        self.answer = answer
        self.asked = []

    def step(self):
        try:
            data, where = self.sock.recvfrom(512)
        except OSError:
            return
        self.asked.append(data)
        out = self.answer(data)
        if out is not None:
            self.sock.sendto(out, where)


def reply(question, records, code=0, flags=0x81):
    head = question[:2] + bytes([flags, 0x80 | code]) + struct.pack(">HHHH", 1, len(records), 0, 0)
    return head + question[12:] + b"".join(records)


def record(kind, data):
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def good(question):
    records = [
        record(5, b"\x04real\xc0\x10"),
        record(1, bytes([10, 0, 0, 7])),
        record(28, bytes(16)),
    ]
    return reply(question, records)


def test_an_answer_with_an_alias():
    question = b"ab\x01\0\0\1\0\0\0\0\0\0" + CHAIN + b"\0\1\0\1"
    assert _answer(good(question), b"ab") == [bytes([10, 0, 0, 7])]


def test_foreign_and_broken_answers_are_passed_over():
    question = b"ab\x01\0\0\1\0\0\0\0\0\0" + CHAIN + b"\0\1\0\1"
    whole = good(question)
    assert _answer(whole, b"xx") is None
    assert _answer(question, b"ab") is None  # a question
    assert _answer(reply(question, [], 2), b"ab") is None  # the server failed: ask again
    assert "no address" in str(raises(Failure, _answer, reply(question, [], 3), b"ab"))
    for size in range(len(whole)):
        try:
            found = _answer(whole[:size], b"ab")
            assert found in (None, [bytes([10, 0, 0, 7])])
        except Failure:
            pass


def test_bad_names_are_refused():
    for host in ("a..b", "x" * 64 + ".example"):
        asking = lookup(host, 80, "127.0.0.1", FakeClock())
        assert "not a name" in str(raises(Failure, next, asking))


def test_a_lost_question_is_asked_again():
    clock = FakeClock()
    import wsclient.names as names

    server = Server(lambda q: good(q) if len(server.asked) > 1 else None)
    real = names.socket.getaddrinfo

    class Net:
        AF_INET, SOCK_DGRAM, SOCK_STREAM = socket.AF_INET, socket.SOCK_DGRAM, socket.SOCK_STREAM
        socket = socket.socket

        @staticmethod
        def getaddrinfo(host, port, *more):
            return [(0, 0, 0, "", server.address)] if port == 53 else real(host, port, *more)

    names.socket = Net
    try:
        asking = lookup("www.example", 9000, "127.0.0.1", clock)
        found = None
        for _ in range(1000):
            try:
                next(asking)
            except StopIteration as e:
                found = e.value
                break
            server.step()
            clock.advance(10)
        assert found and len(server.asked) == 2
        assert found[0][4] == socket.getaddrinfo("10.0.0.7", 9000)[0][-1]
    finally:
        names.socket = socket


def test_a_dial_without_threads_asks_the_name_server():
    clock = FakeClock()
    threads, dial._thread = dial._thread, None
    shared.nameserver = "127.0.0.1"  # nobody answers there
    try:
        link = Link("ws://charger.example/", ["ocpp1.6"], [], clock, dial_timeout_ms=5000)
        for _ in range(20):
            link.step()
            clock.advance(100)
        assert link.state == "connecting"
        for _ in range(60):
            link.step()
            clock.advance(100)
        assert link.failure in ("timeout", "dns"), link.failure
    finally:
        dial._thread = threads
        shared.nameserver = None
