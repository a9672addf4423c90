"""The hardware around the station of `soak.py`: a connector with its car and meter; and dice."""

_DOUBT_WH = const(100)  # may be in doubt after a cut, or what flowed in
_DOUBT_MS = const(60000)
_STEP_S = const(2)  # between two looks at the meter: the loop is called that seldom here
_BAND = const(500000000)  # Wh between the registers of two connectors
BACK = 10000000  # Wh a register is set back by: readings never come twice


class Dice:
    """Random numbers that are the same everywhere."""

    def __init__(self, seed):
        self._x = (seed * 747796405 + 2891336453) & 0xFFFFFFFF or 1
        for _ in range(8):
            self.below(2)

    def below(self, n):
        x = self._x
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._x = x
        return (x >> 3) % n

    def between(self, a, b):
        return a + self.below(b - a + 1)

    def chance(self, percent):
        return self.below(100) < percent

    def pick(self, things):
        return things[self.below(len(things))]


class Socket:
    """One connector as the world has it: car, contactor, meter."""

    def __init__(self, number, dice):
        self.number = number
        self.car = False
        self.ready = False  # the car asks for energy
        self.rate = 1000 * dice.between(1, 6)  # mWh per s
        self.lag_ms = dice.pick((0, 0, 400, 1500))  # until the contactor opens
        self.milli = 0  # mWh that ever flowed
        self.base = number * _BAND + 400000000
        self.meter = "ok"  # or "silent", "broken"
        self.closed = False
        self.opens_at = None
        self.faults = set()
        self.session = None  # Session that runs, or the last one
        self.operative = True  # as the station said; None: power went while it was asked
        self.recent = []  # (ms, register) once a second
        self.shelved = ((), 0)  # that, and the register, before the meter was set back
        self.burst = None  # [lo, hi, tag]
        self.unread = None  # register when the meter fell silent
        self.silent = None  # `recent` then, the register, ms
        self.lost = None  # register when the meter was set back in a session
        self.open_books()

    def open_books(self):
        self.sessions = [self.session] if self.session and self.session.open else []
        self.bursts = []
        self.gaps = []
        self.vague = False  # True: a session began or ended while the meter was silent

    @property
    def register(self):
        return self.base + self.milli // 1000

    @property
    def last_read(self):
        """What the station, which reads once a second, surely knows."""
        return self.register - self.rate * 2 // 1000 - 1

    def read(self):
        """What the station's meter says."""
        if self.meter == "broken":
            raise OSError(5)
        return self.register if self.meter == "ok" else None

    def flow(self, ms, tag):
        wh = self.register
        self.milli += self.rate * ms // 1000
        if self.burst is None or self.burst[2] != tag:
            self.end_burst()
            self.burst = [wh, wh, tag]
        self.burst[1] = self.register

    def remember(self, ms):
        """Its register, once a second, as long as a power cut may put it in doubt."""
        recent = self.recent
        if not recent or ms - recent[-1][0] >= 1000:
            recent.append((ms, self.register))
            while ms - recent[0][0] > _DOUBT_MS:
                recent.pop(0)

    def end_burst(self):
        if self.burst:
            self.bursts.append(tuple(self.burst))
            self.burst = None

    def set_meter(self, state, ms):
        """The meter falls silent, or is back."""
        if self.meter == "ok" and state != "ok":
            self.unread = self.last_read
            self.silent = (list(self.recent), self.unread, ms)
        if state == "ok" and self.unread is not None:
            self.end_silence()
        self.meter = state

    def end_silence(self):
        if self.register > self.unread:
            self.gaps.append((self.unread, self.register))
        self.unread = None

    def set_back(self):
        """Another meter, or one that was reset."""
        if self.meter != "ok":
            return
        self.session_over()
        self.end_burst()
        self.gaps.append((self.last_read, self.register))
        self.shelved = (self.recent, self.register)
        self.base -= BACK
        self.recent = []
        if self.session and self.session.open:
            self.lost = self.register

    def session_over(self):
        """What flowed since the register was set back was never counted."""
        if self.lost is not None and self.register > self.lost:
            self.gaps.append((self.lost, self.register))
        self.lost = None

    def power_gone(self, ms):
        """The contactor opens; what flowed of late may be in doubt."""
        self.closed = False
        self.opens_at = None
        self.end_burst()
        now = (self.recent, self.register, ms)
        if self.unread is not None:
            now = self.silent  # what flowed since can't be known anyway
        for recent, wh, end in (self.shelved + (ms,), now):
            lo = wh
            for at, then in recent:
                if end - at <= _DOUBT_MS:
                    lo = then
                    break
            lo = max(lo, wh - _DOUBT_WH - self.rate * _STEP_S // 1000)
            if lo < wh:
                self.gaps.append((lo, wh))
        self.shelved = ((), 0)
        self.recent = []
