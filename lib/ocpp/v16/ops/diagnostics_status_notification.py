"""DiagnosticsStatusNotification, OCPP 1.6 §4.4."""


def send(dialect, status, id=None):
    """`status`: Uploading, Uploaded, or how it failed (whitepaper §6.19)."""
    dialect.station.rpc.call("DiagnosticsStatusNotification", {"status": _word(status)})


def _word(status):
    """Failures are all one here (§7.24)."""
    return status if status in ("Uploading", "Uploaded") else "UploadFailed"


def current(dialect):
    """Payload for a trigger."""
    state = dialect.station.part("upload").state
    mine = state.get("what") == "diagnostics" and state.get("told")
    return {"status": _word(mine) if mine else "Idle"}
