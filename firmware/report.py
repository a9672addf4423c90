"""What `GET /api/status` shows."""

import binascii
import gc
import json

from sim import faults


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
        "connectors": [_connector(runner, evse) for evse in runner.board.evses],
    }


def signature(runner):
    """A number that changes when anything does that is worth a status event; not with each watt or
    second."""
    app = runner.app
    parts = []
    if app:
        ocpp = app.station.ocpp_status()
        parts = [ocpp["connected"], ocpp["version"], ocpp["registration"]]
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
    shown = {
        "id": evse.id,
        "plugged": evse.plugged,
        "ev": evse.pilot_state,
        "relay": evse.relay,
        "locked": evse.locked,
        "power_w": evse.power_w,
        "energy_wh": evse.energy_wh,
        "faults": faults.names(evse),
        "status": "Unavailable",
        "availability": "Inoperative",
        "authorized": None,
        "transaction": None,
        "limit_a": None,
        "reservation": None,
    }
    if runner.app:
        connector = runner.app.station.connectors[evse.id - 1]
        limit = connector.limit_ma
        shown["status"] = connector.status
        shown["availability"] = connector.availability
        shown["authorized"] = connector.authorized
        shown["transaction"] = _transaction(connector.transaction)
        shown["limit_a"] = None if limit is None else limit / 1000
        shown["reservation"] = connector.reservation
    return shown


def _transaction(tx):
    if tx is None:
        return None
    return {"id": tx.id, "idTag": tx.id_token, "energy_wh": tx.energy_wh, "seconds": tx.seconds}
