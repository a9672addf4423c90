"""Works out what the installed charging profiles give now. Jobs; imported while one runs."""

from ocpp.log import log
from ocpp.station import fields as f
from ocpp.station import profiles
from ocpp.station import schedule as s
from ocpp.station.offers import share_out

_PROMPT_S = const(2)


class View:
    """The profiles on one time line, as of `now`: Unix s, or uptime while that is unknown."""

    def __init__(self, limits, found):
        station = limits.station
        settings = station.settings
        self.station = station
        self.unix = station.clock.unix()
        self.uptime = station.clock.uptime()
        self.now = self.uptime if self.unix is None else self.unix
        self.volts = settings.get("SupplyVoltage")
        self.phases = settings.get("SupplyPhases")
        self.switches = settings.get("ConnectorSwitch3to1PhaseSupported")
        self.highest = settings.get("ConnectorMaxCurrent") * 10  # tenths of A
        self.zone = _zone(settings.get("ScheduleTimeZone"))
        if not settings.get("SmartChargingEnabled"):
            found = []
        self.still = False  # True: what is relative to a start that is still to come, stands still
        self._floor = None  # it is not earlier than this
        self._by = {}  # purpose -> profiles, the strongest first
        for p in found:
            at = p[f.SET_AT]
            if at is not None and (self._floor is None or at > self._floor):
                self._floor = at
            self._by.setdefault(p[f.PURPOSE], []).append(p)
        for alike in self._by.values():
            alike.sort(key=_strength)

    def own(self, c):
        """A job: returns the plans of a connector, the strongest first, as if its transaction
        began now if none runs."""
        plans = []
        if c.tx:
            plans = yield from self._plans(f.TRANSACTION, c)
        plans += yield from self._plans(f.DEFAULT, c)
        return plans

    def shared(self):
        """A job: returns lists of plans of the station as a whole, of which each gives a limit."""
        groups = yield from self._plans(f.STATION_MAX)
        external = yield from self._plans(f.EXTERNAL)
        return [groups, external] if external else [groups]

    def groups(self, c=None):
        """A job: returns all that count for a connector; without one: for the station."""
        groups = []
        if c:
            own = yield from self.own(c)
            groups.append(own)
        groups += yield from self.shared()
        return groups

    def supply(self, c=None):
        """`Supply` of a connector or, without one, of the station."""
        phases = (c and c.phases_in_use) or self.phases
        return s.Supply(self.volts, phases, self.switches)

    def _plans(self, purpose, c=None):
        """A job, a profile a step. The plans know what holds now."""
        plans = []
        above = -1  # stack level at which the connector has one of its own
        for p in self._by.get(purpose, ()):
            number = p[f.NUMBER]
            if c and number not in (0, c.id):
                continue
            if purpose == f.TRANSACTION and p[f.TX] != c.tx.key:
                continue
            if number:
                above = p[f.STACK]
            elif above == p[f.STACK]:
                continue  # replaced for this connector (OCPP 1.6 §3.13.1)
            plan = self._plan(p, c)
            if plan:
                plan.look(self.now)
                plans.append(plan)
            yield
        return plans

    def _plan(self, p, c):
        if self.unix is None:
            return self._timeless(p, c)
        if p[f.KIND] == "Relative":
            return self._relative(p, c, p[f.FROM], p[f.TO])
        return s.Plan(p, p[f.START], p[f.FROM], p[f.TO], self.zone if p[f.CYCLE] else None)

    def _relative(self, p, c, lo=None, hi=None):
        """A schedule that begins when the EV may charge (OCPP 2.0.1 errata 2.10.1), that of the
        station with its installation."""
        start = self.now
        if c is None:
            start = p[f.SET_AT] or start
        elif c.tx and c.tx.lag is not None:
            start -= c.tx.seconds - c.tx.lag
        elif self.still:
            p = _constant(p, p[f.PERIODS][:3])
        return s.Plan(p, start, lo, hi)

    def _timeless(self, p, c):
        """While the time is unknown: what depends on it counts only if it has come to stay, going
        by the latest time that was known. None: it does not hold."""
        floor = self._floor
        if (p[f.FROM] is not None and (floor is None or floor < p[f.FROM])) or p[f.TO] is not None:
            return None
        if p[f.KIND] == "Relative" and c:
            return self._relative(p, c)
        start = p[f.SET_AT] if p[f.KIND] == "Relative" else p[f.START]
        if floor is None or start is None:
            constant = len(p[f.PERIODS]) == 3 and p[f.DURATION] is None
            return s.Plan(p, self.now) if constant and p[f.KIND] == "Relative" else None
        plan = s.Plan(p, start, p[f.FROM])
        plan.look(floor)
        if plan.index < 0 or plan.until is not None:
            return None
        return s.Plan(_constant(p, (0, plan.limit, plan.phases)), self.now)


def _constant(p, period):
    """A profile like `p` with nothing but that period."""
    p = list(p)
    p[f.CYCLE], p[f.DURATION], p[f.PERIODS] = 0, None, period
    return p


def _strength(p):
    return -1000 * p[f.STACK] - p[f.NUMBER]


def _zone(text):
    if not text:
        return None
    from ocpp.station.zone import Zone

    try:
        return Zone(text)
    except ValueError as e:
        log.warn("limits", "ScheduleTimeZone:", e, text)
        return None


def view(limits):
    """A job: returns the `View` of now. Profiles that came with a start are installed first."""
    for c in limits.station.connectors:
        tx = c.tx
        if tx and tx.lag is None and tx.authorized and c.plugged:
            tx.lag = tx.seconds if tx.seconds > _PROMPT_S else 0
        if tx and tx.profile:
            profile, tx.profile = tx.profile, None
            profile[f.TX] = tx.key
            profile[f.NUMBER] = c.id
            yield from profiles.put(limits, profile)
    found = yield from profiles.current(limits, lambda key: _is_over(limits.station, key))
    seen = View(limits, found)
    yield
    return seen


def _is_over(station, key):
    """True if the transaction with this key runs no more."""
    if any([c.tx and c.tx.key == key for c in station.connectors]):
        return False
    return not station.recovering


def work(limits):
    """A job: work out the limits now, have them obeyed and the host told."""
    station = limits.station
    running = [c.tx for c in station.connectors]
    for tx in running:
        if tx and tx.stamp is not None:
            _date(station, tx)
    yield from run(limits)
    for tx in running:
        if tx:
            tx.held = False
    share_out(limits)
    if station.on_schedule:
        from ocpp.station import composite

        yield from composite.publish(limits)


def _date(station, tx):
    """Count the seconds of a transaction from before a restart, as soon as the time is known."""
    now, start = station.clock.unix(), station.unix_of(tx.stamp)
    if now is not None and start is not None:
        tx.started = station.clock.uptime() - max(0, now - start)
        tx.stamp = None


def run(limits):
    """A job: the limits now, handed to `limits`."""
    seen = yield from view(limits)
    seen.still = True
    now = seen.now
    base = []
    until = None
    for c in seen.station.connectors:
        supply = seen.supply(c)
        groups = yield from seen.groups(c)
        plan = s.prevail(groups[0], now)[0]
        limit = None
        if plan:
            limit = supply.convert(plan.limit, plan.profile[f.UNIT], "A", plan.phases)
        _, phases, change, _ = s.combine(groups, now, "A", supply)
        until = s.sooner(until, change)
        offered = _offered(supply, phases & 15)
        base.append((limit, offered, _least(supply, plan), phases >> 4 or None))
        yield
    pool = [None, None]
    shared = yield from seen.shared()
    for plans in shared:
        plan, change = s.prevail(plans, now)
        until = s.sooner(until, change)
        if plan:
            i = "AW".find(plan.profile[f.UNIT])
            pool[i] = plan.limit if pool[i] is None else min(pool[i], plan.limit)
    limits.base, limits.pool = base, pool
    if until is not None:
        limits.until = until - now + seen.uptime


def _offered(supply, phases):
    """Phases the hardware is to offer, None: all."""
    return 1 if supply.switches and 0 < phases < supply.phases else None


def _least(supply, plan):
    """The minimum charging rate of a plan in tenths of A, or 0."""
    if plan is None or plan.profile[f.LEAST] is None:
        return 0
    return supply.convert(plan.profile[f.LEAST], plan.profile[f.UNIT], "A", plan.phases)
