"""`ds18x20` of MicroPython: `celsius` is what the sensor at a pin shows; no entry: no sensor."""

celsius = {}  # pin number: °C


class DS18X20:
    def __init__(self, wire):
        self._number = wire.number

    def scan(self):
        return [b"\x28ocppy\x00\x01"] if self._number in celsius else []

    def convert_temp(self):
        pass

    def read_temp(self, _rom):
        if self._number not in celsius:
            raise OSError("no sensor")
        return celsius[self._number]
