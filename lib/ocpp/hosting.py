"""What only hosts ask of a station: errors, availability, reservations, lists. See `Host`."""

from ocpp.calls import CallError
from ocpp.station.identity import ACCEPTED, IdInfo, checked


def enable(station, number, source, enabled, priority=10000):
    """A source besides the central system (a key switch, a technician, an app, ...: any name)
    enables (True) or disables (False) connector `number`, 0: the station; None: it has no say any
    more. `priority`: 0, the highest, to 10000; the central system has 5000. Until the next start.
    Returns as `change_availability`; ValueError."""
    if number != 0:
        station.connector(number)
    if not isinstance(priority, int) or not 0 <= priority <= 10000:
        raise ValueError("priority is %r; accepted: 0 to 10000" % (priority,))
    return station.part("availability").enable(number, source, enabled, priority)


def raise_error(station, number, id, name, severity="High", info="", inoperative=None):
    """An error appears at connector `number`, 0: of the station; `id`: the host's identifier for
    it, one that is there is replaced. `name`, `severity`, `inoperative`: see `faults.error`. Told
    with a report of its own (OCPP 1.6 §4.9)."""
    from ocpp.station import faults

    target = station.connector(number) if number != 0 else station
    error = faults.error(id, name, severity, info, inoperative)
    target.errors = [e for e in target.errors if e.id != id] + [error]


def withdraw_error(station, number, id=None):
    """The error of an identifier is gone; None: all that have one. False: there is none."""
    target = station.connector(number) if number != 0 else station
    keep = [e for e in target.errors if e.id is None or (id is not None and e.id != id)]
    gone = len(keep) != len(target.errors)
    target.errors = keep
    return gone


def auth_cache_put(station, entry):
    """Put an entry into the authorization cache: a dict with idTag, status, group, expiry (ISO
    8601 or None). ValueError for an expiry that is no time, KeyError without idTag."""
    from ocpp.iso import from_iso

    expiry = entry.get("expiry")
    unix = from_iso(expiry) if expiry else None
    info = IdInfo(entry.get("status", ACCEPTED), entry.get("group"), unix)
    station.authorization.cache.put(checked(entry["idTag"]), info)


def auth_cache_clear(station):
    """Empty the authorization cache."""
    station.authorization.cache.clear()


def reserve(station, id, number, id_token, group, until):
    """Reserve connector `number` (0: any) for an identifier, or its group, `until` (Unix s); as
    the central system's (OCPP 1.6 §5.13). Returns "Accepted", "Faulted", "Occupied", "Rejected" or
    "Unavailable". With `on_reserve`: what the host says."""
    if not 0 <= number <= len(station.connectors):
        return "Rejected"
    if station.on_reserve:
        connector = station.connectors[number - 1] if number else None
        return station.on_reserve(id, connector, id_token, group, until)
    return station.part("reservations").reserve(id, number, id_token, group, until)


def cancel_reservation(station, id):
    """End a reservation; False if there is none of that id."""
    if station.on_cancel_reservation:
        return bool(station.on_cancel_reservation(id))
    return station.part("reservations").cancel(id)


def local_list_install(station, version, entries):
    """Replace the local authorization list, at once. `entries`: as in SendLocalList of the running
    protocol version, any number that fits. ValueError: what is wrong, NotImplementedError: this
    version can't."""
    op = station.dialect.op("SendLocalList")
    if op is None:
        raise NotImplementedError("this version has no local list yet")
    try:
        op.install(station.dialect, version, entries)
    except CallError as e:
        raise ValueError(str(e)) from None
