# heap: 16M
# timeout: 1500
# marks: slow proof
"""Random lives of a station, one after the other, the same ones each time: `SOAK_HOURS` of
simulated time (100). See `soak.py`; `tools/soak.py` runs more of them on all cores, and tells a
life again that failed."""

import os

from soak import soak

_HOURS = int(os.getenv("SOAK_HOURS") or 100)


def test_random_lives():
    total = {"hours": 0}
    seed = 0
    while total["hours"] < _HOURS:
        seed += 1
        print("tools/soak.py --seed %d" % seed)  # the last one printed is the one that failed
        stats = soak(seed)
        for what in stats:
            total[what] = total.get(what, 0) + stats[what]
    print(", ".join(["%d %s" % (total[what], what) for what in sorted(total)]))
    for what in ("power cuts", "reboots", "resets", "put aside", "CSMS: drop", "half_open"):
        assert total.get(what, 0) >= total["hours"] // 50, (what, total)
    assert total["transactions"] >= total["hours"] // 2, total
