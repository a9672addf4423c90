"""Composite schedules: what a connector, or the station, may draw over time. Jobs; imported while
one runs."""

from ocpp.log import log
from ocpp.station import schedule as s
from ocpp.station.evaluate import view
from ocpp.station.offers import outside

_NEVER = const(0x3FFFFFFF)  # s of uptime
_LONGEST_S = const(31536000)
_MOST = const(128)  # periods that fit into an answer; the duration is cut short for more


def composite(limits, number, duration, unit, seen=None, most=None):
    """A job: returns (Unix s of its start or None, [(s from start, limit in tenths of `unit`,
    phases as in `fields`)]), the composite schedule of a connector, or of the station (0: what all
    draw together at most). `seen`: a `View`, None: of now. It is broken off after `most` + 1
    periods."""
    if seen is None:
        seen = yield from view(limits)
    course = yield from _course(limits, seen, number, unit)
    found = yield from s.sweep(course, seen.now, duration, most)
    return seen.unix, found


def answer(station, number, duration, unit, phase):
    """A job: returns (start, schedule) for the answer to a GetCompositeSchedule: Unix s or None,
    and the fields that all versions have. `phase`: which phase to use is told, too."""
    duration = min(duration, _LONGEST_S)
    start, found = yield from composite(station.limits, number, duration, unit, None, _MOST)
    if len(found) > _MOST:
        duration = found[_MOST][0]
    periods = []
    for at, limit, phases in found[:_MOST]:
        period = {"startPeriod": at, "limit": limit / 10}
        if phases & 15:
            period["numberPhases"] = phases & 15
        if phase and phases >> 4:
            period["phaseToUse"] = phases >> 4
        periods.append(period)
    return start, {
        "duration": duration,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }


def publish(limits):
    """A job: hand the composite schedules of the station and of each connector to the host."""
    station = limits.station
    settings = station.settings
    limits.told_at = _NEVER
    unit = settings.get("CompositeScheduleUnit")
    duration = settings.get("CompositeScheduleDuration")
    seen = yield from view(limits)
    for number in range(len(station.connectors) + 1):
        start, found = yield from composite(limits, number, duration, unit, seen)
        periods = [(at, limit / 10, phases & 15 or None) for at, limit, phases in found]
        told = {"start": start, "duration": duration, "unit": unit, "periods": periods}
        try:
            station.on_schedule(number, told)
        except Exception as e:  # the host's fault
            log.error("limits", "on_schedule failed:", repr(e))
    interval = settings.get("CompositeScheduleInterval")
    limits.told_at = station.clock.uptime() + interval if interval else _NEVER


def _course(limits, seen, number, unit):
    """A job: returns fn(t) -> (limit, phases, next change), or a job that returns that, of a
    connector or the station."""
    if number:
        c = seen.station.connectors[number - 1]
        groups = yield from seen.groups(c)
        return _curve(limits, seen, c, unit, groups, (0, number))
    parts = []
    for c in seen.station.connectors:
        own = yield from seen.own(c)
        parts.append(_curve(limits, seen, c, unit, [own], (c.id,)))
    groups = yield from seen.groups()
    whole = _curve(limits, seen, None, unit, groups, (0,))

    def at(t):
        limit, phases, until = whole(t)
        total = 0
        for part in parts:
            yield
            value, _, change = part(t)
            total += value
            until = s.sooner(until, change)
        return total if limit is None or total < limit else limit, phases, until

    return at


def _curve(limits, seen, c, unit, groups, numbers):
    """fn(t) -> (limit, phases, next change). `c` None: the station, limit perhaps None;
    `numbers`: whose limits of the host count."""
    supply = seen.supply(c)
    highest = supply.convert(seen.highest, "A", unit, 0)
    ahead = seen.now - seen.uptime

    def at(t):
        limit, phases, until, _ = s.combine(groups, t, unit, supply)
        if c and (limit is None or limit > highest):
            limit = highest
        for number in numbers if limits.external else ():
            value, end = outside(limits, number, t - ahead)
            if value is not None:
                value = supply.convert(value, "A", unit, 0)
                limit = value if limit is None else min(limit, value)
            until = s.sooner(until, None if end is None else end + ahead)
        return limit, phases, until

    return at
