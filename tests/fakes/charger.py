"""A charger around the fake chip, wired as a composition says: pilot circuits in real volts, cars,
contactors, locks, monitors, meters and card readers that answer byte by byte.

    charger = Charger(plan)          after machine.power_on(chip)
    charger.outlets[0].plug("C", current_a=16)
    charger.hold("04A1B2C3")         a card, as many bytes as there are digits for
    simtime.advance(1000)

Volts are those of the circuits in the boards' README files, and do not come from the `curve` that
the firmware works with.
"""

import driver_fakes
import machine
import reader_fakes
import simtime

_OHM = {"B": 2740, "C": 882, "D": 246}  # of the car (TI JAJU858)
_SOURCE_MV, _SOURCE_OHM, _DIODE_MV = 12000, 1000, 700
_MAINS_V = 230


def reference(mv):
    """docs/boards.md: 100 k from the pilot, 24 k to 3.3 V, 20 k to ground."""
    return (mv * 24 * 20 + 3300 * 100 * 20) // (24 * 20 + 100 * 20 + 100 * 24)


def smartevse(mv):
    """Middles of the windows that its own firmware looks for (hardware notes)."""
    for edge, seen in ((10500, 3150), (7500, 2895), (4500, 2567), (1500, 2200), (-3000, 1800)):
        if mv >= edge:
            return seen
    return 200


def esp32_evse(mv):
    """Its thresholds lie midway between the states: 102.4 mV a volt, 1330 mV at 0 V."""
    return 1330 + mv * 1024 // 10000


CIRCUITS = {"smartevse_v3": smartevse, "esp32_evse": esp32_evse}


class Clock:
    """Time of the chip for the fakes of parts."""

    @property
    def now(self):
        return simtime.ticks_ms() & 0x1FFFFFFF

    def ticks(self):
        return self.now

    def uptime(self):
        return simtime.now_us // 1000000

    def diff(self, a, b):
        return ((a - b + 0x10000000) & 0x1FFFFFFF) - 0x10000000


class Outlet:
    """One connector. `car`: "A" to "F". What goes wrong is set in attributes."""

    def __init__(self, found, circuit):
        self.found = found
        self.circuit = circuit
        self.car = "A"
        self.diode = True
        self.current_a = 16
        self.phases = found["phases"]
        self.obeys = True  # the car keeps to the duty
        self.cable_ohm = 220
        self.welded = self.stuck_open = self.jammed = False
        self.tests_well = True
        self.leaks = False  # a residual current flows
        self.celsius = 25
        self.shut = False  # plug's lock
        self.earthed = True
        self.pressed = False
        self.energy_wms = 12345 * 3600000  # register of the meter, watt milliseconds
        self.wire()

    # -- what people do --------------------------------------------------------------------------

    def plug(self, car="C", current_a=16):
        self.car, self.current_a = car, current_a

    def unplug(self):
        self.car = "A"
        self.diode = True

    # -- how it is wired -------------------------------------------------------------------------

    def wire(self):
        found = self.found
        pin = machine.pin
        if "pilot" in found:
            pin(found["pilot"]["adc"]).drive(self.adc_mv)
        if "contactor" in found and found["contactor"]["feedback"] is not None:
            part = found["contactor"]
            self.wire_switch(part["feedback"], part["feedback_active"], "live")
        if "proximity" in found:
            pin(found["proximity"]["adc"]).drive(self.proximity_mv)
        if "rcm" in found:
            pin(found["rcm"]["pin"]).drive(self.trips)
        if "lock" in found and found["lock"]["sense"] is not None:
            self.wire_switch(found["lock"]["sense"], found["lock"]["sense_active"], "shut")
        self.wire_sensors(found, pin)

    def wire_sensors(self, found, pin):
        for name, attribute in (("emergency", "pressed"), ("earth", "earthed")):
            if name in found:
                self.wire_switch(found[name]["pin"], found[name]["active"], attribute)
        part = found.get("temperature")
        if part and part["driver"] == "mcp9700":
            pin(part["adc"]).drive(lambda: 500 + 10 * self.celsius)
        elif part and part["driver"] == "ntc":
            pin(part["adc"]).drive(lambda: self.ntc_mv(part))
        elif part and part["driver"] == "ds18b20":
            import ds18x20

            ds18x20.celsius[part["pin"]] = self.celsius

    def wire_switch(self, number, active, attribute):
        """An input that follows an attribute."""
        machine.pin(number).drive(lambda: active if getattr(self, attribute) else 1 - active)

    def proximity_mv(self):
        part = self.found["proximity"]
        if self.cable_ohm is None or self.car == "A":
            return part["supply_mv"]
        return part["supply_mv"] * self.cable_ohm // (self.cable_ohm + part["pull_ohm"])

    def ntc_mv(self, part):
        import math

        kelvin = self.celsius + 273.15
        ohm = part["r25_ohm"] * math.exp(part["beta"] * (1 / kelvin - 1 / 298.15))
        return int(3300 * ohm / (ohm + part["pull_ohm"]))

    # -- electricity -----------------------------------------------------------------------------

    @property
    def source_mv(self):
        """Of the pilot, in this very microsecond."""
        part = self.found["pilot"]
        line = machine.pin(part["pin"])
        if not line.pwm:
            return -_SOURCE_MV if not line.high else _SOURCE_MV
        hertz, duty = line.pwm
        period = 1000000 // hertz
        high = simtime.now_us % period < duty * period // 65535
        return _SOURCE_MV if high != part["invert"] else -_SOURCE_MV

    def line_mv(self):
        source = self.source_mv
        cut = self.found["pilot"]["cut"]
        if cut is not None and machine.pin(cut).level == self.found["pilot"]["cut_active"]:
            return source
        if self.car == "E":
            return 0
        if self.car == "F":
            return -_SOURCE_MV
        ohm = _OHM.get(self.car)
        if ohm is None or (self.diode and source < 0):
            return source
        drop = _DIODE_MV if self.diode else 0
        return (source - drop) * ohm // (ohm + _SOURCE_OHM) + drop

    def adc_mv(self):
        return self.circuit(self.line_mv())

    @property
    def duty(self):
        """1/100 %"""
        pwm = machine.pin(self.found["pilot"]["pin"]).pwm
        return (pwm[1] * 10000 + 32767) // 65535 if pwm else None

    @property
    def closed(self):
        """What the chip commands."""
        part = self.found.get("contactor")
        line = part and machine.pin(part["pin"])
        driven = bool(line and line.output and line.level == part["active"])
        return driven and (part["beat"] is None or self.beats(part["beat"]))

    def beats(self, number):
        """The charge pump holds for 300 ms after an edge."""
        history = machine.pin(number).history
        return len(history) > 1 and simtime.now_us - history[-1][0] < 300000

    @property
    def live(self):
        """Voltage behind the contactor."""
        return self.welded or (self.closed and not self.stuck_open)

    @property
    def drawn_ma(self):
        """On each phase."""
        if not self.live:
            return 0
        if "pilot" not in self.found:
            return int(self.current_a * 1000) if self.car != "A" else 0
        if self.car not in ("C", "D"):
            return 0
        offered = self.duty * 6 if self.duty and 1000 <= self.duty <= 8500 else 0
        wanted = int(self.current_a * 1000)
        return min(wanted, offered) if self.obeys else wanted

    @property
    def power_w(self):
        return _MAINS_V * self.phases * self.drawn_ma // 1000

    @property
    def energy_wh(self):
        return self.energy_wms // 3600000

    def trips(self):
        """Level at the monitor's output."""
        part = self.found["rcm"]
        test = part["test"]
        testing = test is not None and machine.pin(test).level == part["test_active"]
        on = self.leaks or (testing and self.tests_well)
        return part["active"] if on else 1 - part["active"]

    def step(self, ms):
        self.energy_wms += self.power_w * ms
        part = self.found.get("lock")
        if part and not self.jammed:
            active = part["active"]
            if machine.pin(part["pin"]).level == active:
                self.shut = True
            elif part["pin_b"] is None or machine.pin(part["pin_b"]).level == active:
                self.shut = False


class ModbusMeter(driver_fakes.Slave):
    """SDM630: single floats in input registers, high word first, as its manual has them."""

    def __init__(self, outlet, unit, clock):
        super().__init__(clock, unit)
        self.outlet = outlet
        self.dead = False

    def hear(self, data):
        if self.dead:
            return None
        outlet = self.outlet
        for i in range(0x60):
            self.put(4, i, b"\0\0")
        for phase in range(3):
            on = phase < outlet.phases
            self.put_f(4, 2 * phase, _MAINS_V)
            self.put_f(4, 6 + 2 * phase, outlet.drawn_ma / 1000 if on else 0)
            self.put_f(4, 12 + 2 * phase, outlet.power_w / outlet.phases if on else 0)
        self.put_f(4, 0x34, outlet.power_w)
        self.put_f(4, 0x46, 50)
        self.put_f(4, 0x48, outlet.energy_wh / 1000)
        self.put_f(4, 0x4A, 0)
        return super().hear(data)


class PulseMeter:
    """S0, or CF of a power chip: so many nWh a pulse."""

    def __init__(self, outlet, pin, nwh):
        self.outlet, self.line, self.nwh = outlet, machine.pin(pin), nwh
        self.told = outlet.energy_wms

    def step(self, _ms):
        step = self.nwh * 36 // 10000  # watt milliseconds
        while self.outlet.energy_wms - self.told >= step:
            self.told += step
            self.line.pulse()


class PowerChip(PulseMeter):
    """BL0937 as built in: 1 mOhm, divider 2041; constants of its data sheet. CF1 tells the voltage
    while SEL is high, else the current."""

    def __init__(self, outlet, part):
        watt = 1.218 * 1.218 * 2041 / (0.001 * 1721506)  # a Hz
        super().__init__(outlet, part["cf"], int(watt * 1000000000 / 3600))
        self.cf1, self.sel = machine.pin(part["cf1"]), machine.pin(part["sel"])
        self.rest = 0

    def step(self, ms):
        super().step(ms)
        if self.sel.level:
            hertz = 15397 * _MAINS_V // 2041 * 1000 // 1218
        else:
            hertz = 94638 * self.outlet.drawn_ma // 1218000
        self.rest += hertz * ms
        self.cf1.pulse(self.rest // 1000)
        self.rest %= 1000


class SerialReader:
    """RDM6300: sends the number again and again while a card is there."""

    def __init__(self, line):
        self.line = line
        self.card = None
        self.wait = 0

    def step(self, ms):
        self.wait -= ms
        if self.card is None or self.wait > 0:
            return
        self.wait = 65
        check = 0
        for byte in self.card:
            check ^= byte
        digits = "".join(["%02X" % byte for byte in self.card]) + "%02X" % check
        self.line.put(b"\x02" + digits.encode() + b"\x03")


class Charger:
    def __init__(self, plan, board=None):
        self.clock = Clock()
        circuit = CIRCUITS.get(board, reference)
        self.lines = {}
        self.meters = []
        self.readers = []
        self.outlets = [Outlet(found, circuit) for found in plan["connectors"]]
        for outlet in self.outlets:
            if "meter" in outlet.found:
                self.wire_meter(outlet, outlet.found["meter"])
        for part in plan.get("rfid", ()):
            self.wire_reader(part)
        if plan.get("button"):
            part = plan["button"]
            self.pressed = False
            level = part["active"]
            machine.pin(part["pin"]).drive(lambda: level if self.pressed else 1 - level)
        simtime.every.append(self.step)

    def line(self, number, serial=None, direction=None):
        if number not in self.lines:
            pin = None if direction is None else Level(direction)
            line = driver_fakes.Line(self.clock, serial[0] if serial else 9600, pin)
            self.lines[number] = line
            machine.uart_line(number, line, serial)
        return self.lines[number]

    def wire_meter(self, outlet, part):
        driver = part["driver"]
        if driver == "s0":
            self.meters.append(PulseMeter(outlet, part["pin"], 1000000000000 // part["per_kwh"]))
        elif driver in ("bl0937", "hlw8012"):
            self.meters.append(PowerChip(outlet, part))
        else:
            line = self.line(part["uart"], (part["baud"], part["parity"]))
            meter = ModbusMeter(outlet, part["address"], self.clock)
            line.devices.append(meter)
            self.meters.append(meter)

    def wire_reader(self, part):
        if part["driver"] == "rdm6300":
            reader = SerialReader(self.line(part["uart"], (9600, None)))
        elif part.get("i2c") is not None:
            reader = reader_fakes.FakePN532(self.clock)
            machine.i2c_device(part["i2c"], 0x24, reader_fakes.FakeI2C(reader))
        else:
            return  # a test attaches it
        self.readers.append(reader)

    def hold(self, digits, reader=0):
        """Hold a card to a reader; None: take it away."""
        if digits is not None:
            digits = bytes([int(digits[i : i + 2], 16) for i in range(0, len(digits), 2)])
        self.readers[reader].card = digits

    def step(self, ms):
        for outlet in self.outlets:
            outlet.step(ms)
        for thing in self.meters + self.readers:
            if hasattr(thing, "step"):
                thing.step(ms)


class Level:
    """A pin of the chip as `driver_fakes.Line` wants to see a direction."""

    def __init__(self, number):
        self.line = machine.pin(number)

    def value(self):
        return self.line.level

    def level_at(self, ticks):
        level = 0
        for us, value in self.line.history:
            if us // 1000 <= ticks:
                level = value
        return level
