# heap: 4M
# timeout: 240
# marks: slow
"""Parts that are missing, die in a session or talk nonsense: clear words, an error code, the safe
state, and the rest of the charger works."""

from fake_station import Firmware, charging, machine, simtime

from ocpp.log import log

_lines = []


def setup():
    del _lines[:]
    log.sink = lambda level, line: _lines.append(line)


def teardown():
    log.sink = None


def errors(f, code):
    """Status notifications with that code, in order."""
    return [p for p in f.csms.sent("StatusNotification") if p["errorCode"] == code]


def opens(f, ms):
    """Run till the contactor is open; it may take `ms`."""
    for _ in range(ms // 5):
        if not f.outlet.closed:
            return
        f.run(5)
    assert not f.outlet.closed, f.story()


def told(words):
    return any([words in line for line in _lines])


# -- the meter ----------------------------------------------------------------------------------


def test_no_meter_at_boot():
    def dead(f):
        f.charger.meters[0].dead = True

    f = Firmware("esp32_devkitc", attach=dead)
    f.run(14000)
    assert errors(f, "PowerMeterFailure"), f.story()
    assert told("Meter: unit 1, function 4: no answer"), _lines
    f.outlet.plug("C")
    f.card()
    f.run(3000)
    assert f.connector.tx is None and not f.outlet.closed, "nothing that can't be billed begins"
    f.charger.meters[0].dead = False
    f.run(14000)
    assert not f.board.evses[0].errors, f.board.evses[0].errors
    assert f.outlet.closed and f.connector.status == "Charging", "the card still holds"
    assert f.csms.sent("StartTransaction")[0]["meterStart"] == 12345


def test_meter_dies_in_a_session():
    f = charging()
    f.charger.meters[0].dead = True
    f.run(20000)
    assert f.outlet.closed, "a moment of silence is none"
    opens(f, 20000)
    f.run(1000)
    failure = errors(f, "PowerMeterFailure")[-1]
    assert failure["status"] == "Faulted", failure
    f.outlet.unplug()
    f.run(1000)
    stop = f.csms.sent("StopTransaction")[0]
    start = f.csms.sent("StartTransaction")[0]
    assert stop["meterStop"] >= start["meterStart"]
    f.charger.meters[0].dead = False
    f.run(20000)
    assert f.connector.status == "Available", f.story()


def test_garbage_from_the_meter():
    f = charging()
    line = f.charger.lines[1]
    begin = f.outlet.energy_wh
    for ms, fault in ((3000, "noise"), (3000, "damage"), (3000, "cut"), (2000, "echo")):
        line.noise = b"\xff\x00\x01\x04" if fault == "noise" else b""
        line.damage = 5 if fault == "damage" else None
        line.cut = 3 if fault == "cut" else None
        line.echo = fault == "echo"
        f.run(ms)
    line.fix()
    f.run(5000)
    assert f.outlet.closed and f.connector.status == "Charging", f.story()
    read = f.board.evses[0].energy_wh
    assert begin <= read <= f.outlet.energy_wh, (begin, read, f.outlet.energy_wh)
    assert f.outlet.energy_wh - read <= 4, "it goes on with the true register"


def test_uart_that_can_not_be_made():
    f = Firmware("esp32_devkitc", attach=lambda f: machine.broken.add("UART1"))
    f.run(3000)
    assert told("hardware: Meter: [Errno 5] EIO"), _lines
    failure = errors(f, "PowerMeterFailure")[0]
    assert failure["status"] == "Available" and failure["connectorId"] == 1
    f.outlet.plug("C")
    f.card()
    f.run(5000)
    assert not f.outlet.closed and f.connector.tx is None, "a meter is configured: no free energy"


# -- pilot, contactor, monitors -----------------------------------------------------------------


def test_pilot_that_can_not_be_measured_at_boot():
    second = {
        "pilot": {"pin": "GPIO14", "adc": "GPIO39"},
        "contactor": {"pin": "GPIO13"},
        "meter": {"driver": "sdm630", "uart": 1, "address": 2},
    }
    usual = machine.ADC

    class Broken(usual):
        def __init__(self, pin, **options):
            if pin._line.number == 36:
                raise OSError(5)
            super().__init__(pin, **options)

    machine.ADC = Broken
    try:
        f = Firmware("esp32_devkitc", {"connectors": [{}, second]})
    finally:
        machine.ADC = usual
    f.run(2500)
    assert f.connector.status == "Faulted", f.story()
    failure = errors(f, "InternalError")[0]
    assert failure["info"] == "[Errno 5] EIO" and failure["vendorErrorCode"] == "Hardware"
    assert told("connector 1: out of order"), _lines
    other = f.charger.outlets[1]
    other.plug("C")
    f.run(500)
    f.card()
    f.until("Charging", connector=2)
    f.run(1000)
    assert other.closed and not f.outlet.closed


def test_adc_dies_in_a_session():
    f = charging()

    def broken():
        raise OSError(116)

    machine.pin(36).drive(broken)
    begin = simtime.now_us
    while f.outlet.closed:
        f.run(5)
    assert simtime.now_us - begin <= 60000, simtime.now_us - begin
    f.run(1000)
    assert f.connector.status == "Faulted" and errors(f, "InternalError"), f.story()


def test_main_loop_stands_still():
    f = charging("pico_w")
    machine.WDT(timeout=8000)
    begin = simtime.now_us
    try:
        while True:
            simtime.advance(10)
            if not f.outlet.closed:
                break
    except machine.Restarted:
        raise AssertionError("the contactor was closed until the watchdog bit") from None
    assert 1850000 < simtime.now_us - begin < 2000000, simtime.now_us - begin
    try:
        simtime.advance(10000)
        raise AssertionError("the watchdog sleeps")
    except machine.Restarted:
        pass
    assert machine.resets == ["watchdog"]


def test_c_code_hangs_on_an_esp32():
    def newer_port(f):
        machine.hard_timers = True

    f = charging("esp32_devkitc", attach=newer_port)
    machine.hung = True
    begin = simtime.now_us
    while f.outlet.closed:
        simtime.advance(10)
        assert simtime.now_us - begin < 2000000, "still closed"
    machine.hung = False
    f.run(500)
    assert [e[3] for e in f.board.evses[0].errors] == ["Stalled"]


def test_a_port_without_hard_timers():
    def older_port(f):
        machine.hard_timers = False

    f = charging("pico_w", attach=older_port)
    f.outlet.unplug()
    begin = simtime.now_us
    while f.outlet.closed:
        simtime.advance(1)
    assert simtime.now_us - begin <= 50000, simtime.now_us - begin


def test_car_leaves():
    for board in ("smartevse_v3", "pico2_w"):
        f = charging(board)
        f.outlet.unplug()
        begin = simtime.now_us
        while f.outlet.closed:
            simtime.advance(1)
        assert simtime.now_us - begin <= 50000, simtime.now_us - begin


def test_contactor_that_does_not_open():
    f = charging(contactor={"feedback": "GPIO34"})
    f.outlet.welded = True
    f.outlet.unplug()
    f.run(3000)
    assert f.connector.status == "Faulted" and errors(f, "PowerSwitchFailure"), f.story()


def test_residual_current():
    rcm = {"pin": "GPIO34", "test": "GPIO4"}
    f = charging(rcm=rcm)
    f.outlet.leaks = True
    begin = simtime.now_us
    while f.outlet.closed:
        simtime.advance(1)
    assert simtime.now_us - begin <= 80000
    f.run(1000)
    assert errors(f, "GroundFailure"), f.story()


def test_residual_monitor_that_fails_its_test():
    rcm = {"pin": "GPIO34", "test": "GPIO4"}
    f = Firmware("esp32_devkitc", rcm=rcm)
    f.outlet.tests_well = False
    f.run(2500)
    f.outlet.plug("C")
    f.card()
    f.run(5000)
    assert not f.outlet.closed and errors(f, "GroundFailure"), f.story()
    assert f.outlet.duty == 0, "F: out of order"


def test_emergency_stop():
    f = charging(emergency={"pin": "GPIO13", "active": 0})
    f.outlet.pressed = True
    opens(f, 30)
    f.run(1000)
    assert errors(f, "OtherError")[-1]["vendorErrorCode"] == "CX008"


def test_too_hot():
    f = charging("smartevse_v3")
    f.outlet.celsius = 65
    f.run(7000)
    assert errors(f, "HighTemperature") and f.outlet.closed
    assert f.outlet.duty < 4000, "less is offered"
    f.outlet.celsius = 75
    opens(f, 1000)


# -- lock and cable -----------------------------------------------------------------------------


def test_socket_with_lock_and_cable():
    lock = {"pin": "GPIO13", "pin_b": "GPIO14", "sense": "GPIO23"}
    f = Firmware("esp32_evse", lock=lock)
    f.outlet.cable_ohm = 680  # 20 A
    f.run(2500)
    f.outlet.plug("C", 32)
    f.run(500)
    f.card()
    f.until("Charging")
    f.run(1500)
    assert f.outlet.shut and f.outlet.closed and f.outlet.duty == 3333, f.outlet.duty
    assert machine.pin(13).level == machine.pin(14).level == 0, "the motor is off"
    f.outlet.plug("B")
    f.run(300)
    assert f.ask("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
    assert not f.outlet.shut and not f.outlet.closed


def test_lock_that_jams():
    lock = {"pin": "GPIO13", "pin_b": "GPIO14", "sense": "GPIO23"}
    f = Firmware("esp32_evse", lock=lock)
    f.outlet.jammed = True
    f.run(2500)
    f.outlet.plug("C")
    f.run(500)
    f.card()
    f.run(14000)
    assert errors(f, "ConnectorLockFailure") and not f.outlet.closed, f.story()


# -- what is not needed to charge ---------------------------------------------------------------


def test_reader_is_missing():
    f = Firmware("esp32_devkitc", attach=lambda f: machine.i2cs.clear())
    f.run(12000)
    failure = errors(f, "ReaderFailure")
    assert failure and failure[0]["status"] == "Available", f.story()
    f.outlet.plug("C")
    f.run(500)
    answer = f.ask("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1})
    assert answer == {"status": "Accepted"}
    f.until("Charging")
    f.run(1000)
    assert f.outlet.closed


def test_reader_comes_back():
    f = Firmware("esp32_devkitc")
    f.run(2500)
    chip = f.charger.readers[0]
    chip.dead = True
    f.run(3000)
    assert f.board.evses[0].troubles or f.run(10000) is None
    chip.dead = False
    f.run(12000)
    assert not f.board.evses[0].errors
    f.outlet.plug("C")
    f.run(500)
    f.card()
    f.until("Charging")


def test_display_is_missing():
    f = Firmware("esp32_devkitc", {"display": {"driver": "ssd1306", "i2c": 0}})
    f.run(2500)
    assert told("hardware: display:"), _lines
    assert f.connector.status == "Available"


def test_lights_and_display():
    import neopixel
    import ssd1306

    class Panel:
        def writeto(self, address, data):
            pass

    f = Firmware(
        "esp32s3_devkitc",
        {"display": {"driver": "ssd1306", "i2c": 0}},
        attach=lambda f: machine.i2c_device(0, 0x3C, Panel()),
    )
    f.run(4000)
    assert neopixel.chains[48] == [(0, 40, 0)], neopixel.chains
    assert ssd1306.rows[0] == "Available" and ssd1306.rows[2] == "12.345 kWh", ssd1306.rows
    f.outlet.pressed = False
    machine.pin(1).drive(lambda: 0)  # -12 V for ever
    f.run(3000)
    assert f.connector.status == "Faulted"
    reds = set()
    for _ in range(10):
        f.run(100)
        reds.add(neopixel.chains[48][0])
    assert reds == {(80, 0, 0), (0, 0, 0)}, reds


# -- every way out ------------------------------------------------------------------------------


def test_every_way_out():
    f = charging()
    f.board.off()  # the software is restarted
    assert not f.outlet.closed
    f = charging()
    f.board.close()
    assert not f.outlet.closed and not simtime.timers
    assert f.outlet.duty == 10000, "nothing is offered"
    f = charging()
    step = f.controller.step
    f.board.evses[0].controller.step = lambda: 1 // 0
    opens(f, 2100)
    assert step and told("connector 1: failed: ZeroDivisionError"), _lines[-3:]


def test_a_tick_that_has_stopped_is_started_again():
    f = charging("pico_w")
    for timer in list(simtime.timers):
        timer.deinit()
    f.run(600)
    assert not f.outlet.closed, f.story()
    assert [e[3] for e in f.board.evses[0].errors] == ["Stalled"]
    f.run(1000)
    assert f.board.evses[0].guard.silent_ms < 50
