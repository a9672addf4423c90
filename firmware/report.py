"""What `GET /api/status` shows."""

import binascii
import gc
import json

from history import power_w


def status(runner):
    """The status of charger and world, as a dict for JSON."""
    from ocpp.iso import to_iso

    app = runner.app
    gc.collect()  # what is used, without what is only not yet reclaimed
    return {
        "ocpp": app.station.ocpp_status() if app else _offline(runner),
        "time": to_iso(runner.time()),
        "uptime_s": app.clock.uptime() if app else 0,
        "heap": {"free": gc.mem_free(), "used": gc.mem_alloc()},
        "faults": [e.info or e.code for e in app.station.errors] if app else [],
        "display": [m["text"] for m in app.display] if app else [],
        "sim": _world(runner.board),
        "connectors": [_connector(runner, evse) for evse in runner.board.evses],
    }


def _world(board):
    """What is simulated of the world; None on a real board."""
    world = getattr(board, "world", None)
    return world and {
        "online": world.online,
        "speed": board.speed,
        "evses": [evse.simulated() for evse in board.evses],
    }


def signature(runner):
    """A number that changes when anything does that is worth a status event; not with each watt or
    second."""
    app = runner.app
    parts = []
    if app:
        station = app.station
        parts = [station.connection.connected, station.version, station.registration.status]
        parts += [m["text"] for m in app.display]
    for evse in runner.board.evses:
        shown = _connector(runner, evse)
        tx = shown.pop("transaction")
        for changing in ("power_w", "energy_wh"):
            del shown[changing]
        parts.append(sorted(shown.items(), key=lambda item: item[0]))
        parts.append(tx and (tx["id"], tx["idTag"]))
    return binascii.crc32(json.dumps(parts).encode())


def _offline(runner):
    """Of the station while the firmware restarts."""
    return {
        "connected": False,
        "version": runner.config["ocpp"]["version"][0],
        "registration": None,
        "queued": 0,
        "last_frame_s": None,
    }


def _connector(runner, evse):
    shown = view(evse)
    shown.update(
        {
            "id": evse.id,
            "status": "Unavailable",
            "availability": "Inoperative",
            "authorized": None,
            "transaction": None,
            "limit_a": None,
            "reservation": None,
        }
    )
    if runner.app:
        connector = runner.app.station.connectors[evse.id - 1]
        limit = connector.limit_ma
        shown["status"] = connector.status
        shown["availability"] = connector.availability
        shown["authorized"] = connector.authorized
        shown["transaction"] = _transaction(connector.transaction)
        cost = runner.app.costs.get(evse.id)
        if cost and connector.tx and connector.tx.key == cost[0]:
            shown["transaction"]["cost"] = cost[1]
        shown["limit_a"] = None if limit is None else limit / 1000
        shown["reservation"] = connector.reservation
    return shown


def view(evse):
    """What is to be seen of an EVSE, simulated or with pins."""
    if hasattr(evse, "view"):
        return evse.view()
    guard = getattr(evse, "guard", None)
    locked = evse.locked() if callable(getattr(evse, "locked", None)) else None
    return {
        "plugged": bool(evse.connected),
        "ev": "C" if evse.ev_ready else "B" if evse.connected else "A",
        "relay": bool(guard and guard.phases),
        "locked": bool(locked),
        "power_w": power_w(evse),
        "energy_wh": evse.energy_wh,
        "faults": [error[3] or error[0] for error in evse.errors],
    }


def _transaction(tx):
    if tx is None:
        return None
    return {"id": tx.id, "idTag": tx.id_token, "energy_wh": tx.energy_wh, "seconds": tx.seconds}
