# heap: 12M
# timeout: 1500
# marks: slow proof
"""Power cuts at every single block operation of sessions. See `power_station.py`."""

from power_scenarios import SESSIONS


def test_every_cut():
    cuts = sum([proof.run() for proof in SESSIONS])
    print("%d power cuts in all" % cuts)
    assert cuts > 350
