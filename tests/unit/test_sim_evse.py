from sim import faults
from sim.evse import Evse

_HOUR = const(3600000)  # ms


def charging(**car):
    """An EVSE that charges."""
    evse = Evse(1, True)
    evse.plug(**car)
    evse.permit = True
    evse.lock_wanted = True
    evse.step(0)
    assert evse.relay and evse.locked
    return evse


def codes(evse):
    return [error[0] for error in evse.errors]


def test_no_power_without_permit():
    evse = Evse(1, True)
    evse.plug()
    evse.step(1000)
    assert evse.plugged and evse.ev_ready and not evse.offering
    assert not evse.relay and evse.power_w == 0 and evse.energy_wh == 0


def test_energy_is_integrated_exactly():
    evse = charging(current_a=16, phases=3)
    assert evse.power_w == 11040
    for _ in range(3600):
        evse.step(1000)
    assert evse.energy_wh == 11040
    for _ in range(_HOUR // 40):  # steps in which less than 1 Wh flows
        evse.step(40)
    assert evse.energy_wh == 22080


def test_current_is_the_lower_of_offer_and_wish():
    evse = charging(current_a=10, phases=1)
    assert evse.power_w == 2300 and evse.phase_a(1) == 10 and evse.phase_a(2) == 0
    evse.limit_ma = 8000
    assert evse.power_w == 1840
    evse.limit_ma = 16000
    assert evse.power_w == 2300
    evse.limit_ma = None
    evse.set_ev(current_a=63)
    assert evse.amps_ma == 32000  # what the station can carry


def test_offer_below_6_a_opens_the_contactor():
    evse = charging()
    for limit, closed in ((6000, True), (5999, False), (0, False), (6000, True)):
        evse.limit_ma = limit
        evse.step(5)
        assert evse.relay is closed, limit


def test_one_phase_of_three():
    evse = charging(current_a=16, phases=3)
    evse.limit_phases = 1
    assert evse.power_w == 3680 and evse.phase_a(1) == 16 and evse.phase_a(2) == 0
    evse.limit_phases = None
    assert evse.power_w == 11040 and evse.phase_a(3) == 16
    evse.limit_phases = 1
    evse.off()
    assert evse.limit_phases is None


def test_contactor_opens_at_once():
    def no_permit(evse):
        evse.permit = False
        evse.step(0)

    for act in (
        no_permit,
        lambda e: e.unplug(),
        lambda e: e.set_ev("B"),
        lambda e: e.set_pilot("E", True),
        lambda e: e.set_pilot("F", True),
        lambda e: e.set_pilot(None, False),
        lambda e: e.set_fault("GroundFailure"),
        lambda e: e.set_fault("CX026"),
        lambda e: e.off(),
    ):
        evse = charging()
        act(evse)
        assert not evse.relay and evse.power_w == 0
        wh = evse.energy_wh
        evse.step(_HOUR)
        assert evse.energy_wh == wh


def test_warning_does_not_stop():
    evse = charging()
    evse.set_fault("WeakSignal")
    evse.step(5)
    assert evse.relay and evse.errors == (("WeakSignal", "", "", "", False),)


def test_faults_come_and_go():
    evse = Evse(1, True)
    evse.set_fault("GroundFailure", "wet", "me", "77")
    evse.set_fault("CX008")
    assert evse.errors[0] == ("GroundFailure", "wet", "me", "77", True) or (
        evse.errors[1] == ("GroundFailure", "wet", "me", "77", True)
    )
    assert sorted(faults.names(evse)) == ["CX008", "GroundFailure"]
    evse.clear_fault("OverVoltage")
    evse.clear_fault("GroundFailure")
    assert [(e[0], e[3], e[4]) for e in evse.errors] == [("OtherError", "CX008", True)]
    evse.set_fault("HighTemperature")
    evse.clear_fault()
    assert evse.errors == () and faults.names(evse) == []


def test_known_codes():
    for code in ("GroundFailure", "OtherError", "CX001", "CX026"):
        assert faults.known(code), code
    for code in ("NoError", "groundfailure", "CX000", "CX027", "CX1", "CXabc", ""):
        assert not faults.known(code), code


def test_pilot():
    evse = charging()
    evse.set_pilot("E", True)
    assert evse.pilot_state == "E" and codes(evse) == ["OtherError"] and evse.errors[0][4]
    evse.set_pilot(None, True)
    evse.step(0)
    assert evse.pilot_state == "C" and evse.relay and evse.errors == ()
    evse.set_pilot(None, False)
    assert codes(evse) == ["EVCommunicationError"] and not evse.errors[0][4] and not evse.offering
    evse.unplug()
    assert evse.errors == () and evse.pilot_state == "A"


def test_pilot_fault_ends_with_the_car():
    for act in (lambda e: e.unplug(), lambda e: e.set_ev("C")):
        evse = charging()
        evse.set_pilot("F", True)
        act(evse)
        assert evse.pilot is None and evse.errors == ()


def test_locked_cable():
    evse = charging()
    assert not evse.unplug(at_station=True) and evse.plugged and evse.relay
    assert evse.unplug() and not evse.plugged
    evse.step(0)
    assert evse.locked and not evse.unplug(at_station=True)  # the station's end stays
    evse.lock_wanted = False
    evse.step(0)
    assert not evse.locked and evse.unplug(at_station=True)
    evse.lock_wanted = True
    evse.step(0)
    assert not evse.locked  # nothing there to be locked
    evse = Evse(1, False)
    evse.plug()
    evse.lock_wanted = True
    evse.step(0)
    assert not evse.locked and evse.unplug(at_station=True)


def test_a_quick_change_of_cars_is_seen():
    evse = charging()
    evse.unplug()
    evse.plug()
    evse.step(100)
    assert evse.plugged and not evse.connected and not evse.relay
    evse.step(150)
    assert evse.connected and evse.relay
    evse.unplug()
    evse.step(250)
    evse.unplug()  # nothing there any more
    evse.plug()
    assert evse.connected


def test_unlock_on_command():
    evse = charging()
    assert evse.unlock() and not evse.locked
    evse.step(5)
    assert not evse.locked  # although the station still wants it shut
    evse.unplug()
    evse.plug()
    evse.step(5)
    assert evse.locked


def test_jammed_lock():
    evse = charging()
    evse.set_jam(True)
    assert not evse.unlock() and evse.locked and evse.errors == ()
    evse.lock_wanted = False
    evse.step(5)
    assert evse.locked
    evse.set_jam(False)
    evse.step(5)
    assert not evse.locked and evse.unlock()


def test_jam_while_locking():
    evse = Evse(1, True)
    evse.set_jam(True)
    evse.plug()
    evse.permit = evse.lock_wanted = True
    evse.step(5)
    assert codes(evse) == ["ConnectorLockFailure"] and faults.names(evse) == [
        "ConnectorLockFailure"
    ]
    assert not evse.relay
    evse.lock_wanted = False
    evse.step(5)
    assert codes(evse) == ["ConnectorLockFailure"]
    evse.set_jam(False)
    assert evse.errors == ()


def test_battery_gets_full():
    evse = charging(soc=99, current_a=32)
    for _ in range(200):
        evse.step(1000)
    assert evse.soc == 100 and evse.ev == "B" and not evse.relay
    assert 600 <= evse.energy_wh <= 607


def test_battery_of_no_given_charge_never_gets_full():
    evse = charging()
    assert evse.soc == 40
    for _ in range(48):
        evse.step(_HOUR // 2)
    assert evse.soc == 99 and evse.relay and evse.energy_wh == 22080 * 24


def test_no_car():
    evse = Evse(1, True)
    evse.set_ev("C", 10, 50)
    assert evse.ev == "A" and evse.soc is None


def test_measurands():
    evse = charging(current_a=16, phases=2)
    values = {}
    for measurand, fn, unit, phase, location in evse.measurands():
        values[(measurand, phase)] = (fn(), unit, location)
    assert values[("Power.Active.Import", None)] == (7360, "W", "Outlet")
    assert values[("Current.Import", "L2")] == (16, "A", "Outlet")
    assert values[("Current.Import", "L3")] == (0, "A", "Outlet")
    assert values[("Voltage", "L1-N")] == (230, "V", "Outlet")
    assert values[("Frequency", None)] == (50, None, "Outlet")
    assert values[("SoC", None)] == (40, "Percent", "EV")
    assert values[("Temperature", None)][0] > 25
