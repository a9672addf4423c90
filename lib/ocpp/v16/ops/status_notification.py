"""StatusNotification, OCPP 1.6 §4.9."""

from ocpp.calls import TRIGGERED
from ocpp.iso import to_iso

# §7.6
_CODES = (
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
)


def payload(dialect, connector_id, state, error, info, stamp):
    out = {"connectorId": connector_id, "errorCode": "NoError", "status": state}
    fields = [("info", info)]
    if error:
        known = error.code in _CODES
        out["errorCode"] = error.code if known else "OtherError"
        fields = [("info", error.info or info), ("vendorId", error.vendor_id)]
        own = "" if known or error.code == "OtherError" else error.code[:50]
        fields.append(("vendorErrorCode", error.vendor_code or own))
    for key, value in fields:
        if value:
            out[key] = value
    unix = dialect.station.unix_of(stamp)
    if unix is not None:
        out["timestamp"] = to_iso(unix)
    return out


def triggered(dialect, number):
    """See `trigger_message`: of connector `number`, 0: the station, None: all of them (§5.17)."""
    station = dialect.station
    sent = False
    for id in range(len(station.connectors) + 1):
        if number in (None, id):
            call = station.statuses.report(id)
            station.rpc.call(call.action, call.payload, call.done, TRIGGERED)
            sent = True
    return sent
