import os
import time

from sim.board import Board, Pace, SimClock
from sim.world import World

from ocpp.clock import Clock

_CONFIG = {"connectors": 2, "connector_lock": True}


def folder(name):
    """A path that is not there yet."""
    return os.getenv("TMPDIR") + "/" + name


def test_register_survives_without_a_goodbye():
    path = folder("sudden")
    world = World(2, True, path)
    evse = world.evses[1]
    evse.plug(current_a=16, phases=1)
    evse.permit = True
    world.step(0)
    world.step(3600000)
    assert evse.energy_wh == 3680
    again = World(2, True, path)  # the first one was never closed
    assert [e.energy_wh for e in again.evses] == [0, 3680]


def test_fraction_of_a_wh_survives():
    path = folder("fraction")
    world = World(1, True, path)
    world.evses[0].plug(current_a=10, phases=1)
    world.evses[0].permit = True
    world.step(0)
    world.step(2000)
    assert world.evses[0].register == (1, 1000000)
    world.close()
    assert World(1, True, path).evses[0].register == (1, 1000000)


def test_fresh_and_keep():
    path = folder("kept")
    world = World(2, True, path)
    evse = world.evses[0]
    evse.plug("C", 20, 1, 50)
    evse.set_fault("OverVoltage", "much")
    evse.set_pilot("E", False)
    evse.set_jam(True)
    evse.occupied = True
    evse.register = (1234, 0)
    world.online = False
    world.save()
    world.step(0)
    kept = World(2, True, path, keep=True)
    found = kept.evses[0]
    assert found.pilot_state == "E" and found.ev == "C" and found.current_ma == 20000
    assert found.phases == 1 and found.soc == 50 and found.fills
    assert not found.diode and found.jam and found.occupied and found.energy_wh == 1234
    assert found.faults == {"OverVoltage": ("much", "", "")} and len(found.errors) == 3
    assert kept.online and not kept.evses[1].plugged
    fresh = World(2, True, path).evses[0]
    assert not fresh.plugged and fresh.errors == () and not fresh.occupied and not fresh.jam
    assert fresh.energy_wh == 1234


def test_keep_without_a_past():
    world = World(1, True, folder("new"), keep=True)
    assert not world.evses[0].plugged and world.evses[0].energy_wh == 0


def test_keep_with_fewer_connectors():
    path = folder("fewer")
    world = World(3, True, path)
    world.evses[0].plug()
    world.save()
    world.close()
    assert World(1, True, path, keep=True).evses[0].plugged
    assert len(World(4, True, path, keep=True).evses) == 4


def test_full_disk_does_not_stop_the_world():
    path = folder("full")
    world = World(1, True, path)
    world.evses[0].plug()
    world.evses[0].permit = True
    world.step(0)
    os.remove(path + "/meter")
    os.remove(path + "/state.json")
    os.rmdir(path)
    world.save()  # has nowhere to write to
    world.step(3600000)
    assert world.evses[0].energy_wh == 22080


def test_clock_runs_faster():
    pace = Pace(100)
    real, fast = Clock(), SimClock(pace)
    start, fast_start = real.ticks(), fast.ticks()
    turns = 0
    while fast.diff(fast.ticks(), fast_start) < 5000:
        pace.turn()
        turns += 1
    assert real.diff(real.ticks(), start) >= 50 and turns >= 2


def test_a_fast_clock_does_not_leap():
    """The host had no time for us: a little of it counts."""
    for speed, least, most in ((100, 2500, 3000), (2, 50, 60), (1, 95, 10000)):
        pace = Pace(speed)
        start = pace.ms()
        time.sleep_ms(100)
        gone = pace.ms() - start
        pace.turn()
        assert least <= gone <= most and pace.ms() - start >= gone, (speed, gone)


def test_board_steps_in_its_own_time():
    board = Board(_CONFIG, folder("board"), 1000)
    evse = board.evses[0]
    evse.plug()
    evse.permit = True
    board.step()
    time.sleep_ms(40)
    board.step()
    assert 22080 * 30 // 3600 - 1 <= evse.energy_wh <= 22080 * 30 // 3600
    assert board.clock().unix() is None and board.rtc() > 1767225600
    board.close()
    assert not evse.relay
