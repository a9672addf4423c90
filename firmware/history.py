"""Power and limit of each connector over the last hour, for the chart of the web console.

A ring of two small numbers every 20 seconds and connector, made when somebody first asks, let go
an hour after nobody asks any more: without a console there is none, and nothing is done. The
simulator has it always, every 10 seconds.
"""

import array

_HOUR_S = const(3600)
_EVERY_S = const(20)
_OFTEN_S = const(10)  # in the simulator
_NONE = const(0xFFFF)  # no limit
_PATIENCE_S = const(3600)


class History:
    """`board`: whose EVSEs are looked at; `chores`: whose `step()` the loop calls, and among them
    this while there is something to do; `always`: also without anybody who asks."""

    def __init__(self, board, chores, always=False):
        self._board = board
        self._clock = board.clock()
        self._ring = None  # of each connector: power in 10 W, limit in 0.1 A, power, ...
        self._every = _OFTEN_S if always else _EVERY_S
        self._most = _HOUR_S // self._every
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
        for _ in range(min(1 + (now - self._due) // self._every, self._most)):
            self._sample()
        self._due = now + self._every - (now - self._due) % self._every

    def start(self):
        """Begin, unless it is going on; somebody has asked."""
        now = self._clock.uptime()
        self._until = now + _PATIENCE_S
        if self._ring is None:
            evses = self._board.evses
            self._ring = [array.array("H", [0] * (2 * self._most)) for _ in evses]
            self._count = 0
            self._due = now
            self._chores.append(self)

    def pieces(self, unix):
        """JSON in pieces: the oldest sample first. `unix`: the time now. What was before somebody
        first asked is not known."""
        self.start()
        held = min(self._count, self._most)
        age = self._clock.uptime() - self._due + self._every  # of the newest, s
        yield '{"every_s": %d, "newest": %d, "connectors": [' % (self._every, unix - age)
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
            value = ring[2 * (n % self._most) + offset]
            if offset == 0:
                yield "%s%d" % (mark, value * 10)
            else:
                yield mark + ("null" if value == _NONE else "%.1f" % (value / 10))
            mark = ","

    def _sample(self):
        at = 2 * (self._count % self._most)
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
