"""The course of charging, in simulated volts and milliseconds."""

from evse.controller import Controller
from evse.pilot import STEADY
from evse.states import STATES, TRANSITIONS
from evse.timing import CLOSE_MS, DWELL_MS, OPEN_MS, SWITCH_LOAD_MS, SWITCH_MS
from evse_support import Bench


def test_tables_agree():
    assert set(STATES) == set(TRANSITIONS)
    for state in TRANSITIONS:
        for event, target in TRANSITIONS[state]:
            assert target in STATES and target != state
            assert hasattr(Controller, "_is_" + event), event
            # Into the states with a closed contactor leads one way only.
            if STATES[target][1] and not STATES[state][1]:
                assert (event, target) == ("asks", "Closing")
        events = [event for event, _ in TRANSITIONS[state]]
        if STATES[state][1]:
            assert events[0] == "fault", state
        elif state not in ("Faulted", "Failed"):
            assert events[:2] == ["failed", "fault"], state
    for state in STATES:
        pilot, closed, shut = STATES[state]
        assert pilot in ("high", "pulses", "low", "cut")
        assert not closed or shut, "a plug under load is locked"


def test_session_from_plug_to_unplug():
    bench = Bench()
    hal = bench.hal
    assert bench.controller.state == "Empty" and hal.duty == STEADY
    assert bench.controller.iec == "A1" and not bench.controller.plugged
    bench.controller.limit_ma = 16000
    hal.car = "B"
    bench.until("Offered")
    assert hal.duty == 2666 and bench.controller.iec == "B2" and bench.controller.offering
    bench.run(2000)
    assert not hal.closed and bench.controller.plugged and not bench.controller.ev_ready
    hal.car = "C"
    asked = hal.now
    bench.until("Charging")
    assert 500 <= hal.events[0][0] - asked <= CLOSE_MS and hal.events[0][1] == 3
    assert bench.controller.iec == "C2" and bench.controller.ev_ready
    bench.run(60000)
    assert len(hal.events) == 1
    hal.car = "B"
    assert bench.opens(OPEN_MS) <= 30
    bench.run(100)
    assert bench.controller.state == "Offered" and not bench.controller.ev_ready
    hal.car = "A"
    bench.until("Empty", 300)
    assert not bench.controller.plugged and hal.duty == STEADY and not hal.shown
    assert (
        bench.states == "Empty Connected Checking Offered Closing Charging Offered Empty".split()
    )


def test_opens_in_time_from_every_charging_state_to_every_other():
    for letter in "ABEF":
        for loop_ms in (10, 50, 250):
            bench = Bench(loop_ms).charge()
            bench.hal.car = letter
            assert bench.opens(OPEN_MS) <= 30, letter
        bench = Bench()
        bench.hal.car = "C"
        bench.until("Closing")
        bench.hal.car = letter
        assert bench.opens(OPEN_MS) <= 30
        bench = Bench().charge()
        bench.controller.permit = False
        bench.until("Stopping")
        assert bench.hal.closed
        bench.hal.car = letter
        assert bench.opens(OPEN_MS) <= 30


def test_short_glitch_does_not_open():
    bench = Bench().charge()
    for noise in (3000, 6000, -6000):
        bench.hal.noise_mv = noise
        bench.run(20)
        bench.hal.noise_mv = 0
        bench.run(50)
    assert bench.hal.closed and len(bench.hal.events) == 1


def test_unstable_car_does_not_close():
    bench = Bench()
    for _ in range(20):
        bench.hal.car = "C"
        bench.run(400)
        bench.hal.car = "B"
        bench.run(50)
    assert not bench.hal.events and bench.controller.state == "Offered"


def test_offer_withdrawn_and_the_car_obeys():
    for take in ("permit", "limit"):
        bench = Bench().charge()
        if take == "permit":
            bench.controller.permit = False
        else:
            bench.controller.limit_ma = 5999
        bench.until("Stopping", 50)
        assert bench.hal.duty == STEADY
        bench.run(1500)
        assert bench.hal.closed, "time to stop without load"
        bench.hal.car = "B"
        assert bench.opens(OPEN_MS) <= 30
        bench.until("Connected", 50)
        assert bench.controller.iec == "B1" and not bench.controller.offering


def test_offer_withdrawn_and_the_car_ignores_it():
    bench = Bench().charge()
    bench.controller.permit = False
    bench.run(5900)
    assert bench.hal.closed
    assert 0 < bench.opens(200) <= 150
    assert bench.controller.state == "Connected" and bench.controller.iec == "C1"
    bench.run(60000)
    assert not bench.hal.closed and not bench.controller.faults


def test_dwell_before_closing_again():
    bench = Bench().charge()
    bench.hal.car = "B"
    bench.opens(100)
    opened = bench.hal.now
    bench.hal.car = "C"
    bench.until("Charging")
    assert DWELL_MS <= bench.hal.events[-1][0] - opened <= DWELL_MS + 100


def test_limit_changes_follow_with_a_pause_upwards():
    bench = Bench()
    bench.controller.limit_ma = 10000
    bench.charge()
    assert bench.hal.duty == 1666
    bench.controller.limit_ma = 8000
    bench.run(20)
    assert bench.hal.duty == 1333 and bench.controller.offered_ma == 8000  # at once
    bench.controller.limit_ma = 32000
    bench.run(4900)
    assert bench.hal.duty == 1333
    bench.run(200)
    assert bench.hal.duty == 5333
    bench.controller.limit_ma = 500000
    bench.run(6000)
    assert bench.hal.duty == 5333, "no more than the wiring carries"
    assert bench.hal.closed and len(bench.hal.events) == 1


def test_ventilation():
    bench = Bench(ventilated=True)
    bench.hal.car = "D"
    bench.until("Charging")
    bench.hal.car = "C"
    bench.run(1000)
    assert bench.hal.closed and len(bench.hal.events) == 1
    bench = Bench().charge()
    bench.hal.car = "D"
    assert bench.opens(OPEN_MS) <= 30
    bench.until("Faulted")
    assert bench.names() == ["Ventilation"] and not bench.controller.faults[0].faulted
    bench.hal.car = "C"
    bench.until("Charging", 20000)
    assert not bench.controller.faults


def test_sleeping_car_is_woken_once():
    for disconnects in (False, True):
        bench = Bench(50, disconnects=disconnects)
        bench.hal.car = "B"
        bench.until("Offered")
        assert 89000 < bench.until("Waking", 100000) <= 90100
        bench.run(50)
        assert bench.hal.duty is (None if disconnects else 0)
        assert bench.controller.plugged and bench.controller.iec is None
        assert 3900 < bench.until("Offered", 5000) < 4200
        bench.run(120000)
        assert bench.states.count("Waking") == 1 and bench.controller.plugged
        bench.controller.permit = False  # a new offer is a new chance
        bench.run(1000)
        bench.controller.permit = True
        bench.until("Waking", 100000)


def test_car_exchanged_while_woken_is_seen_as_gone_if_it_is_gone():
    bench = Bench()
    bench.hal.car = "B"
    bench.until("Waking", 100000)
    bench.hal.car = "A"
    bench.run(4200)
    bench.until("Empty", 300)
    assert not bench.controller.plugged


def test_bouncing_contact_is_no_new_car():
    bench = Bench().charge()
    bench.hal.car = "A"
    assert bench.opens(OPEN_MS) <= 30
    bench.run(200)
    assert bench.controller.plugged and bench.controller.state == "Offered"
    bench.hal.car = "C"
    bench.until("Charging")
    assert "Empty" not in bench.states[1:]


def test_phase_switch():
    bench = Bench(switches_phases=True).charge()
    hal = bench.hal
    assert hal.closed == 3
    bench.controller.limit_phases = 1
    bench.until("Stopping", 50)
    hal.car = "B"
    bench.opens(100)
    opened = hal.now
    bench.until("Switching", 100)
    hal.car = "C"
    bench.until("Charging", 60000)
    assert hal.closed == 1
    assert SWITCH_MS <= hal.events[-1][0] - opened <= SWITCH_MS + 6000
    bench.controller.limit_phases = None  # and back, with a car that does not stop by itself
    bench.opens(7000)
    opened = hal.now
    bench.until("Charging", 80000)
    assert hal.closed == 3 and hal.events[-1][0] - opened >= SWITCH_LOAD_MS


def test_phases_chosen_before_energy_flowed_need_no_pause():
    bench = Bench(switches_phases=True)
    bench.controller.limit_phases = 1
    bench.charge()
    assert bench.hal.closed == 1 and "Switching" not in bench.states
    bench = Bench(switches_phases=True)
    bench.controller.limit_phases = 2  # there are only one or three
    assert bench.charge().hal.closed == 1
    bench = Bench()
    bench.controller.limit_phases = 1  # a contactor that can't
    assert bench.charge().hal.closed == 3


def test_unplugged_while_phases_are_switched():
    bench = Bench(switches_phases=True).charge()
    bench.controller.limit_phases = 1
    bench.until("Switching", 7000)
    bench.hal.car = "A"
    bench.until("Empty", 300)


def test_no_permit_no_offer():
    bench = Bench()
    bench.controller.permit = False
    bench.hal.car = "C"
    bench.run(120000)
    assert bench.controller.state == "Connected" and bench.hal.duty == STEADY
    assert not bench.hal.events and bench.controller.plugged and bench.controller.ev_ready


def test_days_later_the_machine_still_works():
    bench = Bench().charge()
    bench.hal.car = "B"
    bench.opens(100)
    for _ in range(60):  # ten days, an hour at a time: ticks wrap and differences change sign
        bench.clock.advance(4 * 3600 * 1000 - 10)
        bench.run(10)
    assert bench.controller.state == "Offered", bench.names()
    bench.hal.car = "C"
    assert bench.until("Charging") <= CLOSE_MS


def test_dwell_also_after_a_moment_shorter_than_a_loop():
    bench = Bench(100)
    bench.hal.car = "C"
    bench.until("Closing")
    bench.run(20)
    bench.hal.car = "B"
    assert bench.opens(OPEN_MS) <= 30
    opened = bench.hal.now
    bench.hal.car = "C"
    bench.until("Charging")
    assert bench.hal.events[-1][0] - opened >= DWELL_MS


def test_transitions_that_random_lives_seldom_take():
    """`RARE` of evse_walk.py; of Offered and Waking there is more above."""
    bench = Bench(has_feedback=True)
    bench.hal.welded = True
    bench.until("Failed")
    assert bench.states == ["Empty", "Failed"]
    bench = Bench(has_feedback=True)
    bench.hal.car = "B"
    bench.until("Offered")
    bench.hal.welded = True
    bench.until("Failed")
    assert bench.states[-2:] == ["Offered", "Failed"]
    bench = Bench(has_lock=True, jammed=True)
    bench.hal.car = "B"
    bench.until("Checking")
    bench.hal.car = "A"
    bench.until("Empty")
    assert bench.states[-2:] == ["Checking", "Empty"]
    bench = Bench()
    bench.hal.car = "B"
    bench.until("Waking", 100000)
    assert bench.states[-2:] == ["Offered", "Waking"]


def test_page_shows_the_tables():
    """docs/evse.md is what tools/evse_diagram.py makes of the tables."""
    with open("docs/evse.md") as file:
        page = file.read()
    arrows = 0
    for state in TRANSITIONS:
        for event, target in TRANSITIONS[state]:
            line = page[page.index("\n| %s | %s | " % (state, event)) + 1 :]
            assert line[: line.index("\n")].endswith(" | %s |" % target), (state, event)
            if event not in ("fault", "failed"):
                assert "    %s --> %s: %s\n" % (state, target, event) in page
                arrows += 1
    assert page.count(" --> ") == arrows + 1  # and the beginning
    timings = 0
    with open("lib/evse/timing.py") as file:
        for line in file:
            name, found, rest = line.partition(" = const(")
            if found and " " not in name:
                value, _, words = rest.partition(")  # ")
                what, _, source = words.rstrip("]\n").rpartition(" [")
                assert what and source, line
                assert "| `%s` | %s | %s | %s |\n" % (name, value, what, source) in page, line
                timings += 1
    assert timings > 30
    with open("lib/evse/controller.py") as file:
        assert "_MS = const" not in file.read()
