"""Name server of the set-up's access point: every name is the charger's (RFC 1035), so that a
telephone finds the page by itself."""

import socket

_MOST = const(8)  # packets a step
_LONGEST = const(512)  # bytes of a packet
_HEAD = const(12)
_A = const(1)  # kinds of question
_ANY = const(255)
_TTL_S = const(10)  # nobody is to believe it for long


class Names:
    """`address`: of the charger, such as "192.168.4.1". OSError: nobody can listen there."""

    def __init__(self, address, port=53, host="0.0.0.0"):
        self._address = bytes([int(part) for part in address.split(".")])
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind(socket.getaddrinfo(host, port)[0][-1])
        except OSError:
            self.close()
            raise

    def step(self):
        """Answer what has come; never waits."""
        for _ in range(_MOST):
            try:
                packet, sender = self._socket.recvfrom(_LONGEST)
                answer = reply(packet, self._address)
                if answer:
                    self._socket.sendto(answer, sender)
            except OSError:
                return  # nothing there, or who has asked is gone

    def close(self):
        self._socket.close()


def reply(packet, address):
    """The answer to a question, None to what is no question of this kind."""
    # A standard query, with one question and no answers
    if len(packet) < _HEAD or packet[2] & 0xF8 or packet[4:8] != b"\0\1\0\0":
        return None
    end = _HEAD
    while end < len(packet) and packet[end]:
        if packet[end] > 63:  # a pointer: there is nothing to point at
            return None
        end += 1 + packet[end]
    end += 5  # the root, kind and class
    if end > len(packet):
        return None
    kind, family = packet[end - 4 : end - 2], packet[end - 2 : end]
    here = family == b"\0\1" and kind in (bytes([0, _A]), bytes([0, _ANY]))
    # Authoritative; what it wants of recursion is said back
    head = packet[:2] + bytes([0x84 | packet[2] & 1, 0x80, 0, 1, 0, int(here), 0, 0, 0, 0])
    answer = head + packet[_HEAD:end]
    if here:  # of the name at byte 12
        answer += b"\xc0\x0c\0\1\0\1\0\0\0" + bytes([_TTL_S, 0, 4]) + address
    return answer
