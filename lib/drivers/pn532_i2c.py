"""PN532 on I2C: each read begins with a byte that tells whether there is a frame (manual §6.2.4).

The chip stretches the clock: `machine.I2C` needs `timeout=` of some ms for it."""

_READ = const(40)  # the longest answer used, with room for what a card tells of itself


class PN532I2C:
    def __init__(self, i2c, *, address=0x24):
        self._i2c = i2c
        self._address = address
        self._ready = bytearray(1)
        self._buffer = bytearray(1 + _READ)

    def wake(self):
        try:  # asleep it does not acknowledge its address, but wakes
            self._i2c.writeto(self._address, b"\x00")
        except OSError:
            pass

    def send(self, frame):
        self._i2c.writeto(self._address, frame)

    def receive(self, buffer, n):
        self._i2c.readfrom_into(self._address, self._ready)
        if not self._ready[0] & 1:
            return n
        self._i2c.readfrom_into(self._address, self._buffer)
        size = min(_READ, len(buffer) - n)
        buffer[n : n + size] = self._buffer[1 : 1 + size]
        return n + size
