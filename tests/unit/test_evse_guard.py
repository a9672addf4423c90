"""The safety tick: opens by itself, allocates nothing, needs a main loop that is alive."""

import gc

import micropython
from evse.guard import Guard
from evse.timing import BACKUP_MS, OPEN_MS, STALL_MS, TICK_MS
from evse_support import Bench, Outlet
from support import FakeClock


def test_main_loop_stands_still():
    bench = Bench().charge()
    bench.stalled = True
    took = bench.opens(2000)
    assert STALL_MS <= took < 2000, took
    assert bench.guard.reason == "Stalled"
    bench.run(60000)
    assert not bench.hal.closed, "nothing closes it without the main loop"
    bench.stalled = False
    bench.run(20)
    assert bench.names() == ["Stalled"] and bench.controller.state == "Faulted"
    bench.until("Charging", 40000)
    assert not bench.controller.faults


def test_shorter_stalls_do_no_harm():
    bench = Bench().charge()
    for _ in range(5):
        bench.stalled = True
        bench.run(1800)
        bench.stalled = False
        bench.run(20)
    assert bench.hal.closed and len(bench.hal.events) == 1


def test_car_leaves_while_the_main_loop_stands_still():
    bench = Bench().charge()
    bench.stalled = True
    bench.run(500)
    bench.hal.car = "A"
    assert bench.opens(OPEN_MS) <= 30


def test_main_loop_that_fails_every_time_opens():
    bench = Bench().charge()

    def broken(on):
        raise OSError("lamp")

    bench.hal.lamp = broken
    assert bench.opens(2000) <= 20
    bench.run(5000)
    assert bench.names() == ["Hardware"] and not bench.hal.closed
    assert bench.hal.duty == 10000
    del bench.hal.lamp
    bench.run(29000)
    assert not bench.hal.closed
    bench.until("Charging", 5000)


def test_pilot_that_cannot_be_driven():
    bench = Bench().charge()

    def broken(duty):
        raise OSError("pilot")

    bench.hal.pilot = broken  # no exception reaches the main loop
    bench.controller.permit = False
    assert bench.opens(2000) <= 20
    bench.run(1000)
    assert bench.controller.state == "Faulted" and bench.names() == ["Hardware"]
    assert bench.hal.duty == 5333
    del bench.hal.pilot
    bench.run(100)
    assert bench.hal.duty == 10000


def test_pilot_that_cannot_be_measured():
    bench = Bench().charge()
    bench.hal.dead = True
    assert bench.opens(OPEN_MS) <= 30
    bench.until("Faulted", 50)
    assert bench.names() == ["Sampling"]
    bench.run(60000)
    assert not bench.hal.closed
    bench.hal.dead = False
    bench.until("Charging", 40000)


def test_guard_ends_an_offer_that_the_controller_forgot():
    bench = Bench().charge()
    bench.step = bench.guard.feed  # a controller that does nothing but feed
    bench.guard.set_pilot(10000)
    took = bench.opens(8000)
    assert BACKUP_MS <= took <= BACKUP_MS + 50 and bench.guard.reason == "Withdrawn"


def ready():
    """A guard alone that may close."""
    hal = Outlet(car="C")
    clock = FakeClock()
    guard = Guard(hal, clock)
    guard.set_pilot(2666)

    def tick(n=1, feed=True):
        for _ in range(n):
            clock.advance(TICK_MS)
            if feed:
                guard.feed()
            guard.tick()

    tick(10)
    assert guard.may_close
    return hal, guard, tick


def test_close_is_refused_unless_all_is_well():
    hal, guard, tick = ready()
    assert guard.close(3) and guard.phases == 3
    tick()
    assert hal.closed == 3
    guard.open()
    assert hal.closed == 0, "open does not wait for the tick"
    for name, value in (("pressed", True), ("trips", True), ("diode", False), ("dead", True)):
        hal, guard, tick = ready()
        setattr(hal, name, value)
        tick(10)
        assert not guard.close(3) and not guard.phases, name
    for letter in "ABDEF":
        hal, guard, tick = ready()
        hal.car = letter
        tick(3)
        assert not guard.close(3), letter
    for duty in (10000, 0, None):
        hal, guard, tick = ready()
        guard.set_pilot(duty)
        tick(3)
        assert not guard.close(3), duty
    hal, guard, tick = ready()
    tick(200, feed=False)
    assert not guard.close(3)


def test_opens_at_once_for_each_reason():
    for name, value, ms in (
        ("pressed", True, 10),
        ("trips", True, 50),
        ("diode", False, 100),
        ("dead", True, 30),
        ("car", "B", 30),
        ("car", "A", 30),
        ("car", "D", 30),
    ):
        hal, guard, tick = ready()
        guard.close(1)
        tick()
        assert hal.closed == 1
        setattr(hal, name, value)
        tick(ms // TICK_MS - 1)
        assert hal.closed, name
        tick()
        assert not hal.closed and guard.reason, name
        setattr(hal, name, {"car": "C", "diode": True}.get(name, False))
        tick(100)
        assert not hal.closed, "it never closes by itself"


def test_contactor_is_commanded_with_every_tick():
    hal, guard, tick = ready()
    commands = []
    hal.contactor = commands.append
    guard.close(3)
    tick(3)
    guard.open()
    tick(2)
    assert commands == [3, 3, 3, 0, 0, 0]


def allocated(fn, times):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(times):
        fn()
    after = gc.mem_alloc()
    gc.enable()
    return after - before


def test_tick_and_idle_step_allocate_nothing():
    bench = Bench().charge()
    assert bench.hal.closed
    assert allocated(bench.guard.tick, 100) == 0
    assert allocated(bench.controller.step, 100) == 0
    bench = Bench()
    assert allocated(bench.guard.tick, 100) == 0
    assert allocated(bench.controller.step, 100) == 0


def test_tick_works_while_the_heap_is_locked():
    """As in a hard interrupt: also when it has to open."""
    bench = Bench().charge()
    guard = bench.guard
    bench.hal.contactor = bench.hal.lamp  # keeps the last command, where the bench has a list
    micropython.heap_lock()
    try:
        for _ in range(10):
            guard.tick()
        closed = bench.hal.shown
        bench.hal.car = "B"
        for _ in range(3):
            guard.tick()
    finally:
        micropython.heap_unlock()
    assert closed == 3 and bench.hal.shown == 0 and guard.reason == "Left"


def test_worst_gap_between_ticks_is_known():
    hal, guard, tick = ready()
    guard.worst_ms = 0
    tick(5)
    assert guard.worst_ms == TICK_MS
    guard._clock.advance(70)
    tick(1)
    assert guard.worst_ms == 80
