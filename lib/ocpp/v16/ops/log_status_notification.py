"""LogStatusNotification, security whitepaper §5.13, N01."""


def send(dialect, status, id):
    dialect.station.rpc.call("LogStatusNotification", {"status": status, "requestId": id})


def current(dialect):
    """Payload for a trigger (N01.FR.12)."""
    state = dialect.station.part("upload").state
    if state.get("id") is None or not state.get("told"):
        return {"status": "Idle"}
    return {"status": state["told"], "requestId": state["id"]}
