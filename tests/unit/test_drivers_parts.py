"""The small parts: residual current monitor, expanders, button, buzzer, lights, thermometers,
display, Ethernet; and what may run in an interrupt."""

import math
import struct

import micropython
from driver_fakes import FakePin, Line, Slave, step
from support import FakeClock, raises

from drivers import ethernet, meters
from drivers.button import Button
from drivers.buzzer import TUNES, Buzzer
from drivers.display import Display
from drivers.ds18b20 import DS18B20
from drivers.lights import LOOKS, LedLights, PixelLights
from drivers.mcp23017 import MCP23017
from drivers.meter import Meter
from drivers.modbus import Bus
from drivers.ntc import NTC
from drivers.pcf8574 import PCF8574
from drivers.pulses import PinCounter
from drivers.rcm import RCM
from drivers.s0 import S0
from drivers.wiegand import Wiegand

# -- residual current monitor ---------------------------------------------------------------------


def test_rcm_with_one_output():
    fault, test = FakePin(), FakePin()
    monitor = RCM((fault,), test)
    assert not monitor.tripped() and test.level == 0
    fault.level = 1
    assert monitor.tripped()
    fault.level = 0
    assert not monitor.tripped()  # latching is its owner's
    monitor.test(True)
    assert test.level == 1 and not monitor.tripped()
    fault.level = 1
    assert monitor.tripped()
    monitor.test(False)
    assert test.level == 0 and monitor.tripped()
    fault.level = 0
    assert not monitor.tripped()


def test_rcm_with_two_outputs_of_which_one_is_dead():
    dc, ac, test = FakePin(), FakePin(), FakePin()
    monitor = RCM((dc, ac), test, test_active=0)
    assert test.level == 1
    ac.level = 1
    assert monitor.tripped()
    ac.level = 0
    monitor.test(True)
    assert test.level == 0
    dc.level = 1
    assert not monitor.tripped()  # the other has not shown yet that it works
    dc.level = 0
    monitor.test(True)  # repeating it changes nothing
    ac.level = 1
    assert monitor.tripped()  # not at the same time, but both
    monitor.test(False)
    ac.level = 0
    assert not monitor.tripped()
    monitor.test(True)
    assert not monitor.tripped()  # each test anew


def test_rcm_that_is_active_low():
    fault = FakePin(level=1)
    monitor = RCM((fault,), active=0)
    assert not monitor.tripped()
    fault.level = 0
    assert monitor.tripped()


# -- expanders ------------------------------------------------------------------------------------


class Expander:
    """I2C with a PCF8574 (one port without registers) or an MCP23017 (IOCON.BANK 0: registers
    count up and the ports come in pairs)."""

    def __init__(self, mcp):
        self.mcp = mcp
        self.down = False
        self.writes = 0
        self.power_on()
        self.outside = 0xFFFF  # levels that are put on the pins

    def power_on(self):
        self.latch = 0xFF
        self.regs = bytearray(22)
        self.regs[0] = self.regs[1] = 0xFF
        self.pointer = 0

    def writeto(self, address, data):
        if self.down or address != 0x20:
            raise OSError(19)
        self.writes += 1
        if not self.mcp:
            self.latch = data[-1]
            return
        self.pointer = data[0]
        for byte in bytes(data[1:]):
            at = self.pointer
            if at in (0x12, 0x13):
                at += 2  # a write to GPIO goes to OLAT
            self.regs[at] = byte
            self.pointer += 1

    def readfrom_into(self, address, buffer):
        if self.down or address != 0x20:
            raise OSError(19)
        for i in range(len(buffer)):
            if not self.mcp:
                buffer[i] = self.latch & self.outside
            else:
                port = self.pointer + i - 0x12
                mask = self.regs[port]
                outside = self.outside >> 8 * port & 0xFF
                buffer[i] = outside & mask | self.regs[0x14 + port] & ~mask & 0xFF

    def outputs(self):
        return self.regs[0x14] | self.regs[0x15] << 8


def test_pcf8574():
    clock = FakeClock()
    i2c = Expander(False)
    part = PCF8574(i2c, clock, directions=0x0F)
    led, key = part.pin(7), part.pin(0)
    led.value(1)
    part.step()
    assert i2c.latch == 0x8F and key.value() == 1 and part.error is None
    i2c.outside = 0xFE
    led.off()
    part.step()
    assert i2c.latch == 0x0F and key.value() == 0
    raises(ValueError, part.pin, 8)


def test_mcp23017():
    clock = FakeClock()
    i2c = Expander(True)
    part = MCP23017(i2c, clock, directions=0x00FF)
    led, key = part.pin(15), part.pin(3)
    led.on()
    part.step()
    assert i2c.outputs() == 0x8000 and i2c.regs[0] == 0xFF and i2c.regs[1] == 0
    assert i2c.regs[0x0C] == 0xFF and i2c.regs[0x0D] == 0 and key.value() == 1
    i2c.outside = 0xFFF7
    part.step()
    assert key.value() == 0
    part.pin(15).value(0)
    part.step()
    assert i2c.outputs() == 0
    raises(ValueError, part.pin, 16)


def test_an_expander_that_fails_or_loses_its_outputs():
    for mcp in (False, True):
        clock = FakeClock()
        i2c = Expander(mcp)
        part = (MCP23017 if mcp else PCF8574)(i2c, clock)
        part.pin(2).on()
        i2c.down = True
        step([part], clock, 100)
        assert part.error and part.error.startswith("expander 20") and part.failures == 20
        i2c.down = False
        part.step()
        assert part.error is None and (i2c.outputs() if mcp else i2c.latch) == 4
        writes = i2c.writes
        step([part], clock, 500)
        assert i2c.writes == writes  # nothing has changed
        i2c.power_on()
        step([part], clock, 1100)
        assert (i2c.outputs() if mcp else i2c.latch) == 4
        assert not mcp or i2c.regs[0] == 0


# -- button, buzzer, lights -----------------------------------------------------------------------


def test_button():
    clock = FakeClock()
    pin = FakePin(level=1)
    button = Button(pin, clock)

    def press(ms, level=0):
        pin.level = level
        step([button], clock, ms)
        pin.level = 1 - level
        step([button], clock, 100)

    press(20)  # a spike
    assert button.take() is None
    press(300)
    assert button.take() == "short" and button.take() is None
    for _ in range(5):  # bounces
        pin.level ^= 1
        step([button], clock, 10)
    pin.level = 0
    step([button], clock, 2500)
    assert button.pressed and button.take() is None
    step([button], clock, 700)
    assert button.take() == "long"
    step([button], clock, 61000)
    assert button.take() == "stuck"
    step([button], clock, 120000, 50)
    assert button.take() is None
    press(100, 1)
    assert not button.pressed or button.take() is None


class FakePWM:
    def __init__(self):
        self.said = []

    def freq(self, hertz):
        self.hertz = hertz

    def duty_u16(self, duty):
        self.said.append(self.hertz if duty else 0)


def test_buzzer():
    clock, pwm = FakeClock(), FakePWM()
    buzzer = Buzzer(pwm, clock)
    assert pwm.said == [0]
    buzzer.play("accepted")
    step([buzzer], clock, 150)
    assert buzzer.busy
    step([buzzer], clock, 200)
    assert pwm.said == [0, 1800, 0, 2400, 0] and not buzzer.busy
    pin = FakePin()
    buzzer = Buzzer(pin, clock, tonal=False)
    buzzer.play(((1000, 100),))
    assert pin.level == 1
    step([buzzer], clock, 200)
    assert pin.level == 0
    for notes in TUNES.values():
        assert all([ms > 0 and hertz >= 0 for hertz, ms in notes])


class Pixels(list):
    shown = None
    writes = 0

    def write(self):
        self.shown = list(self)
        self.writes += 1


def test_lights():
    clock = FakeClock()
    pixels = Pixels([(0, 0, 0)] * 4)
    lights = PixelLights(pixels, clock, first=1, count=2, brightness=50)
    lights.show("faulted")
    step([lights], clock, 100)
    assert pixels.shown == [(0, 0, 0), (40, 0, 0), (40, 0, 0), (0, 0, 0)]
    step([lights], clock, 200)
    assert pixels.shown[1] == (0, 0, 0)
    lights.show("available")
    step([lights], clock, 100)
    writes = pixels.writes
    step([lights], clock, 60000, 50)
    assert pixels.writes == writes and pixels.shown[1] == (0, 20, 0)
    lights.show("charging")
    seen = set()
    for _ in range(60):
        step([lights], clock, 50)
        seen.add(pixels.shown[1][2])
    assert len(seen) > 8 and max(seen) == 30 and 0 < min(seen) < 5
    lights.show("no such state")
    step([lights], clock, 100)
    assert pixels.shown[1] == (40, 0, 0)


def test_plain_leds():
    clock = FakeClock()
    red, green = FakePin(), FakePin()
    lights = LedLights(red, green, None, clock, active=0)
    for state in LOOKS:
        lights.show(state)
        step([lights], clock, 100)
        lit = (red.level == 0, green.level == 0)
        assert lit == (False, False) if state == "off" else True in lit, (state, lit)
    lights.show("faulted")
    step([lights], clock, 60)
    assert (red.level, green.level) == (0, 1)


# -- thermometers ---------------------------------------------------------------------------------


class OneWire:
    """What `ds18x20.DS18X20` offers, over sensors that convert in 750 ms."""

    def __init__(self, clock, sensors):
        self.clock, self.sensors = clock, sensors
        self.at = None
        self.broken = None

    def scan(self):
        if self.broken == "bus":
            raise OSError("no presence")
        return list(self.sensors)

    def convert_temp(self):
        self.at = self.clock.ticks()

    def read_temp(self, rom):
        assert self.clock.diff(self.clock.ticks(), self.at) >= 750, "too soon"
        if self.broken == "crc":
            raise Exception("CRC error")
        return self.sensors[rom]


def test_ds18b20():
    clock = FakeClock()
    wire = OneWire(clock, {b"1": 30.5, b"2": 41.25})
    sensor = DS18B20(wire, clock)
    assert sensor.temperature() is None
    step([sensor], clock, 1000)
    assert sensor.temperature() == 41 and sensor.error is None
    wire.sensors[b"2"] = -3.0
    step([sensor], clock, 7000)
    assert sensor.temperature() == 31
    for broken in ("crc", "bus"):
        wire.broken = broken
        step([sensor], clock, 10000)
        assert sensor.error and sensor.temperature() == 31
    step([sensor], clock, 25000)
    assert sensor.temperature() is None  # too long ago
    wire.broken = None
    step([sensor], clock, 7000)
    assert sensor.temperature() == 31 and sensor.error is None
    wire.sensors.clear()
    step([sensor], clock, 7000)
    assert sensor.error == "DS18B20: no sensor"


def test_ds18b20_that_lost_its_supply():
    clock = FakeClock()
    wire = OneWire(clock, {b"1": 85.0})
    sensor = DS18B20(wire, clock, rom=b"1")
    step([sensor], clock, 3000)
    assert sensor.temperature() is None and "supply" in sensor.error
    wire.sensors[b"1"] = 78.0
    step([sensor], clock, 7000)
    wire.sensors[b"1"] = 85.0  # now it may be true
    step([sensor], clock, 7000)
    assert sensor.temperature() == 85


class ADC:
    def __init__(self):
        self.raw = 0

    def read_u16(self):
        return self.raw


def test_ntc():
    clock = FakeClock()
    for up in (True, False):
        adc = ADC()
        sensor = NTC(adc, clock, pull_up=up)
        assert sensor.temperature() is None
        for celsius in (-20, 0, 25, 60, 95):
            ohm = 10000 * math.exp(3950 * (1 / (celsius + 273.15) - 1 / 298.15))
            part = ohm / (ohm + 10000)
            adc.raw = int(65535 * (part if up else 1 - part))
            step([sensor], clock, 1000, 100)
            assert abs(sensor.temperature() - celsius) <= 1, (celsius, sensor.temperature())
        for raw, words in ((65535, "sensor broken"), (0, "sensor shorted")):
            adc.raw = raw if up else 65535 - raw
            step([sensor], clock, 1000, 100)
            assert sensor.temperature() is None and sensor.error == words


# -- display, Ethernet ----------------------------------------------------------------------------


class Panel:
    """An SSD1306 as micropython-lib's driver offers it: text is one byte a character here. The
    picture on the glass is what was written to the address that was set."""

    def __init__(self, width=128, height=64):
        self.width, self.height = width, height
        self.buffer = bytearray(width * height // 8)
        self.down = False
        self.starts = 0
        self.power_on()

    def power_on(self):
        self.glass = bytearray(128 * 8)
        self.commands = []

    def fill_rect(self, x, y, w, h, colour):
        for i in range(w):
            self.buffer[y // 8 * self.width + x + i] = colour

    def text(self, text, x, y, colour):
        for i, char in enumerate(text):
            self.buffer[y // 8 * self.width + 8 * i] = ord(char)

    def init_display(self):
        self._alive()
        self.starts += 1

    def _alive(self):
        if self.down:
            raise OSError(19)

    def write_cmd(self, byte):
        self._alive()
        self.commands.append(byte)

    def write_data(self, data):
        self._alive()
        column, left, right, pages, first, last = self.commands[-6:]
        assert (column, pages) == (0x21, 0x22) and first == last
        assert len(data) == right - left + 1
        self.glass[128 * first + left : 128 * first + right + 1] = data

    def row(self, row):
        left = (128 - self.width) // 2
        cells = range(128 * row + left, 128 * row + left + self.width, 8)
        return bytes([self.glass[i] for i in cells if self.glass[i]]).decode()


def test_display():
    clock = FakeClock()
    for width in (128, 64):
        panel = Panel(width)
        display = Display(panel, clock)
        step([display], clock, 100)
        display.text(0, "Charging")
        display.text(7, "3.680 kW and more than fits")
        display.text(8, "nowhere")
        step([display], clock, 5)
        assert panel.row(0) == "Charging" and panel.row(7) == ""  # a row a step
        step([display], clock, 10)
        assert panel.row(7) == "3.680 kW and more than fits"[: width // 8]
        sent = len(panel.commands)
        display.text(0, "Charging")
        step([display], clock, 100)
        assert len(panel.commands) == sent
    assert Display(None, clock).error == "no display"


def test_a_display_that_is_pulled_out():
    clock = FakeClock()
    panel = Panel()
    display = Display(panel, clock)
    display.text(1, "one")
    step([display], clock, 100)
    panel.down = True
    display.text(2, "two")
    step([display], clock, 100)
    assert display.error and display.error.startswith("SSD1306")
    panel.down = False
    panel.power_on()
    step([display], clock, 6000)
    assert display.error is None and panel.starts == 1
    assert panel.row(1) == "one" and panel.row(2) == "two"


class Network:
    def __init__(self, kinds):
        self.made = None
        for kind in kinds:
            setattr(self, kind, kind)
        if "WIZNET5K" in kinds:
            self.WIZNET5K = self._wiznet

    def LAN(self, **options):
        self.made = options
        return "lan"

    def _wiznet(self, *args):
        self.made = args
        return "wiznet"


def test_ethernet():
    esp32 = Network(("PHY_LAN8720", "PHY_W5500"))
    pins = [FakePin() for _ in range(4)]
    assert ethernet.lan8720(esp32, pins[0], pins[1], power=pins[2], ref_clk=pins[3]) == "lan"
    assert esp32.made == {
        "mdc": pins[0],
        "mdio": pins[1],
        "phy_type": "PHY_LAN8720",
        "phy_addr": 1,
        "power": pins[2],
        "ref_clk": pins[3],
        "ref_clk_mode": "in",
    }
    assert ethernet.w5500(esp32, "spi", pins[0], interrupt=pins[1]) == "lan"
    assert esp32.made["int"] is pins[1] and esp32.made["spi"] == "spi"
    raises(ValueError, ethernet.w5500, esp32, "spi", pins[0])
    pico = Network(("WIZNET5K",))
    assert ethernet.w5500(pico, "spi", pins[0], reset=pins[1]) == "wiznet"
    assert pico.made == ("spi", pins[0], pins[1])
    raises(ValueError, ethernet.w5500, pico, "spi", pins[0])
    raises(ValueError, ethernet.lan8720, pico, pins[0], pins[1])
    raises(ValueError, ethernet.w5500, Network(()), "spi", pins[0])


# -- what allocates nothing -----------------------------------------------------------------------


def _locked(call):
    call()
    micropython.heap_lock()
    try:
        for _ in range(100):
            call()
    finally:
        micropython.heap_unlock()


def _locked_irq(pin):
    handler = pin.handler
    micropython.heap_lock()
    try:
        for _ in range(100):
            handler(pin)
    finally:
        micropython.heap_unlock()


def test_what_an_interrupt_calls_allocates_nothing():
    clock = FakeClock()
    pin, other = FakePin(), FakePin()
    counter = PinCounter(pin, clock, 1, gap_ms=0)
    _locked_irq(pin)
    assert counter.value() == 100
    PinCounter(pin, clock, 1)
    _locked_irq(pin)
    Wiegand(pin, other, clock, 1)
    _locked_irq(pin)
    _locked_irq(other)
    _locked(RCM((pin, other)).tripped)


def test_idle_steps_allocate_nothing():
    clock = FakeClock()
    line = Line(clock)
    slave = Slave(clock)
    slave.put(4, 0x34, struct.pack(">f", 5.0))
    slave.put(4, 0x48, struct.pack(">ff", 1.0, 0.0))
    line.devices.append(slave)
    meter = Meter(Bus(line, clock), 1, meters.load("sdm72"), clock, interval_ms=60000)
    step([meter], clock, 3000)
    assert meter.error is None or meter.polls == 0
    _locked(meter.step)
    _locked(S0(PinCounter(FakePin(), clock, 1), clock).step)
    _locked(Button(FakePin(), clock).step)
