"""Stamps of log records: Unix s, or [boot, uptime s] while the clock is not known."""

_BOOTS = const(16)


class Dates:
    """Remembers when each boot was, of those that left undated stamps behind."""

    def __init__(self, clock):
        self.clock = clock
        self.boots = []  # ascending: [boot, Unix time at its uptime 0 or None, last uptime seen]
        self._open = False  # True: one of them has no time yet

    def now(self):
        """A stamp of this moment."""
        unix = self.clock.unix()
        if unix is not None:
            return unix
        stamp = [self.clock.boot, self.clock.uptime()]
        self.meet(stamp)
        return stamp

    def unix(self, stamp):
        """Unix s of a stamp; None as long as it cannot be told."""
        if not isinstance(stamp, (list, tuple)):
            return stamp
        for boot, zero, _ in self.boots:
            if boot >= stamp[0]:
                # A boot so old that it was forgotten counts as before the oldest remembered.
                return zero if zero is None or boot > stamp[0] else zero + stamp[1]
        return None

    def meet(self, stamp):
        """An undated stamp was made, or found at boot."""
        for boot in self.boots:
            if boot[0] == stamp[0]:
                boot[2] = max(boot[2], stamp[1])
                break
        else:
            boot = [stamp[0], None, stamp[1]]
            self.boots.append(boot)
            self.boots.sort(key=lambda b: b[0])
            if len(self.boots) > _BOOTS:
                self.boots.pop(0)
        if boot[1] is None:
            self._open = True

    def fix(self, number, zero):
        """What was found out earlier: boot `number` began at Unix time `zero`."""
        self.meet([number, 0])
        for boot in self.boots:
            if boot[0] == number:
                boot[1] = zero

    def settle(self):
        """Once the time is known, date every boot. -> list of [boot, Unix time] newly found. A
        boot that never knew is taken to have ended just before the next one began."""
        unix = self.clock.unix()
        if unix is None or not self._open:
            return ()
        self._open = False
        found = []
        zero = unix - self.clock.uptime()
        for boot in reversed(self.boots):
            if boot[1] is None:
                boot[1] = zero if boot[0] == self.clock.boot else zero - boot[2] - 1
                found.append(boot[:2])
            zero = boot[1]
        return found
