# heap: 12M
# timeout: 400
"""A sample of the power cuts of `test_power_station.py`."""

from power_scenarios import SESSIONS, UPKEEP
from power_scenarios201 import CASES


def test_a_few_cuts_of_every_scenario():
    cuts = sum([proof.sample() for proof in SESSIONS + UPKEEP + CASES])
    print("%d power cuts" % cuts)
    assert cuts == 2 * (11 + 5)
