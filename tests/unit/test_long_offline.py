# heap: 8M
# timeout: 120
"""Half a day without a central system on a small flash, then all is told; see also
`test_long_offline_days.py`."""

from long_offline import check


def test_half_a_day():
    check(sessions=40, minutes=14 * 60, first=0.06, cut=0.5)
