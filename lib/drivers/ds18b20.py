"""DS18B20 thermometers on a 1-Wire bus, through MicroPython's own `ds18x20` (an object of it is
handed in). A conversion takes 750 ms; nothing waits for it."""

_CONVERT_MS = const(800)
_EVERY_MS = const(5000)
_POWER_ON_C = 85.0  # what the part says when it has lost its supply: true only if it was near it
_NEAR_C = const(15)


class DS18B20:
    """`bus`: a `ds18x20.DS18X20`. `rom`: of the sensor, None: the hottest of all that are there.
    `temperature()` in whole °C."""

    def __init__(self, bus, clock, *, rom=None, stale_ms=30000):
        self._bus = bus
        self._clock = clock
        self._fixed = rom
        self._stale_ms = stale_ms
        self._roms = []
        self._next = 0  # index of the sensor to be read, len(_roms): all are
        self._hottest = None
        self._value = None
        self._good = clock.uptime()
        self._at = clock.ticks()
        self._wait_ms = 0
        self.error = "not read yet"
        self.failures = 0

    def temperature(self):
        """Whole °C, None if nothing was read for `stale_ms`."""
        if (self._clock.uptime() - self._good) * 1000 > self._stale_ms:
            return None
        return self._value

    def step(self):
        """One access to the bus, if one is due: some ms."""
        clock = self._clock
        if clock.diff(clock.ticks(), self._at) < self._wait_ms:
            return
        self._at = clock.ticks()
        try:
            if self._next < len(self._roms):
                self._read()
            else:
                self._begin()
        except Exception as e:  # ds18x20 raises a bare Exception for a wrong CRC
            self.error = "DS18B20: %s" % (e or type(e).__name__)
            self.failures += 1
            self._roms = []
            self._next = 0
            self._wait_ms = _EVERY_MS

    def _begin(self):
        self._roms = [self._fixed] if self._fixed else self._bus.scan()
        if not self._roms:
            raise OSError("no sensor")
        self._bus.convert_temp()
        self._next = 0
        self._hottest = None
        self._wait_ms = _CONVERT_MS

    def _read(self):
        celsius = self._bus.read_temp(self._roms[self._next])
        if celsius is None or not -55 <= celsius <= 125:
            raise OSError("no value")
        near = self._value is not None and abs(celsius - self._value) <= _NEAR_C
        if celsius == _POWER_ON_C and not near:
            raise OSError("it lost its supply")
        self._next += 1
        self._wait_ms = 0
        if self._hottest is None or celsius > self._hottest:
            self._hottest = celsius
        if self._next == len(self._roms):
            self._value = int(self._hottest + 0.5)
            self._good = self._clock.uptime()
            self.error = None
            self._wait_ms = _EVERY_MS
