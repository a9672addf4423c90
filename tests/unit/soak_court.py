"""Judges what a central system was told, by what the world saw: `judge(world)`.

Neither looks into the station. The world knows which Wh of each meter's register flowed while the
station permitted it, for whom (bursts), and which of them may be missing: what flowed in the last
minute before a power cut, while a meter was silent, after a register was set back (gaps). Meter
readings are never used twice, so a reading tells connector and time.
"""

from central import NOW
from soak_socket import BACK

from ocpp.iso import from_iso

_SLACK_S = const(5)  # the station's clock may be off by the way of an answer, and by rounding


class Violation(Exception):
    """The station broke a rule."""


class Session:
    """A transaction as the world saw it begin."""

    def __init__(self, number, tag, wh, seconds, clock_set):
        self.number = number  # of the connector
        self.tag = tag
        self.wh = wh  # register when it began
        self.at = seconds  # true Unix time
        self.clock_set = clock_set  # True: the station knew the time then
        self.open = True
        self.limbo = False  # True: power went in that very moment, it may or may not have been
        self.refused_at = None  # ms when the station was told that its identifier is not accepted


class Claim:
    """What was told of a transaction: a start and its stop."""

    def __init__(self, start, stop):
        self.start = start  # Told
        self.stop = stop
        self.tag = start.payload["idTag"]
        self.lo = start.payload["meterStart"]
        self.hi = stop.payload["meterStop"]
        self.begin = from_iso(start.payload["timestamp"])
        self.end = from_iso(stop.payload["timestamp"])


def check(true, *what):
    if not true:
        raise Violation(" ".join([str(w) for w in what]))


def judge(world):
    """Raise Violation unless everything was told, and rightly. -> number of transactions."""
    total = 0
    _check_taken(world.csms)
    _check_order(world)
    claims = []
    for socket in world.sockets:
        mine = _pair(world, socket.number)
        for claim in mine:
            _check_claim(world, claim)
        _check_energy(socket, mine)
        _check_sessions(world, socket, mine)
        claims += mine
        total += len(mine)
    _check_meters(world, claims)
    return total


def _check_taken(csms):
    for name in ("starts", "stops"):
        for content, told in getattr(csms, name).items():
            check(told.taken, name, "never taken:", content)


def _check_order(world):
    """What is heard for the first time comes in the order of occurrence, save what had to wait
    aside,
    and ends found out after a cut, which bear the time of the last meter value."""
    last = 0
    for stamp, resent, content in world.csms.order:
        unix = from_iso(stamp)
        check(NOW - 1 <= unix <= world.csms.time() + world.skew_s + _SLACK_S, "stamp", content)
        if not resent and not world.skew_s:
            check(unix >= last - _SLACK_S, "out of order:", stamp, content)
            last = max(last, unix)


def _by_time(world, told, wh):
    """Sort key: the order of occurrence. Where the clock was set, stamps tell little; but a
    register only goes up, save where it was set back by 10 MWh."""
    if world.skew_s:
        return (-(wh // BACK), wh, told.order)
    return (from_iso(told.payload["timestamp"]), wh, told.order)


def _pair(world, number):
    """Starts and stops of a connector alternate: the first start with the first stop, ..."""
    csms = world.csms
    starts = [t for t in csms.starts.values() if t.payload["connectorId"] == number]
    stops = [t for t in csms.stops.values() if _connector(t.payload["meterStop"]) == number]
    starts.sort(key=lambda t: _by_time(world, t, t.payload["meterStart"]))
    stops.sort(key=lambda t: _by_time(world, t, t.payload["meterStop"]))
    for told in starts:
        check(_connector(told.payload["meterStart"]) == number, "meterStart of", told.payload)
    if len(starts) != len(stops):
        lines = ["connector %d: %d starts, %d stops" % (number, len(starts), len(stops))]
        lines += ["start %s" % t.payload for t in starts] + ["stop %s" % t.payload for t in stops]
        raise Violation("\n".join(lines))
    return [Claim(a, b) for a, b in zip(starts, stops)]


def _connector(wh):
    """To which connector's register a reading belongs; see `soak.Socket`."""
    return wh // 500000000


def _check_claim(world, claim):
    start, stop = claim.start, claim.stop
    text = "%s - %s" % (start.payload, stop.payload)
    check(claim.hi >= claim.lo, "energy goes back:", text)
    check(claim.end >= claim.begin, "time goes back:", text)
    check(start.order < stop.order or world.swallowed, "stop before start:", text)
    for id in stop.ids:
        _check_id(world, id, start, text)


def _check_id(world, id, start, text):
    """An id is one the start was given, or -1 if its start found no answer so often that it was
    put aside (errata 3.18)."""
    if id == -1 and (start.heard > 2 or world.swallowed):
        return
    check(id in start.ids, "id", id, "not of", start.ids, text)


def _check_energy(socket, claims):
    """Each Wh that flowed was told once, for whom it flowed, save the gaps."""
    ranges = sorted([(c.lo, c.hi, c.tag) for c in claims])
    last = 0
    for lo, hi, tag in ranges:
        check(lo >= last or socket.vague, "told twice: up to", last, "and from", lo, tag)
        last = max(last, hi)
    for lo, hi, tag in socket.bursts:
        left = [(lo, hi)] if hi > lo else []
        for a, b, of in [(c.lo, c.hi, c.tag) for c in claims]:
            if of == tag:
                left = _without(left, a, b)
        for a, b in socket.gaps:
            left = _without(left, a, b)
        check(
            not left,
            "connector %d:" % socket.number,
            "flowed from %d to %d for %s, not told:" % (lo, hi, tag),
            left,
            "told:",
            [r for r in ranges if r[1] > lo - 1000 and r[0] < hi + 1000],
            "gaps:",
            [g for g in socket.gaps if g[1] > lo - 1000 and g[0] < hi + 1000],
        )


def _without(ranges, lo, hi):
    """The parts of ranges outside of (lo, hi)."""
    left = []
    for a, b in ranges:
        if hi <= a or lo >= b:
            left.append((a, b))
            continue
        if a < lo:
            left.append((a, lo))
        if b > hi:
            left.append((hi, b))
    return left


def _check_sessions(world, socket, claims):
    """One claim for each session that began, with its identifier, register and time."""
    left = list(claims)
    order = []  # those that are sure first
    for doubt in range(4):
        order += [s for s in socket.sessions if 2 * s.limbo + (not s.clock_set) == doubt]
    for session in order:
        found = None
        for c in left:
            if c.tag == session.tag and (c.lo == session.wh or socket.vague):
                if abs(c.begin - session.at) <= _SLACK_S or not session.clock_set or world.skew_s:
                    found = c
                    break
        check(
            found or session.limbo,
            "connector %d: never told:" % socket.number,
            session.__dict__,
            "told:",
            [(c.tag, c.lo, c.begin) for c in left],
        )
        if found:
            left.remove(found)
    check(not left, "connector %d: never was:" % socket.number, [c.start.payload for c in left])


def _check_meters(world, claims):
    """Meter values belong to a transaction, by register, time and id."""
    slack = _SLACK_S + world.skew_s
    for told in world.csms.meters.values():
        payload = told.payload
        value = payload["meterValue"][0]
        unix = from_iso(value["timestamp"])
        for sampled in value["sampledValue"]:
            if sampled["measurand"] != "Energy.Active.Import.Register":
                continue
            wh = int(sampled["value"])
            near = [
                c
                for c in claims
                if c.lo <= wh <= c.hi and c.begin - slack <= unix <= c.end + slack
            ]
            check(near, "meter value of no transaction:", payload)
            for c in near:
                if c.lo < wh < c.hi:  # of this one for sure
                    check(c.begin <= unix <= c.end, "time goes back:", payload, c.stop.payload)
            ids = []
            for c in near:
                ids += c.start.ids + ([-1] if c.start.heard > 2 or world.swallowed else [])
            for id in told.ids:
                check(id in ids, "id", id, "not of", ids, payload)
