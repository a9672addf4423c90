"""`neopixel` of MicroPython: `shown` is what the chain of that pin got last, in `chains`."""

chains = {}  # pin number: list of colours


class NeoPixel:
    def __init__(self, pin, n):
        self._number = pin._line.number
        self._pixels = [(0, 0, 0)] * n

    def __len__(self):
        return len(self._pixels)

    def __setitem__(self, i, colour):
        self._pixels[i] = colour

    def __getitem__(self, i):
        return self._pixels[i]

    def write(self):
        chains[self._number] = list(self._pixels)
