# timeout: 2400
# marks: slow proof long
"""A million random events, and every transition of the table taken."""

from evse.states import TRANSITIONS
from evse_walk import Walk

_EVENTS = 1000000
_LIVES = 40


def test_a_million_events():
    taken = {}
    closings = 0
    for seed in range(_LIVES):
        walk = Walk(1000 + seed, (10, 20, 50, 100)[seed % 4], seed % 8 < 4)
        walk.go(_EVENTS // _LIVES)
        closings += walk.closings
        for edge in walk.edges:
            taken[edge] = taken.get(edge, 0) + walk.edges[edge]
    print("%d events, contactor closed %d times" % (_EVENTS, closings))
    for state in TRANSITIONS:
        for _, target in TRANSITIONS[state]:
            print("%s -> %s: %d" % (state, target, taken.get((state, target), 0)))
    for state in TRANSITIONS:
        for _, target in TRANSITIONS[state]:
            assert taken.get((state, target)), (state, target)
