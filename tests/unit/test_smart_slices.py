# heap: 8M
"""How long a composite schedule of a day holds up the loop: its steps, in empty calls."""

import gc
import time

from test_smart_charging import NOW, default, profile, put, to_iso, up

from ocpp.station import composite, evaluate

_MOST = const(600)  # empty calls
_RUNS = const(12)


def empty():
    pass


def best(fn, runs):
    """The shortest of several runs, ns: what the machine does meanwhile does not count."""
    found = None
    for _ in range(runs):
        gone = fn()
        found = gone if found is None else min(found, gone)
    return found


def empty_call():
    """ns of an empty call."""

    def nothing():
        start = time.time_ns()
        for _ in range(2000):
            pass
        return time.time_ns() - start

    def calls():
        start = time.time_ns()
        for _ in range(2000):
            empty()
        return time.time_ns() - start

    return (best(calls, 30) - best(nothing, 30)) / 2000


def steps(make):
    """(ns of each step of a job, the shortest of several runs; its result)."""
    found = []
    for _ in range(_RUNS):
        job = make()
        n = 0
        while True:
            if n % 16 == 0:
                gc.collect()
            start = time.time_ns()
            try:
                next(job)
            except StopIteration as e:
                result = e.value
                break
            gone = time.time_ns() - start
            if n == len(found):
                found.append(gone)
            elif gone < found[n]:
                found[n] = gone
            n += 1
    return found, result


def station():
    """Ten profiles of 24 periods for two connectors, of all purposes, with a transaction."""
    s = up(2)
    s.charge()
    s.charge(2, "TAG2")
    tx = s.c.tx.id
    for n in range(10):
        periods = [(hour * 3600, 7 + (hour * (n + 3)) % 17) for hour in range(24)]
        more = {
            "kind": "Recurring",
            "recurrencyKind": "Daily",
            "sched": {"startSchedule": to_iso(NOW - 3000 * n - 60), "duration": 86400 - 6000 * n},
        }
        if n < 4:
            number, p = n % 2, default(*periods, stack=n, **more)
        elif n < 7:
            more["kind"] = "Absolute"
            number, p = 0, profile("ChargePointMaxProfile", *periods, stack=n, **more)
        else:
            number, p = 1, profile("TxProfile", *periods, stack=n, transactionId=tx, **more)
        assert put(s, number, p) == {"status": "Accepted"}, n
    s.run(1000)
    return s


def test_no_step_of_a_composite_schedule_is_long():
    s = station()
    limits = s.station.limits
    job = evaluate.view(limits)
    while True:
        try:
            next(job)
        except StopIteration as e:
            seen = e.value
            break
    for number, unit in ((1, "A"), (1, "W"), (0, "A"), (2, "W")):
        gc.disable()
        try:
            call = empty_call()
            found, (_, periods) = steps(
                lambda n=number, u=unit: composite.composite(limits, n, 86400, u, seen)
            )
        finally:
            gc.enable()
        assert len(periods) > 15 and len(found) > len(periods), (number, unit, len(periods))
        longest = max(found)
        assert longest <= _MOST * call, (number, unit, longest / call, found.index(longest))


def test_no_step_of_working_out_the_limits_is_long():
    s = station()
    limits = s.station.limits
    loads = s.station.store.load
    kept = {}
    for slot in limits.slots:
        kept["cp%d" % slot] = loads("cp%d" % slot)
    s.station.store.load = lambda name: list(kept[name])  # files are another matter
    gc.disable()
    try:
        call = empty_call()
        found, _ = steps(lambda: evaluate.run(limits))
    finally:
        gc.enable()
    longest = max(found)
    assert longest <= _MOST * call, (longest / call, found.index(longest), len(found))


def test_what_is_cleared_counts_though_the_limits_were_just_worked_out():
    """They were by the profile that goes, and that ended while it went."""
    from ocpp.station import fields, profiles
    from ocpp.station.limits import Limits

    class Nobody:
        connectors = ()
        on_schedule = None

    limits = Limits(Nobody())
    limits.volatile = [[None] * fields.FIELDS]
    limits.active = True
    job = profiles.clear(limits, lambda profile: True)
    next(job)
    assert not limits.volatile
    limits.active = False  # as `_work` leaves it: there is no profile
    for _ in job:
        pass
    assert limits.active
