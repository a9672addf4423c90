# timeout: 1500
# marks: slow proof
# emit: native
"""Other random events than those of `test_evse_walk_long.py`: a file of its own, so that another
core can have it."""

from evse_walk import lives
from test_evse_walk_long import EVENTS


def test_random_events():
    lives(EVENTS, range(1020, 1040))
