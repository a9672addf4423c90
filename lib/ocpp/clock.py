"""Time: monotonic ticks, uptime and Unix time.

Nothing here or elsewhere reads a port's own calendar, whose epoch is 1970 or 2000: ticks
(milliseconds, wrapping at 2**29) are compared with `Timer`, uptime counts seconds, and the wall
clock is Unix seconds (since 1970, UTC) as the central system tells them. As text: `iso.py`.
"""

import time

_MASK = const(0x1FFFFFFF)  # ticks wrap here: every difference stays a small int on 32-bit ports
_HALF = const(0x10000000)  # 3.1 days: the longest a single tick deadline may lie ahead

# 2010-01-01: a clock that claims to be earlier was never set (they begin in 1970 or 2000). Later
# than that the central system is believed, however slow its clock: bills are made by it.
FLOOR = 1262304000


class Clock:
    """Monotonic and wall time of one station. A board may override `ticks()`."""

    least_ms = 0  # no timeout of the network is shorter; more where time runs faster than it does

    def __init__(self):
        self._last = self.ticks()
        self._uptime = 0  # s
        self._offset = None  # Unix seconds at uptime 0, or None while unknown
        self.sets = 0  # how often the wall clock was set
        self.boot = 0  # number of this boot, set by the station from flash

    def ticks(self):
        """Milliseconds, wrapping at 2**29. Compare with `diff` only."""
        return time.ticks_ms() & _MASK

    def diff(self, a, b):
        """Signed milliseconds from ticks `b` to ticks `a`."""
        return ((a - b + _HALF) & _MASK) - _HALF

    def since(self, at):
        """Signed milliseconds since ticks `at`."""
        return ((self.ticks() - at + _HALF) & _MASK) - _HALF

    def uptime(self):
        """Whole seconds since this clock was made. Call at least once in three days."""
        gone = self.diff(self.ticks(), self._last)
        if gone >= 1000:
            self._uptime += gone // 1000
            self._last = (self._last + gone - gone % 1000) & _MASK
        return self._uptime

    def unix(self):
        """Unix time in s, or None while it is not known."""
        return None if self._offset is None else self._offset + self.uptime()

    def set_unix(self, seconds):
        """Set the wall clock. Times before `FLOOR` are refused with ValueError."""
        if seconds < FLOOR:
            raise ValueError("time before 2010")
        self._offset = seconds - self.uptime()
        self.sets += 1


class Timer:
    """A deadline any number of milliseconds ahead. `due()` allocates nothing."""

    def __init__(self, clock):
        self._clock = clock
        self._at = None  # ticks of the next look, None: stopped
        self._more = 0  # ms that remain beyond `_at`

    @property
    def running(self):
        return self._at is not None

    def start(self, ms):
        """(Re)start: due after `ms` milliseconds (0: at once)."""
        self._more = ms
        self._step(self._clock.ticks())

    def start_s(self, seconds):
        self.start(seconds * 1000)

    def stop(self):
        self._at = None

    def due(self):
        """True from the deadline on, until started anew or stopped. Ask at least once in three
        days."""
        if self._at is None:
            return False
        if ((self._clock.ticks() - self._at + _HALF) & _MASK) < _HALF:
            return False
        if self._more <= 0:
            self._at = self._clock.ticks()  # or it would lie ahead again when the ticks wrap
            return True
        self._step(self._at)
        return False

    def expired(self):
        """Like `due()`, but true only once: the timer is stopped."""
        if self._at is None or not self.due():
            return False
        self._at = None
        return True

    def left(self):
        """Milliseconds until due, 0 if past; None if stopped."""
        if self._at is None:
            return None
        return max(0, self._more + self._clock.diff(self._at, self._clock.ticks()))

    def _step(self, base):
        part = self._more if self._more < _HALF // 2 else _HALF // 2
        self._more -= part
        self._at = (base + part) & _MASK
