"""Charging profiles installed: found, added, replaced, cleared. Imported while that is done.

Each is a small file, `cpN`, replaced atomically; which N there are `Limits.slots` knows. A
TxProfile is kept in memory alone, unless its transaction would survive a restart. Should a power
cut leave two that exclude each other, the later one holds, and the other is removed.
"""

import array
import binascii

from ocpp.log import log
from ocpp.station import fields as s

_NAME = "cp%d"


def replaces(new, old):
    """True if `old` can't stay beside `new`: the same id, or stack level, purpose and connector
    (OCPP 1.6 §3.13.2, §5.16.3; by id alone with OCPP 2.0.1 K01.FR.05)."""
    return new[s.ID] == old[s.ID] or (new[s.SID] is None and _same_place(new, old))


def _same_place(a, b):
    return (
        a[s.STACK] == b[s.STACK]
        and a[s.PURPOSE] == b[s.PURPOSE]
        and a[s.NUMBER] == b[s.NUMBER]
        and a[s.TX] == b[s.TX]
    )


def _conflict(new, old):
    """Why a profile that replaces by id alone can't be installed beside `old`, or None (OCPP
    2.0.1 K01.FR.06, FR.39, FR.52, FR.53)."""
    if new[s.ID] == old[s.ID] or new[s.STACK] != old[s.STACK] or new[s.PURPOSE] != old[s.PURPOSE]:
        return None
    if not _same_place(new, old):
        if new[s.PURPOSE] == s.DEFAULT and not (new[s.NUMBER] and old[s.NUMBER]):
            return "DuplicateTxDefaultProfileFound"
        return None
    if new[s.PURPOSE] == s.TRANSACTION:
        return "TxProfileConflictingStackLevel"
    for a, b in ((new, old), (old, new)):
        if a[s.TO] is not None and b[s.FROM] is not None and a[s.TO] <= b[s.FROM]:
            return None
    return "DuplicateProfileValidityPeriod"


def each(limits):
    """(N or None if it is in memory alone, profile) of all; each step reads a file at most."""
    for slot in list(limits.slots):
        profile = _load(limits, slot)
        if profile:
            yield slot, profile
    for profile in list(limits.volatile):
        yield None, profile


def _load(limits, slot):
    profile = limits.station.store.load(_NAME % slot)
    try:
        profile[s.PERIODS] = array.array("i", binascii.a2b_base64(profile[s.PERIODS]))
        profile[s.SEQ] += 0
        return profile + [None] * (s.FIELDS - len(profile))  # of earlier firmware
    except (TypeError, ValueError, IndexError, KeyError):
        return None  # damaged, as the store has noted


def load(limits, slot, id):
    """The profile of an id in file `slot`, -1: in memory; None: it is gone."""
    if slot >= 0:
        found = [_load(limits, slot) if slot in limits.slots else None]
    else:
        found = limits.volatile
    for profile in found:
        if profile and profile[s.ID] == id:
            return profile
    return None


def put(limits, profile, most=None):
    """A job: install a profile in place of those it replaces. ValueError with the reason if there
    would be more than `most`, or the flash fails."""
    yield from _alone(limits)
    try:
        old = []
        count = seq = 0
        for slot, other in each(limits):
            count += 1
            seq = max(seq, other[s.SEQ])
            if replaces(profile, other):
                old.append((slot, other))
            elif profile[s.SID] is not None:
                why = _conflict(profile, other)
                if why:
                    raise ValueError(why)
            yield
        if most is not None and count - len(old) >= most:
            raise ValueError("MaxChargingProfilesInstalled")
        profile[s.SEQ] = seq + 1
        _save(limits, profile, old)
        for slot, other in old:
            _drop(limits, slot, other)
    finally:
        limits.editing = False
        limits.changed()


def install(station, request, number, p, make, refused):
    """A job: install the profile `p` that a request asks for, and answer. `make(station, number,
    p)`: as `profile_rules.record`; `refused(why)`: the answer to one that can't be. Returns what
    is kept, None: it was refused."""
    from ocpp.station import profile_rules

    name = p["id"]
    try:
        profile = make(station, number, p)
        profile[s.TX] = profile_rules.transaction(station, number, p)
        p = request.payload = None  # it may be large
        yield
        most = station.settings.get("MaxChargingProfilesInstalled")
        yield from put(station.limits, profile, most)
    except ValueError as e:
        log.warn("profile", name, "refused:", e)
        request.reply(refused(e))
        return None
    log.info("profile", name, "installed")
    request.reply({"status": "Accepted"})
    return profile


def having(wanted):
    """What `clear` asks of a profile: all that is `wanted`, [(field, value)], and that it is none
    of a limit from outside."""

    def fits(profile):
        for field, value in wanted:
            if profile[field] != value:
                return False
        return profile[s.PURPOSE] != s.EXTERNAL

    return fits


def clear(limits, fits):
    """A job: remove the profiles of which `fits(profile)` is true; returns how many."""
    yield from _alone(limits)
    count = 0
    try:
        for slot, profile in each(limits):
            if fits(profile):
                count += 1
                _drop(limits, slot, profile)
            yield
    finally:
        limits.editing = False
        if count:
            limits.active = True  # though none may be left: the limits are those of before
            limits.changed()
    return count


def current(limits, over):
    """A job: returns all profiles that may count now. Those of transactions that are over (`over`
    (key) true), and those a power cut left beside their successors, are removed."""
    yield from _alone(limits)
    try:
        found = []
        for entry in each(limits):
            found.append(entry)
            yield
        kept = []
        for slot, profile in found:
            if (profile[s.TX] is not None and over(profile[s.TX])) or _succeeded(profile, found):
                _drop(limits, slot, profile)
            else:
                kept.append(profile)
            yield
    finally:
        limits.editing = False
    return kept


def _alone(limits):
    """Wait until no other job edits."""
    while limits.editing:
        yield
    limits.editing = True


def _succeeded(profile, found):
    return any([o[s.SEQ] > profile[s.SEQ] and replaces(o, profile) for _, o in found])


def _save(limits, profile, old):
    """Keep it: in the file of one that it replaces, so that there is never neither."""
    station = limits.station
    if profile[s.TX] is not None and station.settings.get("OnPowerLoss") != "resume":
        limits.volatile.append(profile)
        return
    slot = None
    for entry in old:
        slot = entry[0] if slot is None else slot
    if slot is None:
        slot = 0
        while slot in limits.slots:
            slot += 1
    kept = list(profile)
    kept[s.PERIODS] = binascii.b2a_base64(profile[s.PERIODS]).decode().strip()
    if not station.store.save(_NAME % slot, kept):
        raise ValueError("FlashFull")
    if slot not in limits.slots:
        limits.slots.append(slot)
    for entry in old:
        if entry[0] == slot:
            old.remove(entry)
            return


def _drop(limits, slot, profile):
    if slot is None:
        if profile in limits.volatile:
            limits.volatile.remove(profile)
        return
    limits.station.store.remove(_NAME % slot)
    limits.slots.remove(slot)
    log.info("profile", profile[s.ID], "removed")
