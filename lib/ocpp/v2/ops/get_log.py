"""GetLog, OCPP 2.0.1 N01."""

from ocpp.v2.types import time_of


def handle(dialect, request):
    p = request.payload
    log = p["log"]
    oldest, latest = [
        log.get(k) and time_of(log[k]) for k in ("oldestTimestamp", "latestTimestamp")
    ]
    upload = dialect.station.part("upload")
    before = upload.state.get("id")
    status, name = upload.begin(
        p["logType"],
        log["remoteLocation"],
        oldest,
        latest,
        p.get("retries"),
        p.get("retryInterval"),
        p["requestId"],
    )
    if status == "AcceptedCanceled" and before is not None:  # N01.FR.12
        dialect.op("LogStatusNotification").send(dialect, status, before)
    return {"status": status, "filename": name} if name else {"status": status}
