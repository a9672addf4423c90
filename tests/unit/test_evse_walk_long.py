# timeout: 1500
# marks: slow proof
# emit: native
"""Random events, `EVENTS` (100,000) of them; `test_evse_walk_long2.py` has as many others. With
`EVENTS=500000` in the environment both together try a million, in ten minutes of computing."""

import os

from evse_walk import lives

EVENTS = int(os.getenv("EVENTS") or 100000)


def test_random_events():
    lives(EVENTS, range(1000, 1020))
