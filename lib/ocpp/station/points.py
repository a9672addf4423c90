"""Transactions that begin and end with conditions (OCPP 2.x E01, E06): in memory only while one
runs under a dialect that has them. The functions take the Connector and may use its private parts.

The dialect names the conditions, as text: `starts` holds those whose coming begins a transaction,
`stops` those whose end ends it: "ParkingBayOccupancy", "EVConnected", "Authorized", "DataSigned"
(the meter has signed), "PowerPathClosed" (authorized, with a car), "EnergyTransfer". A transaction
of which nothing holds any more (no car, nobody authorized, the bay free) ends in any case. A fault
or a restart of the station ends it, too.
"""

from ocpp.log import log
from ocpp.station import charging

_OPENING_S = const(5)

_IDLE = const("Idle")
_CONNECTED = const("EVConnected")
_CHARGING = const("Charging")
_AUTHORIZED = const("Authorized")
_POWER = const("PowerPathClosed")
_BAY = const("ParkingBayOccupancy")
_ENERGY = const("EnergyTransfer")
_SIGNED = const("DataSigned")
_RECEIVED = const("SignedDataReceived")
_CHANGED = const("ChargingStateChanged")
_REMOTE = const("RemoteStart")


def started(c, grant, data):
    """What the record of a start tells more."""
    tx = c.tx
    station = c.station
    starts = station.dialect.starts
    tx.cable = c.plugged
    if grant and grant.floating and not c.plugged and len(station.connectors) > 1:
        tx.floating = data["floating"] = True  # its connector is where a car comes first
    data["state"] = tx.state = _IDLE
    if not c.plugged:
        tx.charged = 0
    if tx.floating:
        return
    signed = grant is not None and _SIGNED in starts
    data["values"] = values = station.metering.opening(c, signed)
    if c.plugged:
        data["state"] = tx.state = _CONNECTED
        _cable(c, data)
    if grant is None or data["trigger"] == _REMOTE:
        pass
    elif signed and not (_AUTHORIZED in starts or _POWER in starts):
        if any(["\n" in sample[0] for sample in values]):
            data["trigger"] = _RECEIVED
    elif grant.offered:
        data["trigger"] = _CHANGED
    if grant and grant.offered:
        data["state"] = tx.state = charging.charging_state(c)


def _cable(c, data):
    """What the cable can carry, in A."""
    if c.cable_ma:
        data["cable"] = c.cable_ma // 1000


def authorize(c, grant):
    """Somebody is authorized for the transaction that runs already."""
    tx = c.tx
    station = c.station
    tx.id_token, tx.kind, tx.parent = grant.id_token, grant.kind, grant.parent
    tx.authorized = True
    data = charging.granted(grant)
    data["trigger"] = _AUTHORIZED
    if grant.remote_start_id is not None:
        tx.remote_start_id = grant.remote_start_id
        data["trigger"] = _REMOTE
    data["state"] = tx.state
    station.limits.begin(tx, grant.profile)
    c.lock_wanted = True
    c.lock_holder = None
    charging.update(c, data)  # told before it holds after a restart, too
    station.log.note(tx.key, "by", [tx.id_token, tx.kind, tx.parent, tx.remote_start_id])
    if tx.stopped:
        tx.stopped = None
        for name in ("denied", "off"):
            station.log.note(tx.key, name, None)
    if grant.reservation is not None and station.reservations:
        station.reservations.used(grant.reservation)
    c._settle.start(1000)
    c._second.start(1000)
    if not c.plugged:
        c._wait()


def goes_on(c, id_token, reason, kind):
    """True if the transaction goes on, with nobody authorized: energy stops, and that is told."""
    tx = c.tx
    stops = c.station.dialect.stops
    if tx.floating or not (c.plugged or c.occupied):
        return False
    if _AUTHORIZED in stops or _POWER in stops:
        return False
    if tx.stopped:
        return True
    if _ENERGY in stops and tx.state == _CONNECTED:
        return False  # there was none to wait for the end of
    _revoke(c, reason)
    data = {"why": reason, "state": tx.state}
    if id_token:
        data["id"] = id_token
        if kind:
            data["kind"] = kind
    charging.update(c, data)
    return True


def _revoke(c, reason):
    """Nobody is authorized any more."""
    tx = c.tx
    tx.authorized = False
    tx.stopped = reason
    tx.suspended = False
    tx.energy_end_wh = None
    c._timer.stop()
    c._opening.start_s(_OPENING_S)
    c.station.log.note(tx.key, "off", reason)
    log.info("connector %d" % c.id, "not authorized any more:", reason)


def plugged(c):
    """A car came to the running transaction."""
    if c.tx.ending:
        return
    c._timer.stop()
    c.tx.cable = True
    c._second.start(0)


def unplugged(c, stop):
    """The car is gone. True if that ends the transaction; `stop`: it ends the authorization."""
    tx = c.tx
    stops = c.station.dialect.stops
    c._second.start(0)
    tx.cable = tx.authorized and c.station.locks
    if _CONNECTED in stops or _POWER in stops or not (tx.authorized or c.occupied):
        return True
    if not tx.authorized:
        return False
    if _ENERGY in stops and tx.state in (_CHARGING, "SuspendedEVSE"):
        return True
    if stop:
        if _AUTHORIZED in stops or not c.occupied:
            return True
        charging.release(c)
        tx.cable = c.lock_holder is not None
        _revoke(c, "EVDisconnected")
    elif not c.station.locks:  # E10.FR.02: cables that are attached for good
        c._wait()
    return False


def bay(c):
    """A car came to the parking bay, or left it."""
    tx = c.tx
    if tx.ending or tx.floating:
        return
    trigger = "EVDetected" if c.occupied else "EVDeparted"
    gone = not c.occupied and not (tx.authorized or c.plugged)
    if gone or (not c.occupied and _BAY in c.station.dialect.stops):
        c.finish(tx.stopped or "Local", trigger)
    else:
        charging.update(c, {"trigger": trigger, "state": tx.state})


def track(c):
    """Write down a change of the charging state. Called once a second: cars may be restless."""
    tx = c.tx
    before, state = tx.state, charging.charging_state(c)
    if before == _CHARGING and tx.charged is not None:
        tx.charged += 1
    if not tx.authorized and before != _IDLE:
        opening = c.evse_ready and not c._opening.due()
        if c.lock_holder is None:
            c.lock_wanted = opening
        if opening and state != _IDLE:
            return c._second.start(0)  # until the contactor is open
    if state != before:
        _change(c, before, state)


def _change(c, before, state):
    tx = c.tx
    data = {"trigger": _CHANGED}
    if state == _IDLE:
        data["trigger"] = "EVCommunicationLost"
    elif before == _IDLE:
        data["trigger"] = "CablePluggedIn"
        state = _CONNECTED
        _cable(c, data)
        if tx.floating:
            _settle(c, data)
    data["state"] = tx.state = state
    if _ended(c, before, state):
        return
    if state == _CHARGING and c.phases_in_use:
        data["phases"] = c.phases_in_use
    charging.update(c, data)


def _ended(c, before, state):
    """True if the end of the energy transfer, or the signature of it, ends the transaction."""
    tx = c.tx
    stops = c.station.dialect.stops
    over = tx.stopped is not None and state == _CONNECTED and before != _IDLE
    if _ENERGY in stops and (over or (before == _CHARGING and state == "SuspendedEV")):
        c.finish(tx.stopped or "StoppedByEV", _CHANGED)
        return True
    if _SIGNED in stops and over:
        charging.update(c, {"trigger": _CHANGED, "state": state})
        c.finish(tx.stopped, _RECEIVED)
        return True
    return False


def _settle(c, data):
    """A transaction without a connector has one now."""
    c.tx.floating = False
    c.tx.start_wh = c.tx.last_wh = c.read_energy()
    data["values"] = c.station.metering.opening(c, False)
    c.station.metering.begin(c)


def move(c, other):
    """A car came to the connector `other` while the transaction of `c` had none yet."""
    tx = c.tx
    c.tx = None
    c._timer.stop()
    c.lock_wanted = False
    tx.connector = other
    other.tx = tx
    other.lock_wanted = True
    other.finishing = other._waiting = False
    other._begins = None
    other._timer.stop()
    tx.start_wh = tx.last_wh = other.read_energy()
    other.station.log.note(tx.key, "at", [other.id, tx.start_wh])
    other._settle.start(1000)
    plugged(other)


def ended(c, data):
    """What the record of an end tells more."""
    tx = c.tx
    data["connector"] = c.id
    if tx.floating:
        data["floating"] = True
    data["state"] = _CONNECTED if c.plugged else _IDLE
    if tx.end_trigger:
        data["trigger"] = tx.end_trigger
    if tx.charged is not None:
        data["charged"] = tx.charged


def recalled(tx, last):
    """What a restart has left of who is authorized for a transaction. `last`: see `TxLog.last`."""
    notes = last["notes"]
    by = notes.get("by")
    if by:
        tx.id_token, tx.kind, tx.parent, tx.remote_start_id = by
    tx.stopped = notes.get("off")
    tx.authorized = tx.id_token is not None and not tx.stopped
    at = notes.get("at")
    if at:
        tx.start_wh = at[1]
