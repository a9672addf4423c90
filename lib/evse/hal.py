"""What a board hands to this package. A board's class extends `Hal` and replaces what it has; what
is left alone here stands for a part that is not there.

What the tick calls (`sample`, `contactor`, `residual`, `emergency`) may run in an interrupt: no
allocation, no waiting. Nothing else waits either: buses are read elsewhere, here are last values.
"""


class Hal:
    max_ma = 32000  # what wiring and contactor carry, mA a phase
    phases = 3  # 1 or 3
    switches_phases = False  # can charge with one phase or three
    disconnects = False  # can cut the pilot from the car: `pilot(None)`
    ventilated = False  # may charge cars that ask for ventilation (state D); fixed
    socket = False  # the cable comes with the car: `proximity` tells its rating
    has_lock = False  # of the plug: needed with a socket
    has_residual = False  # a residual current monitor with a test input
    derate_c = None  # °C, None: as in timing.py
    stop_c = None

    # -- called by the safety tick

    high_mv = 0  # positive and negative peak of the pilot at the last `sample()`, mV
    low_mv = 0

    def sample(self):
        """Set `high_mv` and `low_mv`: peaks of at least the last whole period of the PWM. An
        exception, if they can't be measured, opens the contactor."""

    def contactor(self, phases):
        """Close 1 or 3 phases, 0: open. Repeated at every tick, so that a board may use an output
        that falls back by itself when it is no longer refreshed."""

    def residual(self):
        """True while the monitor reports a residual current, or is itself broken."""
        return False

    def emergency(self):
        """True while the emergency stop is pressed."""
        return False

    # -- called by the main loop

    def pilot(self, duty):
        """Duty in 1/100 %: 10000 steady +12 V, 0 steady -12 V, None: cut (if `disconnects`)."""

    def lock(self, shut):
        """Where the lock should be. Repeated; the board drives its motor once for a change."""

    def locked(self):
        """True, False, None while it can't be told."""
        return

    def test_residual(self, on):
        """Test input of the monitor."""

    def feedback(self):
        """True: voltage behind the contactor; None: no such input."""
        return

    def earth(self):
        """False: no protective earth; None: no such input."""
        return

    def temperature(self):
        """Hottest place in whole °C; None: no sensor."""
        return

    def current_ma(self):
        """Highest of the currents of the phases, mA; None: not known."""
        return

    def meter_age_ms(self):
        """Since the meter's last good answer; None: no such supervision."""
        return

    def proximity_ohm(self):
        """Resistance between PP and PE; None: not measured yet."""
        return

    def lamp(self, fault):
        """Fault lamp on or off."""
