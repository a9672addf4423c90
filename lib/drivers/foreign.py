"""What the drivers of foreign controllers share: an outlet whose pilot and contactor belong to
another device, which we allow to charge, limit, and watch. To its owner it looks as the controller
of `lib/evse` does.
"""

SILENT_MS = const(10000)  # no good answer for so long: the device counts as failed
_MIN_MA = const(6000)  # the least that a control pilot can offer (IEC 61851-1)


class Fault:
    """A fault of the device: `code` of OCPP 1.6 §7.6, `vendor_code` by which it is known."""

    vendor_id = "ocppy"
    faulted = True

    def __init__(self, code, vendor_code, info):
        self.code = code
        self.vendor_code = vendor_code
        self.info = info


class Foreign:
    """`max_ma`: what wiring and device carry."""

    def __init__(self, clock, max_ma, name):
        self._clock = clock
        self._max_ma = max_ma
        self._name = name
        # Wanted
        self.permit = False  # energy may flow
        self.limit_ma = None  # None: not limited
        self.limit_phases = None  # no device here can switch phases
        self.lock_wanted = False
        # Seen
        self.state = None  # "A" to "F", None: not known
        self.plugged = False  # as last known
        self.ev_ready = False
        self.offering = False
        self.faults = ()  # a new tuple at every change
        self.error = "not heard yet"  # words on the last exchange, None if it was good
        self._heard = clock.uptime()
        self._own = ()  # the device's own faults: (code, vendor code, info)
        self._told = ()  # all of them, as in `faults`

    @property
    def silent(self):
        """No good answer for `SILENT_MS`."""
        return (self._clock.uptime() - self._heard) * 1000 >= SILENT_MS

    def wanted_a(self):
        """What the device is to offer now, whole A; 0: nothing."""
        if not self.permit:
            return 0
        ma = self._max_ma if self.limit_ma is None else min(self.limit_ma, self._max_ma)
        return ma // 1000 if ma >= _MIN_MA else 0

    def _saw(self, state, offering, own=()):
        """A good answer: `state`, whether energy is offered, the faults it tells of."""
        self._heard = self._clock.uptime()
        self.error = None
        self.state = state
        if state not in ("E", "F", None):
            self.plugged = state != "A"
        self.ev_ready = state in ("C", "D")
        self.offering = offering and not own
        self._own = own

    def _watch(self):
        """Call in every step: silence is a fault too. What happens meanwhile is not known."""
        told = self._own
        if self.silent:
            self.state = None
            self.ev_ready = self.offering = False
            info = "%s does not answer" % self._name
            told = (("InternalError", "ControllerSilent", info),)
        if told != self._told:
            self._told = told
            self.faults = tuple([Fault(*fault) for fault in told])
