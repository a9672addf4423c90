"""The energy register of a meter: what it says is taken only if it can be true.

A register never goes back, and never forward by more than the connection can carry in the time
passed. One reading that breaks this is a misreading and is dropped. If it lasts, the meter was
replaced, set back, or has forgotten: then its new level counts from the old one on (`offset_wh`),
so that what is told goes on without a jump and nobody pays for the difference.
"""

_CONFIRM = const(5)  # readings in a row, all possible after each other, that make a new level
_FIRST = const(2)  # the same for the very first level


class Register:
    """`max_w`: what can flow at most. `step_wh`: resolution of the meter. `offset_wh`: what was
    added to the meter's register when it was last in use."""

    def __init__(self, clock, *, max_w=50000, step_wh=10, offset_wh=0):
        self._clock = clock
        self._max_w = max_w
        self._slack_wh = 2 * step_wh + 10
        self.offset_wh = offset_wh
        self.wh = None  # what is told, None: nothing is known yet
        self.jumps = 0  # levels that were left
        self.rejected = 0  # readings dropped
        self._raw = None  # of the last reading taken
        self._at = 0  # its uptime in s
        self._other = None  # latest of the readings that do not fit
        self._other_first = 0
        self._other_at = 0
        self._count = 0

    def accept(self, raw_wh):
        """Take a reading (int Wh). -> True if it counts now."""
        now = self._clock.uptime()
        if self._raw is not None and self._possible(self._raw, self._at, raw_wh, now):
            self._count = 0
            self._set(raw_wh, now)
            return True
        if not self._count or not self._possible(self._other, self._other_at, raw_wh, now):
            self._count = 0
            self._other_first = raw_wh
        self._other, self._other_at = raw_wh, now
        self._count += 1
        if self._count < (_FIRST if self._raw is None else _CONFIRM):
            self.rejected += self._raw is not None
            return False
        self._count = 0
        if self._raw is not None:
            self.jumps += 1
            self.offset_wh = self.wh - self._other_first
        self._set(raw_wh, now)
        return True

    def _set(self, raw_wh, now):
        self._raw, self._at = raw_wh, now
        self.wh = raw_wh + self.offset_wh

    def _possible(self, old, then, new, now):
        most = self._max_w * (now - then + 1) // 3600 + self._slack_wh
        return old <= new <= old + most
