"""Status lights: one state at a time as colour and rhythm, on a NeoPixel chain or on plain LEDs.

For NeoPixels the `neopixel` module of MicroPython is handed in as an object.
"""

# state: (red, green, blue), rhythm
LOOKS = {
    "off": ((0, 0, 0), "steady"),
    "booting": ((40, 40, 40), "slow"),
    "setup": ((40, 40, 40), "fast"),
    "offline": ((40, 0, 40), "slow"),
    "available": ((0, 40, 0), "steady"),
    "preparing": ((0, 0, 60), "slow"),
    "charging": ((0, 0, 60), "breath"),
    "suspended": ((0, 30, 60), "steady"),
    "finishing": ((0, 40, 0), "slow"),
    "reserved": ((40, 30, 0), "steady"),
    "unavailable": ((40, 30, 0), "slow"),
    "faulted": ((80, 0, 0), "fast"),
}
_PERIOD_MS = {"slow": 2000, "fast": 400, "breath": 3000}
_STEP_MS = const(50)  # no rhythm needs more


class _Lights:
    def __init__(self, clock):
        self._clock = clock
        self._colour = (0, 0, 0)
        self._rhythm = "steady"
        self._start = clock.ticks()
        self._at = None  # ticks of the last look
        self._shown = None
        self.state = None

    def show(self, state):
        """Show a state of `LOOKS`; an unknown one is shown as "faulted"."""
        if state == self.state:
            return
        self.state = state
        self._colour, self._rhythm = LOOKS.get(state, LOOKS["faulted"])
        self._start = self._clock.ticks()
        self._at = None

    def step(self):
        now = self._clock.ticks()
        if self._at is not None and self._clock.diff(now, self._at) < _STEP_MS:
            return
        self._at = now
        level = self._level(now)
        red, green, blue = self._colour
        colour = (red * level // 16, green * level // 16, blue * level // 16)
        if colour != self._shown:
            self._shown = colour
            self._set(colour)

    def _level(self, now):
        """Brightness now, 0 to 16."""
        if self._rhythm == "steady":
            return 16
        period = _PERIOD_MS[self._rhythm]
        phase = self._clock.diff(now, self._start)
        if phase >= period:
            phase %= period
            self._start = now - phase  # ticks may go below 0 here: `diff` does not mind
        if self._rhythm == "breath":
            return 1 + abs(period // 2 - phase) * 30 // period
        return 16 if phase < period // 2 else 0


class PixelLights(_Lights):
    """`pixels`: a `neopixel.NeoPixel`. `first`, `count`: which of them (several connectors on one
    chain); count None: all to the end. `brightness` in percent."""

    def __init__(self, pixels, clock, *, first=0, count=None, brightness=100):
        super().__init__(clock)
        self._pixels = pixels
        self._range = range(first, len(pixels) if count is None else first + count)
        self._brightness = brightness

    def _set(self, colour):
        colour = tuple([part * self._brightness // 100 for part in colour])
        for i in self._range:
            self._pixels[i] = colour
        self._pixels.write()


class LedLights(_Lights):
    """Plain LEDs: `red`, `green`, `blue` pins or None; `active`: level that lights them."""

    def __init__(self, red, green, blue, clock, *, active=1):
        super().__init__(clock)
        self._leds = (red, green, blue)
        self._active = active
        self._no_blue = blue is None

    def _set(self, colour):
        if self._no_blue:  # then green says it
            colour = (colour[0], max(colour[1], colour[2]), 0)
        for led, part in zip(self._leds, colour):
            if led is not None:
                led.value(self._active if part > 3 else 1 - self._active)
