"""`onewire` of MicroPython, as far as `ds18x20` needs it."""


class OneWire:
    def __init__(self, pin):
        self.number = pin._line.number
