"""What only hosts ask of a station: limits, errors, availability, lists, records. See `Host`."""

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


def authorize(station, id_token, done, type=""):
    """Ask whether an identifier may charge, with no consequences: `done(info)` is called once,
    perhaps before this returns; `info.status`, `.parent`, `.expiry` (Unix s). Cache, list, central
    system and offline rules as for a card (OCPP 1.6 §3.5, §4.1). ValueError for an identifier that
    is none."""
    station.authorization.check(checked(id_token, station.dialect.id_max), type, done)


def set_limit(station, number, current_ma, source="host", seconds=None, critical=None):
    """A limit of the host's own: mA per phase for connector `number`, 0: for all together; None:
    no more. The lowest of all sources and profiles holds. `seconds`: it ends by itself. In 2.x the
    central system is told: `source` "EMS", "SO" (grid operator) or another, `critical` for the
    grid. ValueError, TypeError."""
    if number != 0:
        station.connector(number)
    for value in (current_ma, seconds):
        if value is not None and (not isinstance(value, int) or value is True or value is False):
            raise TypeError("a whole number or None is wanted, not %r" % (value,))
        if value is not None and value < 0:
            raise ValueError("less than 0: %d" % value)
    if current_ma is not None and source in ("EMS", "SO"):
        if not station.settings.get("SmartChargingCtrlr.ExternalControlSignalsEnabled"):
            raise ValueError("switched off: ExternalControlSignalsEnabled")
    external = station.limits.external
    before = external.pop((source, number), None)
    now = None
    if current_ma is not None:
        end = None if seconds is None else station.clock.uptime() + seconds
        now = external[(source, number)] = (current_ma // 100, end)
    station.limits.shifted = True
    station.limits.turn = 0
    station.limits.changed()
    _tell_limit(station, number, source, before, now, critical)


def _tell_limit(station, number, source, before, now, critical):
    """The central system may want to know; the limit holds all the same."""
    from ocpp.station import offers

    if now is None:
        if before:
            station.dialect.limited(number, source)
    elif before is None or offers.significant(station, before[0], now[0]):
        station.dialect.limited(number, source, now, critical)


def set_online(station, online):
    """The network is gone (False: the link is dead), or back (True: dialled at once)."""
    station.connection.set_online(online)


def tls(station, dial=False):
    """What a TLS connection of this station needs, `dial`: that to the central system; see
    `Certificates.tls`."""
    return station.part("certificates").tls(dial)


def import_certificates(station, found):
    """Put certificates of the configuration into the store; see `station/imports.py`."""
    from ocpp.station import imports

    imports.certificates(station, found)


def parked(station):
    """Iterator of the transaction records that the central system did not take, in order of
    occurrence, as dicts; docs/api.md. Nothing is changed by it."""
    from ocpp.iso import to_iso

    for record, why in station.log.parked_records():
        yield {
            "record": record.seq,
            "kind": ("start", "meter", "end", "event")[record.kind - 1],
            "transaction": record.csms_id,
            "key": record.key,
            "time": to_iso(record.stamp),
            "why": why,
            "data": record.data,
        }


def resend(station):
    """Tell the central system anew what is parked, before all else that waits and in order; what
    it does not take this time either is parked again. Returns how many records wait."""
    return station.log.resend()


def firmware_status(station, status):
    """How the update that the host took over (`on_update`) goes on: a status of the security
    whitepaper, §6.8. ValueError: none is under way."""
    _host_does(station, "update", "phase").told(status)


def upload_status(station, status):
    """How the upload that the host took over (`on_upload`) goes on: a status of the security
    whitepaper, §6.19. ValueError: none is under way."""
    _host_does(station, "upload", "host").told(status)


def _host_does(station, name, key):
    part = station.part(name)
    if part.state.get(key) not in ("host", True):
        raise ValueError("no %s under way that is the host's" % name)
    return part
