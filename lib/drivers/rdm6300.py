"""RDM6300: reader of 125 kHz cards (EM4100) on a UART, 9600 Bd 8N1.

While a card is held to it, it sends again and again: 02, ten hexadecimal digits, two digits of
check (the XOR of the five bytes), 03.
"""

from drivers.cards import Cards

_FRAME = const(14)


class RDM6300:
    """`take()` gives five bytes: version or customer, and the number printed on the card."""

    error = None  # it only ever speaks: whether it is there can't be told

    def __init__(self, uart, clock):
        self._uart = uart
        self._cards = Cards(clock)
        self._buffer = b""
        self.garbled = 0  # frames with a wrong check

    def take(self):
        return self._cards.take()

    def step(self):
        count = self._uart.any()
        if not count:
            self._cards.tidy()
            return
        self._buffer = (self._buffer + (self._uart.read(count) or b""))[-4 * _FRAME :]
        while True:
            start = self._buffer.find(b"\x02")
            if start < 0:
                self._buffer = b""
                return
            frame = self._buffer[start : start + _FRAME]
            if len(frame) < _FRAME:
                # A new start within it: the one before was cut off.
                self._buffer = frame[max(0, frame.rfind(b"\x02")) :]
                return
            uid = _parse(frame)
            self._buffer = self._buffer[start + (_FRAME if uid else 1) :]
            if uid:
                self._cards.seen(uid)
            else:
                self.garbled += 1


def _parse(frame):
    """The number in a frame, or None."""
    if frame[13] != 3:
        return None
    try:
        data = bytes([int(frame[i : i + 2].decode(), 16) for i in range(1, 13, 2)])
    except ValueError:  # also UnicodeError
        return None
    check = 0
    for byte in data:
        check ^= byte
    return None if check else data[:5]
