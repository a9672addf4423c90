# heap: 12M
# timeout: 1500
# marks: slow proof
"""Power cuts at every block operation of sessions of OCPP 2.0.1. See `power_scenarios201.py`."""

from power_scenarios201 import CASES

_EVERY = const(5)  # of the block operations


def test_every_cut():
    cuts = sum([proof.run() for proof in CASES])
    print("%d power cuts in all" % cuts)
    assert cuts > 200


def test_two_cuts():
    cuts = sum([proof.run(_EVERY) for proof in CASES])
    print("%d power cuts in all" % cuts)
    assert cuts > 100
