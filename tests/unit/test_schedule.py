# heap: 8M
# timeout: 120
"""Composite schedules of random profiles against references that know no shortcut."""

import random

from schedule_reference import Painted, by_the_second, random_case
from support import raises

from ocpp.station import fields as f
from ocpp.station import schedule as s
from ocpp.station.offers import divide
from ocpp.station.zone import Zone


def run_job(job):
    """(result, steps) of a job."""
    steps = 0
    while True:
        try:
            next(job)
            steps += 1
        except StopIteration as e:
            return e.value, steps


def composite(case, duration, unit="A"):
    groups = case.groups()
    supply = s.Supply(230, 3, False)

    def at(t):
        return s.combine(groups, t, unit, supply)[:3]

    return run_job(s.sweep(at, case.now, duration))[0]


def test_against_every_second():
    """Ten minutes, each second judged by itself in the simplest words."""
    random.seed(7)
    for n in range(40):
        case = random_case(random, scale=12, count=6, periods=8)
        found = composite(case, 600)
        expected = by_the_second(case, 600)
        assert found == expected, (n, found, expected)


def test_against_a_painted_day():
    """A day of ten profiles of 24 periods, painted second by second from the weakest to the
    strongest. `test_schedule_many.py` has a thousand of them."""
    random.seed(8)
    for n in range(25):
        case = random_case(random, scale=3600, count=10, periods=24)
        Painted(case, 86400).check(composite(case, 86400), n)


def plain(periods, kind="Absolute", cycle=0, duration=None, lo=None, hi=None):
    flat = []
    for start, limit in periods:
        flat += [start, limit, 0]
    return [1, 0, f.DEFAULT, 0, kind, cycle, lo, hi, 1000, duration, "A", None, 0, None, 1, flat]


def course(plan, times):
    found = []
    for t in times:
        plan.look(t)
        found.append((plan.limit if plan.index >= 0 else None, plan.until))
    return found


def test_one_profile():
    plan = s.Plan(plain([(0, 100), (60, 200)]), 1000)
    assert course(plan, (0, 999, 1000, 1059, 1060, 99999)) == [
        (None, 1000), (None, 1000), (100, 1060), (100, 1060), (200, None), (200, None)
    ]  # fmt: skip
    plan = s.Plan(plain([(0, 100), (60, 200), (90, 50)], duration=80), 1000)
    assert course(plan, (1000, 1060, 1079, 1080, 1095)) == [
        (100, 1060), (200, 1080), (200, 1080), (None, None), (None, None)
    ]  # fmt: skip
    plan = s.Plan(plain([(0, 100)]), 1000, 1100, 1200)
    assert course(plan, (900, 1000, 1100, 1199, 1200)) == [
        (None, 1100), (None, 1100), (100, 1200), (100, 1200), (None, None)
    ]  # fmt: skip


def test_a_recurring_profile():
    daily = plain([(0, 100), (3600, 200), (90000, 50)], "Recurring", 86400, duration=7200)
    plan = s.Plan(daily, 1000)
    assert course(plan, (999, 1000, 4600, 8200, 87400, 91000, 94599, 94600)) == [
        (None, 1000), (100, 4600), (200, 8200), (None, 87400), (100, 91000), (200, 94600),
        (200, 94600), (None, 173800),
    ]  # fmt: skip
    for duration in (None, 86400, 999999):  # what is longer than a day is not executed
        plan = s.Plan(plain([(0, 100), (3600, 200), (90000, 50)], "Recurring", 86400, duration), 0)
        assert course(plan, (0, 3600, 86399, 86400)) == [
            (100, 3600), (200, 86400), (200, 86400), (100, 90000)
        ]  # fmt: skip
    assert (
        course(s.Plan(plain([(0, 100)], "Recurring", 86400), 0), (5, 99999)) == [(100, None)] * 2
    )


def test_units():
    supply = s.Supply(230, 3, False)
    assert supply.convert(160, "A", "W", 0) == 160 * 690
    assert supply.convert(110000, "W", "A", 0) == 159
    assert supply.convert(36800, "W", "A", 1) == 53  # it can't switch, three are in use
    assert s.Supply(230, 3, True).convert(36800, "W", "A", 1) == 160
    assert s.Supply(230, 1, True).convert(36800, "W", "A", 3) == 160
    assert s.Supply(230, 3, True).convert(160, "A", "W", 1) == 36800
    assert s.Supply(230, 2, False).used(0) == 2


def test_sharing_never_exceeds_what_there_is():
    assert divide(200, [(None, 60), (None, 60)]) == [100, 100]
    assert divide(200, [(80, 60), (None, 60)]) == [80, 120]
    assert divide(200, [(80, 60), (90, 60)]) == [80, 90]
    assert divide(100, [(None, 60), (None, 60)]) == [100, 0]
    assert divide(200, [(None, 60), (None, 120)]) == [80, 120]
    assert divide(200, [(50, 60), (None, 60)]) == [0, 200]
    assert divide(50, [(None, 60)]) == [0] and divide(0, []) == []
    random.seed(3)
    for _ in range(2000):
        budget = random.randrange(1000)
        asked = []
        for _ in range(random.randrange(1, 6)):
            most = random.choice((None, random.randrange(400)))
            asked.append((most, random.randrange(60, 200)))
        given = divide(budget, asked)
        assert sum(given) <= budget, (budget, asked, given)
        for share, (most, least) in zip(given, asked):
            assert share == 0 or least <= share, (budget, asked, given)
            assert most is None or share <= most, (budget, asked, given)
        if given[0] == 0:  # the first goes empty only where it must
            assert asked[0][1] > budget or (asked[0][0] is not None and asked[0][0] < asked[0][1])


def test_time_zones():
    paris = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
    for unix, offset, change in (
        (1774745999, 3600, 1774746000),  # 2026-03-29T00:59:59Z
        (1774746000, 7200, 1792890000),
        (1792889999, 7200, 1792890000),  # 2026-10-25T00:59:59Z
        (1792890000, 3600, 1806195600),
        (1798761599, 3600, 1806195600),  # the last second of the year
        (1798761600, 3600, 1806195600),
    ):
        assert paris.offset(unix) == offset and paris.change(unix) == change, unix
    sydney = Zone("AEST-10AEDT,M10.1.0,M4.1.0/3")
    assert sydney.offset(1767225600) == 39600 and sydney.offset(1782000000) == 36000
    new_york = Zone("EST5EDT,M3.2.0,M11.1.0")
    assert new_york.offset(1767225600) == -18000 and new_york.offset(1782000000) == -14400
    india = Zone("IST-5:30")
    assert india.offset(0) == 19800 and india.change(0) is None
    assert Zone("<+0330>-3:30").offset(5) == 12600
    for bad in (
        "", "1", "CET", "CET-", "CET-x", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1,M3.5.0,M10.5.0",
        "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J60,J300", "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1:2:3:4", "CET--1",
        "CET-1CEST,M3.5.0,M10.5.0,M1.1.1", "Europe/Paris",
    ):  # fmt: skip
        raises(ValueError, Zone, bad)
