"""LogStatusNotification, OCPP 2.0.1 N01."""


def send(dialect, status, id):
    payload = {"status": status}
    if id is not None:
        payload["requestId"] = id
    dialect.station.rpc.call("LogStatusNotification", payload)


def current(dialect):
    """Payload for a trigger (N01.FR.11, F06)."""
    state = dialect.station.part("upload").state
    if state.get("id") is None or not state.get("told"):
        return {"status": "Idle"}
    return {"status": state["told"], "requestId": state["id"]}
