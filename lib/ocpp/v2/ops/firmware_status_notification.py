"""FirmwareStatusNotification, OCPP 2.0.1 L01."""


def record(dialect, record):
    """The payload of a status from the log."""
    return _payload(record.data["status"], record.data.get("id"))


def learn(dialect, record, result):
    return None, None


def current(dialect):
    """Payload for a trigger: the status told last, Idle after Installed (L01.FR.25, FR.26)."""
    state = dialect.station.part("update").state
    status = state.get("told")
    if status in (None, "Installed"):
        return {"status": "Idle"}
    return _payload(status, state.get("id"))


def _payload(status, id):
    payload = {"status": status}
    if id is not None:
        payload["requestId"] = id
    return payload
