"""A random life of an outlet, watched by rules that know nothing of the machine under test.

The rules look at the car, the buttons and the sensors themselves, not at what was made of them,
and hold at every tick: how long may the contactor stay closed after something went wrong, and what
must have been well when it closed.
"""

import random

from evse.states import TRANSITIONS
from evse.timing import BACKUP_MS, DWELL_MS, STABLE_MS, STALL_MS, TICK_MS, WITHDRAW_MS
from evse_support import Bench

_GLITCH_MS = const(20)  # two looks: less than what counts
_NEVER = const(1 << 60)


class Walk:
    """`loop_ms`: period of the main loop; `ventilated`: also state D is charged."""

    def __init__(self, seed, loop_ms=20, ventilated=False):
        self.seed = seed
        random.seed(seed)
        self.bench = Bench(
            loop_ms,
            ventilated=ventilated,
            has_residual=True,
            has_lock=True,
            has_feedback=True,
            switches_phases=True,
            pe=True,
            celsius=20,
            drawn=0,
            meter_ms=0,
        )
        self.loop_ms = loop_ms
        # ms for which each has been bad; the longest that the contactor may stay closed then
        slow = 2 * loop_ms + 20
        self.limits = {
            "car": 30,
            "diode": 100 + _GLITCH_MS,  # looks that failed tell nothing
            "permit": STALL_MS + BACKUP_MS + slow,  # a main loop may stand still again and again
            "withdrawn": WITHDRAW_MS + slow + loop_ms,  # a step more from Closing to Stopping
            "offer": BACKUP_MS + 20,
            "pressed": 10,
            "trips": 50,
            "dead": 30,
            "stalled": STALL_MS + 20,
            "earth": 250 + slow,
            "lock": 250 + slow,
            "hot": slow,
        }
        self.since = dict.fromkeys(self.limits)  # ms at which it went bad; None: is well
        self.deadline = _NEVER  # ms after which the contactor must be open
        self.asked = None  # ms since when the car asks, None: does not
        self.opened = -DWELL_MS
        self.was = 0
        self.seen = ()  # outputs that rules depend on, as they were at the last look
        self.edges = {}  # (state, next state): times taken
        self.closings = 0
        self.state = "Empty"
        self.look(self.bench.hal.now)

    def look(self, now):
        """Something has changed in the world, at `now`."""
        hal = self.bench.hal
        controller = self.bench.controller
        stalled = self.bench.stalled
        asks = hal.car == "C" or (hal.car == "D" and hal.ventilated)
        limit = controller.limit_ma
        pulsing = hal.duty is not None and 0 < hal.duty < 10000
        unwanted = not controller.permit or (limit is not None and limit < 6000)
        bad = {
            "car": not asks,
            "diode": not hal.diode and pulsing,
            "permit": unwanted,
            "withdrawn": unwanted and not stalled,
            "offer": not pulsing,
            "pressed": hal.pressed,
            "trips": hal.trips,
            "dead": hal.dead,
            "stalled": stalled,
            "earth": not hal.pe and not stalled,
            "lock": not hal.shut and not stalled,
            "hot": hal.celsius >= 80 and not stalled,
        }
        since = self.since
        self.deadline = _NEVER
        for name in bad:
            if not bad[name]:
                since[name] = None
                continue
            if since[name] is None:
                since[name] = now
            self.deadline = min(self.deadline, since[name] + self.limits[name])
        if not asks:
            self.asked = None
        elif self.asked is None:
            self.asked = now
        self.seen = (hal.duty, hal.shut)

    def rules(self):
        """Look at the world after a tick."""
        hal = self.bench.hal
        duty, shut = self.seen
        if hal.duty != duty or hal.shut != shut:
            self.look(hal.now - TICK_MS)
        if hal.closed:
            if hal.now > self.deadline:
                self.late(hal.now)
            if not self.was:
                self.closing(hal)
        elif self.was:
            self.opened = hal.now
        self.was = hal.closed

    def late(self, now):
        for name in self.limits:
            since = self.since[name]
            if since is not None and now - since > self.limits[name]:
                self.fail("closed %d ms after %s" % (now - since, name))

    def closing(self, hal):
        self.closings += 1
        bad = {n: hal.now - at if at is not None else 0 for n, at in self.since.items()}
        # Up to two looks and one loop old is what it acted on.
        late = _GLITCH_MS + 10
        for name in ("car", "diode", "pressed", "dead"):
            if bad[name] > late:
                self.fail("closed while %s was bad" % name)
        if self.asked is not None and hal.now - self.asked < STABLE_MS - _GLITCH_MS:
            self.fail("closed %d ms after the car asked" % (hal.now - self.asked))
        if bad["permit"] > self.loop_ms + 10:
            self.fail("closed without a permit")
        for name in ("earth", "lock", "hot"):
            if bad[name] > self.loop_ms + 10:
                self.fail("closed while %s was bad" % name)
        if not hal.passed:
            self.fail("closed without a test of the monitor")
        if hal.now - self.opened < DWELL_MS:
            self.fail("closed %d ms after it opened" % (hal.now - self.opened))

    def fail(self, text):
        raise AssertionError(
            "%s at %d ms, seed %d, %s"
            % (text, self.bench.hal.now, self.seed, self.bench.controller.state)
        )

    def go(self, events):
        """That many random events, with random time between them."""
        bench = self.bench
        for _ in range(events):
            bench.hal.events = []  # or they would grow for ever
            bench.states = bench.states[-1:]
            self.event(bench.hal, bench.controller)
            if random.getrandbits(4):
                ms = 10 * (1 + random.getrandbits(3))
            else:  # time to get somewhere
                ms = 10 * random.getrandbits(7 if random.getrandbits(2) else 10)
            self.run(ms)

    def run(self, ms):
        bench = self.bench
        self.look(bench.hal.now)
        for _ in range(ms // TICK_MS):
            bench.tick()
            self.rules()
            state = bench.controller.state
            if state != self.state:
                edge = (self.state, state)
                self.edges[edge] = self.edges.get(edge, 0) + 1
                self.state = state
            if state == "Empty" and bench.hal.car == "A":
                bench.hal.passed = False  # each session needs a test of its own

    def event(self, hal, controller):
        """Something happens: mostly the car, and mostly it gets better again."""
        kind = random.getrandbits(5)
        if self.state == "Waking" and kind > 28:  # seldom and short: or nothing would happen in it
            hal.welded = True
        if kind < 6:
            hal.car = "ABCCCCCCCCCCCDEF"[random.getrandbits(4)]
            if hal.car == "A":
                hal.diode = True
        elif kind < 8:
            # Never so much that one state is another; that is what the car's changes are for.
            hal.noise_mv = (-700, -500, -300, 0, 0, 300, 500, 700)[random.getrandbits(3)]
        elif kind == 8:
            controller.permit = random.getrandbits(2) > 0
        elif kind == 9:
            controller.limit_ma = (None, 0, 5999, 6000, 6001, 10000, 32000, 63000)[
                random.getrandbits(3)
            ]
        elif kind == 10:
            controller.limit_phases = (None, 1, 2, 3)[random.getrandbits(2)]
        elif kind < 16:
            self.trouble(hal, kind)
        else:
            self.mend(hal, controller)

    def trouble(self, hal, kind):
        if random.getrandbits(2):
            return
        which = random.getrandbits(4)
        if which < 3:
            self.bench.stalled = True
        elif which == 3:
            hal.diode = False
        elif which == 4:
            hal.pressed = True
        elif which == 5:
            hal.trips = True
        elif which == 6:
            hal.dead = True
        elif which == 7:
            hal.pe = False
        elif which == 8:
            hal.celsius = 60 + random.getrandbits(5)
        elif which == 9:
            hal.drawn = 40000
        elif which == 10:
            hal.meter_ms = 100000
        elif which == 11:
            hal.jammed = True
            hal.shut = random.getrandbits(1) == 1
        elif which == 12:
            hal.stuck_open = True
        elif which == 13:
            hal.test_works = False
        elif which == 14:
            hal.welded = not random.getrandbits(2)

    def mend(self, hal, controller):
        self.bench.stalled = False
        hal.noise_mv = 0
        hal.dead = False
        if random.getrandbits(1):
            hal.pressed = hal.trips = hal.jammed = hal.stuck_open = hal.welded = False
            hal.pe = hal.test_works = True
            hal.celsius = 20
            hal.drawn = hal.meter_ms = 0
            controller.permit = True
            if not random.getrandbits(2):
                controller.limit_ma = None
        if not random.getrandbits(3):
            controller.reset()
        quiet = random.getrandbits(10)
        if quiet < 16:  # so that also the long waits end
            hal.car = "ABCC"[random.getrandbits(2)]
            hal.diode = True
            self.run(100000 if quiet == 0 else 10000)


# Seldom taken, if ever: test_evse_states.py has an example of each.
RARE = (
    ("Empty", "Failed"),
    ("Checking", "Empty"),
    ("Offered", "Failed"),
    ("Offered", "Waking"),
)


def lives(events, seeds):
    """So many random events, in as many lives as there are `seeds`. All transitions are to be met
    but the rare ones."""
    taken = {}
    closings = 0
    for seed in seeds:
        walk = Walk(seed, (10, 20, 50, 100)[seed % 4], seed % 8 < 4)
        walk.go(events // len(seeds))
        closings += walk.closings
        for edge in walk.edges:
            taken[edge] = taken.get(edge, 0) + walk.edges[edge]
    known = set([(state, to) for state in TRANSITIONS for _, to in TRANSITIONS[state]])
    numbers = events, closings, len(taken), len(known)
    print("%d events, contactor closed %d times, %d of %d transitions taken" % numbers)
    missing = [edge for edge in sorted(known) if edge not in taken and edge not in RARE]
    assert not missing, missing
    assert set(taken) <= known, taken
