"""MeterValues, OCPP 1.6 §4.7."""

from ocpp.calls import TRIGGERED
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
    """Outside the log; None as long as the time is not known."""
    unix = dialect.station.unix_of(stamp)
    if unix is None:
        return None
    out = {"connectorId": connector.id, "meterValue": [meter_value(unix, samples)]}
    if connector.tx and isinstance(connector.tx.id, int):
        out["transactionId"] = connector.tx.id
    return out


def triggered(dialect, number):
    """See `trigger_message`: what MeterValuesSampledData lists, now (§5.17, errata 3.46);
    connector 0 or none: of all."""
    station = dialect.station
    wanted = station.settings.get("MeterValuesSampledData")
    sent = False
    for c in station.connectors:
        if number in (None, 0, c.id):
            samples = station.metering.samples(c, wanted, "Trigger")
            message = payload(dialect, c, station.stamp(), samples) if samples else None
            if message:
                station.rpc.call("MeterValues", message, None, TRIGGERED)
                sent = True
    return sent
