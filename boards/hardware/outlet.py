"""The hardware of one outlet, as `lib/evse` asks for it (see `evse/hal.py`), on pins."""

from evse.hal import Hal


class Switch:
    """A pin with a meaning: `active` is the level that means yes."""

    second = None  # `Switch` of phases 2 and 3, of a contactor

    def __init__(self, pin, active):
        self._pin = pin
        self._active = active

    @property
    def on(self):
        return self._pin.value() == self._active

    def set(self, on):
        self._pin.value(self._active if on else 1 - self._active)


class Outlet(Hal):
    """Parts that are there are set by `build`: `main` `second` `feedback_in` `stop_in` `earth_in`
    (`Switch`), `line` (`PilotPin`), `rcm`, `lock_motor`, `sensor`, `meter`, `cable`."""

    main = second = feedback_in = stop_in = earth_in = None
    line = rcm = lock_motor = sensor = meter = cable = None

    def __init__(self):
        self.high_mv = self.low_mv = 0  # there is to be room for them: an interrupt sets them

    def sample(self):
        line = self.line
        line.sample()
        self.high_mv = line.high_mv
        self.low_mv = line.low_mv

    def contactor(self, phases):
        self.main.set(phases > 0)
        if self.second is not None:
            self.second.set(phases == 3)

    def residual(self):
        return self.rcm is not None and self.rcm.tripped()

    def emergency(self):
        return self.stop_in is not None and self.stop_in.on

    def pilot(self, duty):
        self.line.set(duty)

    def lock(self, shut):
        if self.lock_motor is not None:
            self.lock_motor.drive(shut)

    def locked(self):
        return None if self.lock_motor is None else self.lock_motor.locked()

    def test_residual(self, on):
        self.rcm.test(on)

    def feedback(self):
        return None if self.feedback_in is None else self.feedback_in.on

    def earth(self):
        return None if self.earth_in is None else self.earth_in.on

    def temperature(self):
        return None if self.sensor is None else self.sensor.temperature()

    def current_ma(self):
        meter = self.meter
        if meter is None or meter.stale:
            return None
        most = None
        for phase in (1, 2, 3):
            ma = meter.current_ma(phase)
            if ma is not None and (most is None or ma > most):
                most = ma
        return most

    def meter_age_ms(self):
        """None for meters of pulses: their silence is no power."""
        return getattr(self.meter, "age_ms", None)

    def proximity_ohm(self):
        return None if self.cable is None else self.cable.ohm()
