# heap: 12M
# timeout: 1500
# marks: slow proof
"""Power goes, and again while the station recovers. See `power_station.py`."""

from power_scenarios import SESSIONS, UPKEEP

_EVERY = const(4)  # of the block operations


def test_two_cuts():
    cuts = sum([proof.run(_EVERY) for proof in SESSIONS + UPKEEP])
    print("%d power cuts in all" % cuts)
    assert cuts > 300
