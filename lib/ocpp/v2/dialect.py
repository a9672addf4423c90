"""OCPP 2.0.1: makes messages of what the domain has to say, and domain calls of what comes in.

Only what is needed at any moment is here. Each operation, outgoing or incoming, is a module of
`ops/` named like its action: `handle(dialect, request)` answers it; `payload`, `send`, `record` or
`learn` make it. Connector N of the domain is EVSE N with its one connector.
"""

import binascii
import os

from ocpp import calls
from ocpp.txlog import EVENT

_FILE = const("transactions")
_START = const("TxCtrlr.TxStartPoint")
_STOP = const("TxCtrlr.TxStopPoint")
_STARTED = const("SampledDataCtrlr.TxStartedMeasurands")


class Dialect:
    package = "ocpp.v2"
    subprotocol = "ocpp2.0.1"
    id_max = 36  # characters of an identifier
    tracks_states = True  # a transaction's records tell charging states, and values at its start
    asks_again = True  # a request for a certificate is; and it need not name the operator
    parks_chains = False  # a start that is not taken does not hold back what follows

    def __init__(self, station):
        self.station = station
        self.boot_reason = None  # of the next BootNotification, where it is not the station's
        self.reporting = False  # True: a report of the device model is under way
        self._prefix = _prefix(station.store)
        for name in (_START, _STOP, _STARTED):  # in memory where they are needed
            station.settings.adopt(name, station.settings.get(name))

    def op(self, action):
        """The module of an action, or None if it is not supported here."""
        return self.station.op(self.package, action)

    def code(self, kind):
        """Error code for a kind of schema violation (OCPP-J 2.0.1 §4.3)."""
        from ocpp.schema import code2

        return code2(kind)

    @property
    def starts(self):
        """Conditions whose coming begins a transaction, as text (E01)."""
        return self.station.settings.get(_START)

    @property
    def stops(self):
        """Conditions whose end ends a transaction, as text (E06)."""
        return self.station.settings.get(_STOP)

    # -- what the domain asks for ---

    def boot(self, done):
        """`done(status, interval in s, Unix time)`; status None: no usable answer."""
        self.op("BootNotification").send(self, done)

    def heartbeat(self, done):
        """`done(Unix time or None)`."""
        self.op("Heartbeat").send(self, done)

    def authorize(self, id_token, kind, done, extra):
        """`done(IdInfo or None, error)`. `extra`: additionalInfo."""
        self.op("Authorize").send(self, id_token, kind, done, extra)

    def status_word(self, state):
        """ConnectorStatusEnumType of a state of the domain."""
        return state

    def status_key(self, connector_id, state, error, info):
        """What of a state is reported: alike ones are told once. None: nothing (the station)."""
        return self.status_word(state) if connector_id else None

    def status(self, connector_id, state, error, info, stamp):
        """(action, payload) that reports a state."""
        op = self.op("StatusNotification")
        return "StatusNotification", op.payload(self, connector_id, state, stamp)

    def transaction_id(self, key, csms_id=None):
        """Id of the transaction with local key `key`: what its start was told under, or ours."""
        return "%s-%s" % (self._prefix, key) if csms_id is None else str(csms_id)

    def transaction_message(self, record):
        """(action, payload, learn) for a record of the transaction log, or None if this version
        has nothing to say of it. `learn(result)` -> (transaction id or None, what to keep)."""
        action = "SecurityEventNotification" if record.kind == EVENT else "TransactionEvent"
        if record.kind == EVENT and "status" in record.data:  # of a firmware update
            action = "FirmwareStatusNotification"
        payload = self.op(action).record(self, record)
        return action, payload, lambda result: self.op(action).learn(self, record, result)

    def upload_status(self, what, status, id):
        """Tell how an upload goes on; see `station/upload.py`."""
        self.op("LogStatusNotification").send(self, status, id)

    def sign_certificate(self, csr):
        """Have a certification request, PEM text, signed; asked again if no answer comes."""
        self.op("SignCertificate").send(self, csr)
        self.station.part("asking").begin(csr)

    def idle_samples(self, connector, stamp, samples):
        """Meter values outside a transaction."""
        self.op("MeterValues").send(self, connector, stamp, samples)

    def trouble(self, connector, code, active):
        """An error of a connector appeared (`active`), or is gone."""
        if code == "ConnectorLockFailure":  # G05.FR.02
            at = "ConnectorPlugRetentionLock@%d.1" % connector.id
            self.station.part("monitors").wired(at, "Problem", active)

    def reservation_ended(self, id, why):
        """A reservation is "Expired" or "Removed" (H02.FR.03)."""
        payload = {"reservationId": id, "reservationUpdateStatus": why}
        self.station.rpc.call("ReservationStatusUpdate", payload)

    def limited(self, number, source, limit=None, critical=None):
        """The host has set a limit of its own: (tenths of A, uptime of its end or None); None: it
        has taken it back, or its time is over (K11 to K14)."""
        self.op("NotifyChargingLimit").send(self, number, source, limit, critical)

    def ev_left(self, transaction_id):
        """The EV has left after its transaction: told by the state of the connector."""

    def security_event(self, data, stamp):
        """Tell a security event: `data` has "type" and perhaps "info"."""
        self.op("SecurityEventNotification").send(self, data, stamp)

    def reader(self):
        """`fn(station, source, component, variable)` -> the value of a live variable as text;
        None: there is none. See `v2/values.py`."""
        from ocpp.v2 import values

        return values.read

    def tell_events(self, events):
        """Tell events of monitors; see `station/monitors.py`."""
        self.op("NotifyEvent").send(self, events)

    # -- what comes in ---

    def on_call(self, request):
        """Answer a CALL. Errors per OCPP-J 2.0.1 §4.3."""
        station = self.station
        action = request.action
        if station.registration.status == "Rejected":  # B03.FR.08, errata 2023-12 §2.3.1
            raise calls.CallError("SecurityError", "this station is rejected")
        handler = station.handlers.get(action)
        if handler:
            station.check(action, True, request.payload)
            return handler(request)
        if not station.knows(action):
            raise calls.CallError("NotImplemented", "unknown action " + action[:50])
        op = self.op(action)
        if not hasattr(op, "handle"):
            raise calls.CallError("NotSupported", action + " is not supported by this station")
        station.check(action, True, request.payload)
        return op.handle(self, request)

    def on_garbage(self, text, id, what):
        """Code of the CALLERROR for a frame that is none (OCPP-J 2.0.1 §4.2.3, §4.4)."""
        return "MessageTypeNotSupported" if what == "unknown message type" else "RpcFrameworkError"


def _prefix(store):
    """What makes our transaction ids unique beyond the life of this flash: random, kept there."""
    kept = store.load(_FILE)
    if not isinstance(kept, str) or len(kept) != 12 or set(kept) - set("0123456789abcdef"):
        kept = binascii.hexlify(os.urandom(6)).decode()
        store.save(_FILE, kept)
    return kept
