# heap: 8M
# timeout: 1500
# marks: slow proof
"""Every file truncated at many lengths, and with a flipped bit in many bytes: see
`test_corrupt.py`. `EVERY=1` in the environment tries every length and every byte, of the one large
file every seventh; that takes ten minutes."""

import os

from test_corrupt import flipped
from wreck import History, check, every_name

_EVERY = int(os.getenv("EVERY") or 20)
_LARGE = const(1000)


def places(data, first):
    return range(first % _EVERY, len(data), _EVERY * 7 if len(data) > _LARGE else _EVERY)


def test_truncated_at_every_length():
    history = History()
    count = 0
    for name in every_name(history):
        data = history.files[name]
        for size in places(data, 0):
            check(history, name, data[:size], works=size % 10 == 0)
            count += 1
    print(count, "truncated files")
    assert count > 1000 // _EVERY


def test_a_bit_in_every_byte():
    history = History()
    count = 0
    for name in every_name(history):
        data = history.files[name]
        for at in places(data, 2):
            check(history, name, flipped(data, at, at * 5 % 8), works=at % 10 == 0)
            count += 1
    print(count, "flipped bits")
    assert count > 1000 // _EVERY
