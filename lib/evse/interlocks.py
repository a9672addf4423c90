"""What else must be well for energy to flow, and the faults there are when it is not.

A fault opens the contactor first; it is listed, and told, afterwards.
"""

from evse.faults import Fault
from evse.stopwatch import Stopwatch
from evse.timing import (
    CLOSED_MS,
    COOL_C,
    DERATE_C,
    METER_MS,
    OVER_MS,
    PILOT_FAULT_MS,
    PROXIMITY_MS,
    RESIDUAL_MS,
    SENSOR_MS,
    SETTLE_MS,
    STOP_C,
    TEST_AGE_S,
    TEST_OFF_MS,
    TEST_ON_MS,
    WELD_MS,
)

_MIN_MA = const(6000)
_FROM_GUARD = ("Stalled", "Withdrawn", "Sampling", "Hardware")  # not watched here, only ended
_IDLE = const(0)  # courses of the test
_PULSE = const(1)
_RELEASE = const(2)


class Interlocks:
    def __init__(self, hal, clock, guard):
        self._hal = hal
        self._clock = clock
        self._guard = guard
        self.faults = ()  # Fault; a new tuple at every change
        self.stops = False  # one of them stops the flow of energy
        self.fails = False  # one of them needs a reset
        self.tested = False  # the residual current monitor has passed its test
        self.ceiling_ma = hal.max_ma  # what temperature allows
        self._first = {}  # name: ticks when its cause was first seen, before it counts
        self._test = _IDLE
        self._void = False  # the test that runs does not count
        self._test_watch = Stopwatch(clock)
        self._switched = Stopwatch(clock, True)  # since the contactor opened or closed
        self._was_closed = False
        self._warm = False  # a temperature was read before

    # -- faults ----------------------------------------------------------------------------------

    def fail(self, name, words=""):
        """A fault is there."""
        if name != "Warm":
            self._guard.open()
        fault = self.find(name)
        if not fault:
            fault = Fault(name, words)
            self._set(self.faults + (fault,))
        fault.since = self._clock.ticks()

    def find(self, name):
        for fault in self.faults:
            if fault.name == name:
                return fault
        return None

    def end(self, how):
        """End the faults that end so, "gone" or "reset", if their cause is gone too. After a reset
        all are looked at anew."""
        now = self._clock.ticks()
        keep = []
        for f in self.faults:
            fresh = self._clock.diff(now, f.since) < SETTLE_MS
            if how != "reset" and (f.ends != how or fresh):
                keep.append(f)
        if len(keep) != len(self.faults):
            self._set(tuple(keep))

    def _set(self, faults):
        self.faults = faults
        self.stops = self.fails = False
        for f in faults:
            self.stops = self.stops or f.stops
            self.fails = self.fails or f.fails

    def _watch(self, name, bad, ms=0):
        """The fault `name` is there once `bad` has been the case for `ms`."""
        if bad or self.faults or self._first:
            self._judge(name, bad, ms)

    def _judge(self, name, bad, ms):
        fault = self.find(name)
        now = self._clock.ticks()
        if not bad:
            self._first.pop(name, None)
        if fault:
            if bad:
                fault.since = now
            elif isinstance(fault.ends, int) and self._clock.diff(now, fault.since) >= fault.ends:
                self._drop(fault)
        elif bad:
            first = self._first.get(name)
            if first is None:
                first = self._first[name] = now
            if self._clock.diff(now, first) >= ms:
                del self._first[name]
                self.fail(name)

    def _drop(self, fault):
        self._set(tuple([f for f in self.faults if f is not fault]))

    # -- every loop ------------------------------------------------------------------------------

    def step(self, plugged, offered_ma, cable_ma):
        """Look at everything once. `offered_ma`: what the car may draw now; `cable_ma`: None
        without a socket, 0: not known."""
        hal = self._hal
        guard = self._guard
        closed = guard.phases > 0
        if closed != self._was_closed:
            self._was_closed = closed
            self._switched.start()
        self._testing()
        self._watch("Emergency", hal.emergency())
        residual = hal.residual() and self._test == _IDLE
        self._watch("Residual", residual, RESIDUAL_MS)
        self._watch("Earth", hal.earth() is False, SETTLE_MS)
        state = guard.pilot.state if guard.visible else None
        self._watch("Pilot", state in ("E", "F"), PILOT_FAULT_MS)
        self._watch("Diode", guard.pilot.diode_missing)
        self._watch("Ventilation", state == "D" and not hal.ventilated, SETTLE_MS)
        self._contactor(closed)
        self._temperature()
        self._current(closed, offered_ma)
        silent = (closed or self.find("Meter")) and (hal.meter_age_ms() or 0) > METER_MS
        self._watch("Meter", silent)
        self._watch("Proximity", plugged and not closed and cable_ma == 0, PROXIMITY_MS)
        locks = hal.has_lock and (closed or offered_ma > 0)
        self._watch("Lock", locks and not hal.locked(), SETTLE_MS)
        if self.faults:
            for name in _FROM_GUARD:
                self._watch(name, False)

    def _contactor(self, closed):
        feedback = self._hal.feedback()
        ms = self._switched.ms()
        self._watch("Weld", not closed and ms >= WELD_MS and feedback is True, SETTLE_MS)
        self._watch("Contactor", closed and ms >= CLOSED_MS and feedback is False, SETTLE_MS)

    def _temperature(self):
        hal = self._hal
        now_c = hal.temperature()
        self._watch("Thermometer", now_c is None and self._warm, SENSOR_MS)
        if now_c is None:
            return
        self._warm = True
        derate = DERATE_C if hal.derate_c is None else hal.derate_c
        stop = STOP_C if hal.stop_c is None else hal.stop_c
        cool = now_c <= derate - COOL_C
        self._watch("Hot", now_c >= stop or (not cool and self.find("Hot") is not None))
        self._watch("Warm", now_c >= derate or (not cool and self.find("Warm") is not None))
        part = min(max(now_c - derate, 0), stop - derate)
        self.ceiling_ma = hal.max_ma - (hal.max_ma - _MIN_MA) * part // max(stop - derate, 1)

    def _current(self, closed, offered_ma):
        drawn = self._hal.current_ma() or 0
        over = closed and offered_ma and drawn > offered_ma + offered_ma // 10 + 1000
        self._watch("Overcurrent", over, OVER_MS)

    # -- test of the residual current monitor ----------------------------------------------------

    def forget_test(self):
        """The car is gone: a test that still runs is none for the next one."""
        self.tested = False
        self._void = self._test != _IDLE

    def start_test(self):
        """Begin the test unless it runs; `tested` or a fault comes of it. Contactor open."""
        if not self._hal.has_residual:
            self.tested = True
        elif self._test == _IDLE and not self._hal.residual():
            self.tested = False
            self._test = _PULSE
            self._test_watch.start()
            self._hal.test_residual(True)

    def _testing(self):
        ms = self._test_watch.ms()
        if self._test == _IDLE:
            if ms >= TEST_AGE_S * 1000:
                self.tested = False
            return
        residual = self._hal.residual()
        if self._test == _PULSE:
            if residual or ms >= TEST_ON_MS:
                self._hal.test_residual(False)
                self._test = _RELEASE if residual else _IDLE
                self._test_watch.start()
                if not residual:
                    self.fail("Selftest", "residual current monitor did not trip in test")
        elif not residual:
            self._test = _IDLE
            self.tested = not self._void
            self._void = False
        elif ms >= TEST_OFF_MS:
            self._test = _IDLE
            self.fail("Selftest", "residual current monitor did not recover in test")
