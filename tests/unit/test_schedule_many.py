# heap: 8M
# timeout: 600
# marks: slow
"""A thousand composite schedules of a day, out of ten profiles of 24 periods, each second of them
against the painted reference; and some hundred against one that judges every second by itself."""

import random

from schedule_reference import Painted, by_the_second, random_case
from test_schedule import composite


def test_a_thousand_days():
    random.seed(1)
    changes = 0
    for n in range(1000):
        case = random_case(random, scale=3600, count=10, periods=24)
        found = composite(case, 86400)
        changes += len(found)
        Painted(case, 86400).check(found, n)
    assert changes > 15000, changes  # they were worth the trouble


def test_three_hundred_times_ten_minutes_by_the_second():
    random.seed(2)
    for n in range(300):
        case = random_case(random, scale=12, count=10, periods=24)
        found = composite(case, 600)
        assert found == by_the_second(case, 600), n
