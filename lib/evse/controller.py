"""The state machine of an outlet: when current is offered, and the contactor asked to close.

`step()` is called by the main loop, several times a second at least. The tables are in states.py,
what must open the contactor quickly is in guard.py, faults are in interlocks.py.
"""

from evse.interlocks import Interlocks
from evse.pilot import MIN_MA, STEADY, cable_ma, duty
from evse.states import STATES, TRANSITIONS
from evse.stopwatch import Stopwatch
from evse.timing import (
    DUTY_DWELL_MS,
    DWELL_MS,
    GONE_MS,
    LOCK_MS,
    LOCK_TRIES,
    SETTLE_MS,
    STABLE_MS,
    SWITCH_LOAD_MS,
    SWITCH_MS,
    TICK_MS,
    WAKE_AFTER_MS,
    WAKE_OFF_MS,
    WITHDRAW_MS,
)

_GONE = GONE_MS // TICK_MS  # looks of the guard
_STABLE = STABLE_MS // TICK_MS


class Controller:
    """`hal`: see hal.py. `clock`: `ticks()` in ms, `diff(a, b)`. `guard`: whose `tick()` a timer
    calls."""

    def __init__(self, hal, clock, guard):
        self._hal = hal
        self.guard = guard
        self.interlocks = Interlocks(hal, clock, guard)
        # From the station
        self.permit = False  # energy may flow
        self.limit_ma = None  # int mA, None: not limited; below 6 A: paused
        self.limit_phases = None  # phases at most, None: all
        self.lock_wanted = False
        # For the station
        self.state = None  # key of STATES
        self.plugged = False  # a car is there
        self.offered_ma = 0  # what the pilot offers, mA
        self._phases = hal.phases  # what the contactor closes next
        self._cable_ma = 0  # what the cable carries, of a socket
        self._flowed = False  # energy flowed since the car came
        self._woken = False  # no need to wake this car, or it was tried
        self._under_load = False  # the contactor had to cut the current
        self._was_closed = False
        self._watch = Stopwatch(clock)  # in this state
        self._opened = Stopwatch(clock, True)  # since the contactor opened
        self._raised = Stopwatch(clock, True)  # since the offer changed
        self._enter("Empty")

    # -- for the station -------------------------------------------------------------------------

    @property
    def faults(self):
        """Tuple of `faults.Fault`, a new one at every change."""
        return self.interlocks.faults

    @property
    def ev_ready(self):
        """The car asks for energy."""
        state = self._seen
        return state == "C" or (state == "D" and self._hal.ventilated)

    @property
    def offering(self):
        """Energy is offered: it flows as soon as the car asks."""
        return STATES[self.state][0] == "pulses"

    @property
    def iec(self):
        """State as IEC 61851-1 names it: "A1", "B2", ...; "F" while out of order, None: unseen."""
        if self.state == "Failed":
            return "F"
        seen = self._seen
        return seen if seen in (None, "E", "F") else seen + ("2" if self.guard.pulsing else "1")

    def reset(self):
        """All faults are forgotten, and found anew if they are still there."""
        self.interlocks.end("reset")

    def step(self):
        """Look, move at most one transition, set all outputs. Never blocks."""
        try:
            self._look()
            self._move()
            self._drive()
            self.guard.feed()
        except Exception as e:  # the guard is not fed, so that it opens whatever happens here
            self.interlocks.fail("Hardware", repr(e))
            self._move()
            self._withdraw()

    def _withdraw(self):
        try:
            if self.guard.pulsing:
                self.guard.set_pilot(STEADY)
        except Exception as e:  # the pilot itself is what is broken
            self.interlocks.fail("Hardware", repr(e))

    # -- looking ---------------------------------------------------------------------------------

    @property
    def _seen(self):
        return self.guard.pilot.state if self.guard.visible else None

    def _look(self):
        guard = self.guard
        reason = guard.reason
        if reason:
            guard.reason = ""
            if reason != "Left":
                self.interlocks.fail(reason)
        closed = guard.phases > 0
        if self._was_closed and not closed:
            self._opened.start()
        self._was_closed = closed
        self._opened.ms()  # asked often enough, see Stopwatch
        self._raised.ms()
        self._watch.ms()
        seen = self._seen
        if self._is_gone():
            self.plugged = False
            if self.faults:
                self.interlocks.end("gone")
        elif seen in ("B", "C", "D"):
            self.plugged = True
        if self._hal.socket:
            self._read_cable(closed)
        self.interlocks.step(
            self.plugged, self.offered_ma, self._cable_ma if self._hal.socket else None
        )

    def _read_cable(self, closed):
        ohm = self._hal.proximity_ohm()
        ma = 0 if ohm is None or not self.plugged else cable_ma(ohm)
        # Under load a disturbed reading may only lower the rating.
        self._cable_ma = min(ma or self._cable_ma, self._cable_ma) if closed else ma

    @property
    def cable_ma(self):
        """What the cable in a socket carries, mA; None: not known."""
        return self._cable_ma or None

    @property
    def available_ma(self):
        """What may be offered now, mA."""
        hal = self._hal
        ma = min(hal.max_ma, self.interlocks.ceiling_ma)
        if self.limit_ma is not None:
            ma = min(ma, self.limit_ma)
        return min(ma, self._cable_ma) if hal.socket else ma

    @property
    def _wanted_phases(self):
        hal = self._hal
        if not hal.switches_phases or self.limit_phases is None:
            return hal.phases
        return hal.phases if self.limit_phases >= hal.phases else 1

    # -- moving ----------------------------------------------------------------------------------

    def _move(self):
        for happened, target in self._row:
            if happened():
                self._enter(target)
                return

    def _enter(self, state):
        if not STATES[state][1]:
            if self.guard.phases:
                self._under_load = self._flowed
            self.guard.open()
        self.state = state
        self._watch.start()
        # Made once a transition, so that looking through the row allocates nothing.
        row = TRANSITIONS[state]
        self._row = tuple([(getattr(self, "_is_" + event), to) for event, to in row])
        if state == "Empty":
            self._flowed = self._woken = self._under_load = False
            self.interlocks.forget_test()
        elif state == "Closing":
            self._flowed = self._woken = True
            self._under_load = False
            # The guard may have opened again before the next look.
            self._was_closed = self.guard.close(self._phases)
        elif state == "Waking":
            self._woken = True

    def _is_failed(self):
        """a fault that only a reset clears"""
        return self.interlocks.fails

    def _is_fault(self):
        """a fault"""
        return self.interlocks.stops

    def _is_car(self):
        """the pilot shows a car"""
        return self._seen in ("B", "C", "D")

    def _is_gone(self):
        """the pilot steadily shows none"""
        return self.guard.visible and self.guard.pilot.absent >= _GONE

    def _is_wanted(self):
        """permitted, and at least 6 A"""
        return self._is_car() and not self._is_unwanted()

    def _is_unwanted(self):
        """not permitted, or less than 6 A"""
        return not self.permit or self.available_ma < MIN_MA

    def _is_checked(self):
        """monitor tested, plug locked"""
        return self.interlocks.tested and self._locked

    @property
    def _locked(self):
        return not self._hal.has_lock or self._hal.locked() is True

    def _is_asks(self):
        """C or D steadily, diode seen, plug locked, dwell time over"""
        guard = self.guard
        if guard.pilot.inside < _STABLE or self._opened.ms() < DWELL_MS:
            return False
        return guard.may_close and self._locked and self._hal.earth() is not False

    def _is_sleeps(self):
        """offer not taken for long, the first time"""
        return not self._woken and self._seen == "B" and self._watch.ms() >= WAKE_AFTER_MS

    def _is_opened(self):
        """the guard has opened: the car left C and D"""
        return not self.guard.phases

    def _is_closed(self):
        """contactor has closed"""
        feedback = self._hal.feedback()
        return feedback or (feedback is None and self._watch.ms() >= SETTLE_MS)

    def _is_overdue(self):
        """the car did not stop in time"""
        return self._watch.ms() >= WITHDRAW_MS

    def _is_rephase(self):
        """another number of phases is wanted, after energy has flowed"""
        return self._flowed and self._wanted_phases != self._phases and not self._is_unwanted()

    def _is_paused(self):
        """waited long enough to switch phases"""
        wait = SWITCH_LOAD_MS if self._under_load else SWITCH_MS
        if self._opened.ms() < wait:
            return False
        self._phases = self._wanted_phases
        return True

    def _is_woken(self):
        """pilot was off long enough"""
        return self._watch.ms() >= WAKE_OFF_MS

    def _is_healthy(self):
        """no fault is left, a car is there"""
        return not self.interlocks.stops and self._is_car()

    def _is_vacant(self):
        """no fault is left, no car is there"""
        return not self.interlocks.stops and self._is_gone()

    def _is_repaired(self):
        """was reset"""
        return not self.interlocks.fails

    # -- outputs ---------------------------------------------------------------------------------

    def _drive(self):
        """Set all outputs of the state."""
        hal = self._hal
        guard = self.guard
        pilot, _, shut = STATES[self.state]
        if pilot == "pulses":
            self._offer(self.available_ma)
        else:
            self.offered_ma = 0
            low = 0 if pilot == "low" or not hal.disconnects else None
            self._set_duty(STEADY if pilot == "high" else low)
        if not self._flowed:
            self._phases = self._wanted_phases
        if self.state == "Connected" and self._is_unwanted():
            self._woken = False
        if self.state == "Checking":
            if not self.interlocks.tested:
                self.interlocks.start_test()
            if hal.has_lock:
                shut = self._locking()
        # Never unlock what may be live.
        hal.lock(shut or self.lock_wanted or guard.phases > 0 or hal.feedback() is True)
        hal.lamp(self.interlocks.stops)

    def _offer(self, ma):
        """Offer less at once, more only when the car had time to follow."""
        if ma == self.offered_ma:
            return
        if self.offered_ma and ma > self.offered_ma and self._raised.ms() < DUTY_DWELL_MS:
            return
        self.offered_ma = ma if ma >= MIN_MA else 0
        self._raised.start()
        self._set_duty(duty(ma))

    def _set_duty(self, wanted):
        if wanted != self.guard.duty:
            self.guard.set_pilot(wanted)

    def _locking(self):
        """Where to drive the lock: what did not lock is released and tried again."""
        if self._hal.locked():
            return True
        turn = self._watch.ms() // LOCK_MS
        if turn >= 2 * LOCK_TRIES:
            self.interlocks.fail("Lock", "the lock does not move")
            return False
        return turn % 2 == 0
