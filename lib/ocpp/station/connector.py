"""One EVSE with its connector, as the host and the dialects see it.

Inputs are attributes that the host writes, or callables bound to them; the state (`state()`) is
derived from inputs, grant and transaction (OCPP 1.6 §4.9). Only what inputs can't tell is
remembered: `grant`, `tx`, `finishing`, and for whom the cable stays locked.
"""

from ocpp.clock import Timer
from ocpp.log import log
from ocpp.station.session import FIRMWARE, Session

AVAILABLE = "Available"
PREPARING = "Preparing"
_CHARGING = const("Charging")
SUSPENDED_EV = "SuspendedEV"
SUSPENDED_EVSE = "SuspendedEVSE"
FINISHING = "Finishing"
_RESERVED = const("Reserved")
_OCCUPIED = const("Occupied")
UNAVAILABLE = "Unavailable"
FAULTED = "Faulted"


class Error:
    """An error of the hardware, as reported with a status."""

    id = None  # the host's, of one that was raised with `raise_error`

    def __init__(self, code, info="", vendor_id="", vendor_code="", faulted=True):
        self.code = code  # error code in the words of OCPP 1.6 §7.6
        self.info = info[:50]
        self.vendor_id = vendor_id[:255]
        self.vendor_code = vendor_code[:50]
        # False: a warning, charging goes on; this one always is (OCPP 1.6 §4.9)
        self.faulted = faulted and code != "EVCommunicationError"

    def __eq__(self, other):  # the same error again is no news
        return other is self or (
            isinstance(other, Error)
            and self.code == other.code
            and self.info == other.info
            and self.vendor_id == other.vendor_id
            and self.vendor_code == other.vendor_code
            and self.faulted == other.faulted
        )


def is_fault(errors):
    for e in errors:
        if e.faulted:
            return True
    return False


class Connector(Session):
    def __init__(self, station, id):
        self.station = station
        self.id = id  # 1, 2, ...
        # Inputs
        self.plugged = False  # a car is connected
        self.ev_ready = False  # the car asks for energy
        self.evse_ready = None  # energy is offered; None: not wired, follows charging_permitted
        self.occupied = False  # bay or connector in use otherwise
        self.start_ready = True
        self.stop_ready = True
        self.phases_in_use = None  # of the car, when all are offered; None: not known
        self.cable_ma = None  # what the cable can carry; None: not known
        self.energy_wh = 0  # import register; None: the meter is silent
        self.measures = []  # (measurand, phase, unit, location, fn)
        self.sign = None  # fn(context, id_token): a signed reading, see `signed.py`
        self.errors = []  # Error, the newest last
        # Outputs
        self.limit_ma = None  # offered to the EV, None: not limited; 0: paused
        self.limit_phases = None  # phases to offer, None: all there are
        self.limit_phase = None  # the one to use for charging on one phase, 1 to 3; None: any
        self.paused = False  # True: the limit is too low to charge
        self.lock_wanted = False
        # What inputs can't tell
        self.operative = True  # as last set by ChangeAvailability
        self.grant = None  # Grant that waits for its transaction
        self.tx = None
        self.finishing = False  # over, but the cable or the car is still there
        self.scheduled = False  # becomes unavailable when it is no longer finishing
        self.lock_holder = None  # (identifier, group) whose card opens a lock kept shut, or None
        self.info = ""  # remark that goes with the state
        self.languages = None  # of who was authorized last, see `IdInfo`
        self.reservation = None  # id or None
        self.reserved_itself = False  # True: by its number, not as the last one that is free
        self._before_end = _CHARGING  # state shown while a transaction ends
        self._bound = []  # (name, fn)
        self._read_energy = None
        self._last_wh = 0
        self._silent = True  # the last reading failed, or there was none
        self._was_plugged = self._was_occupied = False
        self._begins = None  # what happened that begins a transaction without an authorization
        self._waiting = False  # plugged in while it could not be used
        self._failures = 0  # steps in a row that failed
        self._no_meter = False  # True: it was told that the register can't be read
        self._doubt = Timer(station.clock)  # runs while no energy may flow for that
        self._timer = Timer(station.clock)  # ConnectionTimeOut
        self._settle = Timer(station.clock)
        self._opening = Timer(station.clock)
        self._second = Timer(station.clock)

    # -- for the host ----------------------------------------------------------------------------

    def bind(self, name, fn):
        """Have an input polled ten times a second: `fn()` -> its value. "energy_wh" is read on
        demand: Wh, None while the meter is silent. If `fn` fails, the old value stays. ValueError:
        no such input."""
        self.station.bind(self, name, fn)

    def take(self, name, fn):
        """As `bind`, unchecked."""
        if name == "energy_wh":
            self._read_energy = fn
        else:
            self._bound.append((name, fn))

    def measure(self, measurand, fn, unit=None, phase=None, location="Outlet"):
        """Declare a further measurand (OCPP 1.6 §7.31) before the first `loop()`: `fn()` ->
        number, or None while it can't be read. `unit`: that of the numbers, None: the usual one.
        `phase`: "L1", "L1-N", ... ValueError for a measurand, unit, phase or location that OCPP
        1.6 has not."""
        self.station.measure(self, measurand, fn, unit, phase, location)

    def set_error(self, code, info="", vendor_id="", vendor_code="", faulted=True):
        """An error appears (OCPP 1.6 §7.6 codes, others are told as OtherError; `vendor_code`
        tells like ones apart). A fault stops a running transaction; a warning (`faulted` False) is
        only reported."""
        error = Error(code, info, vendor_id, vendor_code, faulted)
        if error not in self.errors:
            self.clear_error(code, error.vendor_code)
            self.errors.append(error)
            self.station.dialect.trouble(self, code, True)

    def clear_error(self, code=None, vendor_code=None):
        """The error is gone; None: all of them."""
        keep = []
        for e in self.errors:
            gone = code is None or (
                e.code == code and (vendor_code is None or e.vendor_code == vendor_code)
            )
            if not gone:
                keep.append(e)
            else:
                self.station.dialect.trouble(self, e.code, False)
        if len(keep) != len(self.errors):
            self.errors = keep

    def unlock(self, done):
        """Open the cable lock; ends a transaction first (OCPP 1.6 §5.18). `done(status)` is called
        with "Unlocked", "UnlockFailed" or "NotSupported"."""
        self.station.unlock(self, done)

    @property
    def charging_permitted(self):
        """True: the contactor may close."""
        tx = self.tx
        if self.faulted or self._doubt.running:
            return False
        if tx is None:  # perhaps the flow of energy is what begins a transaction
            return bool(self.grant and self.grant.offered and self.plugged and not self.paused)
        if tx.ending or tx.suspended or not tx.authorized:
            return False
        return self.plugged and not self.paused and not tx.held

    @property
    def faulted(self):
        """True: a fault of its own, or of the station; no energy flows."""
        return is_fault(self.errors) or is_fault(self.station.errors)

    @property
    def authorized(self):
        """Identifier for which this connector is, or will be, charging; or None."""
        if self.tx:
            return self.tx.id_token if self.tx.authorized else None
        return self.grant.id_token if self.grant else None

    @property
    def transaction(self):
        return self.tx

    @property
    def availability(self):
        return "Operative" if self.operative and self.station.operative else "Inoperative"

    @property
    def status(self):
        """State in the words of the running protocol version."""
        return self.station.dialect.status_word(self.told_state())

    def read_energy(self):
        """Import register in Wh; the last one known while the meter is silent."""
        try:
            value = self._read_energy() if self._read_energy else self.energy_wh
            self._silent = value is None
            if value is not None:
                self._last_wh = int(value)
            if self._no_meter and not self._silent:
                self._no_meter = False
                self.clear_error("PowerMeterFailure", FIRMWARE)
        except Exception as e:  # a meter out of order must not hold up the end of a transaction
            self._silent = True
            self._meter_missing(repr(e))
        return self._last_wh

    def metered(self):
        """True if the register can be read. Without it nothing begins: it would be billed from
        wherever
        the register was last seen."""
        self.read_energy()
        if self._silent:
            self._meter_missing("silent")
        return not self._silent

    def _meter_missing(self, why):
        if not self._no_meter:
            self._no_meter = True
            log.error("connector %d" % self.id, "meter can't be read:", why)
            self.set_error("PowerMeterFailure", "meter can't be read", "", FIRMWARE, False)

    # -- state -----------------------------------------------------------------------------------

    def state(self):
        """Derived state, one of the nine of OCPP 1.6 §4.9."""
        if self.errors and is_fault(self.errors):
            return FAULTED
        if self.tx:
            return self._charging_state()
        station = self.station
        if not self.operative or not station.operative or station.installing:
            return FINISHING if self.finishing and self.scheduled else UNAVAILABLE
        if self.finishing:
            return FINISHING
        in_use = self.plugged or self.occupied
        if self.grant:
            return PREPARING
        if self.reservation is not None and (self.reserved_itself or not in_use):
            return _RESERVED  # until whom it is for presents himself (§4.9 G2)
        return PREPARING if in_use else AVAILABLE

    def told_state(self):
        """What is told of it: the state, or the usage where transactions tell the rest."""
        return self.usage() if self.station.dialect.tracks_states else self.state()

    def usage(self):
        """What it is for the next driver: "Faulted", "Unavailable", "Reserved", "Occupied" (a
        cable is in it) or "Available"."""
        if self.errors and is_fault(self.errors):
            return FAULTED
        tx = self.tx
        if tx is None:
            station = self.station
            if not self.operative or not station.operative or station.installing:
                return UNAVAILABLE
            if self.reservation is not None and self.grant is None:
                return _RESERVED
        cable = self.plugged or self.lock_holder is not None or (tx is not None and tx.cable)
        return _OCCUPIED if cable else AVAILABLE

    def _charging_state(self):
        tx = self.tx
        if not self.plugged:
            return FINISHING if tx.ending else SUSPENDED_EV
        ready = self.charging_permitted if self.evse_ready is None else self.evse_ready
        if ready and self.ev_ready and not tx.ending:
            self._settle.stop()
            return _CHARGING
        if (
            self._settle.running
            and not self._settle.expired()
            and not tx.ending
            and not tx.suspended
        ):
            return PREPARING
        if tx.ending:
            return self._before_end
        return SUSPENDED_EV if ready else SUSPENDED_EVSE

    def note(self, info):
        """A remark (at most 50 characters) that goes with the present state."""
        self.info = info[:50]

    def _log(self, *parts):
        log.info("connector %d" % self.id, *parts)
