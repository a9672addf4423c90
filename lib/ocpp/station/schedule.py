"""Charging profiles over time: which period holds when, until when, and what they give together.

Pure functions and no state of the station; imported when a limit is worked out. Times are whole
seconds of one time line that the caller chooses (Unix time, or uptime while that is unknown).
Limits are whole tenths, of A per phase or of W in all, so that no float is compared. What a
profile is, `fields` tells.
"""

from ocpp.station.fields import CYCLE, DURATION, PERIODS, UNIT


class Plan:
    """A profile put on a time line. `start`: its first period; `lo`, `hi`: validity or None;
    `zone`: a `zone.Zone` if it recurs at the same local time, None: every so many seconds."""

    def __init__(self, profile, start, lo=None, hi=None, zone=None):
        self.profile = profile
        self.start = start
        self._zone = zone
        self._east = zone.offset(start) if zone else 0
        self.lo = lo
        self.hi = hi
        self.index = -1  # period that holds, -1: none; as of the last `look`
        self.until = None  # when that changes, None: never
        self._fresh = False

    def look(self, t):
        """Find `index` and `until` at time `t`, which never goes back."""
        if self._fresh and (self.until is None or t < self.until):
            return
        self._fresh = True
        lo, hi = self.lo, self.hi
        if hi is not None and t >= hi:
            self.index, self.until = -1, None
            return
        first = self.start if lo is None or lo < self.start else lo
        if t < first:
            self.index, self.until = -1, first
        elif self.profile[CYCLE]:
            self._recurring(t)
        else:
            left = self._period(t - self.start, self.profile[DURATION])
            self.until = None if left is None else t + left
        if hi is not None and (self.until is None or self.until > hi):
            self.until = hi

    def _recurring(self, t):
        p = self.profile
        zone = self._zone
        cycle = p[CYCLE]
        at = t - self.start
        if zone:
            at += zone.offset(t) - self._east
        at %= cycle
        length = p[DURATION]
        if length is None or length >= cycle:
            length = cycle
            if len(p[PERIODS]) == 3:  # the same all the time
                self.index, self.until = 0, None
                return
        left = self._period(at, length)
        self.until = t + (cycle - at if left is None else left)
        if zone:
            switch = zone.change(t)
            if switch is not None and switch < self.until:
                self.until = switch

    def _period(self, at, length):
        """Find the period `at` seconds after the start. Returns s until it ends, None: never."""
        if length is not None and at >= length:
            self.index = -1
            return None
        periods = self.profile[PERIODS]
        i = 3 * self.index  # mostly it is that one or the next
        if i < 0 or periods[i] > at:
            i = 0
        end = length
        for k in range(i + 3, len(periods), 3):
            start = periods[k]
            if start > at:
                if end is None or start < end:
                    end = start
                break
            i = k
        self.index = i // 3
        return None if end is None else end - at

    @property
    def limit(self):
        return self.profile[PERIODS][3 * self.index + 1]

    @property
    def phases(self):
        """As the period says, 0: it does not."""
        return self.profile[PERIODS][3 * self.index + 2] & 15

    @property
    def phase(self):
        """The one to use, 1 to 3, 0: none is named."""
        return self.profile[PERIODS][3 * self.index + 2] >> 4


def sooner(a, b):
    """The earlier of two times, None being never."""
    if a is None or (b is not None and b < a):
        return b
    return a


def prevail(plans, t):
    """(plan in force at `t` or None, time of the next change or None). `plans`: those that exclude
    each other, the strongest first. Who has the say later on is a change, too."""
    until = None
    for plan in plans:
        plan.look(t)
        until = sooner(until, plan.until)
        if plan.index >= 0:
            return plan, until
    return None, until


class Supply:
    """What turns A into W. `phases`: those in use; `switches`: the hardware can go back to one."""

    def __init__(self, volts, phases, switches):
        self.volts = volts
        self.phases = phases
        self.switches = switches

    def used(self, wanted):
        """Phases in use under a period that wants so many (0: 3). More than are there are no
        reason to change a limit, nor are fewer where the hardware can't switch (OCPP 1.6 errata
        3.34)."""
        if self.switches and 0 < wanted < self.phases:
            return 1
        return self.phases

    def convert(self, limit, unit, wanted_unit, phases):
        """A limit in tenths of another unit, rounded down (OCPP 1.6 errata 3.69)."""
        if unit == wanted_unit:
            return limit
        per_ampere = self.volts * self.used(phases)
        return limit // per_ampere if wanted_unit == "A" else limit * per_ampere


def combine(groups, t, unit, supply):
    """The lowest of the limits that the `groups` of plans give at `t`: (limit in tenths of `unit`
    or None, phases as in `fields`, time of the next change or None, plan that gives it or None).
    """
    limit = until = winner = None
    phases = 0
    for plans in groups:
        plan, change = prevail(plans, t)
        until = sooner(until, change)
        if plan is None:
            continue
        value = supply.convert(plan.limit, plan.profile[UNIT], unit, plan.phases)
        if plan.phases and (not phases or plan.phases < phases & 15):
            phases = plan.phases | plan.phase << 4
        if limit is None or value < limit:
            limit, winner = value, plan
    return limit, phases, until, winner


def sweep(at, start, duration, most=None):
    """A job that makes a composite schedule: returns [(s from start, limit, phases)], merged where
    nothing changes, and broken off after `most` + 1. `at(t)` -> (limit, phases, time of the next
    change or None), or a job that returns that."""
    found = []
    t, end = start, start + duration
    while t < end and (most is None or len(found) <= most):
        course = at(t)
        if hasattr(course, "send"):
            course = yield from course
        limit, phases, until = course
        if not found or found[-1][1] != limit or found[-1][2] != phases:
            found.append((t - start, limit, phases))
        t = end if until is None or until > end else max(until, t + 1)
        yield
    return found
