"""California pricing over DataTransfer, vendor org.openchargealliance.costmsg: SetUserPrice,
RunningCost, FinalCost from the central system, ConnectorUnplugged to it."""

import json

from ocpp.iso import to_iso
from ocpp.station.pricing import moment_of
from ocpp.strictjson import loads

VENDOR = "org.openchargealliance.costmsg"
_ACCEPTED = {"status": "Accepted"}


def handle(station, message, data):
    """The answer to a DataTransfer of this vendor."""
    fn = {"SetUserPrice": _user, "RunningCost": _running, "FinalCost": _final}.get(message)
    if fn is None:
        return {"status": "UnknownMessageId"}
    try:
        told = loads(data or "")
        if isinstance(told, dict) and fn(station, told):
            return _ACCEPTED
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        pass
    return {"status": "Rejected"}


def unplugged(station, transaction_id):
    """ConnectorUnplugged: the EV has left (CustomIdleFeeAfterStop)."""
    unix = station.clock.unix()
    if unix is None:
        return
    data = {"transactionId": transaction_id, "timestamp": to_iso(unix)}
    payload = {
        "vendorId": VENDOR,
        "messageId": "ConnectorUnplugged",
        "data": json.dumps(data, separators=(",", ":")),
    }
    station.rpc.call("DataTransfer", payload)


def _user(station, told):
    id_token = told.pop("idToken")
    if not isinstance(id_token, str) or not isinstance(told.get("priceText"), str):
        return False
    station.part("pricing").user(id_token, _words(told))
    return True


def _running(station, told):
    connector = _connector(station, told)
    if connector is None or not _is_cost(told.get("cost")):
        return False
    moment = moment_of(told.pop("triggerMeterValue", None))
    station.part("pricing").running(connector, _words(told), moment)
    return True


def _final(station, told):
    if not _is_cost(told.get("cost")) or not isinstance(told["transactionId"], int):
        return False
    station.part("pricing").final(_connector(station, told), _words(told))
    return True


def _connector(station, told):
    for c in station.connectors:
        if c.tx and c.tx.id is not None and c.tx.id == told["transactionId"]:
            return c
    return None


def _words(told):
    """The text, and those in other languages, under the names of the domain."""
    if "priceText" in told:
        told["text"] = told.pop("priceText")
    if "priceTextExtra" in told:
        told["texts"] = told.pop("priceTextExtra")
    return told


def _is_cost(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
