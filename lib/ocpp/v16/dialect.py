"""OCPP 1.6: makes messages of what the domain has to say, and domain calls of what comes in.

Only what is needed at any moment is here. Each operation, outgoing or incoming, is a module of
`ops/`
named like its action: `handle(dialect, request)` answers it, `payload`, `send` or `learn` make it.
"""

from ocpp import calls, txlog
from ocpp.log import log

_RECORDS = {
    txlog.START: "StartTransaction",
    txlog.UPDATE: "MeterValues",
    txlog.END: "StopTransaction",
    txlog.EVENT: "SecurityEventNotification",
}


class Dialect:
    package = "ocpp.v16"
    subprotocol = "ocpp1.6"
    id_max = 20  # characters of an identifier
    asks_again = False  # a request for a certificate is sent once, and names the operator
    tracks_states = False  # charging states are told as connector states, not with a transaction
    starts = "PowerPathClosed"  # conditions whose coming begins a transaction
    stops = "Authorized"  # those whose end ends it
    parks_chains = (
        False  # what follows a start that failed is sent with transactionId -1 (errata 3.18)
    )

    def __init__(self, station):
        self.station = station

    def op(self, action):
        """The module of an action, or None if it is not supported here."""
        return self.station.op(self.package, action)

    def code(self, kind):
        """Error code for a kind of schema violation (OCPP-J 1.6 §4.2.3)."""
        from ocpp.schema import code16

        return code16(kind)

    # -- what the domain asks for
    # ------------------------------------------------------------------

    def boot(self, done):
        """`done(status, interval in s, Unix time)`; status None: no usable answer."""
        self.op("BootNotification").send(self, done)

    def heartbeat(self, done):
        """`done(Unix time or None)`."""
        self.op("Heartbeat").send(self, done)

    def authorize(self, id_token, kind, done, extra):
        """`done(IdInfo or None, error)`."""
        self.op("Authorize").send(self, id_token, done)

    def status_word(self, state):
        return state

    def status(self, connector_id, state, error, info, stamp):
        """(action, payload) that reports a state."""
        op = self.op("StatusNotification")
        return "StatusNotification", op.payload(self, connector_id, state, error, info, stamp)

    def status_key(self, connector_id, state, error, info):
        """What of a state is reported: alike ones are told once."""
        return state, error, info

    def transaction_id(self, key, csms_id=None):
        """Id of the transaction with the local key `key`: what the central system gave, else none
        yet."""
        return csms_id

    def transaction_message(self, record):
        """(action, payload, learn) for a record of the transaction log, or None if this version
        has nothing
        to say of it. `learn(result)` -> (transaction id or None, what to keep)."""
        action = _RECORDS.get(record.kind)
        if record.kind == txlog.EVENT and "status" in record.data:
            action = "FirmwareStatusNotification"
            if "id" in record.data:
                action = "Signed" + action
        payload = self.op(action).record(self, record) if action else None
        if payload is None:
            return None
        return action, payload, lambda result: self.op(action).learn(self, record, result)

    def idle_samples(self, connector, stamp, samples):
        """Meter values outside a transaction."""
        payload = self.op("MeterValues").payload(self, connector, stamp, samples)
        if payload:
            self.station.rpc.call("MeterValues", payload)

    def trouble(self, connector, code, active):
        """An error of a connector appeared, or is gone: told with its state."""

    def reservation_ended(self, id, why):
        """A reservation is "Expired" or "Removed": told by the state of the connector alone."""

    def security_event(self, data, stamp):
        """Tell a security event: `data` has "type" and perhaps "info"."""
        self.op("SecurityEventNotification").send(self, data, stamp)

    def upload_status(self, what, status, id):
        """Tell how an upload goes on; see `station/upload.py`."""
        action = "LogStatusNotification" if id is not None else "DiagnosticsStatusNotification"
        self.op(action).send(self, status, id)

    def limited(self, number, source, limit=None, critical=None):
        """The host has set or, None, taken back a limit of its own: there is no word for that."""

    def ev_left(self, transaction_id):
        """The EV has left after its transaction (CustomIdleFeeAfterStop)."""
        from ocpp.v16 import pricing

        pricing.unplugged(self.station, transaction_id)

    def sign_certificate(self, csr):
        """Have a certification request, PEM text, signed."""
        self.op("SignCertificate").send(self, csr)

    # -- what comes in
    # -----------------------------------------------------------------------------

    def on_call(self, request):
        """Answer a CALL, in steps (a generator). Errors per OCPP-J 1.6 §4.2.3."""
        station = self.station
        if station.registration.status == "Rejected":
            log.warn("rpc", request.action, "not answered, the station is rejected (§4.2)")
            return None
        action = request.action
        handler = station.handlers.get(action)
        if handler:
            station.check(action, True, request.payload)
            return handler(request)
        if not station.knows(action):
            raise calls.CallError("NotImplemented", "unknown action " + action[:50])
        yield
        op = self.op(action)
        if not hasattr(op, "handle"):
            raise calls.CallError(
                "NotSupported", action + " is not supported by this charge point"
            )
        yield
        try:
            station.check(action, True, request.payload)
        except calls.CallError as e:
            answer = op.refused(request, e) if hasattr(op, "refused") else None
            if answer is None:
                raise
            return answer
        yield
        return op.handle(self, request)

    def on_garbage(self, text, id, what):
        """Code of the CALLERROR for a frame that is none; None: no answer is possible (OCPP-J 1.6
        §4.2.3)."""
        return "FormationViolation" if id and what != "unknown message type" else None
