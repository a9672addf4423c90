# heap: 12M
# timeout: 400
"""A sample of the power cuts of `test_power_station.py`."""

from power_scenarios import SESSIONS, UPKEEP


def test_a_few_cuts_of_every_scenario():
    cuts = sum([proof.sample() for proof in SESSIONS + UPKEEP])
    print("%d power cuts" % cuts)
    assert cuts == 2 * 11
