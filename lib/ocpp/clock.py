"""Time: monotonic ticks, uptime, Unix time, and ISO 8601 text.

The one module that knows a port's epoch. Everything else compares ticks (milliseconds, wrapping
at 2**29) with `Timer`, counts uptime in seconds, or handles Unix seconds (since 1970, UTC).
"""

import time

_MASK = const(0x1FFFFFFF)  # ticks wrap here: every difference stays a small int on 32-bit ports
_HALF = const(0x10000000)  # 3.1 days: the longest a single tick deadline may lie ahead

# Seconds from 1970 to this port's epoch: 0, or 946684800 where time starts in 2000.
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0
FLOOR = 1767225600  # 2026-01-01: no clock that claims to be earlier is believed


class Clock:
    """Monotonic and wall time of one station. A board may override `ticks()`."""

    def __init__(self):
        self._last = self.ticks()
        self._uptime = 0  # s
        self._offset = None  # Unix seconds at uptime 0, or None while unknown
        self.boot = 0  # number of this boot, set by the station from flash

    def ticks(self):
        """Milliseconds, wrapping at 2**29. Compare with `diff` only."""
        return time.ticks_ms() & _MASK

    def diff(self, a, b):
        """Signed milliseconds from ticks `b` to ticks `a`."""
        return ((a - b + _HALF) & _MASK) - _HALF

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
            raise ValueError("time before 2026")
        self._offset = seconds - self.uptime()


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
        """True from the deadline on, until started anew or stopped."""
        if self._at is None:
            return False
        if ((self._clock.ticks() - self._at + _HALF) & _MASK) < _HALF:
            return False
        if self._more <= 0:
            return True
        self._step(self._at)
        return False

    def expired(self):
        """Like `due()`, but true only once: the timer is stopped."""
        if self.due():
            self._at = None
            return True
        return False

    def left(self):
        """Milliseconds until due, 0 if past; None if stopped."""
        if self._at is None:
            return None
        return max(0, self._more + self._clock.diff(self._at, self._clock.ticks()))

    def _step(self, base):
        part = self._more if self._more < _HALF // 2 else _HALF // 2
        self._more -= part
        self._at = (base + part) & _MASK


def to_iso(unix):
    """Unix seconds as `2026-11-21T03:00:00Z`."""
    y, mo, d, h, mi, s = time.gmtime(unix - _EPOCH)[:6]
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % (y, mo, d, h, mi, s)


def from_iso(text):
    """Unix seconds of an RFC 3339 time; lenient as servers are: any number of fraction digits,
    `Z`, `+01:00`, `+0100` or no zone (taken as UTC). Raises ValueError for anything else."""
    try:
        if text[4] != "-" or text[7] != "-" or text[10] not in "Tt " or text[13] != ":":
            raise ValueError
        y, mo, d, h, mi = (
            _num(text[:4]),
            _num(text[5:7]),
            _num(text[8:10]),
            _num(text[11:13]),
            _num(text[14:16]),
        )
        s = 0
        at = 16
        if text[16:17] == ":":
            s = _num(text[17:19])
            at = 19
        if text[at : at + 1] in (".", ","):
            at += 1
            start = at
            while text[at : at + 1].isdigit():
                at += 1
            if at == start:
                raise ValueError
        offset = _zone(text[at:])
        if not (1970 <= y <= 2200 and 1 <= mo <= 12 and 1 <= d <= _days(y, mo)):
            raise ValueError
        if h > 23 or mi > 59 or s > 60:
            raise ValueError
    except (ValueError, IndexError, TypeError):
        raise ValueError("not a date and time") from None
    return _days_since_1970(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - offset


def _num(digits):
    if not digits.isdigit():
        raise ValueError
    return int(digits)


def _zone(text):
    if text in ("", "Z", "z"):
        return 0
    if text[0] not in "+-":
        raise ValueError
    digits = text[1:].replace(":", "")
    if len(digits) not in (2, 4):
        raise ValueError
    seconds = _num(digits[:2]) * 3600 + (_num(digits[2:]) * 60 if digits[2:] else 0)
    return seconds if text[0] == "+" else -seconds


def _days(y, mo):
    if mo == 2:
        return 29 if y % 4 == 0 and (y % 100 != 0 or y % 400 == 0) else 28
    return 30 if mo in (4, 6, 9, 11) else 31


def _days_since_1970(y, mo, d):
    # Count from March, so that the leap day is the last of its year.
    if mo < 3:
        y -= 1
        mo += 12
    return 365 * y + y // 4 - y // 100 + y // 400 + (153 * (mo - 3) + 2) // 5 + d - 1 - 719468
