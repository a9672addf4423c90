"""Reader with a Wiegand interface of 26 or 34 bits: two lines, high when idle; a pulse on one is
a 0, on the other a 1. First and last bit are parity: even of the first half, odd of the second.
"""

from drivers.cards import Cards

_GAP_MS = const(25)  # silence that ends a number: bits are 1 to 3 ms apart
_MOST = const(40)  # bits that are kept


class Wiegand:
    """`d0`, `d1`: pins; `edge`: `Pin.IRQ_FALLING`. `hard`: as for `PinCounter`. `take()` gives
    three or four bytes."""

    error = None  # it only ever speaks: whether it is there can't be told

    def __init__(self, d0, d1, clock, edge, *, hard=None):
        self._clock = clock
        self._ticks = clock.ticks
        self._cards = Cards(clock)
        self._bits = bytearray(_MOST)
        self._n = 0  # bits received, also those beyond _MOST
        self._at = 0  # ticks of the last one
        self.garbled = 0  # numbers of another length, or with wrong parity
        for pin, handler in ((d0, self._zero), (d1, self._one)):
            if hard is None:
                pin.irq(handler=handler, trigger=edge)
            else:
                pin.irq(handler=handler, trigger=edge, hard=hard)

    def _zero(self, _pin):  # these two may be hard interrupts: they allocate nothing
        if self._n < _MOST:
            self._bits[self._n] = 0
        self._n += 1
        self._at = self._ticks()

    def _one(self, _pin):
        if self._n < _MOST:
            self._bits[self._n] = 1
        self._n += 1
        self._at = self._ticks()

    def take(self):
        return self._cards.take()

    def step(self):
        count = self._n
        if not count:
            self._cards.tidy()
            return
        if self._clock.diff(self._ticks(), self._at) < _GAP_MS:
            return
        uid = _number(self._bits, count)
        self._n = 0
        if uid is None:
            self.garbled += 1
        else:
            self._cards.seen(uid)


def _number(bits, count):
    """The number in `count` bits, or None."""
    if count not in (26, 34):
        return None
    half = count // 2
    if sum(bits[:half]) % 2 or not sum(bits[half:count]) % 2:
        return None
    number = 0
    for i in range(1, count - 1):
        number = number << 1 | bits[i]
    return number.to_bytes((count - 2) // 8, "big")
