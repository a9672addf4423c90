"""Meter with a pulse output (S0, IEC 62053-31): so many pulses a kWh. Its register lives here."""

from drivers.kept import KeptRegister

_HOUR_MS = const(3600000)


class S0:
    """`counter`: a `PinCounter` or `machine.Counter`. `per_kwh`: pulses a kWh. `keep`: options of
    `KeptRegister`. Without current and voltage of its own it takes `voltage_v` for granted."""

    stale = False  # no pulse means no power: a broken wire can't be told from that

    def __init__(self, counter, clock, *, per_kwh=1000, phases=1, voltage_v=230, **keep):
        if not 1 <= per_kwh <= 100000:
            raise ValueError("pulses a kWh")
        self._counter = counter
        self._clock = clock
        self._per_kwh = per_kwh
        self._phases = phases
        self._volt = voltage_v
        self._last = counter.value()
        self.register = KeptRegister(clock, per_kwh, 1000, **keep)
        self._pulse_at = None  # ticks of the last pulse, None: none for an hour
        self._gap_ms = None  # ms a pulse, of the last that came

    @property
    def energy_wh(self):
        """Import register in Wh."""
        return self.register.wh

    @property
    def error(self):
        return self.register.error

    @property
    def power_w(self):
        """Mean power between the last two pulses in W; falling while none comes."""
        if self._gap_ms is None:
            return 0
        since = self._clock.diff(self._clock.ticks(), self._pulse_at)
        return 3600000000 // (max(self._gap_ms, since) * self._per_kwh)

    def current_ma(self, phase):
        """Estimated from power, in mA."""
        if phase > self._phases:
            return 0
        return self.power_w * 1000 // (self._volt * self._phases)

    def voltage_mv(self, phase):
        return None

    def measurands(self):
        """(measurand, fn() -> number or None, unit, phase, location) beside the register."""
        yield "Power.Active.Import", lambda: self.power_w, "W", None, "Outlet"

    def step(self):
        """Take the pulses that came. Once a second is often enough."""
        count = self._counter.value()
        new = max(0, count - self._last)  # below 0: a hardware counter began anew
        self._last = count
        taken = self.register.add(new)
        now = self._clock.ticks()
        if taken:
            if self._pulse_at is not None:
                self._gap_ms = max(1, self._clock.diff(now, self._pulse_at) // taken)
            self._pulse_at = now
        elif self._pulse_at is not None and self._clock.diff(now, self._pulse_at) > _HOUR_MS:
            self._pulse_at = self._gap_ms = None

    def flush(self):
        """Keep the register now."""
        self.register.flush()
