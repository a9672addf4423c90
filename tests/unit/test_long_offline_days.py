# heap: 8M
# timeout: 1500
# marks: slow proof
"""Three days without a central system: 200 sessions at two connectors on a flash of 64 blocks,
with power
cuts while it waits and while it tells."""

from long_offline import check


def test_three_days():
    check(sessions=206, minutes=74 * 60, first=0.013, cut=0.4)
