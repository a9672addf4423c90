"""A status light of one plain LED: states as blink codes."""

# state: flashes at the begin of each round; below 0: as many gaps instead, and lit otherwise;
# `_STEADY`: without a gap. What is not here: three.
_STEADY = const(-100)
CODES = {
    "off": 0,
    "available": 1,
    "offline": 2,
    "unavailable": 4,
    "setup": 8,
    "faulted": 16,
    "charging": -1,
    "booting": _STEADY,
}
_SLOT_MS = const(250)  # of a flash and the gap after it
_ROUND_MS = const(4000)  # 16 of them


class BlinkLight:
    """`pin`: of the LED; `active`: level that lights it."""

    def __init__(self, pin, clock, *, active=1):
        self._pin = pin
        self._clock = clock
        self._active = active
        self._start = clock.ticks()
        self._lit = None
        self.state = None

    def show(self, state):
        """Show a state, as `lights.LOOKS` has them."""
        if state != self.state:
            self.state = state
            self._start = self._clock.ticks()

    def step(self):
        now = self._clock.ticks()
        phase = self._clock.diff(now, self._start)
        if phase >= _ROUND_MS:
            phase %= _ROUND_MS
            self._start = now - phase  # ticks may go below 0 here: `diff` does not mind
        code = CODES.get(self.state, 3)
        slot = phase // _SLOT_MS
        flash = slot < abs(code) and phase - slot * _SLOT_MS < _SLOT_MS // 2
        lit = code == _STEADY or flash != (code < 0)
        if lit != self._lit:
            self._lit = lit
            self._pin.value(self._active if lit else 1 - self._active)
