# heap: 8M
# timeout: 1800
# marks: slow proof
"""Every file truncated at every length, and with a flipped bit in every byte: see
`test_corrupt.py`. Of
the one large file every seventh."""

from test_corrupt import flipped
from wreck import History, check, every_name

_LARGE = const(1000)
_EVERY = const(7)


def places(data):
    return range(0, len(data), _EVERY if len(data) > _LARGE else 1)


def test_truncated_at_every_length():
    history = History()
    count = 0
    for name in every_name(history):
        data = history.files[name]
        for size in places(data):
            check(history, name, data[:size], works=size % 10 == 0)
            count += 1
    print(count, "truncated files")
    assert count > 1000


def test_a_bit_in_every_byte():
    history = History()
    count = 0
    for name in every_name(history):
        data = history.files[name]
        for at in places(data):
            check(history, name, flipped(data, at, at * 5 % 8), works=at % 10 == 0)
            count += 1
    print(count, "flipped bits")
    assert count > 1000
