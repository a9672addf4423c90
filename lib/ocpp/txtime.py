"""Dates for what happened while the clock was not known. Part of `txlog`; imported while there are
such stamps.

`log.boots`, ascending, holds the boots that left undated stamps behind: [boot, Unix time at its
uptime 0 or None, last uptime seen, newest Unix stamp before it]. `log.undated`: one of them has no
time yet.
"""

_BOOTS = const(64)


def unix(log, stamp):
    """Unix s of an undated stamp; None as long as it cannot be told."""
    for boot, zero, _, _ in log.boots:
        if boot >= stamp[0]:
            # A boot so old that it was forgotten counts as before the oldest remembered.
            return zero if zero is None or boot > stamp[0] else zero + stamp[1]
    return None


def meet(log, stamp, zero=None):
    """An undated stamp was made, or found at boot. `zero`: Unix time at uptime 0 of its boot, as
    found out earlier."""
    for boot in log.boots:
        if boot[0] == stamp[0]:
            break
    else:
        boot = [stamp[0], None, 0, 0 if isinstance(log.latest, list) else log.latest or 0]
        log.boots.append(boot)
        log.boots.sort(key=lambda b: b[0])
        if len(log.boots) > _BOOTS:
            gone = log.boots.pop(0)  # what held for it holds for the one after it
            end = gone[1] + gone[2] if gone[1] else 0
            log.boots[0][3] = max(log.boots[0][3], gone[3], end)
    boot[2] = max(boot[2], stamp[1])
    if zero is not None:
        boot[1] = zero
    if boot[1] is None:
        log.undated = True


def settle(log):
    """The clock is known: date every boot. -> list of [boot, Unix time] newly found. A boot that
    never knew is taken to have ended just before the next one began; none begins before what was
    stamped earlier, should the clock have been set back meanwhile."""
    log.undated = False
    found = []
    zero = log.clock.unix() - log.clock.uptime()
    for boot in reversed(log.boots):
        if boot[1] is None:
            boot[1] = zero if boot[0] == log.clock.boot else zero - boot[2] - 1
            found.insert(0, boot)
        zero = boot[1]
    end = 0
    for boot in log.boots:
        if boot in found:
            boot[1] = max(boot[1], boot[3], end)
        end = boot[1] + boot[2]
    return [boot[:2] for boot in found]
