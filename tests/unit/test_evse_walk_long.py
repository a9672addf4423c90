# timeout: 1500
# marks: slow proof
# emit: native
"""Half a million random events; `test_evse_walk_long2.py` has the other half of a million."""

from evse_walk import lives


def test_half_a_million_events():
    lives(500000, range(1000, 1020))
