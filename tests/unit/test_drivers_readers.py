"""PN532 on its three buses and MFRC522, against chips that speak byte by byte."""

import random

from driver_fakes import FakePin, step
from reader_fakes import Card, FakeI2C, FakeMFRC522, FakePN532, FakeSPI, FakeUART, turned
from support import FakeClock, raises

from drivers.mfrc522 import MFRC522, crc_a
from drivers.pn532 import PN532, ReaderError, frame, parse
from drivers.pn532_i2c import PN532I2C
from drivers.pn532_spi import PN532SPI, _turned
from drivers.pn532_uart import PN532UART

_UIDS = (b"\xde\xad\xbe\xef", b"\x04\x0a\xb2\xc3\xd4\xe5\xf6", bytes(range(0x10, 0x1A)))
_BUSES = ("i2c", "spi", "uart")


def _pn532(bus):
    clock = FakeClock()
    chip = FakePN532(clock)
    if bus == "i2c":
        wire = FakeI2C(chip)
        link = PN532I2C(wire)
    elif bus == "spi":
        cs = FakePin()
        wire = FakeSPI(chip, cs)
        link = PN532SPI(wire, cs)
        assert cs.level == 1
    else:
        wire = FakeUART(chip)
        link = PN532UART(wire)
    return clock, chip, wire, PN532(link, clock)


def test_frames_of_the_manual():
    # UM0701-02: GetFirmwareVersion
    assert frame(b"\x02") == b"\x00\x00\xff\x02\xfe\xd4\x02\x2a\x00"
    answer = b"\x00\x00\xff\x06\xfa\xd5\x03\x32\x01\x06\x07\xe8\x00"
    assert parse(answer, len(answer)) == (b"\x03\x32\x01\x06\x07", 12)
    for n in range(len(answer) - 1):
        assert parse(answer, n) is None
    assert parse(b"\x00\x00\xff\x00\xff\x00", 6) == ("ack", 6)
    assert parse(b"\x00\x00\xff\xff\x00\x00", 6) == ("nack", 6)
    assert parse(b"\x00\x00\xff\x01\xff\x7f\x81\x00", 8) == ("error", 7)
    for i in range(3, 12):
        damaged = bytearray(answer)
        damaged[i] ^= 0x40
        try:
            found = parse(damaged, len(damaged))
            assert found is None, (i, found)
        except ReaderError:
            pass
    for i in range(256):
        assert _turned(i) == turned(i)


def test_cards_of_all_lengths_on_all_buses():
    for bus in _BUSES:
        clock, chip, wire, reader = _pn532(bus)
        step([reader], clock, 1000)
        assert reader.error is None and reader.firmware == "1.6", (bus, reader.error)
        assert chip.commands[:3] == [b"\x14\x01\x14\x00", b"\x02", b"\x32\x05\xff\x01\x02"]
        assert reader.take() is None
        for uid in _UIDS:
            chip.card = uid
            chip.ats = b"\x05\x75\x77\x81\x02\x80" if len(uid) == 7 else b""
            step([reader], clock, 2000)
            assert reader.take() == uid, (bus, uid)
            step([reader], clock, 2000)
            assert reader.take() is None  # still the same
            chip.card = None
            step([reader], clock, 2000)
        chip.card = uid
        step([reader], clock, 1000)
        assert reader.take() == uid


def test_a_reader_that_is_not_there():
    for bus in _BUSES:
        clock, chip, wire, reader = _pn532(bus)
        chip.dead = True
        step([reader], clock, 5000)
        assert reader.error and reader.take() is None, bus
        chip.fix()  # plugged in
        chip.card = _UIDS[0]
        step([reader], clock, 5000)
        assert reader.error is None and reader.take() == _UIDS[0], (bus, reader.error)


def test_a_reader_that_dies_and_comes_back():
    for bus in _BUSES:
        clock, chip, wire, reader = _pn532(bus)
        step([reader], clock, 1000)
        for wrong in ("dead", "no_ack", "error", "wrong_command"):
            setattr(chip, wrong, True)
            step([reader], clock, 3000)
            assert reader.error and reader.error.startswith("PN532: "), (bus, wrong, reader.error)
            chip.fix()
            step([reader], clock, 4000)
            assert reader.error is None, (bus, wrong, reader.error)


def test_another_chip():
    clock, chip, wire, reader = _pn532("i2c")
    chip.ic = 0x07
    step([reader], clock, 1000)
    assert reader.error == "PN532: another chip answers"


def test_damaged_answers_never_give_a_card():
    random.seed(4)
    for bus in _BUSES:
        clock, chip, wire, reader = _pn532(bus)
        step([reader], clock, 1000)
        chip.card = _UIDS[1]
        for i in range(25):
            chip.fix()
            if i % 2:
                chip.damage = i
            else:
                chip.cut = i
            step([reader], clock, 2600)
            got = reader.take()
            assert got in (None, _UIDS[1]), (bus, i, got)
        chip.fix()
        chip.card = _UIDS[0]
        step([reader], clock, 5000)
        assert reader.take() == _UIDS[0]


def test_damaged_card_numbers():
    clock, chip, wire, reader = _pn532("uart")
    step([reader], clock, 1000)
    for reply in (
        b"",
        b"\x01",
        b"\x01\x01\x00\x44\x20\x05\1\2\3\4\5",
        b"\x01\x01\x00\x44\x20\x07\1\2",
    ):
        chip.targets = lambda: reply
        step([reader], clock, 3000)
        assert reader.error and reader.take() is None, reply


def test_noise_on_the_uart():
    clock, chip, wire, reader = _pn532("uart")
    wire.noise = b"\x00\xff\x55\x00"[1:3]
    chip.card = _UIDS[2]
    step([reader], clock, 2000)
    assert reader.take() == _UIDS[2] and reader.error is None
    wire.noise = bytes(80)
    step([reader], clock, 2000)
    assert reader.error


# -- MFRC522 --------------------------------------------------------------------------------------


def _mfrc522(reset=False):
    clock = FakeClock()
    cs = FakePin()
    chip = FakeMFRC522(clock, cs)
    return clock, chip, MFRC522(chip, cs, clock, reset=FakePin() if reset else None)


def test_crc_of_type_a():
    assert crc_a(b"\x00\x00") == b"\xa0\x1e"  # ISO/IEC 14443-3 annex B
    assert crc_a(b"\x12\x34") == b"\x26\xcf"


def test_mfrc522_reads_cards_of_all_lengths():
    for uid in _UIDS:
        clock, chip, reader = _mfrc522(len(uid) == 4)
        step([reader], clock, 1000)
        assert reader.error is None and reader.take() is None
        card = Card(uid)
        chip.cards = [card]
        step([reader], clock, 2000)
        assert reader.take() == uid and card.halts > 5
        step([reader], clock, 3000)
        assert reader.take() is None  # still there
        chip.cards = []
        step([reader], clock, 2000)
        chip.cards = [Card(uid)]
        step([reader], clock, 1000)
        assert reader.take() == uid


def test_mfrc522_that_is_not_there_or_dies():
    clock, chip, reader = _mfrc522()
    chip.dead = True
    step([reader], clock, 3000)
    assert reader.error == "MFRC522: no answer"
    chip.dead = False
    chip.cards = [Card(_UIDS[1])]
    step([reader], clock, 4000)
    assert reader.error is None and reader.take() == _UIDS[1]
    chip.stuck = True
    step([reader], clock, 1000)
    assert "timer" in reader.error
    chip.stuck = False
    step([reader], clock, 4000)
    assert reader.error is None


def test_mfrc522_after_a_brown_out():
    clock, chip, reader = _mfrc522()
    step([reader], clock, 1000)
    chip.reset()  # its supply was gone for a moment: the field is off
    step([reader], clock, 400)
    assert "timer" in reader.error
    step([reader], clock, 4000)
    assert reader.error is None
    chip.regs[0x14] = 0x80  # the field alone is off
    step([reader], clock, 400)
    assert "lost its settings" in reader.error
    chip.cards = [Card(_UIDS[0])]
    step([reader], clock, 4000)
    assert reader.error is None and reader.take() == _UIDS[0]


def test_mfrc522_with_damage_in_the_air():
    clock, chip, reader = _mfrc522()
    chip.cards = [Card(_UIDS[2])]
    chip.noise = True
    step([reader], clock, 3000)
    assert reader.take() is None and reader.error is None
    chip.noise, chip.collision = False, True
    step([reader], clock, 3000)
    assert reader.take() is None
    chip.collision = False
    step([reader], clock, 1000)
    assert reader.take() == _UIDS[2]


def test_a_card_cut_off_at_any_moment():
    for ms in range(200, 260):
        clock, chip, reader = _mfrc522()
        chip.cards = [Card(_UIDS[1])]
        step([reader], clock, ms, 1)
        chip.cards = []
        step([reader], clock, 100, 1)
        assert reader.take() in (None, _UIDS[1]) and reader.error is None


def test_a_spi_that_fails():
    clock, chip, reader = _mfrc522()

    def fail(out, into):
        raise OSError(5)

    chip.write_readinto = fail
    step([reader], clock, 1000)
    assert reader.error and reader.failures == 1
    assert raises(OSError, fail, None, None)
