# marks: slow
# heap: 4M
"""What a power cut puts in doubt: never more than 100 Wh, never more than what flowed in the last
60 s, whatever flows and however seldom meter values are told."""

from central import Setup
from support import FakeClock

from ocpp import txlog

_SECONDS = const(130)


def on_flash(s):
    """The register that a boot would find."""
    log = txlog.TxLog(s.root + "/log", FakeClock())
    ((key, _),) = log.open_transactions()
    return log.last(key)["wh"]


def watch(interval, flow, seconds=_SECONDS):
    """`flow(second)` -> Wh in that second. -> (most Wh in doubt, register writes)"""
    s = Setup(settings={"MeterValueSampleInterval": str(interval)})
    s.run(500)
    s.charge()
    s.draw = 0
    past = [s.wh[0]] * 60
    most = writes = 0
    last = None
    for second in range(seconds):
        s.wh[0] += flow(second)
        s.run(1000, 100)
        found = on_flash(s)
        assert found <= s.wh[0]
        assert s.wh[0] - found <= 100, (second, s.wh[0] - found)
        assert found >= past.pop(0), (second, "older than a minute")
        past.append(s.wh[0])
        most = max(most, s.wh[0] - found)
        writes += found != last
        last = found
    return most, writes


def test_every_power():
    """From 360 W to 150 kW: the bound is kept, and not by writing each second."""
    powers = ((0.1, 8), (0.5, 8), (2, 8), (4, 12), (6, 15), (12, 30), (20, 60), (41, 101))
    for rate, limit in powers:
        total = [0]

        def flow(second, rate=rate, total=total):
            before = int(total[0])
            total[0] += rate
            return int(total[0]) - before

        for interval in (0, 60):
            most, writes = watch(interval, flow)
            assert writes <= limit, (rate, interval, writes)
            assert most > min(80, 50 * rate) * 0.5, (rate, interval, most)


def test_flow_that_begins_and_ends():
    watch(0, lambda second: 12 if second // 30 % 2 else 0)
    watch(0, lambda second: 0 if second < 90 else 3)
    watch(0, lambda second: 1 if second == 100 else 0)


def test_a_meter_that_counts_in_steps():
    """Of 10 Wh, and of 100 Wh, which is written at once."""
    watch(0, lambda second: 10 if second % 3 == 0 else 0)
    watch(60, lambda second: 100 if second % 30 == 0 else 0)
