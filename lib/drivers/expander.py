"""What port expanders on I2C share (`pcf8574`, `mcp23017`). `pin(n)` gives something like a
`machine.Pin` for lights, buttons and the like.

Not for the contactor: a bus that hangs would hold it closed. `error` tells of a bus that fails;
outputs are then written again at each `step()`, and at the latest each second, as the part may
have lost them in a brown-out.
"""

_AGAIN_MS = const(1000)


class _Pin:
    """One pin; `value()` is of the last `step()`, `value(x)` goes out with the next one."""

    def __init__(self, owner, bit):
        self._owner = owner
        self._bit = bit

    def value(self, level=None):
        if level is None:
            return int(self._owner.inputs & self._bit != 0)
        if level:
            self._owner.outputs |= self._bit
        else:
            self._owner.outputs &= ~self._bit
        return None

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)


class Expander:
    PINS = 8

    def __init__(self, i2c, clock, *, address=0x20, directions=0):
        self._i2c = i2c
        self._clock = clock
        self._address = address
        self._directions = directions  # a bit each, 1: input
        self._buffer = bytearray(self.PINS // 8)
        self.inputs = 0  # levels read
        self.outputs = 0  # levels wanted
        self._written = None  # levels that are out, None: not known
        self._at = clock.ticks()
        self.error = None
        self.failures = 0

    def pin(self, number):
        """Pin 0 and up. ValueError if there is none."""
        if not 0 <= number < self.PINS:
            raise ValueError("no pin %d" % number)
        return _Pin(self, 1 << number)

    def step(self):
        """Write what has changed, and read: at most some ten bytes on the bus."""
        now = self._clock.ticks()
        if self._clock.diff(now, self._at) >= _AGAIN_MS:
            self._written = None
        try:
            if self._written != self.outputs:
                outputs = self.outputs
                self._write(outputs, self._written is None)
                self._written = outputs
                self._at = now
            if self._directions:
                self.inputs = self._read()
            self.error = None
        except OSError as e:
            self.error = "expander %02x: %s" % (self._address, e)
            self.failures += 1
            self._written = None
            self._at = now
