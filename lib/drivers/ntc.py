"""Thermistor (NTC) in a divider at an analogue input."""

import math

_EVERY_MS = const(500)
_ABSOLUTE = 273.15


class NTC:
    """`adc`: something with `read_u16()`. `pull_ohm`: the other resistor, `pull_up`: it goes to
    the supply, which is also the ADC's reference. `r25_ohm`, `beta`: of the thermistor."""

    def __init__(self, adc, clock, *, r25_ohm=10000, beta=3950, pull_ohm=10000, pull_up=True):
        self._adc = adc
        self._clock = clock
        self._r25 = r25_ohm
        self._beta = beta
        self._pull = pull_ohm
        self._up = pull_up
        self._at = None
        self._value = None
        self.error = "not read yet"

    def temperature(self):
        """Whole °C, None if the sensor is broken off or shorted."""
        return self._value

    def step(self):
        """Read twice a second: mean of the last ones and this one."""
        now = self._clock.ticks()
        if self._at is not None and self._clock.diff(now, self._at) < _EVERY_MS:
            return
        self._at = now
        raw = self._adc.read_u16()
        # Within 1 % of an end there is no thermistor, or no supply: no temperature looks so.
        if not 655 <= raw <= 64880:
            self._value = None
            self.error = "sensor broken" if (raw > 64880) == self._up else "sensor shorted"
            return
        part = raw / 65535
        ohm = self._pull * part / (1 - part) if self._up else self._pull * (1 - part) / part
        kelvin = 1 / (1 / (25 + _ABSOLUTE) + math.log(ohm / self._r25) / self._beta)
        self._value = int(kelvin - _ABSOLUTE + 0.5)
        self.error = None
