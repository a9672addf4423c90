from support import FakeClock, raises

from ocpp.clock import FLOOR, Timer
from ocpp.iso import from_iso, to_iso


def test_iso_both_ways():
    assert to_iso(0) == "1970-01-01T00:00:00Z"
    assert to_iso(1795230000) == "2026-11-21T03:00:00Z", to_iso(1795230000)
    for t in (0, 951782400, 951868799, FLOOR, 1795230000, 2147483648, 4102444800):
        assert from_iso(to_iso(t)) == t


def test_iso_lenient_input():
    t = 1795230000
    for text in (
        "2026-11-21T03:00:00Z",
        "2026-11-21T03:00:00.1Z",
        "2026-11-21T03:00:00.876446300Z",
        "2026-11-21T04:00:00+01:00",
        "2026-11-20T23:30:00-0330",
        "2026-11-21 03:00:00",
        "2026-11-21T03:00Z",
    ):
        assert from_iso(text) == t, text


def test_iso_rejects():
    for text in (
        "",
        "x",
        "2026",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        None,
        5,
        "2026-11-21T25:00:00Z",
        "2026-11-21T03:00:00.Z",
        "2026-11-21T03:00:00Q",
        "2026-11-21T-1:00:00Z",
    ):
        raises(ValueError, from_iso, text)


def test_iso_all_days_and_far_years():
    for day in range(0, 146100, 13):
        t = day * 86400 + 86399
        assert from_iso(to_iso(t)) == t
    assert from_iso("9999-12-31T23:59:59Z") == 253402300799
    assert from_iso("0001-01-01T00:00:00Z") == -62135596800


def test_uptime_over_wraps():
    c = FakeClock()
    c.advance(1000 * 86400 * 30)
    assert c.uptime() == 86400 * 30


def test_unix_unknown_then_set():
    c = FakeClock()
    assert c.unix() is None
    raises(ValueError, c.set_unix, 946684800)
    c.set_unix(FLOOR)
    c.advance(2500)
    assert c.unix() == FLOOR + 2


def test_timer_short_and_long():
    c = FakeClock()
    t = Timer(c)
    assert not t.due() and t.left() is None
    t.start(100)
    c.advance(99)
    assert not t.due() and t.left() == 1
    c.advance(1)
    assert t.due() and t.expired() and not t.running
    t.start_s(86400 * 10)
    for _ in range(86400 * 10 - 1):
        c.now = (c.now + 1000) & 0x1FFFFFFF
        assert not t.due()
    c.advance(1000)
    assert t.due()
