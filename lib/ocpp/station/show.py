"""What the station keeps, for people to look at: settings, lists, profiles, certificates, log.

Each function gives an iterator of dicts for JSON, made one at a time: nothing is held in memory
but the one that is looked at. Secrets are never among them. Imported while somebody looks.
"""

from ocpp.iso import to_iso

_BATCH = const(16)  # lines of the local list that are read at a time
_BUCKETS = const(8)  # files of the cache
_SAMPLE = const(5)  # kinds of records up to this one tell of transactions
_KINDS = ("start", "meter", "end", "event", "sample")


def settings(station):
    """All settings: names in both spellings, type, unit, default, limits (see `settings_table`),
    what the central system may do, and the value: None while absent, or secret."""
    from ocpp.station import settings_rules as rules

    rows = station.settings.rows()
    for d in rules.definitions(station.settings._declared):
        _, text, readonly, secret = next(rows)
        yield {
            "name16": d[0],
            "name2": d[rules.NAME2],
            "type": d[rules.TYPE],
            "unit": d[3],
            "default": None if secret or d[rules.DEFAULT] == "-" else d[rules.DEFAULT],
            "limits": d[5],
            "readonly": readonly,
            "secret": secret,
            "reboot": "reboot" in d[rules.FLAGS],
            "value": text,
        }


def local_list(station):
    """Identifiers of the local authorization list, in order. One that is replaced meanwhile ends
    here."""
    return station.part("local_list").entries(_BATCH)


def cache(station):
    """Entries of the authorization cache, in no order."""
    for n in range(_BUCKETS):
        bucket = station.store.load("cache%d" % n)
        for key, entry in bucket.items() if isinstance(bucket, dict) else ():
            status, group, expiry = entry[:3]
            yield {"idTag": key, "status": status, "group": group, "expiry": told(expiry)}


def reservations(station):
    part = station.reservations
    for id, number, id_token, group, until, _ in list(part._all) if part else ():
        yield {
            "id": id,
            "connector": number,
            "idTag": id_token,
            "group": group,
            "until": told(until),
        }


def profiles(station):
    """Charging profiles that are installed. `periods`: [start in s, limit, phases or None]."""
    from ocpp.station import fields as f
    from ocpp.station import profiles as kept

    for slot, p in kept.each(station.limits):
        periods = p[f.PERIODS]
        yield {
            "id": p[f.ID],
            "connector": p[f.NUMBER],
            "purpose": p[f.PURPOSE],
            "stack_level": p[f.STACK],
            "kind": p[f.KIND],
            "cycle_s": p[f.CYCLE] or None,
            "valid_from": told(p[f.FROM]),
            "valid_to": told(p[f.TO]),
            "start": told(p[f.START]),
            "duration_s": p[f.DURATION],
            "unit": p[f.UNIT],
            "kept": slot is not None,
            "periods": [
                [periods[i], periods[i + 1] / 10, periods[i + 2] or None]
                for i in range(0, len(periods), 3)
            ],
        }


def certificates(station):
    """Roots and certificates of our own; of a key nothing is told. A file that is none is left
    out."""
    from ocpp.station.certificates import OLD, USES, whole

    part = station.part("certificates")
    for use in USES + (OLD,):
        for name, der, _ in part.roots(use):
            found = _certificate(der)
            if found:
                found.update({"use": use, "file": name, "used": None})
                yield found
    current = part.current()
    for number in part.numbers():
        data = part.read("own-%d.crt" % number)
        found = _certificate(data[: whole(data)])
        if found:
            name = "own-%d" % number
            found.update({"use": "own", "file": name, "used": number == current})
            yield found


def _certificate(der):
    from ocpp.station.roots import serial
    from pki.x509 import Certificate

    try:
        c = Certificate(der)
    except ValueError:
        return None
    return {
        "subject": c.name("CN") or c.name("O"),
        "issuer": c.name("CN", True) or c.name("O", True),
        "serial": serial(c),
        "starts": told(c.starts),
        "ends": told(c.ends),
    }


def transactions(station):
    """Records of the transaction log that are still on flash, in order. `waits`: it is still to be
    delivered. Of identifier and register what the record has."""
    from ocpp import records

    log = station.log
    number = -1
    newest = 0
    while number:
        number = log.after(max(0, number))
        for _, fields, _ in records.each(log.path(number)):
            if fields and fields[0] <= _SAMPLE and fields[1] > newest:
                newest = fields[1]
                yield _record(log, fields)
    for fields in list(log.held):
        if fields[0] <= _SAMPLE:
            yield _record(log, fields)


def _record(log, fields):
    kind, seq, _, key, n, stamp, data = fields[:7]
    chain = log.chains.get(key)
    return {
        "record": seq,
        "kind": _KINDS[kind - 1],
        "key": key,
        "n": n,
        "time": told(log.stamp_unix(stamp)),
        "connector": data.get("connector") or (chain.connector if chain else None),
        "transaction": log.csms_id(key),
        "wh": data.get("wh"),
        "idTag": data.get("id"),
        "reason": data.get("why"),
        "open": bool(chain) and not chain.end_seq,
        "waits": log.is_due(fields),
    }


def told(unix):
    """Unix s as text, None while it is not known."""
    return to_iso(unix) if isinstance(unix, int) else None
