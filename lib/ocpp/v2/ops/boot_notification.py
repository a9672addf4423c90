"""BootNotification, OCPP 2.0.1 B01 to B03."""

from ocpp import calls
from ocpp.v2.types import time_of

_REASONS = (
    " ApplicationReset FirmwareUpdate LocalReset PowerUp RemoteReset ScheduledReset Triggered"
    " Watchdog "
)


def send(dialect, done):
    def answered(result, error):
        if error:
            return done(None, 0, None)
        done(result["status"], result["interval"], time_of(result["currentTime"]))

    station = dialect.station
    info = station.config.get("charge_point", {})
    about = {"vendorName": info.get("vendor") or "ocppy", "model": info.get("model") or "ocppy"}
    for name, field in (("serial", "serialNumber"), ("firmware", "firmwareVersion")):
        if info.get(name):
            about[field] = info[name]
    modem = {name: info[name] for name in ("iccid", "imsi") if info.get(name)}
    if modem:
        about["modem"] = modem
    reason = dialect.boot_reason or station.boot_reason
    dialect.boot_reason = None
    payload = {
        "reason": reason if " %s " % reason in _REASONS else "Unknown",
        "chargingStation": about,
    }
    station.rpc.call("BootNotification", payload, answered, calls.BOOT)
