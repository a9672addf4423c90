"""BootNotification, OCPP 1.6 §4.2."""

from ocpp import calls
from ocpp.v16.types import time_of

_FIELDS = (
    ("vendor", "chargePointVendor"),
    ("model", "chargePointModel"),
    ("serial", "chargePointSerialNumber"),
    ("box_serial", "chargeBoxSerialNumber"),
    ("firmware", "firmwareVersion"),
    ("iccid", "iccid"),
    ("imsi", "imsi"),
    ("meter_type", "meterType"),
    ("meter_serial", "meterSerialNumber"),
)


def send(dialect, done):
    def answered(result, error):
        if error:
            return done(None, 0, None)
        done(result["status"], int(result["interval"]), time_of(result["currentTime"]))

    info = dialect.station.config.get("charge_point", {})
    payload = {"chargePointVendor": "ocppy", "chargePointModel": "ocppy"}
    for name, field in _FIELDS:
        if info.get(name):
            payload[field] = info[name]
    dialect.station.rpc.call("BootNotification", payload, answered, calls.BOOT)


def triggered(dialect, number):
    """See `trigger_message`; not once accepted (errata 3.35)."""
    registration = dialect.station.registration
    if registration.accepted:
        return False
    registration.boot()
    return True
