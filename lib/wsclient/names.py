"""Name lookup by UDP (RFC 1035), without blocking, for ports whose own lookup stops everything for
seconds. IPv4 only. In memory only while a name is looked up."""

import os
import select
import socket
import struct

from wsclient.link import Failure

_PORT = const(53)
_AGAIN = const(200)  # steps of `_STEP_MS` without an answer: ask again
_STEP_MS = const(10)
_A = const(1)
_CNAME_LIMIT = const(16)  # records looked at


def lookup(host, port, server, clock):
    """A generator: ask the name server at address `server`; -> addresses as of `getaddrinfo`.
    Raises Failure. It asks again and again until the caller loses patience."""
    number = os.urandom(2)
    question = number + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + _name(host) + b"\0\1\0\1"
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        where = socket.getaddrinfo(server, _PORT)[0][-1]  # a number: does not block
        asked = None
        while True:
            now = clock.ticks()
            if asked is None or clock.diff(now, asked) >= _AGAIN * _STEP_MS:
                asked = now
                _send(sock, question, where)
            yield
            if poll.poll(0):
                found = _answer(sock.recv(512), number)
                if found is not None:
                    return [_address(a, port) for a in found]
    except OSError as e:
        raise Failure("dns", "name server %s: error %s" % (server, e.errno)) from None
    finally:
        sock.close()


def _send(sock, question, where):
    try:
        sock.sendto(question, where)
    except OSError as e:
        if e.errno not in (11, 12):  # full or short of memory: the next try will do
            raise


def _address(octets, port):
    text = "%d.%d.%d.%d" % tuple(octets)
    return socket.getaddrinfo(text, port, 0, socket.SOCK_STREAM)[0]


def _name(host):
    out = b""
    for part in host.rstrip(".").encode().split(b"."):
        if not 0 < len(part) < 64:
            raise Failure("dns", "host %s is not a name" % host)
        out += bytes([len(part)]) + part
    return out + b"\0"


def _answer(data, number):
    """Addresses in an answer, 4 bytes each; None: it is not an answer to our question. Raises
    Failure: there are none."""
    if len(data) < 12 or data[:2] != number or not data[2] & 0x80:
        return None
    code = data[3] & 15
    questions, answers = struct.unpack(">HH", data[4:8])
    found = []
    try:
        at = 12
        for _ in range(questions):
            at = _skip(data, at) + 4
        for _ in range(min(answers, _CNAME_LIMIT)):
            at = _skip(data, at)
            kind, _, _, size = struct.unpack(">HHIH", data[at : at + 10])
            at += 10
            if kind == _A and size == 4 and len(data) >= at + 4:
                found.append(data[at : at + 4])
            at += size
    except (IndexError, ValueError):
        pass  # cut off: what there was counts
    if code == 3 or (not code and not found):
        raise Failure("dns", "no address for this name")
    return found or None  # other codes: a server in trouble, asked again


def _skip(data, at):
    """Behind the name at `at`."""
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += 1 + data[at]
    return at + 1
