"""Random charging profiles, and two slow ways to tell what they give: each second judged by
itself, and a day painted second by second. Neither uses more of `schedule` than its plans.
"""

import array
import struct

from ocpp.station import fields as f
from ocpp.station import schedule as s

NONE = 65535  # no limit


class Case:
    """Profiles of the station (`pool`), of a transaction (`own`) and by default (`usual`)."""

    def __init__(self, now):
        self.now = now
        self.pool, self.own, self.usual = [], [], []

    def groups(self):
        """As `schedule.combine` takes them."""
        return [_plans(self.own) + _plans(self.usual), _plans(self.pool)]


def _plans(profiles):
    strongest = sorted(profiles, key=lambda p: -p[f.STACK])
    return [s.Plan(p, p[f.START], p[f.FROM], p[f.TO]) for p in strongest]


def random_case(random, scale, count, periods):
    """`count` profiles of `periods` periods of about `scale` seconds each. A day is 24 of them."""
    now = 1800000000
    case = Case(now)
    lists = (case.pool, case.own, case.usual)
    for stack in range(count):
        # Every list has each stack level once, as profiles exclude each other.
        case_list = random.choice(lists)
        case_list.append(_random_profile(random, scale, periods, now, stack))
    return case


def _random_profile(random, scale, count, now, stack):
    cycle = random.choice((0, 0, 24 * scale, 168 * scale))
    start = now - random.randrange(0, 30 * scale)
    if random.random() < 0.2:
        start = now + random.randrange(0, 12 * scale)
    at = 0
    flat = []
    for _ in range(count):
        flat += [at, random.choice((0, 60, 80, 100, 160, random.randrange(0, 640))), 0]
        at += random.randrange(1, 2 * scale)
    duration = random.choice((None, None, random.randrange(1, 30 * scale)))
    lo = random.choice((None, None, now + random.randrange(-10 * scale, 20 * scale)))
    hi = random.choice((None, None, now + random.randrange(-2 * scale, 30 * scale)))
    if lo is not None and hi is not None and hi <= lo:
        hi = lo + 1 + random.randrange(scale)
    kind = "Recurring" if cycle else "Absolute"
    head = [stack, 1, f.DEFAULT, stack, kind, cycle, lo, hi, start, duration]
    return head + ["A", None, 0, None, 1, flat]


def _limit(p, t):
    """What one profile gives at one second, None: nothing."""
    if p[f.FROM] is not None and t < p[f.FROM]:
        return None
    if p[f.TO] is not None and t >= p[f.TO]:
        return None
    at = t - p[f.START]
    if at < 0:
        return None
    if p[f.CYCLE]:
        at = at % p[f.CYCLE]
    if p[f.DURATION] is not None and at >= p[f.DURATION]:
        return None
    flat = p[f.PERIODS]
    found = None
    for i in range(0, len(flat), 3):
        if flat[i] <= at:
            found = flat[i + 1]
    return found


def _strongest(profiles, t):
    best = None
    level = -1
    for p in profiles:
        limit = _limit(p, t)
        if limit is not None and p[f.STACK] > level:
            best, level = limit, p[f.STACK]
    return best


def by_the_second(case, duration):
    """The composite schedule, each second judged by itself."""
    found = []
    for i in range(duration):
        t = case.now + i
        limit = _strongest(case.own, t)
        if limit is None:
            limit = _strongest(case.usual, t)
        pool = _strongest(case.pool, t)
        if pool is not None and (limit is None or pool < limit):
            limit = pool
        if not found or found[-1][1] != limit:
            found.append((i, limit, 0))
    return found


class Painted:
    """An array with an entry a second: each profile paints over the weaker ones."""

    def __init__(self, case, seconds):
        self.seconds = seconds
        self.now = case.now
        self.own = self._canvas(sorted(case.usual, key=_level) + sorted(case.own, key=_level))
        self.pool = self._canvas(sorted(case.pool, key=_level))

    def _canvas(self, profiles):
        canvas = bytearray(_seconds(NONE, self.seconds))
        for p in profiles:
            self._paint(canvas, p)
        return canvas

    def _paint(self, canvas, p):
        cycle = p[f.CYCLE]
        begin = p[f.START] - self.now
        if not cycle:
            self._once(canvas, p, begin, None)
            return
        while begin < self.seconds:
            if begin + cycle > 0:
                self._once(canvas, p, begin, begin + cycle)
            begin += cycle

    def _once(self, canvas, p, begin, end):
        """One course of the periods from second `begin`, not beyond `end`."""
        lo, hi = 0, self.seconds
        if p[f.FROM] is not None:
            lo = max(lo, p[f.FROM] - self.now)
        for limit in (
            end,
            None if p[f.TO] is None else p[f.TO] - self.now,
            None if p[f.DURATION] is None else begin + p[f.DURATION],
        ):
            if limit is not None and limit < hi:
                hi = limit
        flat = p[f.PERIODS]
        for i in range(0, len(flat), 3):
            first = max(lo, begin + flat[i])
            last = hi
            if i + 3 < len(flat) and begin + flat[i + 3] < hi:
                last = begin + flat[i + 3]
            if first < last:
                canvas[2 * first : 2 * last] = _seconds(flat[i + 1], last - first)

    def check(self, found, what):
        """Compare each second with a composite schedule."""
        for n, (start, limit, _) in enumerate(found):
            end = found[n + 1][0] if n + 1 < len(found) else self.seconds
            wanted = NONE if limit is None else limit
            assert end > start and (n == 0 or limit != found[n - 1][1]), (what, "not merged")
            assert start > 0 or n == 0, what
            own = array.array("H", self.own[2 * start : 2 * end])
            pool = array.array("H", self.pool[2 * start : 2 * end])
            flat = array.array("H", _seconds(wanted, end - start))
            if own == flat or pool == flat:  # whole stretches at once where one list decides
                assert min(own) >= wanted and min(pool) >= wanted, (what, start)
                continue
            for i in range(end - start):
                assert min(own[i], pool[i]) == wanted, (what, start + i)


def _seconds(limit, count):
    """So many seconds of a canvas: two bytes each."""
    return struct.pack("H", limit) * count


def _level(p):
    return p[f.STACK]
