"""GetLog, security whitepaper §5.9, N01."""

from ocpp.v16.types import time_of


def handle(dialect, request):
    p = request.payload
    log = p["log"]
    oldest, latest = [
        log.get(k) and time_of(log[k]) for k in ("oldestTimestamp", "latestTimestamp")
    ]
    status, name = dialect.station.part("upload").begin(
        p["logType"],
        log["remoteLocation"],
        oldest,
        latest,
        p.get("retries"),
        p.get("retryInterval"),
        p["requestId"],
    )
    return {"status": status, "filename": name} if name else {"status": status}
