# heap: 6M
"""What the random soak (`soak.py`) found, each told in few lines."""

import os

import vfs
from central import Setup
from powercut import Flash, PowerCut
from support import FakeClock

from ocpp import txlog
from ocpp.clock import FLOOR
from ocpp.log import log as _log
from ocpp.txlog import END, START

NOW = FLOOR + 100000


def quiet():
    _log.sink = lambda level, line: None


def teardown():
    _log.sink = None
    try:
        vfs.umount("/flash")  # what a case that failed left behind
    except OSError:
        pass


def faults(s):
    return [e.code for e in s.c.errors]


def test_nothing_begins_while_the_meter_is_silent():
    quiet()
    s = Setup()
    s.wh[0] = None
    s.run(1000)
    s.plug()
    s.station.present("TAG1")
    s.run(5000)
    assert s.c.tx is None and s.c.authorized == "TAG1" and not s.c.charging_permitted
    assert s.csms.sent("StartTransaction") == [] and faults(s) == ["PowerMeterFailure"]
    s.wh[0] = 123456
    s.run(1000)
    assert s.c.tx and faults(s) == []
    assert [p["meterStart"] for p in s.csms.sent("StartTransaction")] == [123456]


def test_the_next_driver_does_not_pay_what_a_silent_meter_hid():
    quiet()
    s = Setup()
    s.wh[0] = 1000
    s.run(1000)
    s.charge()
    s.wh[0] = None
    s.run(1000)
    s.station.present("TAG1")  # ends it
    s.run(1000)
    s.unplug()
    s.run(1000)
    s.plug()
    s.station.present("TAG2")
    s.run(2000)
    s.wh[0] = 9000  # 8 kWh that flowed unseen
    s.run(1000)
    assert [p["meterStart"] for p in s.csms.sent("StartTransaction")] == [1000, 9000]


def test_a_transaction_goes_on_once_the_meter_is_read():
    quiet()
    s = Setup(settings={"OnPowerLoss": "resume"})
    s.wh[0] = 1000
    s.run(1000)
    s.charge()
    again = s.restart(online=False)
    again.wh = [None]
    again.plug()
    again.run(3000)
    assert again.c.tx is None
    again.wh[0] = 1500
    again.run(1000)
    assert again.c.tx and again.c.tx.energy_wh == 500


def two_ends(flash, size):
    """Two transactions that are over, with ends of that size, and not yet told. -> the log"""
    log = new_log(1)
    first, second = log.new_key(), log.new_key()
    for key in (first, second):
        log.append(START, key, {"connector": 1, "wh": 0})
        log.done(log.head().seq, 1, "Accepted")
    for wh in range(1, 20):  # the starts are no longer in the tail
        for key in (first, second):
            log.checkpoint(key, wh)
    for key in (first, second):
        log.append(END, key, {"wh": 20, "why": "x" * size})
    return log


def new_log(boots):
    clock = FakeClock(unix=NOW + 1000 * boots)
    log = txlog.TxLog("/flash/log", clock)
    clock.boot = boots
    return log


def deliver(log, flash):
    """-> keys of what was delivered."""
    keys = []
    record = log.head()
    while record:
        keys.append(record.key)
        log.done(record.seq)
        flash.check()
        record = log.head()
    return keys


def test_a_delivered_end_stays_delivered():
    """Power goes between the move of a younger record to a segment and the new tail: the END
    before it was dropped without a trace, and its transaction open again a boot later."""
    quiet()
    cuts = 0
    for size in range(20, 260, 10):  # so that the tail is full at one moment or another
        at = 0
        while cut_while_told(size, at + 1):
            at += 1
        cuts += at
    assert cuts > 60, cuts


def cut_while_told(size, at):
    """Power goes at a block operation while the two ends are told. False: there are fewer."""
    flash = Flash()
    flash.mount()
    os.mkdir("/flash/log")
    log = two_ends(flash, size)
    flash.cut(at, False)
    try:
        deliver(log, flash)
    except PowerCut:
        pass
    cut = flash.dead
    for boots in (2, 3):
        flash.restore()
        flash.umount()
        flash.mount()
        log = new_log(boots)
        assert not log.open_transactions(), (size, at)
        told = deliver(log, flash)
        assert boots == 2 or not told, (size, at, told)
        key = log.new_key()
        log.append(START, key, {"connector": 1, "wh": 20})
        log.done(log.head().seq, 2)
        for wh in range(21, 40):  # the tail is made anew
            log.checkpoint(key, wh)
        log.append(END, key, {"wh": 60, "why": "Local"})
        deliver(log, flash)
    flash.umount()
    return cut


def test_an_end_is_never_dated_before_its_start():
    """It was written before the clock was known, and meanwhile the central system put its back."""
    quiet()
    flash = Flash()
    flash.mount()
    os.mkdir("/flash/log")
    log = new_log(1)
    key = log.new_key()
    log.append(START, key, {"connector": 1, "wh": 0})
    begun = log.head().stamp
    clock = FakeClock()
    again = txlog.TxLog("/flash/log", clock)
    clock.boot = 2
    again.append(END, key, {"wh": 9, "why": "Local"})
    clock.set_unix(NOW - 500)
    assert begun > NOW and again.head().stamp == begun
    again.done(again.head().seq, 1)
    assert again.head().kind == END and again.head().stamp == begun
    flash.umount()


def test_a_card_at_boot_does_not_wait_behind_a_resumed_transaction():
    quiet()
    s = Setup(1, {"OnPowerLoss": "resume", "LocalPreAuthorize": "true"})
    s.run(1000)
    s.charge()
    key = s.c.tx.key
    s = s.restart(online=False)
    s.plug()
    s.station.present("TAG1", 1)
    s.run(15000)
    assert s.c.tx.key == key and s.c.grant is None
    assert s.c.status == "Charging", s.c.status
