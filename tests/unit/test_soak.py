# heap: 16M
# timeout: 600
# marks: slow proof
"""Random lives of a station, one after the other for a minute. See `soak.py`; `tools/soak.py` runs
for hours, and tells a life again that failed."""

import time

from soak import soak

_BUDGET_MS = const(60000)
_LEAST_HOURS = const(100)  # on the slowest machine


def test_random_lives():
    total = {}
    start = time.ticks_ms()
    seed = 0
    while (
        time.ticks_diff(time.ticks_ms(), start) < _BUDGET_MS
        or total.get("hours", 0) < _LEAST_HOURS
    ):
        seed += 1
        print("tools/soak.py --seed %d" % seed)  # the last one printed is the one that failed
        stats = soak(seed)
        for what in stats:
            total[what] = total.get(what, 0) + stats[what]
    print(", ".join(["%d %s" % (total[what], what) for what in sorted(total)]))
    for what in ("power cuts", "reboots", "resets", "put aside", "CSMS: drop", "half_open"):
        assert total.get(what, 0) >= 5, (what, total)
    assert total["transactions"] >= total["hours"] // 2, total
