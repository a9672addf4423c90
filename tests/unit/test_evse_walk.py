# timeout: 120
"""Random lives: the contactor is never closed when it must not be."""

from evse.timing import WITHDRAW_MS
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


def charging(permit_ms):
    """A walk that charges, whose permit ended `permit_ms` ago."""
    walk = Walk(1)
    walk.bench.hal.car = "C"
    walk.run(10000)
    assert walk.bench.hal.closed
    walk.bench.controller.permit = False
    walk.run(permit_ms)
    assert walk.bench.hal.closed and walk.state == "Stopping"
    return walk


def test_a_main_loop_that_stands_still_leaves_it_to_the_guard():
    """Right before the end of the time that a car has to stop."""
    walk = charging(WITHDRAW_MS - 20)
    walk.bench.stalled = True
    walk.run(500)
    assert walk.bench.hal.closed
    walk.run(1000)
    assert not walk.bench.hal.closed


def test_the_rules_of_an_offer_that_ended_can_fail():
    walk = charging(1000)
    walk.bench.controller._is_overdue = lambda: False
    walk.bench.controller._enter("Stopping")
    assert "after withdrawn" in str(raises(AssertionError, walk.run, 6000))
    walk = charging(WITHDRAW_MS - 20)
    walk.bench.stalled = True
    walk.bench.guard._against = lambda now: ""
    text = str(raises(AssertionError, walk.run, 2000))
    assert "closed 7030 ms after offer" in text, text


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
