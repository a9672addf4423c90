"""A push button: short and long presses."""

_DEBOUNCE_MS = const(30)


class Button:
    """`active`: level while it is pressed. `take()` gives "short" when it was let go, "long" once
    it is held for `long_ms`, "stuck" after `stuck_ms` more, each once; else None."""

    def __init__(self, pin, clock, *, active=0, long_ms=3000, stuck_ms=60000):
        self._pin = pin
        self._clock = clock
        self._active = active
        self._long_ms = long_ms
        self._stuck_ms = stuck_ms
        self.pressed = False  # debounced
        self._raw = False
        self._raw_at = clock.ticks()
        self._at = self._raw_at  # of the last debounced change
        self._told = 0  # of this press: 1 long, 2 stuck
        self._event = None

    def take(self):
        event, self._event = self._event, None
        return event

    def step(self):
        """Look at the pin: at least each 15 ms to notice all presses."""
        now = self._clock.ticks()
        raw = self._pin.value() == self._active
        if raw != self._raw:
            self._raw, self._raw_at = raw, now
        elif raw != self.pressed:
            if self._clock.diff(now, self._raw_at) >= _DEBOUNCE_MS:
                self.pressed, self._at = raw, now
                if not raw and not self._told:
                    self._event = "short"
                self._told = 0
        elif raw and self._told < 2:
            held = self._clock.diff(now, self._at)
            if not self._told and held >= self._long_ms:
                self._event, self._told = "long", 1
            elif self._told and held >= self._long_ms + self._stuck_ms:
                self._event, self._told = "stuck", 2
