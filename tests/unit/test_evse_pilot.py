"""Pilot: formulae, thresholds with hysteresis, debounce, diode."""

from evse.pilot import STEADY, Pilot, cable_ma, duty
from evse_support import Outlet


def ev_reads(d):
    """What a car makes of a duty in 1/100 %, mA (J1772): 0 for none, None for digital."""
    if d < 300:
        return 0
    if d < 700:
        return None
    if d < 800:
        return 0
    if d <= 1000:
        return 6000
    if d <= 8500:
        return 6 * d
    if d <= 9600:
        return 25 * (d - 6400)
    return 80000 if d <= 9700 else 0


def test_duty_of_known_currents():
    known = {6000: 1000, 10000: 1666, 16000: 2666, 32000: 5333, 48000: 8000, 51000: 8500}
    known.update({55000: 8600, 63000: 8920, 80000: 9600, 200000: 9600})
    for ma in known:
        assert duty(ma) == known[ma], (ma, duty(ma))
    for ma in (0, 1, 5999, -5):
        assert duty(ma) == STEADY


def test_car_never_reads_more_than_the_limit():
    last = 0
    for ma in range(6000, 80001, 7):
        d = duty(ma)
        read = ev_reads(d)
        assert read is not None and ma - 1600 < read <= ma, (ma, d, read)
        assert d >= last and 800 <= d <= 9600
        last = d


def test_cables():
    nominal = {1500: 13000, 680: 20000, 220: 32000, 100: 63000}
    for ohm in nominal:
        for part in (95, 100, 105):
            assert cable_ma(ohm * part // 100) == nominal[ohm], ohm
    for ohm in (0, 20, 5000, 100000):
        assert cable_ma(ohm) == 0


def look(pilot, mv, times=3, low=-12000, pulsing=True):
    for _ in range(times):
        pilot.update(mv, low, pulsing)
    return pilot.state


def test_nominal_voltages_and_a_volt_beside_them():
    for nominal, letter in ((12000, "A"), (9000, "B"), (6000, "C"), (3000, "D"), (0, "E")):
        for off in (-1000, -500, 0, 500, 1000):
            pilot = Pilot()
            assert pilot.state is None
            assert look(pilot, nominal + off) == letter, (nominal, off)
    assert look(Pilot(), -12000) == "F"
    assert look(Pilot(), -11000) == "F"
    assert look(Pilot(), -5000) == "E"


def test_circuit_of_a_car_gives_the_letters():
    hal = Outlet()
    hal.pilot(2666)
    for letter in "ABCDEF":
        hal.car = letter
        hal.sample()
        assert look(Pilot(), hal.high_mv, 3, hal.low_mv) == letter


def test_hysteresis():
    pilot = Pilot()
    look(pilot, 9000)
    assert look(pilot, 7300, 50) == "B"  # below the edge of 7.5 V, but not by 250 mV
    assert look(pilot, 7240, 3) == "C"
    assert look(pilot, 7700, 50) == "C"
    assert look(pilot, 7760, 3) == "B"
    assert look(pilot, 10700, 50) == "B"
    assert look(pilot, 10760, 3) == "A"
    assert look(pilot, 10300, 50) == "A"
    assert look(pilot, 1200, 3) == "E"  # over several edges at once
    assert look(pilot, 1700, 50) == "E"
    assert look(pilot, 1800, 3) == "D"


def test_debounce():
    pilot = Pilot()
    look(pilot, 6000)
    for _ in range(50):  # never three in a row
        assert look(pilot, 9000, 2) == "C"
        assert look(pilot, 6000, 1) == "C"
    look(pilot, 9000, 1)
    look(pilot, 12000, 1)
    look(pilot, 0, 1)
    assert pilot.state == "C" and pilot.outside == 3  # no state agreed on, but not C or D either
    look(pilot, 6000, 1)
    assert pilot.outside == 0 and pilot.inside == 1


def test_diode():
    pilot = Pilot()
    look(pilot, 6000, 2)
    assert not pilot.diode_seen
    look(pilot, 6000, 1)
    assert pilot.diode_seen and not pilot.diode_missing
    look(pilot, 6000, 9, -9900)
    assert not pilot.diode_seen and not pilot.diode_missing
    look(pilot, 6000, 1, -9900)
    assert pilot.diode_missing
    look(pilot, 12000, 2, -12000)  # a short break takes nothing back
    assert pilot.diode_missing and not pilot.diode_seen
    look(pilot, 6000, 1, 6000, False)  # no pulses: nothing is known
    assert not pilot.diode_missing and not pilot.diode_seen
    look(pilot, 12000, 20, 12000)  # no car: nothing to see
    assert not pilot.diode_missing and not pilot.diode_seen
