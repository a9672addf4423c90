"""What is measured in volts: a cable's resistor, a thermometer."""

_FAR_OHM = const(1000000)  # more than any cable has


class QuietADC:
    """An ADC that is read in the main loop while a hard interrupt reads another channel of it: the
    interrupt waits, or it would turn the switch between choosing the channel and reading it."""

    def __init__(self, adc, disable, enable):
        self._adc = adc
        self._disable = disable
        self._enable = enable

    def read_u16(self):
        state = self._disable()
        try:
            return self._adc.read_u16()
        finally:
            self._enable(state)


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
