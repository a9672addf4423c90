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


_NAMES = {  # names of the security whitepaper for 1.6 -> those of part 2 appendices §1
    "FailedToAuthenticateAtCentralSystem": "FailedToAuthenticateAtCsms",
    "CentralSystemFailedToAuthenticate": "CsmsFailedToAuthenticate",
    "InvalidCentralSystemCertificate": "InvalidCsmsCertificate",
    "InvalidChargePointCertificate": "InvalidChargingStationCertificate",
}


def payload(data, unix):
    out = {"type": _NAMES.get(data["type"], data["type"]), "timestamp": to_iso(unix)}
    if data.get("info"):
        out["techInfo"] = data["info"]
    return out
