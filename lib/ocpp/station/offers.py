"""Shares what the station may draw among the connectors in use, and makes offers: those with a
transaction, or somebody authorized whose energy begins one.

Who is worth less than the least rate (6 A, or the minimum charging rate of its profile) gets
nothing. If there is not enough for all, they take turns; an EV that does not ask for energy though
it was offered some loses its turn, or is left the least rate, so that it can wake up.
"""

from ocpp.log import log

_TURN_S = const(900)
_PATIENCE_S = const(30)  # for an EV to ask for what it is offered
_NEVER = const(0x3FFFFFFF)


def share_out(limits):
    """Set `limit_ma`, `limit_phases` and `paused` of each connector."""
    station = limits.station
    settings = station.settings
    now = station.clock.uptime()
    limits.turn = _NEVER
    _forget(limits, now)
    least = settings.get("MinChargingCurrent") * 10
    pool = _with_outside(limits, limits.pool[0], 0, now)
    watts = limits.pool[1]
    shared = pool is not None or watts is not None
    volts = settings.get("SupplyVoltage")
    wants = []  # (connector, cap, least, W of a tenth of A, asks)
    caps = []
    for i, c in enumerate(station.connectors):
        limit, phases, rate, _ = limits.base[i]
        cap = _with_outside(limits, limit, c.id, now)
        weight = volts * (phases or c.phases_in_use or settings.get("SupplyPhases"))
        caps.append(cap)
        if not shared:
            limits.idle[i] = None
        elif _draws(c):
            rate = max(least, rate if cap is None else min(rate, cap))
            wants.append((i, cap, rate, weight, _asks(limits, i, c, now)))
        else:
            limits.idle[i] = None
            caps[i] = _lowest(_lowest(cap, pool), None if watts is None else watts // weight)
    if shared:
        _share(limits, wants, caps, pool, watts, now)
    news = []
    for i, c in enumerate(station.connectors):
        before = c.limit_ma
        if _offer(c, caps[i], limits.base[i], least):
            limits.told_at = 0
            if limits.shifted and c.tx and not c.tx.ending:
                news.append((c, before))
        if shared and _draws(c):
            _watch(limits, i, c, now)
    limits.shifted = False
    for c, before in news:  # all have their limits
        _tell(c, before)


def _draws(c):
    return not c.tx.ending if c.tx else bool(c.grant and c.plugged)


def _tell(c, before):
    """What a running transaction may draw has changed from outside (OCPP 2.0.1 K11.FR.05)."""
    station = c.station
    if station.dialect.tracks_states and significant(station, before, c.limit_ma):
        from ocpp.station import charging

        wanted = station.settings.get("MeterValuesSampledData")
        samples = station.metering.samples(c, wanted, "Other")
        charging.record_samples(c, samples, "ChargingRateChanged")


def significant(station, before, now):
    """True if a change from one limit to another is worth telling (OCPP 2.0.1 K11 to K13); None:
    no limit."""
    if before is None or now is None:
        return before != now
    least = station.settings.get("SmartChargingCtrlr.LimitChangeSignificance")
    return before != now and abs(now - before) * 100 >= least * before


def _forget(limits, now):
    """Limits of the host that are over."""
    for key, (_, end) in list(limits.external.items()):
        if end is not None and end <= now:
            del limits.external[key]
            limits.shifted = True
            limits.changed()
            limits.station.dialect.limited(key[1], key[0])


def _watch(limits, i, c, now):
    """Look at an EV again that does not ask for what it is offered."""
    if c.limit_ma != 0 and not c.ev_ready:
        if limits.idle[i] is None:
            limits.idle[i] = now
        if now - limits.idle[i] < _PATIENCE_S:
            limits.turn = min(limits.turn, limits.idle[i] + _PATIENCE_S)


def outside(limits, number, uptime):
    """(limit in tenths of A or None, uptime at which that ends or None) that the host has set for
    connector `number`, 0: for the station."""
    least = end = None
    for key, (limit, until) in limits.external.items():
        if key[1] == number and (until is None or uptime < until):
            least = _lowest(least, limit)
            end = _lowest(end, until)
    return least, end


def _with_outside(limits, limit, number, now):
    if not limits.external:
        return limit
    other, end = outside(limits, number, now)
    if end is not None and end < limits.turn:
        limits.turn = end
    return _lowest(limit, other)


def _lowest(a, b):
    if a is None or b is None:
        return b if a is None else a
    return min(a, b)


def _asks(limits, i, c, now):
    """True if the EV wants energy, as far as that is known."""
    idle = limits.idle[i]  # uptime since when it did not ask though it could
    if c.ev_ready or (c.tx and c.tx.held):
        idle = None
    elif idle is not None and c.limit_ma == 0 and now // _TURN_S != idle // _TURN_S:
        idle = None  # its next turn
    limits.idle[i] = idle
    if idle is None or now - idle < _PATIENCE_S:
        return True
    limits.turn = min(limits.turn, (now // _TURN_S + 1) * _TURN_S)
    return False


def _share(limits, wants, caps, pool, watts, now):
    turn = now // _TURN_S % len(wants) if wants else 0
    wants = wants[turn:] + wants[:turn]
    # Who does not ask is served last, with the least.
    order = [w for w in wants if w[4]] + [w for w in wants if not w[4]]
    short = False
    for budget, by_weight in ((pool, False), (watts, True)):
        if budget is None:
            continue
        asked = []
        for _, cap, least, weight, asks in order:
            unit = weight if by_weight else 1
            most = cap if asks else least
            asked.append((None if most is None else most * unit, least * unit))
        given = divide(budget, asked)
        for n, (i, _, _, weight, _) in enumerate(order):
            share = given[n] // weight if by_weight else given[n]
            caps[i] = share if caps[i] is None else min(caps[i], share)
            short = short or not share
    if short:
        limits.turn = min(limits.turn, (now // _TURN_S + 1) * _TURN_S)


def divide(budget, asked):
    """Share `budget` evenly. `asked`: (most or None, least that is of use) of each, the most
    deserving first. Returns what each gets, 0 for whom the least is not there or not allowed."""
    given = [0] * len(asked)
    level = []  # those that get the same in the end
    left = budget
    for n, (most, least) in enumerate(asked):
        if least <= left and (most is None or least <= most):
            given[n] = least
            left -= least
            level.append(n)
    left = budget
    while level:
        share = left // len(level)
        # First who needs more than an even share, then who can't take that much.
        fixed = [n for n in level if asked[n][1] > share]
        if not fixed:
            fixed = [n for n in level if asked[n][0] is not None and asked[n][0] < share]
            for n in fixed:
                given[n] = asked[n][0]
        if not fixed:
            for n in level:
                given[n] = share
            break
        for n in fixed:
            left -= given[n]
            level.remove(n)
    return given


def _offer(c, cap, base, least):
    """Offer so many tenths of A, None: no limit. True if that is news."""
    _, phases, _, c.limit_phase = base
    paused = cap is not None and cap < least
    limit = None if cap is None else 0 if paused else cap * 100
    if limit == c.limit_ma and phases == c.limit_phases and paused == c.paused:
        return False
    c.limit_ma, c.limit_phases, c.paused = limit, phases, paused
    log.info("connector %d" % c.id, "limit", limit, "mA, phases", phases or "all")
    c.station.emit("Limit", c)
    return True
