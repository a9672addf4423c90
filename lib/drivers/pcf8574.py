"""PCF8574: 8 pins on I2C. See `expander`."""

from drivers.expander import Expander


class PCF8574(Expander):
    """Outputs pull down only; an input is an output at 1. `directions`: a bit each, 1: input."""

    def _write(self, outputs, _all):
        self._buffer[0] = outputs | self._directions
        self._i2c.writeto(self._address, self._buffer)

    def _read(self):
        self._i2c.readfrom_into(self._address, self._buffer)
        return self._buffer[0]
