# timeout: 120
"""Random lives: the contactor is never closed when it must not be."""

from evse_support import Bench
from evse_walk import Walk
from support import raises


def test_random_lives():
    closings = 0
    for seed in range(4):
        walk = Walk(seed, (10, 20, 50, 100)[seed], seed % 2 == 0)
        walk.go(800)
        closings += walk.closings
    assert closings > 10, closings


def test_the_rules_can_fail():
    """A machine that does not open is found out."""
    for what, value in (("car", "B"), ("diode", False), ("pressed", True), ("pe", False)):
        walk = Walk(1)
        walk.bench.hal.car = "C"
        walk.look(walk.bench.hal.now)
        for _ in range(500):
            walk.bench.run(10)
            walk.rules()
        assert walk.bench.hal.closed
        walk.bench.guard.tick = int  # does nothing
        setattr(walk.bench.hal, what, value)
        walk.look(walk.bench.hal.now)
        walk.bench.controller.interlocks.fail = lambda *_: None

        def later():
            for _ in range(100):
                walk.bench.hal.now += 10
                walk.rules()

        assert "after" in str(raises(AssertionError, later))


def test_every_look_in_every_order():
    """All sequences of five looks at the line: closed only if the last three were not all bad."""
    levels = "ABCE"
    bench = Bench().charge()
    for code in range(4**5):
        hal = bench.hal
        if not hal.closed:
            bench = Bench().charge()
            hal = bench.hal
        bad = 0
        for _ in range(5):
            hal.car = levels[code % 4]
            code //= 4
            bench.run(10)
            bad = 0 if hal.car == "C" else bad + 1
            assert not (hal.closed and bad >= 3)
        hal.car = "C"
        bench.run(10)
