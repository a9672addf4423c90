"""SecurityEventNotification, OCPP 2.0.1 A04."""

from ocpp.iso import to_iso


def send(dialect, data, stamp):
    """An event that is not critical: told when there is a link."""

    def made():
        unix = dialect.station.unix_of(stamp)
        return None if unix is None else payload(data, unix)

    dialect.station.rpc.call("SecurityEventNotification", made)


def record(dialect, record):
    """One from the log."""
    return payload(record.data, record.stamp)


def learn(dialect, record, result):
    return None, None


def payload(data, unix):
    out = {"type": data["type"], "timestamp": to_iso(unix)}
    if data.get("info"):
        out["techInfo"] = data["info"]
    return out
