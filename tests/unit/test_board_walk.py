# heap: 4M
# timeout: 240
# marks: slow
"""Random lives of a whole board: cars that come, go and misbehave, parts that die and recover,
limits, cards. Whatever happens, the contactor is closed only for a car that asks, and is open in
time; nothing of the program fails; and all is well again afterwards."""

import random

from fake_station import Firmware, machine, simtime

from ocpp.log import log

_OPEN_US = const(100000)  # a car that no longer asks is without current (`timing.OPEN_MS`)
_FAULT_US = const(150000)  # and so is everybody after a residual current, or the emergency stop
_PARTS = {
    "rcm": {"pin": "GPIO20"},
    "emergency": {"pin": "GPIO13", "pull": "none"},
    "contactor": {"feedback": "GPIO14"},
}


class Judge:
    """Looks each ms."""

    def __init__(self, f):
        self.outlet = f.outlet
        self.since = {}  # what is wrong: us when it began
        self.closings = 0
        self.was = False
        simtime.every.append(self.look)

    def look(self, _ms):
        outlet = self.outlet
        now = simtime.now_us
        wrong = (
            ("the car does not ask", outlet.car != "C", _OPEN_US),
            ("no diode", not outlet.diode and outlet.car == "C", 3 * _OPEN_US),
            ("residual current", outlet.leaks, _FAULT_US),
            ("emergency stop", outlet.pressed, _FAULT_US),
        )
        for name, there, most in wrong:
            if not there:
                self.since.pop(name, None)
                continue
            begun = self.since.setdefault(name, now)
            assert not outlet.closed or now - begun <= most, (name, now - begun)
        if outlet.closed and not self.was:
            self.closings += 1
            assert 1000 <= outlet.duty <= 8900, outlet.duty
        self.was = outlet.closed


def act(f, rng):
    """Something happens."""
    outlet = f.outlet
    what = rng.randrange(24)
    if what < 14:  # somebody wants to charge
        if f.connector.status == "Faulted" or rng.getrandbits(1):
            outlet.unplug()
            f.run(600)
        outlet.diode = True
        outlet.plug("C", rng.choice((6, 10, 32)))
        f.run(500)
        if f.connector.tx is None:
            f.card()
            f.run(1500)
    elif what < 17:
        outlet.unplug()
    elif what == 17:
        outlet.car = rng.choice("BBDE")
    elif what == 18:
        f.charger.meters[0].dead = not f.charger.meters[0].dead
    elif what < 21:
        f.connector.limit_ma = rng.choice((None, 6000, 16000, 0))
    else:  # for a moment
        name = rng.choice(("diode", "leaks", "pressed"))
        usual = getattr(outlet, name)
        setattr(outlet, name, not usual)
        f.run(rng.choice((20, 300)))
        setattr(outlet, name, usual)
        if rng.getrandbits(1):  # such faults end when the car is gone
            outlet.unplug()
            f.run(600)


def repaired(f):
    """Everything works again, and nobody is there."""
    outlet = f.outlet
    outlet.leaks = outlet.pressed = f.charger.meters[0].dead = False
    f.connector.limit_ma = None
    outlet.unplug()
    f.run(32000)


def life(seed, acts):
    rng = random
    rng.seed(seed)
    f = Firmware("pico_w", **_PARTS)
    judge = Judge(f)
    f.run(2500)
    for _ in range(acts):
        act(f, rng)
        f.run(rng.choice((50, 200, 1000, 2000)))
    repaired(f)
    assert f.connector.status == "Available", (seed, f.story())
    assert not f.board.evses[0].errors, (seed, f.board.evses[0].errors)
    starts, stops = f.csms.sent("StartTransaction"), f.csms.sent("StopTransaction")
    assert len(starts) == len(stops), (seed, starts, stops)
    f.outlet.plug("C")
    f.run(500)
    f.card()
    f.until("Charging")
    f.run(1500)
    assert f.outlet.closed and not machine.resets, (seed, f.story())
    return judge.closings


def test_random_lives():
    bad = []
    log.sink = lambda level, line: bad.append(line) if "failed:" in line else None
    try:
        closings = life(1, 35)
    finally:
        log.sink = None
    assert not bad, bad
    assert closings >= 4, closings
