"""SignedFirmwareStatusNotification, security whitepaper §5.19, L01."""


def record(dialect, record):
    """The payload of a status from the log."""
    return {"status": record.data["status"], "requestId": record.data["id"]}


def learn(dialect, record, result):
    return None, None


def current(dialect):
    """Payload for a trigger: the status told last, Idle after Installed (L01.FR.28, FR.29)."""
    state = dialect.station.part("update").state
    status = state.get("told")
    if state.get("id") is None or status in (None, "Installed"):
        return {"status": "Idle"}
    return {"status": status, "requestId": state["id"]}
