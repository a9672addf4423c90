"""What a host or the central system seldom asks of a station; imported when it does. See `Host.act`."""

from ocpp.clock import Timer
from ocpp.station.identity import ACCEPTED, IdInfo

_ENDING_S = const(15)  # longest wait for a transaction to end, and for the lock to open


def set_error(station, error):
    """An error of the station as a whole, an `Error`; see `Connector.set_error`."""
    station.errors = [e for e in station.errors if e.code != error.code] + [error]


def unlock(station, connector, done):
    """Open the lock of a connector, its transaction is ended first. `done(status)`: see
    `Connector.unlock`."""
    if station.on_unlock is None:
        return done("NotSupported")
    connector.end(None, "UnlockCommand")
    station.jobs.append(_unlocking(station, connector, done, Timer(station.clock)))


def _unlocking(station, connector, done, timer):
    timer.start_s(_ENDING_S)
    while connector.tx and not timer.due():
        yield
    connector.release_lock()
    while True:
        state = station.on_unlock(connector)
        if state is not None or timer.due():
            return done("Unlocked" if state else "UnlockFailed")
        yield


def data_transfer(station, vendor, message, data):
    """Result of an incoming DataTransfer (OCPP 1.6 §5.6)."""
    handlers = station.data_handlers
    fn = handlers.get((vendor, message)) or handlers.get((vendor, None))
    if fn is None:
        known = any(v == vendor for v, _ in handlers)
        return {"status": "UnknownMessageId" if known else "UnknownVendorId"}
    status, data = fn(data)
    return {"status": status} if data is None else {"status": status, "data": data}


def ocpp_status(station):
    """State of the link and what waits, as a dict."""
    connection = station.connection
    last = connection.last_rx
    age = None if last is None else station.clock.diff(station.clock.ticks(), last) // 1000
    return {
        "connected": connection.connected,
        "version": station.version,
        "registration": station.registration.status,
        "queued": station.log.pending(),
        "parked": station.log.parked(),
        "last_frame_s": age,
        "error": connection.error,
    }


def auth_cache_put(station, entry):
    """Put an entry into the authorization cache: idTag, status, group, expiry (ISO 8601 or None).
    ValueError for an expiry that is no time."""
    from ocpp.iso import from_iso

    expiry = entry.get("expiry")
    unix = from_iso(expiry) if expiry else None
    info = IdInfo(entry.get("status", ACCEPTED), entry.get("group"), unix)
    station.authorization.cache.put(entry["idTag"], info)
