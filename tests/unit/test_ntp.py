"""NTP: answers that are believed and those that are not."""

import socket
import struct

import ntp
from support import FakeClock

_UNIX = 1795230000
_MARK = b"01234567"


def packet(unix=_UNIX, mark=_MARK, first=0x24, stratum=2):
    data = bytearray(48)
    data[0], data[1] = first, stratum
    data[24:32] = mark
    data[40:44] = struct.pack(">I", (unix + 2208988800) & 0xFFFFFFFF)
    return bytes(data)


def test_a_good_answer():
    assert ntp.read(packet(), _MARK) == _UNIX


def test_after_2036():
    assert ntp.read(packet(2200000000), _MARK) == 2200000000


def test_what_is_not_believed():
    for data in (
        b"",
        packet()[:47],
        packet(mark=b"another!"),
        packet(first=0x23),  # a client
        packet(first=0xE4),  # its clock is not set
        packet(stratum=0),  # a kiss of death
        packet(stratum=16),
    ):
        assert ntp.read(data, _MARK) is None


def test_over_udp():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port = 30000
    while True:
        where = socket.getaddrinfo("127.0.0.1", port)[0][-1]
        try:
            server.bind(where)
            break
        except OSError:
            port += 1
    server.setblocking(False)
    asked = []

    def lookup(host, number):
        assert (host, number) == ("time.example", 123)
        yield
        return [(2, 2, 0, "", where)]

    clock = FakeClock()
    found = None
    asking = ntp.ask("time.example", clock, lookup)
    for _ in range(10000):
        try:
            next(asking)
        except StopIteration as e:
            found = e.value
            break
        clock.advance(10)
        try:
            data, peer = server.recvfrom(64)
        except OSError:
            continue
        asked.append(data)
        if len(asked) > 1:  # the first question gets lost
            server.sendto(packet(mark=data[40:48]), peer)
    server.close()
    assert found == _UNIX and len(asked) == 2 and asked[0][0] == 0x23


def test_nobody_answers():
    where = socket.getaddrinfo("127.0.0.1", 9)[0][-1]
    clock = FakeClock()

    def lookup(host, number):
        return [(2, 2, 0, "", where)]
        yield

    begun = clock.uptime()
    for _ in ntp.ask("time.example", clock, lookup):
        clock.advance(100)
    assert 8 <= clock.uptime() - begun <= 10
