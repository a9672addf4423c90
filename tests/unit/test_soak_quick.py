# marks: slow
# heap: 16M
"""One short random life of a station. See `soak.py` and `test_soak.py`."""

from soak import soak


def test_a_short_life():
    stats = soak(1001, 16, 1)
    assert stats["transactions"] >= 3 and stats["hours"] >= 16, stats


def test_the_same_seed_gives_the_same_life():
    first, second = [], []
    soak(1002, 2, 1, first.append)
    soak(1002, 2, 1, second.append)
    assert len(first) > 30 and len(first) == len(second)
    for a, b in zip(first, second):
        if '"' not in a and " id " not in a:  # message ids are random
            assert a == b, (a, b)
