"""PN532 on SPI, mode 0, up to 5 MHz: least significant bit first, which few chips can, so the bits
are turned here. Each transfer begins with a byte: 01 write, 02 read state, 03 read (§6.2.5)."""

_READ = const(40)


def _turned(byte):
    byte = (byte & 0xF0) >> 4 | (byte & 0x0F) << 4
    byte = (byte & 0xCC) >> 2 | (byte & 0x33) << 2
    return (byte & 0xAA) >> 1 | (byte & 0x55) << 1


class PN532SPI:
    """`cs`: pin of chip select, low while the chip is spoken to."""

    def __init__(self, spi, cs):
        self._spi = spi
        self._cs = cs
        cs.value(1)
        self._buffer = bytearray(_READ)
        self._one = bytearray(1)

    def wake(self):
        self._send(b"\x00")  # selecting it wakes it

    def send(self, frame):
        self._send(b"\x01" + frame)

    def _send(self, data):
        self._cs.value(0)
        try:
            self._spi.write(bytes([_turned(byte) for byte in data]))
        finally:
            self._cs.value(1)

    def receive(self, buffer, n):
        if not self._read(2, self._one)[0] & 1:
            return n
        data = self._read(3, self._buffer)
        size = min(_READ, len(buffer) - n)
        buffer[n : n + size] = data[:size]
        return n + size

    def _read(self, what, into):
        self._cs.value(0)
        try:
            self._spi.write(bytes((_turned(what),)))
            self._spi.readinto(into, 0)
        finally:
            self._cs.value(1)
        for i, byte in enumerate(into):
            into[i] = _turned(byte)
        return into
