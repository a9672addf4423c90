"""StartTransaction, OCPP 1.6 §4.8."""

from ocpp.iso import to_iso
from ocpp.v16.types import id_info


def record(dialect, record):
    data = record.data
    payload = {
        "connectorId": data["connector"],
        "idTag": (data.get("id") or "")[:20],  # 2.x begins some without one
        "meterStart": data["wh"],
        "timestamp": to_iso(record.stamp),
    }
    if data.get("reservation") is not None:
        payload["reservationId"] = data["reservation"]
    return payload


def learn(dialect, record, result):
    from ocpp.station import learning

    info = id_info(result.get("idTagInfo"))
    id = result["transactionId"]
    if not isinstance(id, int):
        raise ValueError("transactionId")
    learning.started(dialect.station, record.key, record.data.get("id") or "", id, info)
    return id, info.status
