"""The safety tick: the only one who commands the contactor.

`tick()` is called by a timer every `TICK_MS`, whatever the main loop does, and may run in an
interrupt: it allocates nothing and waits for nothing. It opens the contactor by itself; it closes
it only when the main loop asked for it with `close()`, and while all is well. The main loop must
call `feed()`: if it falls silent, the contactor opens, before any watchdog resets the chip.
"""

from evse.pilot import STEADY, Pilot
from evse.timing import BACKUP_MS, RESIDUAL_SAMPLES, SAMPLES, STALL_MS


class Guard:
    """`hal`: see hal.py. `clock`: `ticks()` in ms, `diff(a, b)`."""

    def __init__(self, hal, clock):
        self.hal = hal
        self._clock = clock
        self.pilot = Pilot(hal.ventilated)
        self.phases = 0  # closed: 1 or 3; 0: open
        self.reason = ""  # why it opened by itself, until the main loop has read it
        self.visible = False  # the pilot line shows the car: neither cut nor at -12 V
        self.worst_ms = 0  # longest time between two ticks, for `doctor` and tests
        self.duty = STEADY  # 1/100 %, as last set
        self._residual = 0  # looks in a row at a residual current
        self._emergency = False
        self._blind = 0  # looks in a row that failed
        now = clock.ticks()
        self._last = self._fed = self._offered = now
        self.set_pilot(STEADY)
        hal.contactor(0)

    # -- by the main loop ------------------------------------------------------------------------

    def feed(self):
        """The main loop is alive and has done its part."""
        self._fed = self._clock.ticks()

    def set_pilot(self, duty):
        """Duty in 1/100 %, see `Hal.pilot`."""
        visible = bool(duty)
        self.hal.pilot(duty)
        self.duty = duty
        if visible != self.visible:
            self.visible = visible
            self.pilot.reset()

    def close(self, phases):
        """Close the contactor with the next tick. False: it may not be closed."""
        if not self.may_close:
            return False
        self.reason = ""
        self.phases = phases
        return True

    def open(self, reason=""):
        """Open the contactor now."""
        self.phases = 0
        self.hal.contactor(0)
        if reason:
            self.reason = reason

    @property
    def pulsing(self):
        return self.duty is not None and 0 < self.duty < STEADY

    @property
    def may_close(self):
        """Car asks, diode seen, offer out, and nothing against it."""
        pilot = self.pilot
        asks = pilot.inside >= SAMPLES
        seen = pilot.diode_seen and self.pulsing and not self._blind
        return asks and seen and not self._against(self._clock.ticks())

    @property
    def silent_ms(self):
        """Time since the last tick."""
        return self._clock.diff(self._clock.ticks(), self._last)

    # -- by the timer ----------------------------------------------------------------------------

    def tick(self, _=None):
        """Look, and open if need be. The argument, a timer, is not used."""
        clock = self._clock
        now = clock.ticks()
        gap = clock.diff(now, self._last)
        if gap > self.worst_ms:
            self.worst_ms = gap
        self._last = now
        hal = self.hal
        try:
            hal.sample()
            if self.visible:
                self.pilot.update(hal.high_mv, hal.low_mv, self.pulsing)
            self._residual = self._residual + 1 if hal.residual() else 0
            self._emergency = hal.emergency()
            self._blind = 0
        except Exception:  # whatever it is: what can't be measured can't be safe
            self._blind += 1
            self.pilot.inside = 0  # the car may have done anything meanwhile
            self.pilot.outside += 1
        if self.pulsing:
            self._offered = now
        if self.phases:
            reason = self._against(now)
            if reason:
                self.open(reason)
        hal.contactor(self.phases)

    def deadline(self, _=None):
        """The same for a silent main loop alone, for a second timer: on ports where `tick()` waits
        for C code that hangs, this may run in a hard interrupt all the same."""
        if self.phases and self._clock.diff(self._clock.ticks(), self._fed) > STALL_MS:
            self.open("Stalled")

    def _against(self, now):
        """Why the contactor may not be closed, or ""."""
        pilot = self.pilot
        if self._emergency:
            return "Emergency"
        if self._residual >= RESIDUAL_SAMPLES:
            return "Residual"
        if self._blind >= SAMPLES:
            return "Sampling"
        if not self.visible or pilot.outside >= SAMPLES:
            return "Left"
        if pilot.diode_missing:
            return "Diode"
        if self._clock.diff(now, self._fed) > STALL_MS:
            return "Stalled"
        if self._clock.diff(now, self._offered) > BACKUP_MS:
            return "Withdrawn"
        return ""
