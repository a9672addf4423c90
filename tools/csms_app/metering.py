"""What meter values say: the energy register in Wh, and what a TransactionEvent changes."""

import math

_MAX_MULTIPLIER = 12
_REGISTER = "Energy.Active.Import.Register"


def register_wh(meter_values):
    """The last energy register reading in Wh among meter values of 1.6 or 2.x, or None."""
    last = None
    for meter_value in meter_values:
        for sample in meter_value["sampledValue"]:
            wh = _sample_wh(sample)
            last = wh if wh is not None else last
    return last


def _sample_wh(sample):
    if sample.get("measurand", _REGISTER) != _REGISTER or "phase" in sample:
        return None
    if sample.get("location", "Outlet") != "Outlet" or sample.get("format") == "SignedData":
        return None
    unit = sample.get("unitOfMeasure", {})
    name = unit.get("unit") or sample.get("unit", "Wh")
    multiplier = unit.get("multiplier", 0)
    if abs(multiplier) > _MAX_MULTIPLIER:
        return None
    try:
        value = float(sample["value"]) * 10.0**multiplier
    except (ValueError, OverflowError):
        return None
    value *= 1000 if name == "kWh" else 1
    return round(value, 6) if math.isfinite(value) else None


def changes2(tx, payload):
    """Columns of a transaction row that a TransactionEvent of 2.x changes."""
    info = payload["transactionInfo"]
    changes = {}
    if payload["eventType"] == "Ended":
        changes["stop"] = payload["timestamp"]
        changes["reason"] = info.get("stoppedReason", "Local")
        changes["active"] = 0
    elif tx["start"] is None:
        changes["start"] = payload["timestamp"]
    if payload["eventType"] == "Started":
        changes["start"] = payload["timestamp"]
        changes["reservation"] = payload.get("reservationId")
    if "chargingState" in info:
        changes["charging_state"] = info["chargingState"]
    if "evse" in payload:
        changes["evse"] = payload["evse"]["id"]
        changes["connector"] = payload["evse"].get("connectorId", tx["connector"])
    return {**changes, **_token_changes(tx, payload), **_energy_changes(tx, payload)}


def _token_changes(tx, payload):
    token = payload.get("idToken")
    if token is None:
        return {}
    ended = payload["triggerReason"] == "StopAuthorized" or payload["eventType"] == "Ended"
    if tx["id_tag"] is not None and ended:
        return {"stop_id_tag": token["idToken"]}
    return {"id_tag": token["idToken"], "type": token["type"]}


def _energy_changes(tx, payload):
    values = payload.get("meterValue", ())
    first = register_wh(values[:1])
    if first is None:
        return {}
    last = register_wh(values)
    changes = {"meter_last": last}
    if tx["meter_start"] is None:
        changes["meter_start"] = first
    if payload["eventType"] == "Ended":
        changes["meter_stop"] = last
    return changes


def energy_wh(tx):
    """Energy of a transaction so far, None while unknown."""
    end = tx["meter_stop"] if tx["meter_stop"] is not None else tx["meter_last"]
    if end is None or tx["meter_start"] is None:
        return None
    return _whole(round(end - tx["meter_start"], 6))


def _whole(number):
    return int(number) if number is not None and number == int(number) else number


def to_dict(tx):
    """A transaction row as the API shows it, without meter values."""
    shown = {
        "id": int(tx["tx_id"]) if tx["version"] == "1.6" else tx["tx_id"],
        "station": tx["station"],
        "version": tx["version"],
        "evse": tx["evse"],
        "connector": tx["connector"],
        "idTag": tx["id_tag"],
        "type": tx["type"],
        "active": bool(tx["active"]),
        "start": tx["start"],
        "stop": tx["stop"],
        "meter_start": _whole(tx["meter_start"]),
        "meter_stop": _whole(tx["meter_stop"]),
        "energy_wh": energy_wh(tx),
        "reason": tx["reason"],
        "stop_idTag": tx["stop_id_tag"],
        "reservation": tx["reservation"],
        "charging_state": tx["charging_state"],
    }
    return shown
