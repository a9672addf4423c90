"""The time from an NTP server (RFC 4330, SNTP): the second clock source, for as long as the
central system has not told the time. By UDP, without blocking. In memory only while it asks."""

import os
import select
import socket
import struct

from ocpp.clock import FLOOR

_PORT = const(123)
_WAIT_MS = const(3000)  # for an answer
_TRIES = const(3)
_SINCE_1900 = 2208988800  # s, of Unix time
_ERA = 0x100000000  # s until the seconds of NTP begin anew, in 2036
_MODE = const(0x23)  # version 4, client


def ask(host, clock, lookup):
    """A generator that returns Unix seconds, or None. `lookup(host, port)`: a generator that
    returns addresses as of `getaddrinfo`; what it raises is passed on."""
    addresses = yield from lookup(host, _PORT)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        for n in range(_TRIES):
            mark = os.urandom(8)  # comes back in the answer: nobody else can have sent it
            sock.sendto(bytes([_MODE]) + bytes(39) + mark, addresses[n % len(addresses)][-1])
            asked = clock.ticks()
            while clock.diff(clock.ticks(), asked) < _WAIT_MS:
                yield
                if poll.poll(0):
                    unix = read(sock.recv(128), mark)
                    if unix is not None:
                        return unix
    except OSError:
        pass  # no route, or the socket was closed under us: no answer either
    finally:
        sock.close()
    return None


def read(data, mark):
    """Unix seconds in an answer; None if it is not one to a question with `mark`."""
    if len(data) < 48 or data[0] & 7 != 4 or data[24:32] != mark:
        return None
    if data[0] >> 6 == 3 or not 1 <= data[1] <= 15:
        return None  # the server does not know the time itself, or sends us away
    unix = struct.unpack(">I", data[40:44])[0] - _SINCE_1900
    if unix < FLOOR:
        unix += _ERA
    return unix
