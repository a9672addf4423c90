"""MeterValues, OCPP 1.6 §4.7."""

from ocpp.v16.types import meter_value


def record(dialect, record):
    """Of a transaction, from the log; None if the record has no values."""
    data = record.data
    if not data.get("values"):
        return None
    return {
        "connectorId": data["connector"],
        # -1: the start could not be delivered (errata 3.18)
        "transactionId": record.csms_id if isinstance(record.csms_id, int) else -1,
        "meterValue": [meter_value(record.stamp, data["values"])],
    }


def learn(dialect, record, result):
    return None, None


def payload(dialect, connector, stamp, samples):
    """Outside a transaction; None as long as the time is not known."""
    unix = dialect.station.unix_of(stamp)
    if unix is None:
        return None
    return {"connectorId": connector.id, "meterValue": [meter_value(unix, samples)]}
