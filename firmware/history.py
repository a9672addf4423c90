"""Power and limit of each connector over the last hour, for the chart of the web console.

A ring of two small numbers every ten seconds and connector, made when somebody first asks, let go
an hour after nobody asks any more: without a console there is none, and nothing is done. The
simulator has it always.
"""

import array

_EVERY_S = const(10)
_COUNT = const(360)  # an hour
_NONE = const(0xFFFF)  # no limit
_PATIENCE_S = const(3600)


class History:
    """`board`: whose EVSEs are looked at; `chores`: whose `step()` the loop calls, and among them
    this while there is something to do; `always`: also without anybody who asks."""

    def __init__(self, board, chores, always=False):
        self._board = board
        self._clock = board.clock()
        self._ring = None  # of each connector: power in 10 W, limit in 0.1 A, power, ...
        self._count = 0  # samples taken since it was made
        self._due = 0  # uptime of the next one
        self._until = 0  # uptime at which it is let go
        self._chores = chores
        self._always = always
        if always:
            self.start()

    def step(self):
        """Take a sample, if one is due."""
        now = self._clock.uptime()
        if now < self._due:
            return
        if now > self._until and not self._always:
            self._ring = None
            self._chores.remove(self)
            return
        # Where time runs fast, or stood still: what is missing is as it is now.
        for _ in range(min(1 + (now - self._due) // _EVERY_S, _COUNT)):
            self._sample()
        self._due = now + _EVERY_S - (now - self._due) % _EVERY_S

    def start(self):
        """Begin, unless it is going on; somebody has asked."""
        now = self._clock.uptime()
        self._until = now + _PATIENCE_S
        if self._ring is None:
            evses = self._board.evses
            self._ring = [array.array("H", [0] * (2 * _COUNT)) for _ in evses]
            self._count = 0
            self._due = now
            self._chores.append(self)

    def pieces(self, unix):
        """JSON in pieces: the oldest sample first. `unix`: the time now. What was before somebody
        first asked is not known."""
        self.start()
        held = min(self._count, _COUNT)
        age = self._clock.uptime() - self._due + _EVERY_S  # of the newest, s
        yield '{"every_s": %d, "newest": %d, "connectors": [' % (_EVERY_S, unix - age)
        for i, ring in enumerate(self._ring):
            yield '%s{"id": %d, "power_w": [' % (", " if i else "", i + 1)
            first = self._count - held
            yield from self._numbers(ring, first, held, 0)
            yield '], "limit_a": ['
            yield from self._numbers(ring, first, held, 1)
            yield "]}"
        yield "]}"

    def _numbers(self, ring, first, held, offset):
        mark = ""
        for n in range(first, first + held):
            value = ring[2 * (n % _COUNT) + offset]
            if offset == 0:
                yield "%s%d" % (mark, value * 10)
            else:
                yield mark + ("null" if value == _NONE else "%.1f" % (value / 10))
            mark = ","

    def _sample(self):
        at = 2 * (self._count % _COUNT)
        for evse, ring in zip(self._board.evses, self._ring):
            limit = evse.limit_ma
            ring[at] = min(power_w(evse) // 10, _NONE)
            ring[at + 1] = _NONE if limit is None else min(limit // 100, _NONE - 1)
        self._count += 1


def power_w(evse):
    """W that flow now, as far as a meter tells."""
    power = getattr(evse, "power_w", None)
    if power is None:
        power = getattr(getattr(evse, "meter", None), "power_w", None)
    return int(power or 0)
