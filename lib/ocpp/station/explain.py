"""Why a connector, or the station, may draw what it may. A job; imported while it runs."""

from ocpp.station import fields as f
from ocpp.station import profiles
from ocpp.station import schedule as s
from ocpp.station.evaluate import View
from ocpp.station.offers import outside


def explain(limits, number):
    """A job: returns which profile gives a limit now and what comes next, as a dict for JSON."""
    # Not `view`: that waits for its turn, and this may be asked for at any moment.
    seen = View(limits, [profile for _, profile in profiles.each(limits)])
    c = seen.station.connectors[number - 1] if number else None
    at = yield from _told(limits, seen, c, seen.now)
    until = at.pop("until")
    if c:
        at["offered_a"] = None if c.limit_ma is None else c.limit_ma / 1000
        at["paused"] = c.paused
    at["clock_known"] = seen.unix is not None
    at["next"] = None
    if until is not None:
        at["next"] = yield from _told(limits, seen, c, until)
        del at["next"]["until"]
        at["next"]["in_s"] = until - seen.now
        at["next"]["at"] = until if seen.unix is not None else None
    return at


def _told(limits, seen, c, t):
    """A job: returns what holds at a time: each limit with where it comes from, the lowest
    first."""
    supply = seen.supply(c)
    lines = []
    until = None
    groups = yield from seen.groups(c)
    for plans in groups:
        plan, change = s.prevail(plans, t)
        until = s.sooner(until, change)
        if plan:
            lines.append(_line(plan, supply))
    ahead = seen.now - seen.uptime
    for number in (0, c.id) if c else (0,):
        value, end = outside(limits, number, t - ahead)
        until = s.sooner(until, None if end is None else end + ahead)
        if value is not None:
            lines.append({"limit_a": value / 10, "purpose": "host", "connector": number})
    lines.sort(key=lambda line: line["limit_a"])
    return {"limit_a": lines[0]["limit_a"] if lines else None, "limits": lines, "until": until}


def _line(plan, supply):
    p = plan.profile
    amperes = supply.convert(plan.limit, p[f.UNIT], "A", plan.phases)
    return {
        "limit_a": amperes / 10,
        "purpose": p[f.PURPOSE],
        "profile": p[f.ID],
        "stack_level": p[f.STACK],
        "connector": p[f.NUMBER],
        "kind": p[f.KIND],
        "period": plan.index,
        "period_start": p[f.PERIODS][3 * plan.index],
        "limit": plan.limit / 10,
        "unit": p[f.UNIT],
        "phases": plan.phases or None,
    }
