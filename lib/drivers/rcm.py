"""Residual current monitor with a switch output and a test input (RCM14, RCM20, X804, X904, or a
converter of its kind). Times, latching and the test's course are its owner's (`lib/evse`).

Outputs are open drain as a rule: they need a pull-up, and a wire that breaks then looks like a
trip, which is what is wanted: so `active` is 1 unless the data sheet says otherwise.
"""


class RCM:
    """`outputs`: pins, such as (fault,) or (X6, X30); `test`: pin or None; `active`,
    `test_active`: levels that mean tripped and test."""

    def __init__(self, outputs, test=None, *, active=1, test_active=1):
        self._outputs = outputs
        self._test = test
        self._active = active
        self._test_active = test_active
        self._testing = False
        self._seen = 0  # outputs that tripped in this test, a bit each
        self._all = (1 << len(outputs)) - 1
        self.test(False)

    def tripped(self):
        """True while any output reports a residual current; during the test pulse only once all of
        them have done so, at whatever times. Allocates nothing."""
        now = 0
        bit = 1
        for pin in self._outputs:
            if pin.value() == self._active:
                now |= bit
            bit <<= 1
        if not self._testing:
            return now != 0
        self._seen |= now
        return self._seen == self._all

    def test(self, on):
        """Begin or end the test pulse. It trips the monitor: the contactor is open."""
        if on != self._testing:
            self._testing = on
            self._seen = 0
        if self._test is not None:
            self._test.value(self._test_active if on else 1 - self._test_active)
