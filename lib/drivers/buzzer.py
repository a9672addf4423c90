"""A buzzer: short melodies of tones and rests."""

# (Hz or 0 for a rest, ms), ...
TUNES = {
    "accepted": ((1800, 80), (0, 40), (2400, 120)),
    "rejected": ((400, 500),),
    "card": ((2000, 50),),
    "error": ((600, 200), (0, 100), (600, 200), (0, 100), (600, 200)),
}


class Buzzer:
    """`pwm`: a `machine.PWM`, or a pin with `tonal=False` for one that beeps by itself."""

    def __init__(self, pwm, clock, *, tonal=True):
        self._pwm = pwm
        self._clock = clock
        self._tonal = tonal
        self._notes = ()
        self._next = 0
        self._at = 0
        self._ms = 0
        self._sound(0)

    @property
    def busy(self):
        return bool(self._notes)

    def play(self, notes):
        """Begin a melody, a name of `TUNES` or notes as there; one that plays ends."""
        self._notes = TUNES[notes] if isinstance(notes, str) else notes
        self._next = 0
        self._ms = 0
        self._at = self._clock.ticks()
        self.step()

    def step(self):
        if not self._notes or self._clock.diff(self._clock.ticks(), self._at) < self._ms:
            return
        if self._next >= len(self._notes):
            self._notes = ()
            self._sound(0)
            return
        hertz, self._ms = self._notes[self._next]
        self._next += 1
        self._at = self._clock.ticks()
        self._sound(hertz)

    def _sound(self, hertz):
        if not self._tonal:
            self._pwm.value(1 if hertz else 0)
        elif hertz:
            self._pwm.freq(hertz)
            self._pwm.duty_u16(32768)
        else:
            self._pwm.duty_u16(0)
