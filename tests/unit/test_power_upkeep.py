# heap: 12M
# timeout: 1500
# marks: slow proof
"""Power cuts at every single block operation of what else is on flash: compaction, settings,
events. See `power_station.py`."""

from power_scenarios import UPKEEP


def test_every_cut():
    cuts = sum([proof.run() for proof in UPKEEP])
    print("%d power cuts in all" % cuts)
    assert cuts > 300
