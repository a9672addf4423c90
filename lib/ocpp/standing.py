"""How the station stands: asked for again and again by who shows it. See `Host`."""


def ocpp_status(station):
    """State of the link and what waits, as a dict; docs/api.md."""
    connection = station.connection
    last = connection.last_rx
    age = None if last is None else station.clock.diff(station.clock.ticks(), last) // 1000
    return {
        "connected": connection.connected,
        "version": station.version,
        "registration": station.registration.status,
        "queued": station.log.pending(),
        "parked": station.log.parked(),
        "damaged": station.damaged(),
        "newer": station.store.newer + station.log.foreign,
        "last_frame_s": age,
        "error": connection.error,
    }
