"""Makes the parts of a composition out of pins and buses. Needed at the start only, then let go.

What fails here raises what the driver or the port raises; `assembly` decides what becomes of it.
"""

from machine import ADC, PWM, Pin

from hardware.outlet import Outlet, Switch
from hardware.pilot import PilotPin

_PULLS = {"none": None, "up": Pin.PULL_UP, "down": Pin.PULL_DOWN}
_KEPT = "energy_wh"


def output(number, active):
    """A pin that is an output from now on, and was never on in between."""
    return Switch(Pin(number, Pin.OUT, value=1 - active), active)


def input(number, active, pull="none"):
    return Switch(pin_in(number, pull), active)


def pin_in(number, pull="none"):
    return Pin(number, Pin.IN) if pull == "none" else Pin(number, Pin.IN, _PULLS[pull])


class Builder:
    """`plan`: of `composition.check`; `clock`, `store`: for the parts."""

    def __init__(self, plan, clock, store):
        self.plan = plan
        self.clock = clock
        self.store = store
        self._made = {}  # (kind, number): bus

    def outlet(self, found, main, hal=None):
        """The `Outlet` of one connector. `main`: its contactor, made before, as it must be off
        first of all."""
        hal = hal or Outlet()
        hal.main = main
        hal.second = main.second
        hal.switches_phases = main.second is not None
        hal.max_ma = found["max_a"] * 1000
        hal.phases = found["phases"]
        hal.socket = found["socket"]
        hal.ventilated = found["ventilated"]
        contactor = found["contactor"]
        if contactor["feedback"] is not None:
            hal.feedback_in = input(
                contactor["feedback"], contactor["feedback_active"], contactor["pull"]
            )
        self._protect(found, hal)
        if "pilot" in found:
            hal.line = self.pilot(found["pilot"])
            hal.disconnects = found["pilot"]["cut"] is not None
        if "proximity" in found:
            from hardware.analog import Cable

            part = found["proximity"]
            hal.cable = Cable(self.slow_adc(part["adc"]), part["pull_ohm"], part["supply_mv"])
        if "lock" in found:
            hal.lock_motor = self.lock(found["lock"])
            hal.has_lock = True
        return hal

    def falling_back(self, part, number):
        """A contactor's output that falls back by itself. `number`: of a state machine of PIO."""
        from hardware import fallback

        pins = [(part["pin"], part["active"])]
        if part["second"] is not None:
            pins.append((part["second"], part["second_active"]))
        made = []
        for pin, active in pins:
            pin = Pin(pin, Pin.OUT, value=1 - active)
            if part["hold_ms"] is not None:
                made.append(fallback.Held(pin, number + len(made), part["hold_ms"]))
            elif made:
                made.append(Switch(pin, active))
            else:
                beat = Pin(part["beat"], Pin.OUT, value=0)
                made.append(fallback.Beating(pin, active, beat))
        if len(made) > 1:
            made[0].second = made[1]
        return made[0]

    def _protect(self, found, hal):
        if "rcm" in found:
            hal.rcm = self.rcm(found["rcm"])
            hal.has_residual = found["rcm"]["test"] is not None
        for name in ("emergency", "earth"):
            if name in found:
                part = found[name]
                switch = input(part["pin"], part["active"], part["pull"])
                setattr(hal, "stop_in" if name == "emergency" else "earth_in", switch)

    def pilot(self, part):
        high = 0 if part["invert"] else 65535
        pwm = PWM(Pin(part["pin"]), freq=1000, duty_u16=high)
        cut = part["cut"]
        if cut is not None:
            cut = Pin(cut, Pin.OUT, value=1 - part["cut_active"])
        us = self.plan["chip"]["adc_us"]
        adc = self.adc(part["adc"])
        return PilotPin(pwm, adc, us, part["curve"], part["invert"], cut, part["cut_active"])

    def adc(self, number):
        if self.plan["chip"]["family"] == "esp32":
            return ADC(Pin(number), atten=ADC.ATTN_11DB)  # up to 3.1 V
        return ADC(Pin(number))

    def slow_adc(self, number):
        """An ADC for the main loop."""
        adc = self.adc(number)
        if not self.plan["chip"]["hard_irq"]:
            return adc
        from machine import disable_irq, enable_irq

        from hardware.analog import QuietADC

        return QuietADC(adc, disable_irq, enable_irq)

    def lock(self, part):
        from hardware.lock import Lock

        shut = output(part["pin"], part["active"])
        open = None if part["pin_b"] is None else output(part["pin_b"], part["active"])
        sense = part["sense"]
        if sense is not None:
            sense = input(sense, part["sense_active"], part["pull"])
        return Lock(self.clock, shut, open, part["pulse_ms"], sense)

    def rcm(self, part):
        from drivers.rcm import RCM

        pins = [pin_in(part["pin"], part["pull"])]
        if part["second"] is not None:
            pins.append(pin_in(part["second"], part["pull"]))
        test = part["test"]
        if test is not None:
            test = Pin(test, Pin.OUT, value=1 - part["test_active"])
        active, test_active = part["active"], part["test_active"]
        return RCM(tuple(pins), test, active=active, test_active=test_active)

    def thermometer(self, part):
        driver = part["driver"]
        if driver == "mcp9700":
            from hardware.analog import AnalogThermometer

            return AnalogThermometer(self.slow_adc(part["adc"]))
        if driver == "ds18b20":
            import ds18x20
            import onewire

            from drivers.ds18b20 import DS18B20

            return DS18B20(ds18x20.DS18X20(onewire.OneWire(Pin(part["pin"]))), self.clock)
        from drivers.ntc import NTC

        names = ("r25_ohm", "beta", "pull_ohm", "pull_up")
        options = {name: part[name] for name in names}
        return NTC(self.slow_adc(part["adc"]), self.clock, **options)

    # -- meters and foreign controllers ----------------------------------------------------------

    def meter(self, part, name, max_w):
        """A meter; `name`: under which its register is kept."""
        driver = part["driver"]
        if driver == "s0":
            from drivers.s0 import S0

            keep = {"store": self.store, "name": name, _KEPT: part[_KEPT], "max_w": max_w}
            counter = self.counter(part["pin"], part["pull"], 15)
            phases = part["phases"]
            return S0(counter, self.clock, per_kwh=part["per_kwh"], phases=phases, **keep)
        if driver in ("bl0937", "hlw8012"):
            return self._power_chip(part, name, max_w)
        from drivers import meters
        from drivers.meter import Meter

        table = meters.load(driver)
        kept = self.store.load(name)
        return Meter(
            self.line(part["uart"], part["baud"], part["parity"]),
            part["address"],
            table,
            self.clock,
            interval_ms=part["interval_ms"],
            invert=part["invert"],
            offset_wh=kept[0] if kept else part["offset_wh"],
            phases=table.get("phases", 1),
            max_w=max_w,
        )

    def _power_chip(self, part, name, max_w):
        from drivers.hlw8012 import PowerChip

        sel = None if part["sel"] is None else Pin(part["sel"], Pin.OUT, value=0)
        options = {key: part[key] for key in ("power", "current", "voltage", "sel_voltage")}
        cf1 = None if part["cf1"] is None else self.counter(part["cf1"], "none", 0)
        return PowerChip(
            self.counter(part["cf"], "none", 0),
            cf1,
            sel,
            self.clock,
            chip=part["driver"],
            shunt_ohm=part["shunt_ohm"],
            store=self.store,
            name=name,
            max_w=max_w,
            energy_wh=part[_KEPT],
            **options,
        )

    def counter(self, number, pull, gap_ms):
        """Of pulses: in hardware where the chip can."""
        pin = pin_in(number, pull)
        used = self._made.get("counters", 0)
        if used < (self.plan["chip"]["counters"] or 0):
            import machine

            if hasattr(machine, "Counter"):
                self._made["counters"] = used + 1
                return machine.Counter(used, pin, edge=machine.Counter.FALLING)
        from drivers.pulses import PinCounter

        hard = True if self.plan["chip"]["hard_irq"] else None
        return PinCounter(pin, self.clock, Pin.IRQ_FALLING, gap_ms=gap_ms, hard=hard)

    def foreign(self, part, max_ma):
        driver = part["driver"]
        if driver == "openevse":
            from drivers.openevse import OpenEVSE

            options = {name: part[name] for name in ("heartbeat_s", "fallback_a", "phases")}
            return OpenEVSE(self.uart(part["uart"], 115200), self.clock, max_ma=max_ma, **options)
        line = self.line(part["uart"], part["baud"], part["parity"])
        if driver == "simpleevse":
            from drivers.simpleevse import SimpleEVSE

            return SimpleEVSE(line, part["address"], self.clock, max_ma=max_ma)
        from drivers.phoenix_evcc import PhoenixEVCC

        lock = part["lock"]
        return PhoenixEVCC(line, part["address"], self.clock, max_ma=max_ma, has_lock=lock)

    def pin(self, name, pull=None, level=0):
        """A pin of chip or expander: an input with `pull`, without one an output at `level`."""
        if isinstance(name, str):
            found = self.expander().pin(int(name[1:]))
            if pull is None:
                found.value(level)
            return found
        return Pin(name, Pin.OUT, value=level) if pull is None else pin_in(name, pull)

    def expander(self):
        made = self._made.get("expander")
        if made is None:
            part = self.plan["expander"]
            if part["driver"] == "pcf8574":
                from drivers.pcf8574 import PCF8574 as Expander
            else:
                from drivers.mcp23017 import MCP23017 as Expander
            button = (self.plan.get("button") or {}).get("pin")
            inputs = 1 << int(button[1:]) if isinstance(button, str) else 0
            i2c, address = self.i2c(part["i2c"]), part["address"]
            made = Expander(i2c, self.clock, address=address, directions=inputs)
            self._made["expander"] = made
        return made

    # -- buses -----------------------------------------------------------------------------------

    def uart(self, number, baud, parity=None):
        from machine import UART

        wires = self.plan["uart"][number]
        pins = {name: Pin(wires[name]) for name in ("tx", "rx")}
        return UART(number, baudrate=baud, bits=8, parity=parity, stop=1, rxbuf=256, **pins)

    def line(self, number, baud, parity):
        """The Modbus line on a UART, one for all its devices."""
        made = self._made.get(("line", number))
        if made is not None:
            return made
        from machine import Timer

        from drivers.modbus import Bus

        wires = self.plan["uart"][number]
        direction = timer = None
        if wires["direction"] is not None:
            direction = Pin(wires["direction"], Pin.OUT, value=0)
            # Beside the timer of the safety tick
            timer = Timer(1 + number if self.plan["chip"]["family"] == "esp32" else -1)
        uart = self.uart(number, baud, parity)
        bus = Bus(
            uart, self.clock, baud=baud, direction=direction, timer=timer, echo=wires["echo"]
        )
        self._made[("line", number)] = bus
        return bus

    def i2c(self, number):
        from machine import I2C

        if ("i2c", number) not in self._made:
            wires = self.plan["i2c"][number]
            scl, sda = Pin(wires["scl"]), Pin(wires["sda"])
            self._made[("i2c", number)] = I2C(number, scl=scl, sda=sda, freq=wires["freq"])
        return self._made[("i2c", number)]

    def spi(self, number):
        from machine import SPI

        if ("spi", number) not in self._made:
            wires = self.plan["spi"][number]
            pins = {name: Pin(wires[name]) for name in ("sck", "mosi", "miso")}
            self._made[("spi", number)] = SPI(number, baudrate=wires["baud"], **pins)
        return self._made[("spi", number)]
