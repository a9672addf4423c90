"""The control pilot on a PWM output and an ADC: duty out, positive and negative peak in."""

from evse.pilot import STEADY

_HERTZ = const(1000)  # IEC 61851-1 annex A
_PERIOD_US = const(1300)  # a period and a bit
_LEAST = const(40)  # readings: a slow ADC must meet a pulse of 10 % twice


class PilotPin:
    """`adc_us`: what one reading takes. `curve`: pairs of mV at the ADC and mV of the line, both
    rising; in between, and beyond its ends, the line is straight. `cut`: pin that takes the pilot
    from the car at its level `cut_active`, or None."""

    def __init__(self, pwm, adc, adc_us, curve, invert=False, cut=None, cut_active=1):
        self._pwm = pwm
        # Volts of the ESP32's ADC are only right as it has calibrated them.
        self._micro = hasattr(adc, "read_uv")
        self._read = adc.read_uv if self._micro else adc.read_u16
        self._count = max(_LEAST, _PERIOD_US // adc_us)
        self._curve = curve
        self._invert = invert
        self._cut = cut
        self._cut_active = cut_active
        self.high_adc = self.low_adc = 0  # mV at the ADC: for whoever makes a curve
        self.high_mv = self.low_mv = 0  # mV of the line

    def sample(self):
        """Look at the line for a period. The highest and the lowest reading do not count: one may
        be a spike. Allocates nothing."""
        read = self._read
        top = high = -1
        low = bottom = 0x3FFFFFFF
        for _ in range(self._count):
            value = read()
            if value > high:
                if value > top:
                    high, top = top, value
                else:
                    high = value
            if value < low:
                if value < bottom:
                    low, bottom = bottom, value
                else:
                    low = value
        self.high_adc = self._mv(high)
        self.low_adc = self._mv(low)
        self.high_mv = self._line(self.high_adc)
        self.low_mv = self._line(self.low_adc)

    def _mv(self, raw):
        return raw // 1000 if self._micro else raw * 3300 // 65535

    def _line(self, mv):
        """mV of the line at so many of the ADC."""
        curve = self._curve
        n = 1
        while n < len(curve) - 1 and mv > curve[n][0]:
            n += 1
        a, b = curve[n - 1], curve[n]
        return a[1] + (b[1] - a[1]) * (mv - a[0]) // (b[0] - a[0])

    def set(self, duty):
        """Duty in 1/100 %, None: cut."""
        if self._cut is not None:
            self._cut.value(self._cut_active if duty is None else 1 - self._cut_active)
        duty = duty or 0
        if self._invert:
            duty = STEADY - duty
        self._pwm.duty_u16(duty * 65535 // STEADY)
