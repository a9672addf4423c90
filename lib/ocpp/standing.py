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


def explain(station, number):
    """Why connector `number` (0: the station) may draw what it may, and what comes next: a dict,
    docs/smart-charging.md. Reads all profiles: some 10 ms each on a board. ValueError."""
    c = station.connector(number) if number != 0 else None
    limits = station.limits
    if not (limits.slots or limits.volatile or limits.external):
        found = {"limit_a": None, "limits": [], "next": None}  # without the code for all this
        found["clock_known"] = station.clock.unix() is not None
        if c:
            found["offered_a"] = None if c.limit_ma is None else c.limit_ma / 1000
            found["paused"] = c.paused
        return found
    from ocpp.station import explain as explaining

    job = explaining.explain(limits, number)
    try:
        while True:
            next(job)
    except StopIteration as e:
        return e.value
