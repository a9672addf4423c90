"""Meters that are read over Modbus: one class for all, a table a meter (see `drivers.meters`).

Units are those of the whole project: Wh, W, mV, mA, mHz, and per mille for the power factor, all
integers. Floats of the meter are taken apart as integers: chips have 32-bit floats, which lose
units of Wh above 16.7 MWh.
"""

from drivers.modbus import BusError
from drivers.register import Register

_RETRY_MS = const(3000)  # pause after a poll that failed: no answer is later
_ILLEGAL_FUNCTION = const(1)  # Modbus Application Protocol 1.1b3 §7
_WHOLE = const(0x800000)


def f32(high, low, scale):
    """An IEEE 754 single of two registers, times `scale` (below 0: divided by it), rounded to int.
    None if it is no number, or too large for anything a meter measures."""
    exponent = (high >> 7 & 0xFF) - 150
    if exponent >= 0:  # 2**23 and more, and inf and nan
        if exponent > 16:
            return None
    elif exponent < -60:
        return 0
    value = (high & 0x7F) << 16 | low | _WHOLE
    if scale > 0:
        value *= scale
        scale = -1
    if exponent >= 0:
        value <<= exponent
    divisor = -scale << max(0, -exponent)
    value = (2 * value + divisor) // (2 * divisor)
    return -value if high & 0x8000 else value


def number(data, at, kind, scale):
    """The value of `kind` at byte `at` of an answer, times `scale`, or None if it is undefined.

    f float, u s 16 bits, U S 32 bits, Q 64 bits; small letters l L: 32 bits signed and unsigned
    with the low word first. All ones, or the most positive if signed, is "not available".
    """
    high = data[at] << 8 | data[at + 1]
    if kind in "us":
        raw, bits = high, 16
    else:
        low = data[at + 2] << 8 | data[at + 3]
        if kind == "f":
            return f32(high, low, scale)
        raw, bits = (low << 16 | high) if kind in "lL" else (high << 16 | low), 32
        if kind == "Q":
            for i in range(at + 4, at + 8):
                raw = raw << 8 | data[i]
            bits = 64
    top = 1 << bits - 1
    if kind in "sSl":
        if raw == top - 1 and bits == 32:
            return None
        raw -= (raw & top) << 1
    elif raw == 2 * top - 1 and bits > 16:
        return None
    return raw * scale if scale > 0 else (2 * raw - scale) // (-2 * scale)


class Meter:
    """`table`: of `drivers.meters`. `invert`: built in upside down, so import is export and power
    negative. `max_w`: the most that can flow. `stale_ms`: silence after which the meter counts as
    failed. `phases`: of a meter for three, how many are wired."""

    def __init__(self, bus, unit, table, clock, *, interval_ms=1000, stale_ms=10000, max_w=50000,
                 invert=False, offset_wh=0, phases=3):  # fmt: skip
        self._bus = bus
        self._unit = unit
        self._table = table
        self._clock = clock
        self._function = table.get("function", 4)
        self._interval_ms = max(interval_ms, table.get("pause_ms", 0))
        self._stale_ms = stale_ms
        self._max_w = max_w
        self._invert = invert
        self._phases = phases
        self.register = Register(
            clock, max_w=max_w, step_wh=table.get("step_wh", 10), offset_wh=offset_wh
        )
        self.values = {}  # of the last good poll: "U1" mV, "I1" mA, "P" W, "f" mHz, "PF" per mille
        self.error = "not read yet"  # words on the last poll, None if it was good
        self.polls = 0  # good ones
        self.failures = 0  # others
        self._at = clock.uptime()  # s, of the last good poll
        self._next = clock.ticks()
        self._wait_ms = 0
        self._job = None

    # -- what it tells ---------------------------------------------------------------------------

    @property
    def energy_wh(self):
        """Import register in Wh, also of a meter that is silent now; None before it was read."""
        return self.register.wh

    @property
    def stale(self):
        """Nothing good was read for `stale_ms` (from the start on): its values are history."""
        return self.age_ms > self._stale_ms

    def value(self, name):
        """A value of `values`, None if the meter does not have it or is silent."""
        return None if self.stale else self.values.get(name)

    @property
    def power_w(self):
        """Active power in W, all phases, negative if it flows back; None if not known."""
        return self.value("P")

    def current_ma(self, phase):
        """Current of phase 1, 2 or 3 in mA, or None."""
        return self.value("I%d" % phase)

    def voltage_mv(self, phase):
        """Voltage of phase 1, 2 or 3 against neutral in mV, or None."""
        return self.value("U%d" % phase)

    def measurands(self):
        """(measurand, fn() -> number or None, unit, phase, location) beside the register."""
        names = [row[0] for block in self._table["blocks"] for row in block[2]]
        yield "Power.Active.Import", lambda: self.power_w, "W", None, "Outlet"
        for n in range(1, self._phases + 1):
            if "I%d" % n in names:
                yield "Current.Import", self._thousandth("I%d" % n), "A", "L%d" % n, "Outlet"
            if "U%d" % n in names:
                yield "Voltage", self._thousandth("U%d" % n), "V", "L%d-N" % n, "Outlet"
        if "f" in names:
            yield "Frequency", self._thousandth("f"), None, None, "Outlet"
        if "PF" in names:
            yield "Power.Factor", self._thousandth("PF"), None, None, "Outlet"
        if "X" in names:
            # The export register is told as it is: nothing is billed by it.
            yield "Energy.Active.Export.Register", lambda: self.value("X"), "Wh", None, "Outlet"

    def _thousandth(self, name):
        def get():
            value = self.value(name)
            return None if value is None else value / 1000

        return get

    @property
    def age_ms(self):
        """Since the last good poll, in whole seconds; from the start on before there was one."""
        return (self._clock.uptime() - self._at) * 1000

    # -- polling ---------------------------------------------------------------------------------

    def step(self):
        """Go on reading, if it is time. Does not wait."""
        if self._job is None:
            clock = self._clock
            if clock.diff(clock.ticks(), self._next) < self._wait_ms:
                return
            self._next = clock.ticks()
            self._wait_ms = self._interval_ms
            self._job = self._poll()
        try:
            next(self._job)
        except StopIteration:
            self._job = None

    def _poll(self):
        try:
            values = yield from self._read()
            fault = self._implausible(values)
            if fault is None and not self.register.accept(values["E"]):
                fault = "register at %d Wh does not follow" % values["E"]
        except BusError as e:
            fault = str(e)
            self._wait_ms = _RETRY_MS  # a dead one must not keep the line from the others
        except Exception as e:  # a mistake here must not end the metering
            fault = "%s: %s" % (type(e).__name__, e)
            self._wait_ms = _RETRY_MS
        self.error = fault
        if fault is not None:
            self.failures += 1
            return
        self.values = values
        self.polls += 1
        self._at = self._clock.uptime()

    def _read(self):
        values = {}
        for start, count, rows in self._table["blocks"]:
            try:
                data = yield from self._bus.read(self._unit, self._function, start, count)
            except BusError as e:
                if e.code == _ILLEGAL_FUNCTION:
                    self._function ^= 3 ^ 4  # some firmwares know only the other one
                elif e.kind != "garbled":
                    # After silence not at once: an answer that comes late after all would be
                    # taken for that to the repetition, and its own for that to the next block.
                    raise
                data = yield from self._bus.read(self._unit, self._function, start, count)
            for name, register, kind, scale in rows:
                value = number(data, 2 * (register - start), kind, scale)
                if value is not None:
                    values[name] = value
        return self._complete(values)

    def _complete(self, values):
        """Make what follows from the rest, and turn round what is built in upside down."""
        if "P" not in values and "P1" in values:
            values["P"] = sum([values.get("P%d" % n, 0) for n in (1, 2, 3)])
        if self._invert:
            for name in ("P", "P1", "P2", "P3"):
                if name in values:
                    values[name] = -values[name]
            values["E"], values["X"] = values.get("X"), values.get("E")
        return values

    def _implausible(self, values):
        """Words on the first value that cannot be, or None."""
        if values.get("E") is None:
            return "no energy register"
        most_ma = self._max_w * 10  # W at 100 V
        for name, value in values.items():
            first = name[0]
            if first == "U":
                fits = 0 <= value <= 500000
            elif first == "I":
                fits = -most_ma <= value <= most_ma
            elif name == "f":
                fits = value == 0 or 40000 <= value <= 70000
            elif name == "PF":
                fits = -1010 <= value <= 1010
            elif first == "P":
                fits = -2 * self._max_w <= value <= 2 * self._max_w
            else:
                fits = value is None or value >= 0
            if not fits:
                return "%s cannot be %d" % (name, value)
        return None
