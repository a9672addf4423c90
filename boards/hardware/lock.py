"""The lock of a plug, on pins."""


class Lock:
    """Motor of the plug's lock: `shut` and `open` (`Switch`) drive it for `pulse_ms`; without
    `open` it is a solenoid that `shut` holds. `sense` (`Switch`) tells whether it is shut, or
    None: then it is where it was driven to."""

    def __init__(self, clock, shut, open, pulse_ms, sense):
        self._clock = clock
        self._shut = shut
        self._open = open
        self._pulse_ms = pulse_ms
        self._sense = sense
        self._wanted = None  # True, False; None: not driven yet
        self._at = None  # ticks when the motor was switched on, None: it is off

    def drive(self, shut):
        """Where it should be; repeated. `step()` ends the pulse."""
        if shut == self._wanted:
            return self.step()
        self._wanted = shut
        self._at = self._clock.ticks()
        self._shut.set(shut)
        if self._open is not None:
            self._open.set(not shut)

    def step(self):
        if self._at is None or self._clock.diff(self._clock.ticks(), self._at) < self._pulse_ms:
            return
        self._at = None
        if self._open is not None:
            self._shut.set(False)
            self._open.set(False)

    def locked(self):
        if self._sense is not None:
            return self._sense.on
        return None if self._at is not None else self._wanted

    def off(self):
        """No current through the motor; a lock that is shut stays so."""
        if self._open is not None:
            self._shut.set(False)
            self._open.set(False)
