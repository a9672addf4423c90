"""The hardware of one outlet, as `lib/evse` asks for it (see `evse/hal.py`), on pins."""

from evse.hal import Hal
from evse.pilot import STEADY

_FAR_OHM = const(1000000)  # more than any cable has
_GONE_MV = const(12000)
_THERE_MV = const(9000)
_ASKS_MV = const(6000)


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


class Load(Outlet):
    """An outlet without a pilot: the load is there while somebody is authorized for it, and asks
    whenever it is offered current."""

    wanted = False  # somebody is authorized
    _duty = STEADY

    def sample(self):
        self.low_mv = -_GONE_MV
        if not self.wanted:
            self.high_mv = _GONE_MV
        else:
            self.high_mv = _THERE_MV if self._duty == STEADY else _ASKS_MV

    def pilot(self, duty):
        self._duty = duty


class Lock:
    """Motor of the plug's lock: `shut` and `open` (`Switch`) drive it for `pulse_ms`; without
    `open` it is a solenoid that `shut` holds. `sense` (`Switch`) tells whether it is shut, or
    None: then it is where it was driven to."""

    def __init__(self, clock, shut, open, pulse_ms, sense):
        self._clock = clock
        self._shut = shut
        self._open = open
        self._pulse_ms = pulse_ms
        self._sense = sense
        self._wanted = None  # True, False; None: not driven yet
        self._at = None  # ticks when the motor was switched on, None: it is off

    def drive(self, shut):
        """Where it should be; repeated. `step()` ends the pulse."""
        if shut == self._wanted:
            return self.step()
        self._wanted = shut
        self._at = self._clock.ticks()
        self._shut.set(shut)
        if self._open is not None:
            self._open.set(not shut)

    def step(self):
        if self._at is None or self._clock.diff(self._clock.ticks(), self._at) < self._pulse_ms:
            return
        self._at = None
        if self._open is not None:
            self._shut.set(False)
            self._open.set(False)

    def locked(self):
        if self._sense is not None:
            return self._sense.on
        return None if self._at is not None else self._wanted

    def off(self):
        """No current through the motor; a lock that is shut stays so."""
        if self._open is not None:
            self._shut.set(False)
            self._open.set(False)


class Cable:
    """Proximity contact: a resistor in the cable's plug, pulled up by `pull_ohm`."""

    def __init__(self, adc, pull_ohm, supply_mv):
        self._adc = adc
        self._pull_ohm = pull_ohm
        self._supply_mv = supply_mv

    def ohm(self):
        mv = millivolts(self._adc)
        if mv >= self._supply_mv:
            return _FAR_OHM
        return min(self._pull_ohm * mv // (self._supply_mv - mv), _FAR_OHM)


class AnalogThermometer:
    """MCP9700 and its like: 500 mV at 0 °C, 10 mV a degree."""

    error = None

    def __init__(self, adc):
        self._adc = adc

    def temperature(self):
        mv = millivolts(self._adc)
        if 100 <= mv <= 2000:
            self.error = None
            return (mv - 500) // 10
        self.error = "thermometer broken"
        return None


def millivolts(adc):
    """mV at an ADC, as it is calibrated if the port can tell."""
    if hasattr(adc, "read_uv"):
        return adc.read_uv() // 1000
    return adc.read_u16() * 3300 // 65535
