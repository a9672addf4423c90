# timeout: 1500
# marks: slow proof
# emit: native
"""The other half of the million random events of `test_evse_walk_long.py`: a file of its own, so
that another core can have it."""

from evse_walk import lives


def test_half_a_million_events():
    lives(500000, range(1020, 1040))
