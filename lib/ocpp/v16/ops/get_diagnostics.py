"""GetDiagnostics, OCPP 1.6 §5.9."""

from ocpp.v16.types import time_of


def handle(dialect, request):
    p = request.payload
    oldest, latest = [p.get(k) and time_of(p[k]) for k in ("startTime", "stopTime")]
    upload = dialect.station.part("upload")
    _, name = upload.begin(
        "diagnostics", p["location"], oldest, latest, p.get("retries"), p.get("retryInterval")
    )
    return {"fileName": name} if name else {}
