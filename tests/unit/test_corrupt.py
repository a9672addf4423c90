# marks: slow proof
# heap: 8M
# timeout: 1500
"""Damaged files of every kind: the station boots, says so, loses nothing that was intact, and
gives no
energy to anybody unasked. A selection; `test_corrupt_all.py` tries every length and every byte."""

import os

from faulty import FaultyWorld
from wreck import Case, History, check, every_name, exchanged, newer

_history = []


def history():
    if not _history:
        _history.append(History())
    return _history[0]


def try_all(damage, works=True):
    """`damage(data)` -> what is in the file instead, for each file."""
    for name in every_name(history()):
        check(history(), name, damage(history().files[name]), works)


def test_undamaged():
    """What the other cases compare with."""
    case = Case(history())
    case.boots()
    case.judge()
    assert not case.reported() and case.s.waiting() == (0, 1)
    assert case.s.station.settings.text("ConnectionTimeOut") == "42"
    assert [c.operative for c in case.s.station.connectors] == [True, True, False]
    case.works()


def test_empty():
    try_all(lambda data: b"")


def test_all_ones():
    try_all(lambda data: b"\xff" * len(data))


def test_all_zeros():
    try_all(lambda data: b"\0" * len(data))


def test_a_directory():
    try_all(lambda data: None)


def test_garbage_in_front_behind_and_instead():
    noise = os.urandom(100)
    try_all(lambda data: noise + data, False)
    try_all(lambda data: data + noise, False)
    try_all(lambda data: os.urandom(len(data)), False)


def test_truncated():
    for part in (1, 3, 6):
        try_all(lambda data: data[: len(data) * part // 7], False)


def test_bit_flips():
    for part in (0, 1, 4, 7):
        try_all(lambda data: flipped(data, (len(data) - 1) * part // 7, part), False)


def flipped(data, at, bit):
    data = bytearray(data)
    data[at] ^= 1 << bit
    return bytes(data)


def test_a_newer_format_of_the_log_is_kept():
    """It can't be read; nothing of it is thrown away."""
    for name in history().log_files():
        data = newer(history().files[name])
        case = check(history(), name, data, reported=True)
        with open("/flash/%s.v2" % name, "rb") as f:
            assert f.read() == data
        assert case.s.station.log.foreign == [name[4:]]


def test_another_format_of_a_small_file():
    for name in ("state/settings", "state/availability", "state/boot"):
        check(history(), name, b"ocppy9" + history().files[name][6:], reported=True)


def test_files_exchanged():
    """Those of the log know their place: nothing is lost."""
    tail, first, last, parked = "log/tail", "log/00000001.seg", "log/00000002.seg", "log/parked"
    for a, b in ((tail, first), (first, last), (tail, last), (parked, tail), (parked, first)):
        case = exchanged(history(), a, b)
        case.judge()
        assert case.reported() and case.s.waiting() == (0, 1), (a, b)
    for a, b in (
        ("state/settings", "state/availability"),
        ("state/settings", "state/boot"),
        ("state/cache2", "state/cache3"),
    ):
        case = exchanged(history(), a, b)
        case.judge()
        assert "cache" in a or case.reported()
        case.works()
    case = exchanged(history(), "state/settings", first)
    case.judge([t for t in history().pending])
    assert case.reported()
    case.works()


def test_files_missing():
    for name in every_name(history()):
        case = Case(history())
        os.remove("/flash/" + name)
        case.boots()
        case.judge(case.lost(name, b""))
        case.works()


def test_a_small_file_costs_its_last_change():
    for data in (b"", b"ocppy1 00000000\n{}", None):
        case = check(history(), "state/settings", data, reported=True)
        assert case.s.station.settings.text("ConnectionTimeOut") == "41"
        assert not case.s.station.connectors[2].operative
        case = check(history(), "state/availability", data, reported=True)
        assert case.s.station.settings.text("ConnectionTimeOut") == "42"
        assert case.s.station.settings.change("ConnectionTimeOut", "43") == "Accepted"
        # What was damaged is written anew, and well the next time.
        assert case.s.station.change_availability(2, False) == "Accepted"
        s = case.world.reboot()
        s.run(3000)
        assert s.station.ocpp_status()["damaged"] == 0 and s.station.errors == []
        assert not s.station.connectors[1].operative
        assert s.station.settings.text("ConnectionTimeOut") == "43"


def test_both_versions_of_a_small_file():
    case = Case(history())
    for name in ("state/settings", "state/settings.bak"):
        case.damage(name, b"\xff" * 40)
    case.boots()
    case.judge()
    assert case.reported()
    assert case.s.station.settings.text("ConnectionTimeOut") == "60"
    case.works()


def test_a_file_in_place_of_a_directory():
    for folder in ("state", "log"):
        case = Case(history())
        for name in history().files:
            if name.startswith(folder):
                os.remove("/flash/" + name)
        os.rmdir("/flash/" + folder)
        with open("/flash/" + folder, "w") as f:
            f.write("what is this?")
        case.boots()
        case.judge(history().pending if folder == "log" else ())
        assert case.reported()
        case.works()


def test_everything_at_once():
    case = Case(history())
    for name in history().files:
        case.damage(name, os.urandom(len(history().files[name])))
    case.boots()
    case.judge(history().pending)
    assert case.reported()
    case.works()


def test_the_seed_of_transaction_ids():
    """OCPP 2.0.1: what is told goes on under one id, whatever becomes of the file."""
    for data in (b"", b"\xff" * 20, None):
        world = FaultyWorld(1, None, "2.0.1")
        s = world.boot()
        s.run(1000)
        s.session()
        s.connection.disconnect()
        s.begin()
        s.run(25000)
        os.remove("/flash/state/transactions")
        if data is None:
            os.mkdir("/flash/state/transactions")
        else:
            with open("/flash/state/transactions", "wb") as f:
                f.write(data)
        del world.csms.told[:]
        world.cars = [False]
        s = world.reboot()
        s.run(20000)
        assert s.station.ocpp_status()["damaged"] == 1 and s.waiting() == (0, 0)
        told = world.csms.told
        assert [t.payload["seqNo"] for t in told] == list(range(len(told))) and len(told) >= 4
        assert len(set([t.payload["transactionInfo"]["transactionId"] for t in told])) == 1
