"""The chip that is not there (tests/fakes) keeps the rules of the real ones."""

import fake_chip
import machine
import simtime
from support import raises


def test_pins_as_the_chip_has_them():
    fake_chip.power_on("esp32")
    raises(ValueError, machine.Pin, 24)
    raises(ValueError, machine.Pin, 34, machine.Pin.OUT)
    machine.Pin(26, machine.Pin.OUT, value=0)
    line = machine.pin(26)
    assert line.first == 0 and not line.high
    machine.Pin(27, machine.Pin.OUT)
    assert machine.pin(27).first is None, "it had no level of its own"
    fake_chip.power_on("rp2040")
    assert not machine.pins
    raises(ValueError, machine.ADC, machine.Pin(2))


def test_timers_ring_in_time():
    fake_chip.power_on("rp2040")
    rung = []
    timer = machine.Timer(
        -1, mode=1, period=10, callback=lambda t: rung.append(simtime.ticks_ms())
    )
    once = machine.Timer(-1, mode=0, period=25, callback=lambda t: rung.append("once"))
    start = simtime.ticks_ms()
    simtime.advance(31)
    assert [r if r == "once" else r - start for r in rung] == [10, 20, "once", 30], rung
    timer.deinit()
    simtime.advance(50)
    assert len(rung) == 4 and once
    fake_chip.power_on("esp32")
    raises(ValueError, machine.Timer, -1)
    raises(TypeError, lambda: machine.Timer(0, period=10, callback=print, hard=True))


def test_an_interrupt_may_not_allocate():
    fake_chip.power_on("rp2040")
    machine.Timer(-1, period=10, callback=lambda t: [1, 2], hard=True)
    raises(MemoryError, simtime.advance, 10)


def test_watchdog_bites():
    fake_chip.power_on("esp32")
    dog = machine.WDT(timeout=8000)
    machine.Pin(26, machine.Pin.OUT, value=1)
    simtime.advance(7000)
    dog.feed()
    simtime.advance(7000)
    assert machine.pin(26).high
    raises(machine.Restarted, simtime.advance, 2000)
    assert machine.resets == ["watchdog"] and not machine.pin(26).high
    assert machine.reset_cause() == machine.WDT_RESET


def test_adc_takes_its_time():
    fake_chip.power_on("rp2040")
    machine.pin(26).drive(lambda: 1000 if simtime.now_us % 1000 < 100 else 0)
    adc = machine.ADC(machine.Pin(26))
    seen = [adc.read_u16() > 10000 for _ in range(84)]  # 12 us each: one period
    assert 8 <= sum(seen) <= 10, sum(seen)
    assert machine.races == 84, "an interrupt might have read another channel meanwhile"
    state = machine.disable_irq()
    adc.read_u16()
    machine.enable_irq(state)
    assert machine.races == 84


def test_the_firmware_sees_its_time():
    fake_chip.power_on("esp32")
    from ocpp.clock import Clock

    clock = Clock()
    before = clock.ticks()
    simtime.advance(1500)
    assert clock.diff(clock.ticks(), before) == 1500 and clock.uptime() == 1
