"""StopTransaction, OCPP 1.6 §4.10."""

from ocpp.iso import to_iso
from ocpp.station.samples import dated
from ocpp.v16.types import id_info, meter_value

# §7.36; the default, Local, is left out
_REASONS = (
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
    "DeAuthorized",
)


def record(dialect, record):
    data = record.data
    payload = {
        # -1: the start could not be delivered (errata 3.18)
        "transactionId": record.csms_id if isinstance(record.csms_id, int) else -1,
        "meterStop": data["wh"],
        "timestamp": to_iso(record.stamp),
    }
    if data["why"] != "Local":
        payload["reason"] = data["why"] if data["why"] in _REASONS else "Other"
    if data.get("id"):
        payload["idTag"] = data["id"][:20]
    values = [meter_value(unix, samples) for unix, samples in dated(dialect.station, record)]
    if values:
        payload["transactionData"] = values
    return payload


def learn(dialect, record, result):
    if result.get("idTagInfo") and record.data.get("id"):
        from ocpp.station import learning

        info = id_info(result["idTagInfo"])
        learning.learn(dialect.station, record.data["id"], info)
    return None, None
