"""UpdateFirmware, OCPP 1.6 §5.19."""

from ocpp.calls import CallError
from ocpp.v16.types import time_of


def handle(dialect, request):
    station = dialect.station
    p = request.payload
    if not station.settings.get("UnsignedFirmwareAllowed"):
        raise CallError("NotSupported", "only SignedUpdateFirmware is")  # whitepaper L01.FR.20
    date = time_of(p["retrieveDate"])
    update = station.part("update")
    status = update.begin(p["location"], date, None, p.get("retries"), p.get("retryInterval"))
    if status == "Rejected":
        raise CallError("InternalError", "new firmware is being installed, or the flash is full")
    return {}
