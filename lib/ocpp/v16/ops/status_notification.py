"""StatusNotification, OCPP 1.6 §4.9."""

from ocpp.iso import to_iso


def payload(dialect, connector_id, state, error, info, stamp):
    out = {"connectorId": connector_id, "errorCode": "NoError", "status": state}
    fields = [("info", info)]
    if error:
        out["errorCode"] = error.code
        fields = [("info", error.info or info), ("vendorId", error.vendor_id)]
        fields.append(("vendorErrorCode", error.vendor_code))
    for key, value in fields:
        if value:
            out[key] = value
    unix = dialect.station.unix_of(stamp)
    if unix is not None:
        out["timestamp"] = to_iso(unix)
    return out
