"""SimpleEVSE, EVSE-WB and EVSE-DIN: charging controllers on Modbus RTU, 9600 8N1, unit 1.

They have no supervision of their own: if this firmware stops, they go on as they were told last.
So the current after their own start is set to 0, once, and the watchdog must be on.
"""

from drivers.foreign import Foreign
from drivers.modbus import BusError

_AMPS = const(1000)  # A that are offered, 0: none
_STATE = const(1002)  # 1 A, 2 B, 3 C, 4 D, 5 failure
_AMPS_AT_BOOT = const(2000)
_PAUSE_MS = const(250)  # between requests; they need 200
_STATES = (None, "A", "B", "C", "D", "E")


class SimpleEVSE(Foreign):
    """`bus`: a `modbus.Bus`; `unit`: the device's address."""

    def __init__(self, bus, unit, clock, *, max_ma=32000):
        super().__init__(clock, max_ma, "SimpleEVSE")
        self._bus = bus
        self._unit = unit
        self._job = None
        self._ready = False  # set up
        self._next = clock.ticks()
        self._wait_ms = 0

    def step(self):
        """Go on with what is to be said to the device. Does not wait."""
        clock = self._clock
        self._watch()
        if self._job is None:
            if clock.diff(clock.ticks(), self._next) < self._wait_ms:
                return
            self._job = self._talk()
        try:
            next(self._job)
            return
        except StopIteration:
            self._wait_ms = _PAUSE_MS
        except BusError as e:
            self.error = str(e)
            self._wait_ms = 4 * _PAUSE_MS
        self._job = None
        self._next = clock.ticks()

    def _talk(self):
        """One round: the current first, as it is what may have to end at once."""
        wanted = self.wanted_a()
        data = yield from self._read(_AMPS, 3)
        amps, state = data[1], data[5]
        if data[0] or data[4] or not 1 <= state <= 5:
            raise BusError("garbled", "no state %d" % state)
        if amps != wanted:
            yield from self._pause()
            yield from self._bus.write_many(self._unit, _AMPS, (wanted,))
            amps = wanted
        own = ()
        if state == 5:
            own = (("OtherError", "SimpleEVSE5", "failure of diode, ventilation or RCD"),)
        self._saw(_STATES[state], amps > 0, own)
        if not self._ready:
            yield from self._pause()
            data = yield from self._read(_AMPS_AT_BOOT, 1)
            if data[0] or data[1]:  # it is in EEPROM: not written without need
                yield from self._pause()
                yield from self._bus.write_many(self._unit, _AMPS_AT_BOOT, (0,))
            self._ready = True

    def _read(self, address, count):
        return (yield from self._bus.read(self._unit, 3, address, count))

    def _pause(self):
        start = self._clock.ticks()
        while self._clock.diff(self._clock.ticks(), start) < _PAUSE_MS:
            yield
