"""A charging outlet in real volts and milliseconds: pilot circuit, car, contactor, sensors.

The pilot source gives +12 and -12 V through 1000 ohm; the car is a diode and a resistor of 2740
(B), 882 (C) or 246 ohm (D). Time moves with `Bench.run(ms)`: the guard's tick every 10 ms, the
main loop every `loop_ms`.
"""

from evse.controller import Controller
from evse.guard import Guard
from evse.hal import Hal
from evse.timing import TICK_MS
from support import FakeClock

_MASK = const(0x1FFFFFFF)  # of the clock's ticks
_OHM = {"B": 2740, "C": 882, "D": 246}
_SOURCE_MV, _SOURCE_OHM, _DIODE_MV = 12000, 1000, 700


class Outlet(Hal):
    """`events`: (ms, what) of each change of the contactor. Attributes may be changed at will."""

    def __init__(self, **parts):
        self.now = 0  # ms since the start
        self.car = "A"  # "A" "B" "C" "D", "E" shorted, "F" held at -12 V
        self.diode = True
        self.noise_mv = 0  # added to the next samples
        self.dead = False  # the pilot can't be measured
        self.duty = None
        self.closed = 0
        self.events = []
        self.pressed = False
        self.trips = False  # a residual current is there
        self.testing = False
        self.test_works = True
        self.passed = False  # the monitor has tripped in a test
        self.shut = False
        self.jammed = False
        self.welded = False
        self.stuck_open = False
        self.has_feedback = False
        self.pe = None
        self.celsius = None
        self.drawn = None  # mA
        self.meter_ms = None
        self.ohm = None
        self.shown = None  # fault lamp
        for name in parts:
            setattr(self, name, parts[name])

    def level(self, source_mv):
        """mV of the line while the source gives `source_mv`."""
        if self.car == "E":
            return 0
        if self.car == "F":
            return -12000
        ohm = _OHM.get(self.car)
        if ohm is None or self.duty is None:
            return source_mv
        drop = 0
        if self.diode:
            if source_mv < 0:
                return source_mv
            drop = _DIODE_MV
        return (source_mv - drop) * ohm // (ohm + _SOURCE_OHM) + drop

    def sample(self):
        if self.dead:
            raise OSError(5)
        pulsing = self.duty is not None and 0 < self.duty < 10000
        high = -_SOURCE_MV if self.duty == 0 else _SOURCE_MV
        self.high_mv = self.level(high) + self.noise_mv
        self.low_mv = self.level(-_SOURCE_MV if pulsing else high)

    def contactor(self, phases):
        if phases != self.closed:
            self.closed = phases
            self.events.append((self.now, phases))

    def residual(self):
        return self.trips or (self.testing and self.test_works)

    def emergency(self):
        return self.pressed

    def pilot(self, duty):
        self.duty = duty

    def lock(self, shut):
        if not self.jammed:
            self.shut = shut

    def locked(self):
        return self.shut if self.has_lock else None

    def test_residual(self, on):
        if self.testing and not on and self.residual():
            self.passed = True
        self.testing = on

    def feedback(self):
        if not self.has_feedback:
            return None
        return self.welded or (self.closed > 0 and not self.stuck_open)

    def earth(self):
        return self.pe

    def temperature(self):
        return self.celsius

    def current_ma(self):
        return self.drawn

    def meter_age_ms(self):
        return self.meter_ms

    def proximity_ohm(self):
        return self.ohm

    def lamp(self, fault):
        self.shown = fault


class Bench:
    def __init__(self, loop_ms=10, **parts):
        self.clock = FakeClock()
        self.hal = Outlet(**parts)
        self.guard = Guard(self.hal, self.clock)
        self.controller = Controller(self.hal, self.clock, self.guard)
        self.controller.permit = True
        self.loop_ms = loop_ms
        self.stalled = False  # the main loop stands still
        self.step = self.controller.step  # what the main loop does
        self.states = [self.controller.state]
        self.run(100)

    def run(self, ms):
        for _ in range(ms // TICK_MS):
            self.tick()

    def tick(self):
        self.clock.now = (self.clock.now + TICK_MS) & _MASK
        hal = self.hal
        hal.now += TICK_MS
        self.guard.tick()
        if not self.stalled and hal.now % self.loop_ms == 0:
            self.step()
            if self.states[-1] != self.controller.state:
                self.states.append(self.controller.state)

    def until(self, state, ms=10000):
        """Run until that state is reached; returns ms it took."""
        start = self.hal.now
        while self.controller.state != state:
            assert self.hal.now - start < ms, (state, self.controller.state, self.names())
            self.run(TICK_MS)
        return self.hal.now - start

    def charge(self):
        """A car comes, asks, and charges."""
        self.hal.car = "C"
        self.until("Charging")
        assert self.hal.closed
        return self

    def names(self):
        return [f.name for f in self.controller.faults]

    def opens(self, ms):
        """Run until the contactor opens; returns ms it took, at most `ms`."""
        start = self.hal.now
        while self.hal.closed:
            assert self.hal.now - start < ms, "still closed after %d ms" % ms
            self.run(TICK_MS)
        return self.hal.now - start
