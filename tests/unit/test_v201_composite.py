# marks: slow
# heap: 4M
"""Composite schedules of random OCPP 2.0.1 profiles against a slow judge that looks at each second
of the JSON by itself (OCPP 2.0.1 K01, K08)."""

import random

from central import NOW
from test_session201 import setup201

from ocpp.iso import from_iso, to_iso

_SECONDS = const(900)
_VOLTS = const(230)
_HIGHEST = const(320)  # tenths of A a connector can carry
_PURPOSES = ("TxProfile", "TxDefaultProfile", "TxDefaultProfile", "ChargingStationMaxProfile")


def random_profile(id, tx, now):
    """A ChargingProfile and its EVSE; each has a stack level of its own, so none conflicts."""
    purpose = random.choice(_PURPOSES)
    evse = 1
    if purpose == "ChargingStationMaxProfile":
        evse = 0
    elif purpose == "TxDefaultProfile":
        evse = random.choice((0, 1, 2))
    kinds = ["Absolute", "Recurring"]
    if purpose != "ChargingStationMaxProfile":
        kinds.append("Relative")
    kind = random.choice(kinds)
    unit = random.choice("AAW")
    periods = []
    at = 0
    for _ in range(random.randrange(1, 6)):
        limit = random.choice((0, 6, 8.5, 10, 16, random.randrange(0, 640) / 10))
        period = {"startPeriod": at, "limit": limit if unit == "A" else limit * 690}
        if random.random() < 0.3:
            period["numberPhases"] = 3
        periods.append(period)
        at += random.randrange(1, 400)
    schedule = {"id": id, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    if random.random() < 0.5:
        schedule["duration"] = random.randrange(1, 1200)
    profile = {
        "id": id,
        "stackLevel": id,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
    }
    if kind != "Relative":
        start = now + random.randrange(-700, 500)
        if kind == "Recurring":
            cycle = random.choice(("Daily", "Weekly"))
            profile["recurrencyKind"] = cycle
            if random.random() < 0.7:
                start -= 3 * (86400 if cycle == "Daily" else 604800)
        schedule["startSchedule"] = to_iso(start)
    if random.random() < 0.3:
        profile["validFrom"] = to_iso(now + random.randrange(-300, 600))
    if random.random() < 0.3:
        lo = from_iso(profile.get("validFrom", to_iso(now)))
        profile["validTo"] = to_iso(lo + random.randrange(1, 900))
    if purpose == "TxProfile":
        profile["transactionId"] = tx
    return evse, profile


_known = {}


def unix(text):
    if text not in _known:
        _known[text] = from_iso(text)
    return _known[text]


def limit_of(profile, t, began):
    """What one profile gives at a second, tenths of A; None: nothing."""
    if "validFrom" in profile and t < unix(profile["validFrom"]):
        return None
    if "validTo" in profile and t >= unix(profile["validTo"]):
        return None
    schedule = profile["chargingSchedule"][0]
    start = schedule.get("startSchedule")
    at = t - (began if start is None else unix(start))
    if at < 0:
        return None
    if "recurrencyKind" in profile:
        at %= 86400 if profile["recurrencyKind"] == "Daily" else 604800
    if at >= schedule.get("duration", at + 1):
        return None
    found = None
    for period in schedule["chargingSchedulePeriod"]:
        if period["startPeriod"] <= at:
            found = period["limit"]
    tenths = int(found * 10 + 0.05)
    return tenths if schedule["chargingRateUnit"] == "A" else tenths // (_VOLTS * 3)


def strongest(installed, purpose, evses, t, began):
    best, level = None, -1
    for evse, profile in installed:
        if evse in evses and profile["chargingProfilePurpose"] == purpose:
            if profile["stackLevel"] > level:
                limit = limit_of(profile, t, began)
                if limit is not None:
                    best, level = limit, profile["stackLevel"]
    return best


def judged(installed, now, began, external):
    """[(second, tenths of A)] of EVSE 1, merged."""
    found = []
    for i in range(_SECONDS):
        t = now + i
        limit = strongest(installed, "TxProfile", (1,), t, began)
        if limit is None:
            limit = strongest(installed, "TxDefaultProfile", (0, 1), t, began)
        station = strongest(installed, "ChargingStationMaxProfile", (0,), t, began)
        for other in (_HIGHEST, station, external):
            if other is not None and (limit is None or other < limit):
                limit = other
        if not found or found[-1][1] != limit:
            found.append((i, limit))
    return found


def finish(job):
    try:
        while True:
            next(job)
    except StopIteration as e:
        return e.value


def test_random_profiles():
    from ocpp.station import composite, profile_rules, profiles
    from ocpp.station.fields import SET_AT, TX
    from ocpp.v2 import profile as own

    random.seed(20)
    s = setup201(connectors=2, settings={"MaxChargingProfilesInstalled": "99"})
    s.charge()
    s.run(500)
    station = s.station
    changes = 0
    for case in range(40):
        finish(profiles.clear(station.limits, lambda p: True))
        external = random.choice((None, None, 100))
        station.set_limit(0, None if external is None else external * 100, "EMS")
        now = station.clock.unix()
        installed = []
        for id in range(1, random.randrange(2, 9)):
            evse, profile = random_profile(id, s.c.tx.id, now)
            record = own.record(station, evse, profile)
            record[TX] = profile_rules.transaction(station, evse, profile)
            assert record[SET_AT] == now
            finish(profiles.put(station.limits, record, 99))
            installed.append((evse, profile))
        start, found = finish(composite.composite(station.limits, 1, _SECONDS, "A"))
        assert start == now
        wanted = judged(installed, now, now - s.c.tx.seconds, external)
        told = []
        for at, limit, _ in found:  # phases may change where the limit does not
            if not told or told[-1][1] != limit:
                told.append((at, limit))
        assert told == wanted, (case, installed, told, wanted)
        changes += len(wanted)
        s.run(200)
    assert changes > 100 and NOW, changes
