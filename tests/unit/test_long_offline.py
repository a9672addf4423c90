# marks: slow proof
# heap: 8M
# timeout: 1500
"""A day without a central system on a small flash, then all is told; see also
`test_long_offline_days.py`."""

from long_offline import check


def test_a_day():
    check(sessions=60, minutes=20 * 60, first=0.04, cut=0.5)
