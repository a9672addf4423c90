"""Time since a moment that may be long ago, over ticks that wrap."""

LONG = const(0x8000000)  # ms, 1.5 days: where it stops


class Stopwatch:
    """Runs from the start on; `ms()` must be asked at least once in 1.5 days."""

    def __init__(self, clock, long_ago=False):
        self._clock = clock
        self._at = clock.ticks()
        self._full = long_ago

    def start(self):
        self._at = self._clock.ticks()
        self._full = False

    def ms(self):
        """Milliseconds since `start()`, at most `LONG`. Allocates nothing."""
        if self._full:
            return LONG
        ms = self._clock.diff(self._clock.ticks(), self._at)
        if ms < LONG:
            return ms
        self._full = True
        return LONG
