"""HLW8012 and BL0937: chips that tell power, and current and voltage by turns, as frequencies.

They count pulses of CF as energy. CF1 gives the voltage or the current, as SEL says; after SEL
has changed it is not right for a second. As delivered they are 15 % off: calibrate (per mille).
Nominal constants (data sheets): HLW8012 CF = U·I·48/Vref²·fosc/128, CF1 = I·24/Vref·fosc/512 or
U·2/Vref·fosc/512; BL0937 CF = 1721506·U·I/Vref², CF1 = 94638·I/Vref or 15397·U/Vref, of the
voltages at the pins.
"""

from drivers.kept import KeptRegister

_NANO = const(1000000000)
_WINDOW_MS = const(2000)  # of one look at the frequencies
_SETTLE_MS = const(1000)
# (Vref, Hz·V² a V², Hz a V of current input, Hz a V of voltage input, divider, level of SEL: U)
_CHIPS = {
    "hlw8012": (2.43, 48 * 3579000 / 128, 24 * 3579000 / 512, 2 * 3579000 / 512, 2351, 1),
    "bl0937": (1.218, 1721506, 94638, 15397, 2041, 1),
}


class PowerChip:
    """`cf`, `cf1`: counters (`machine.Counter`; `PinCounter` with `gap_ms=0` up to some 100 Hz),
    `cf1` and `sel` may be None. `shunt_ohm`, `divider`: of the circuit. `power`, `current`,
    `voltage`: corrections in per mille. `sel_voltage`: level of SEL that asks for the voltage, if
    the board turns it round. `keep`: options of `KeptRegister`."""

    def __init__(self, cf, cf1, sel, clock, *, chip="bl0937", shunt_ohm=0.001, divider=None,
                 power=1000, current=1000, voltage=1000, sel_voltage=None, **keep):  # fmt: skip
        if chip not in _CHIPS:
            raise ValueError("no chip %s; there are: %s" % (chip, ", ".join(sorted(_CHIPS))))
        ref, per_p, per_i, per_u, usual, level = _CHIPS[chip]
        divider = divider or usual
        watt = ref * ref * divider / (shunt_ohm * per_p) * power / 1000  # a Hz
        self.nwh = int(watt * _NANO / 3600 + 0.5)  # of one pulse of CF
        self._ua = int(ref / (per_i * shunt_ohm) * current * 1000)  # a Hz of CF1
        self._uv = int(ref * divider / per_u * voltage * 1000)
        self._cf, self._cf1, self._sel = cf, cf1, sel
        self._clock = clock
        self._level = level if sel_voltage is None else sel_voltage
        self.register = KeptRegister(clock, _NANO, self.nwh, **keep)
        self.power_w = 0
        self._ma = None
        self._mv = None
        self._last = self._from = cf.value()
        self._at = clock.ticks()
        self._volts = True  # CF1 tells the voltage now
        self._from1 = None  # value of CF1 where the window began, None: not settled
        self._at1 = self._at
        if sel is not None:
            sel.value(self._level)

    stale = False  # silence of CF is no power

    @property
    def energy_wh(self):
        """Import register in Wh."""
        return self.register.wh

    @property
    def error(self):
        if self._cf1 is not None and self._mv == 0:
            return "no voltage: the chip is silent"
        return self.register.error

    def current_ma(self, phase):
        return self._ma if phase == 1 else 0

    def voltage_mv(self, phase):
        return self._mv if phase == 1 else None

    def measurands(self):
        """(measurand, fn() -> number or None, unit, phase, location) beside the register."""
        yield "Power.Active.Import", lambda: self.power_w, "W", None, "Outlet"
        if self._cf1 is not None:
            yield "Current.Import", lambda: _milli(self._ma), "A", "L1", "Outlet"
            yield "Voltage", lambda: _milli(self._mv), "V", "L1-N", "Outlet"

    def step(self):
        """Take the pulses that came, and look at the frequencies when it is time."""
        clock = self._clock
        now = clock.ticks()
        count = self._cf.value()
        self.register.add(max(0, count - self._last))
        self._last = count
        gone = clock.diff(now, self._at)
        if gone >= _WINDOW_MS:
            self.power_w = max(0, count - self._from) * self.nwh * 36 // (gone * 10000)
            self._from, self._at = count, now
        if self._cf1 is not None:
            self._turn(now)

    def _turn(self, now):
        gone = self._clock.diff(now, self._at1)
        if self._from1 is None:
            if gone >= _SETTLE_MS:
                self._from1, self._at1 = self._cf1.value(), now
        elif gone >= _WINDOW_MS:
            pulses = max(0, self._cf1.value() - self._from1)
            if self._volts:
                self._mv = pulses * self._uv // gone
            else:
                self._ma = pulses * self._ua // gone
            self._from1, self._at1 = None, now
            if self._sel is not None:
                self._volts = not self._volts
                self._sel.value(self._level if self._volts else 1 - self._level)

    def flush(self):
        """Keep the register now."""
        self.register.flush()


def _milli(value):
    return None if value is None else value / 1000
