"""OCPP 1.6: makes messages of what the domain has to say, and domain calls of what comes in.

What is needed all the time is here; each incoming action is a module of `ops/`, named like the action.
"""

from ocpp import rpc, txlog
from ocpp.clock import from_iso, to_iso
from ocpp.log import log
from ocpp.schema import code16, module_name
from ocpp.station.authorization import IdInfo
from ocpp.station.registration import REJECTED
from ocpp.station.samples import full

SUBPROTOCOL = "ocpp1.6"
VERSION = "1.6"

# Known to OCPP 1.6, but sent by a charge point only (§4); the rest of `schema.ACTIONS` may come in.
_OURS = (
    " Authorize BootNotification DiagnosticsStatusNotification FirmwareStatusNotification Heartbeat"
    " LogStatusNotification MeterValues SecurityEventNotification SignCertificate"
    " SignedFirmwareStatusNotification StartTransaction StatusNotification StopTransaction "
)


class Dialect:
    package = "ocpp.v16"
    code = staticmethod(code16)
    parks_chains = (
        False  # what follows a start that failed is sent with transactionId -1 (errata 3.18)
    )

    def __init__(self, station):
        self.station = station

    # -- what the domain asks for ------------------------------------------------------------------

    def boot(self, done):
        """BootNotification (§4.2); `done(status, interval in s, Unix time)`, status None: no answer."""

        def answered(result, error):
            if error:
                return done(None, 0, None)
            done(result["status"], int(result["interval"]), _time(result["currentTime"]))

        self.station.rpc.call("BootNotification", self._boot_payload, answered, rpc.BOOT)

    def _boot_payload(self):
        info = self.station.config.get("charge_point", {})
        payload = {
            "chargePointVendor": info.get("vendor", "ocppy"),
            "chargePointModel": info.get("model", ""),
        }
        for field, key in (
            ("serial", "chargePointSerialNumber"),
            ("box_serial", "chargeBoxSerialNumber"),
            ("firmware", "firmwareVersion"),
            ("iccid", "iccid"),
            ("imsi", "imsi"),
            ("meter_type", "meterType"),
            ("meter_serial", "meterSerialNumber"),
        ):
            if info.get(field):
                payload[key] = info[field]
        return payload

    def heartbeat(self, done, klass=rpc.EVENT):
        """Heartbeat (§4.6); `done(Unix time or None)`."""
        self.station.rpc.call(
            "Heartbeat", {}, lambda r, e: done(_time(r["currentTime"]) if r else None), klass
        )

    def authorize(self, id_token, kind, done):
        """Authorize (§4.1); `done(IdInfo or None, error)`."""

        def answered(result, error):
            done(id_info(result.get("idTagInfo")) if result else None, error)

        timeout = self.station.timeout_ms(self.station.settings.get("AuthorizationTimeout"))
        self.station.rpc.call("Authorize", {"idTag": id_token[:20]}, answered, rpc.EVENT, timeout)

    def status_word(self, state):
        return state

    def status(self, connector_id, state, error, info, stamp):
        """(action, payload) that reports a state (§4.9)."""
        payload = {"connectorId": connector_id, "errorCode": "NoError", "status": state}
        if error:
            payload["errorCode"] = error.code
            for key, value in (
                ("info", error.info or info),
                ("vendorId", error.vendor_id),
                ("vendorErrorCode", error.vendor_code),
            ):
                if value:
                    payload[key] = value
        elif info:
            payload["info"] = info
        at = self.station.unix_of(stamp)
        if at is not None:
            payload["timestamp"] = to_iso(at)
        return "StatusNotification", payload

    def transaction_message(self, record):
        """(action, payload, learn) for a record of the transaction log, or None if this version has nothing
        to say of it. `learn(result)` -> (transaction id or None, what to keep)."""
        data = record.data
        at = to_iso(record.stamp)
        if record.kind == txlog.START:
            payload = {
                "connectorId": data["connector"],
                "idTag": data["id"][:20],
                "meterStart": data["wh"],
                "timestamp": at,
            }
            if data.get("reservation") is not None:
                payload["reservationId"] = data["reservation"]
            return "StartTransaction", payload, lambda result: self._started(record, result)
        id = self._transaction_id(record)
        if record.kind == txlog.UPDATE:
            if not data.get("values"):
                return None
            payload = {
                "connectorId": data["connector"],
                "meterValue": [meter_value(at, data["values"])],
            }
            payload["transactionId"] = id
            return "MeterValues", payload, _learn_nothing
        if record.kind == txlog.END:
            return (
                "StopTransaction",
                self._stop_payload(record, id, at),
                lambda r: self._stopped(record, r),
            )
        return None

    def _transaction_id(self, record):
        # -1: the start could not be delivered (errata 3.18)
        return record.csms_id if isinstance(record.csms_id, int) else -1

    def _stop_payload(self, record, id, at):
        data = record.data
        payload = {"transactionId": id, "meterStop": data["wh"], "timestamp": at}
        if data["why"] != "Local":
            payload["reason"] = data["why"]
        if data.get("id"):
            payload["idTag"] = data["id"][:20]
        values = []
        for stamp, samples in data.get("values", ()):
            unix = self.station.unix_of(stamp)
            if unix is not None and samples:
                values.append(meter_value(to_iso(unix), samples))
        if values:
            payload["transactionData"] = values
        return payload

    def _started(self, record, result):
        info = id_info(result.get("idTagInfo"))
        self.station.started(record.key, record.data["id"], result["transactionId"], info)
        return result["transactionId"], info.status

    def _stopped(self, record, result):
        if result.get("idTagInfo") and record.data.get("id"):
            self.station.authorization.learn(record.data["id"], id_info(result["idTagInfo"]))
        return None, None

    def idle_samples(self, connector, stamp, samples):
        """MeterValues outside a transaction (§3.16)."""
        self.station.rpc.call(
            "MeterValues", lambda: self.samples_payload(connector, stamp, samples)
        )

    def samples_payload(self, connector, stamp, samples):
        at = self.station.unix_of(stamp)
        if at is None:
            return None
        payload = {"connectorId": connector.id, "meterValue": [meter_value(to_iso(at), samples)]}
        if connector.tx and isinstance(connector.tx.id, int):
            payload["transactionId"] = connector.tx.id
        return payload

    # -- what comes in -----------------------------------------------------------------------------

    def on_call(self, request):
        """Answer a CALL. Errors per OCPP-J 1.6 §4.2.3."""
        station = self.station
        if station.registration.status == REJECTED:
            log.warn(
                "rpc",
                request.action,
                "not answered: the central system rejected this station (§4.2)",
            )
            return None
        action = request.action
        handler = station.handlers.get(action)
        if handler:
            return handler(request)
        if not station.knows(action):
            raise rpc.CallError("NotImplemented", "unknown action " + action[:50])
        module = None
        if " " + action + " " not in _OURS:
            module = station.load(self.package + ".ops." + module_name(action))
        if module is None:
            raise rpc.CallError("NotSupported", action + " is not supported by this charge point")
        try:
            station.check(action, True, request.payload)
            return module.handle(self, request)
        finally:
            station.unload(module)

    def on_garbage(self, text, id, what):
        """Code of the CALLERROR for a frame that is none; None: no answer is possible (OCPP-J 1.6 §4.2.3)."""
        return "FormationViolation" if id and what != "unknown message type" else None


def id_info(info):
    """IdInfo from an IdTagInfo (§7.27); a missing one is no objection."""
    if not isinstance(info, dict):
        return IdInfo("Accepted")
    expiry = info.get("expiryDate")
    return IdInfo(info["status"], info.get("parentIdTag"), _time(expiry) if expiry else None)


def meter_value(at, samples):
    """A MeterValue (§7.33) from samples [value, context, measurand, phase, location, unit]."""
    return {"timestamp": at, "sampledValue": [_sampled_value(s) for s in samples]}


_FIELDS = ("value", "context", "measurand", "phase", "location", "unit")


def _sampled_value(sample):
    """Defaults are spelt out: not every central system knows them."""
    out = {}
    for i, value in enumerate(full(sample)):
        if value is not None:
            out[_FIELDS[i]] = value
    return out


def _learn_nothing(result):
    return None, None


def _time(text):
    try:
        return from_iso(text)
    except ValueError:
        log.warn("ocpp", "not a time:", text)
        return None
