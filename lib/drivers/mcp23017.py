"""MCP23017: 16 pins on I2C. See `expander`."""

from drivers.expander import Expander

# Registers with IOCON.BANK 0, as after a reset (data sheet §3.5)
_IODIR = const(0x00)
_GPPU = const(0x0C)
_GPIO = const(0x12)
_OLAT = const(0x14)


class MCP23017(Expander):
    """`directions`: 16 bits, low byte port A, 1: input, which gets a pull-up."""

    PINS = 16

    def _write(self, outputs, everything):
        self._set(_OLAT, outputs)
        if everything:  # latches first: no output shows a level nobody wanted
            self._set(_GPPU, self._directions)
            self._set(_IODIR, self._directions)

    def _set(self, register, value):
        self._i2c.writeto(self._address, bytes((register, value & 255, value >> 8)))

    def _read(self):
        self._i2c.writeto(self._address, bytes((_GPIO,)))
        self._i2c.readfrom_into(self._address, self._buffer)
        return self._buffer[0] | self._buffer[1] << 8
