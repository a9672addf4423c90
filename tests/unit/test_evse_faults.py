"""Interlocks: each fault opens the contactor, has a name, and ends as it should."""

from evse.faults import TABLE, Fault
from evse.timing import METER_MS, OVER_MS, SETTLE_MS
from evse_support import Bench


def test_table():
    names = []
    for line in TABLE.strip().split("\n"):
        name = line.split(" ")[0]
        fault = Fault(name, "")
        assert fault.code and fault.info and len(fault.info) <= 50
        assert fault.ends in ("gone", "reset") or fault.ends >= 0
        if fault.vendor_code.startswith("CX"):
            assert 1 <= int(fault.vendor_code[2:]) <= 26 and "chargex" in fault.vendor_id
        else:
            assert fault.vendor_code == name
        assert fault.stops or name == "Warm"
        names.append(name)
    assert len(set(names)) == len(names) == 20
    assert len(Fault("Hardware", "x" * 80).info) == 50


def expect(bench, name, ms):
    """The contactor opens within `ms`, and the fault is there within one loop more."""
    took = bench.opens(ms)
    bench.until("Faulted", 50)
    assert bench.names() == [name], bench.names()
    assert bench.hal.shown and not bench.controller.offering and bench.hal.duty == 10000
    return took


def replug(bench):
    bench.hal.car = "A"
    bench.run(1000)


def test_emergency_stop():
    bench = Bench().charge()
    bench.hal.pressed = True
    assert expect(bench, "Emergency", 100) <= 10
    bench.run(1000)
    bench.hal.car = "A"
    bench.run(1000)
    assert bench.names() == ["Emergency"], "still pressed"
    bench.hal.car = "C"
    bench.hal.pressed = False
    bench.run(60000)
    assert not bench.hal.closed, "releasing it is no start"
    replug(bench)
    assert not bench.names() and bench.controller.state == "Empty" and not bench.hal.shown
    bench.charge()


def test_residual_current():
    bench = Bench(has_residual=True).charge()
    bench.hal.trips = True
    assert expect(bench, "Residual", 100) <= 60
    bench.hal.trips = False
    bench.run(120000)
    assert bench.names() == ["Residual"] and not bench.hal.closed, "no automatic end"
    replug(bench)
    bench.charge()


def test_monitor_is_tested_before_every_session():
    bench = Bench(has_residual=True)
    tests = []
    bench.hal.test_residual = lambda on: (tests.append(on), setattr(bench.hal, "testing", on))
    for session in range(3):
        bench.charge()
        assert tests == [True, False] * (session + 1)
        replug(bench)
    bench.hal.test_works = False
    bench.hal.car = "C"
    bench.until("Failed")
    assert bench.names() == ["Selftest"] and bench.controller.iec == "F"
    assert bench.hal.duty == 0 and not bench.hal.closed
    bench.run(120000)
    assert bench.controller.state == "Failed"
    bench.hal.test_works = True
    bench.controller.reset()
    bench.until("Charging")


def test_monitor_that_stays_tripped_after_its_test():
    bench = Bench(has_residual=True)

    def stuck(on):
        bench.hal.testing = bench.hal.testing or on

    bench.hal.test_residual = stuck
    bench.hal.car = "C"
    bench.until("Failed")
    assert bench.names()[0] == "Selftest" and not bench.hal.events


def test_unplugged_during_the_test_is_no_fault():
    bench = Bench(has_residual=True)
    bench.hal.car = "B"
    bench.until("Checking")
    replug(bench)
    assert not bench.names() and bench.controller.state == "Empty"
    bench = Bench(has_residual=True, test_works=False)
    bench.hal.car = "B"
    bench.until("Checking")
    bench.run(20)
    pulses = []
    bench.hal.test_residual = lambda on: (pulses.append(on), setattr(bench.hal, "testing", on))
    bench.hal.car = "A"
    bench.until("Empty")
    bench.hal.test_works = True  # the old test ends well, but not for the next car
    bench.run(200)
    assert not bench.controller.interlocks.tested
    bench.charge()
    assert pulses == [False, True, False]


def test_old_test_is_repeated():
    bench = Bench(has_residual=True).charge()
    bench.controller.permit = False
    bench.until("Connected", 7000)
    for _ in range(25):
        bench.clock.advance(3600 * 1000)
        bench.run(10)
    assert not bench.controller.interlocks.tested
    bench.controller.permit = True
    bench.until("Charging")
    assert bench.controller.interlocks.tested


def test_welded_contactor():
    bench = Bench(has_feedback=True, has_lock=True).charge()
    bench.hal.welded = True
    bench.hal.car = "B"
    bench.until("Failed", 2000)
    assert bench.names() == ["Weld"] and bench.hal.duty == 0
    assert bench.hal.shut, "a live plug stays locked"
    bench.controller.reset()
    bench.run(1000)
    assert bench.controller.state == "Failed", "it is still welded"
    assert bench.hal.events[-1][1] == 0
    bench.hal.welded = False
    bench.controller.reset()
    bench.hal.car = "C"
    bench.until("Charging")


def test_welded_at_the_start():
    bench = Bench(has_feedback=True, welded=True)
    bench.run(500)
    assert bench.controller.state == "Failed" and bench.names() == ["Weld"]


def test_contactor_that_does_not_close():
    bench = Bench(has_feedback=True, stuck_open=True)
    bench.hal.car = "C"
    bench.until("Closing")
    bench.run(10)
    assert 1000 <= expect(bench, "Contactor", 2000) <= 1500
    bench.hal.stuck_open = False
    replug(bench)
    bench.charge()


def test_protective_earth():
    bench = Bench(pe=True).charge()
    bench.hal.pe = False
    assert expect(bench, "Earth", 500) >= SETTLE_MS - 20
    bench.hal.pe = True
    bench.run(59000)
    assert bench.controller.state == "Faulted"
    bench.until("Charging", 10000)


def test_shorted_pilot_and_foreign_voltage():
    for letter in "EF":
        bench = Bench().charge()
        bench.hal.car = letter
        assert bench.opens(100) <= 30
        bench.until("Faulted", 400)
        assert bench.names() == ["Pilot"] and bench.controller.iec == letter
        bench.hal.car = "C"
        bench.run(29000)
        assert not bench.hal.closed
        bench.until("Charging", 10000)


def test_diode():
    bench = Bench()
    bench.hal.diode = False
    bench.hal.car = "B"
    bench.until("Faulted", 1000)
    fault = bench.controller.faults[0]
    assert fault.name == "Diode" and fault.code == "EVCommunicationError" and not fault.faulted
    bench.hal.car = "C"
    bench.run(60000)
    assert not bench.hal.events
    replug(bench)
    bench.hal.diode = True
    bench.charge()
    bench.hal.diode = False
    assert expect(bench, "Diode", 200) <= 100


def test_lock():
    bench = Bench(has_lock=True).charge()
    assert bench.hal.shut
    bench.hal.jammed, bench.hal.shut = True, False
    assert expect(bench, "Lock", 500) >= SETTLE_MS - 20
    bench = Bench(has_lock=True)
    bench.hal.car = "B"
    bench.until("Offered")
    bench.hal.jammed, bench.hal.shut = True, False  # lost before the contactor closes
    bench.hal.car = "C"
    bench.until("Faulted")
    assert bench.names() == ["Lock"] and not bench.hal.events
    bench = Bench(has_lock=True, jammed=True)
    moves = []
    bench.hal.lock = lambda shut: None if moves and moves[-1] == shut else moves.append(shut)
    bench.hal.car = "C"
    bench.until("Faulted", 20000)
    assert bench.names() == ["Lock"] and not bench.hal.events
    assert moves.count(True) == 3, moves
    bench.hal.lock = lambda shut: setattr(bench.hal, "shut", shut)
    replug(bench)
    bench.charge()


def test_lock_follows_the_station_when_nothing_is_live():
    bench = Bench(has_lock=True)
    bench.controller.permit = False
    bench.hal.car = "B"
    bench.run(500)
    assert not bench.hal.shut
    bench.controller.lock_wanted = True
    bench.run(50)
    assert bench.hal.shut
    bench.controller.lock_wanted = False
    bench.controller.permit = True
    bench.charge()
    assert bench.hal.shut
    bench.controller.permit = False
    bench.until("Connected", 7000)
    bench.run(20)
    assert not bench.hal.shut


def test_temperature():
    bench = Bench(celsius=20).charge()
    assert bench.hal.duty == 5333
    bench.hal.celsius = 72
    bench.run(6000)
    assert bench.hal.closed and bench.names() == ["Warm"]
    assert not bench.controller.faults[0].faulted and not bench.hal.shown
    assert 19000 < bench.controller.offered_ma < 21000
    bench.hal.celsius = 79
    bench.run(50)
    assert 6000 <= bench.controller.offered_ma < 8000
    bench.hal.celsius = 80
    assert bench.opens(100) <= 20
    assert "Hot" in bench.names() and bench.controller.state == "Faulted"
    bench.hal.celsius = 66
    bench.run(60000)
    assert not bench.hal.closed
    bench.hal.celsius = 55
    bench.until("Charging", 10000)
    assert not bench.names()
    bench.hal.celsius = None
    bench.opens(11000)
    bench.run(20)
    assert bench.names() == ["Thermometer"]


def test_car_that_ignores_its_limit():
    bench = Bench(drawn=16000)
    bench.controller.limit_ma = 16000
    bench.charge()
    bench.run(20000)
    assert bench.hal.closed
    bench.controller.limit_ma = 10000  # it has its time to follow
    bench.run(5000)
    bench.hal.drawn = 10500
    bench.run(30000)
    assert bench.hal.closed
    bench.hal.drawn = 12500
    assert expect(bench, "Overcurrent", OVER_MS + 100) >= OVER_MS - 20
    replug(bench)
    bench.hal.drawn = 0
    bench.charge()


def test_silent_meter():
    bench = Bench(meter_ms=100).charge()
    bench.hal.meter_ms = METER_MS + 1
    expect(bench, "Meter", 100)
    bench.run(60000)
    assert not bench.hal.closed, "as long as it is silent"
    bench.hal.meter_ms = 100
    bench.until("Charging", 12000)


def test_cable():
    bench = Bench(socket=True, ohm=680)
    bench.charge()
    assert bench.controller.offered_ma == 20000
    bench.hal.ohm = 220  # a reading under load may not raise it
    bench.run(6000)
    assert bench.controller.offered_ma == 20000
    bench.hal.ohm = 1500
    bench.run(50)
    assert bench.controller.offered_ma == 13000
    for ohm in (None, 10, 10000):
        bench = Bench(socket=True, ohm=ohm)
        bench.hal.car = "C"
        bench.until("Faulted", 2000)
        assert bench.names() == ["Proximity"] and not bench.hal.events
        bench.hal.ohm = 220
        bench.until("Charging", 12000)


def test_several_faults_at_once():
    bench = Bench(pe=True).charge()
    bench.hal.pressed = True
    bench.hal.pe = False
    bench.run(1000)
    assert sorted(bench.names()) == ["Earth", "Emergency"]
    bench.hal.pe = True
    bench.run(61000)
    assert bench.names() == ["Emergency"] and bench.controller.state == "Faulted"


def test_contactor_opens_before_the_fault_is_listed():
    bench = Bench(pe=True).charge()
    order = []
    plain = bench.hal.contactor

    def contactor(phases):
        plain(phases)
        if not phases:
            order.append("open with %d" % len(bench.controller.faults))

    bench.hal.contactor = contactor
    bench.hal.pe = False
    bench.until("Faulted", 1000)
    assert order[0] == "open with 0"
