"""The control pilot: what a voltage, a duty and a cable's resistor mean (IEC 61851-1 annex A)."""

from evse.timing import DIODE_MV, DIODE_SAMPLES, HYSTERESIS_MV, SAMPLES

# Lower edges of A to E, mV: midway between +12, +9, +6, +3, 0 and -12 V, the last closer to -12
_EDGES = (10500, 7500, 4500, 1500, -10000)
_LETTERS = "ABCDEF"
_MANY = const(10000)  # counters stop here
MIN_MA = const(6000)  # the least a pilot can offer
STEADY = const(10000)  # duty: +12 V without pulses, nothing is offered

# Below these resistances, ohm: mA. Nominal 100, 220, 680, 1500; beyond: shorted or no plug.
_CABLES = ((50, 0), (150, 63000), (330, 32000), (1000, 20000), (4500, 13000))


def duty(ma):
    """Duty in 1/100 % that offers at most `ma` (mA); `STEADY` below 6 A. 6 to 51 A: A / 0.6;
    above: A / 2.5 + 64, at most 80 A. 5 %, reserved for digital communication, never comes out."""
    if ma < MIN_MA:
        return STEADY
    if ma < 52500:  # read by the first formula up to 85 %, however it was meant
        return min(ma // 6, 8500)
    return min(ma // 25 + 6400, 9600)


def cable_ma(ohm):
    """What a cable with this resistor carries, mA; 0: none that is known."""
    for below, ma in _CABLES:
        if ohm < below:
            return ma
    return 0


class Pilot:
    """Debounced state of the pilot. `update()` allocates nothing. `ventilated`: a car that asks
    for ventilation (D) counts as one that asks for energy."""

    def __init__(self, ventilated=False):
        self._most = 3 if ventilated else 2  # index of the last state in which energy may flow
        self.reset()

    def reset(self):
        """Forget everything: the line was switched."""
        self._n = -1  # accepted: index in _LETTERS, -1: not known
        self._next = -1  # candidate, seen `_count` times in a row
        self._count = 0
        self.absent = 0  # looks in a row in A
        self.inside = 0  # looks in a row in C, or D if ventilated
        self.outside = 0  # looks in a row outside of that
        self.diode = 0  # looks in a row that showed the diode, with a car there
        self.no_diode = 0  # looks in a row that did not

    @property
    def state(self):
        """ "A" to "F", None while not known."""
        return _LETTERS[self._n] if self._n >= 0 else None

    def update(self, high_mv, low_mv, pulsing):
        """One look at the peaks. `pulsing`: there are pulses, so there must be a low side."""
        n = self._index(high_mv)
        if n != self._next:
            self._next = n
            self._count = 0
        if self._count < _MANY:
            self._count += 1
        if self._count >= SAMPLES:
            self._n = n
        self.absent = 0 if n else min(self.absent + 1, _MANY)
        if 2 <= n <= self._most:
            self.outside = 0
            self.inside = min(self.inside + 1, _MANY)
        else:
            self.inside = 0
            self.outside = min(self.outside + 1, _MANY)
        if not pulsing:  # to be seen anew with every offer
            self.diode = self.no_diode = 0
        elif 1 <= n <= 3:
            if low_mv <= DIODE_MV:
                self.no_diode = 0
                self.diode = min(self.diode + 1, _MANY)
            else:
                self.diode = 0
                self.no_diode = min(self.no_diode + 1, _MANY)
        else:  # nothing to see, which takes nothing back of what is missing
            self.diode = 0

    @property
    def diode_seen(self):
        return self.diode >= SAMPLES

    @property
    def diode_missing(self):
        return self.no_diode >= DIODE_SAMPLES

    def _index(self, mv):
        n = 0
        for edge in _EDGES:
            if self._n >= 0:  # it takes more to leave a state than to stay
                edge += HYSTERESIS_MV if self._n > n else -HYSTERESIS_MV
            if mv >= edge:
                break
            n += 1
        return n
