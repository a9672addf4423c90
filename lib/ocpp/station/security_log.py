"""The security log: what happened to the security of the station, on flash, the oldest going first
(whitepaper A04.FR.04). Two files of records, each at most `_SIZE` bytes."""

import os

from ocpp import records
from ocpp.iso import to_iso
from ocpp.log import log
from ocpp.statefiles import delete, size

_SIZE = const(6144)
_KIND = const(20)  # none of the transaction log's; the other fields are as there
_FILES = ("/security.old", "/security.log")


def add(station, type, info):
    """Write down an event of now."""
    old, new = [station.store.root + name for name in _FILES]
    entry = records.pack([_KIND, 0, 0, None, 0, station.log.now(), [type, info]])
    try:
        if size(new) + len(entry) > _SIZE:
            delete(old)
            os.rename(new, old)
        records.append(new, entry)
    except OSError as e:
        log.error("security", "log not written:", e)


def lines(station, since=None, until=None):
    """Iterator of the entries from `since` to `until` (Unix s, None: no limit), oldest first, as
    lines of text without line break. What has no time yet is always among them."""
    for name in _FILES:
        for _, fields, _ in records.each(station.store.root + name):
            if not fields or fields[0] != _KIND:
                continue
            unix = station.log.stamp_unix(fields[5])
            if unix is not None:
                if (since is not None and unix < since) or (until is not None and unix > until):
                    continue
            when = "unknown time" if unix is None else to_iso(unix)
            yield "%s %s %s" % (when, fields[6][0], fields[6][1])


def clear(station):
    """Empty it; that is the first thing it tells then."""
    for name in _FILES:
        delete(station.store.root + name)
    station.part("security").event("SecurityLogWasCleared")
