"""Card readers that only speak, and how the number of a card is written."""

import random

from driver_fakes import FakePin, Line, step
from support import FakeClock, raises

from drivers.cards import Cards, forms, id_tag
from drivers.rdm6300 import RDM6300
from drivers.wiegand import Wiegand

_UID4 = b"\x04\x0a\xb2\xc3"
_UID7 = b"\x04\x0a\xb2\xc3\xd4\xe5\xf6"
_UID10 = bytes(range(1, 11))


def test_forms_of_an_id_tag():
    assert id_tag(_UID4) == "040AB2C3"
    assert id_tag(_UID7) == "040AB2C3D4E5F6"
    assert id_tag(_UID10) == "0102030405060708090A" and len(id_tag(_UID10)) == 20
    assert id_tag(_UID4, order="lsb", case="lower") == "c3b20a04"
    assert id_tag(_UID7, length=4) == "040AB2C3"
    assert id_tag(_UID7, length=4, order="lsb") == "C3B20A04"
    assert id_tag(_UID4, decimal=True) == str(0x040AB2C3)
    assert id_tag(b"\x00\x00\x12", decimal=True, digits=8) == "00000018"
    assert id_tag(bytes(4)) == "00000000"
    assert len(id_tag(b"\xff" * 10, decimal=True)) <= 20
    raises(ValueError, lambda: id_tag(_UID4, order="big"))
    raises(ValueError, lambda: id_tag(_UID4, case="Upper"))
    assert ("lsb", "C3B20A04") in list(forms(_UID4)) and len(list(forms(_UID7))) == 6


def test_a_card_counts_once_until_it_was_away():
    clock = FakeClock()
    cards = Cards(clock)
    assert cards.take() is None
    for _ in range(50):
        cards.seen(_UID4)
        clock.advance(300)
        cards.tidy()
    assert cards.take() == _UID4 and cards.take() is None
    assert not cards.seen(_UID4)
    assert cards.seen(_UID7) and cards.take() == _UID7
    clock.advance(2000)
    cards.tidy()
    assert cards.seen(_UID7) and cards.take() == _UID7
    clock.advance(0x20000000)  # exactly once round
    cards.tidy()


def _rdm(number):
    """Frame of an RDM6300: 02, ten digits, the XOR of the bytes in two, 03."""
    check = 0
    for byte in number:
        check ^= byte
    return b"\x02" + b"".join([b"%02X" % byte for byte in number + bytes((check,))]) + b"\x03"


def test_rdm6300():
    clock = FakeClock()
    line = Line(clock)
    reader = RDM6300(line, clock)
    number = b"\x3e\x00\x1a\x2b\x3c"
    assert _rdm(number) == b"\x023E001A2B3C33\x03"
    for i in range(10):  # it repeats while the card is there
        line.put(_rdm(number), 65 * i)
    step([reader], clock, 1000)
    assert reader.take() == number and reader.take() is None and reader.garbled == 0
    step([reader], clock, 2000)
    line.put(_rdm(number))
    step([reader], clock, 100)
    assert reader.take() == number


def test_rdm6300_with_what_can_go_wrong():
    clock = FakeClock()
    good = _rdm(b"\x01\x02\x03\x04\x05")
    bad = [
        good[:5] + b"9" + good[6:],
        good[:3] + b"G" + good[4:],
        good[:-1] + b"\x04",
        b"\x02" * 20,
    ]
    bad += [good[:i] for i in range(14)] + [b"\xff" * 40, good[:7] + b"\xc3\x28" + good[9:]]
    for data in bad:
        line = Line(clock)
        reader = RDM6300(line, clock)
        line.put(data)
        step([reader], clock, 200)
        assert reader.take() is None, data
        line.put(good)  # the next one is read
        step([reader], clock, 200)
        assert reader.take() == b"\x01\x02\x03\x04\x05", data
    random.seed(1)
    line = Line(clock)
    reader = RDM6300(line, clock)
    for _ in range(50):
        line.put(bytes([random.getrandbits(8) for _ in range(40)]))
        step([reader], clock, 100)
    assert reader.take() is None and len(reader._buffer) <= 56


def _wiegand(number, bits):
    """The bits of a number with its two parities."""
    middle = [number >> (bits - 3 - i) & 1 for i in range(bits - 2)]
    half = (bits - 2) // 2
    return [sum(middle[:half]) % 2] + middle + [1 - sum(middle[half:]) % 2]


def _reader(**options):
    clock = FakeClock()
    d0, d1 = FakePin(), FakePin()
    return clock, d0, d1, Wiegand(d0, d1, clock, "falling", **options)


def _send(clock, d0, d1, reader, bits):
    for bit in bits:
        (d1 if bit else d0).pulse()
        clock.advance(2)
        reader.step()
    clock.advance(30)
    reader.step()


def test_wiegand_26_and_34():
    for bits, uid in ((26, b"\x12\xab\xcd"), (34, b"\xde\xad\xbe\xef"), (26, b"\0\0\0")):
        clock, d0, d1, reader = _reader()
        _send(clock, d0, d1, reader, _wiegand(int.from_bytes(uid, "big"), bits))
        assert reader.take() == uid and reader.garbled == 0
    # Facility 159, card 46525
    frame = [int(c) for c in "11001111110110101101111011"]
    assert frame == _wiegand(159 << 16 | 46525, 26)


def test_wiegand_with_damaged_bits():
    frame = _wiegand(0x12ABCD, 26)
    for i in range(26):
        clock, d0, d1, reader = _reader(hard=True)
        assert d0.hard is True
        damaged = list(frame)
        damaged[i] ^= 1
        _send(clock, d0, d1, reader, damaged)
        assert reader.take() is None and reader.garbled == 1
        _send(clock, d0, d1, reader, frame)
        assert reader.take() == b"\x12\xab\xcd"
    for bits in (frame[:25], frame + [1], [0], [1, 0] * 200, frame + frame):
        clock, d0, d1, reader = _reader()
        _send(clock, d0, d1, reader, bits)
        assert reader.take() is None and reader.garbled == 1
