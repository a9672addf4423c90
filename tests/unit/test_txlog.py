# marks: slow
import gc
import os

from powercut import Flash
from support import FakeClock, raises

from ocpp import records, txboot, txlog
from ocpp.clock import FLOOR
from ocpp.txlog import END, EVENT, SAMPLE, START, UPDATE

ROOT = "/flash/log"
NOW = FLOOR + 1000


class Bench:
    """A log on flash in RAM; `boot()` starts it anew."""

    def __init__(self, blocks=64, unix=NOW, **options):
        self.flash = Flash(blocks)
        self.flash.mount()
        os.mkdir(ROOT)
        self.options = options
        self.number = 0
        self.boot(unix)

    def boot(self, unix=NOW):
        self.number += 1
        self.clock = FakeClock(unix=unix)
        self.log = txlog.TxLog(ROOT, self.clock, **self.options)
        self.clock.boot = self.number
        return self.log

    def close(self):
        self.flash.umount()


def with_bench(fn, **options):
    bench = Bench(**options)
    try:
        return fn(bench)
    finally:
        bench.close()


def start(log, connector=1, wh=1000):
    key = log.new_key()
    log.append(START, key, {"connector": connector, "wh": wh, "tag": "DEADBEEF"})
    return key


def session(log, updates, connector=1):
    key = start(log, connector)
    for i in range(updates):
        log.append(UPDATE, key, {"wh": 1000 + i, "pad": "x" * 40})
    log.append(END, key, {"wh": 1000 + updates, "why": "Local"})
    return key


def drain(log, csms_id=7):
    """Deliver all. -> list of (kind, key, n)"""
    out = []
    while log.pending():
        r = log.head()
        if r is None:
            continue
        again = log.head()
        assert again == r, (r, again)
        out.append((r.kind, r.key, r.n))
        assert log.done(r.seq, csms_id if r.kind == START else None)
    return out


def chain(key, updates):
    return (
        [(START, key, 0)]
        + [(UPDATE, key, i + 1) for i in range(updates)]
        + [(END, key, updates + 1)]
    )


def test_one_session_in_order():
    def run(b):
        key = session(b.log, 3)
        assert b.log.pending() == 5
        assert drain(b.log) == chain(key, 3)
        assert b.log.pending() == 0 and b.log.head() is None
        assert b.log.open_transactions() == [] and b.log.chains == {}
        b.boot()
        assert b.log.pending() == 0 and b.log.chains == {} and b.log.seen_boot == 1

    with_bench(run)


def test_boot_in_between_loses_nothing():
    def run(b):
        keys = [session(b.log, 20, c) for c in (1, 2, 3)]
        want = []
        for key in keys:
            want += chain(key, 20)
        got = []
        for _ in range(7):
            for _ in range(9):
                r = b.log.head()
                got.append((r.kind, r.key, r.n))
                b.log.done(r.seq, r.key)
                if r.kind != START:
                    assert r.csms_id == r.key
            b.boot()
            got = got[: len(want) - b.log.pending()]  # answered UPDATEs may come again
        got += drain(b.log)
        assert got == want

    with_bench(run)


def test_ids_of_every_kind():
    def run(b):
        for csms_id in (0, -1, 2**63 - 1, -(2**63), 7, 7, "a-b-c", None):
            key = session(b.log, 1)
            for kind in (START, UPDATE, END):
                b.boot()
                r = b.log.head()
                if kind == END and r.kind == UPDATE:  # its answer was not yet on flash
                    b.log.done(r.seq)
                    r = b.log.head()
                assert r.kind == kind and r.key == key
                if kind != START:
                    assert r.csms_id == csms_id, (r.csms_id, csms_id)
                b.log.done(r.seq, csms_id)
            assert b.log.csms_id(key) is None and b.log.pending() == 0

    with_bench(run)


def test_two_connectors_interleaved():
    def run(b):
        a = start(b.log, 1)
        c = start(b.log, 2)
        want = [(START, a, 0), (START, c, 0)]
        for i in range(30):
            key = (a, c)[i % 2]
            b.log.append(UPDATE, key, {"wh": 2000 + i, "s": "y" * 50})
            want.append((UPDATE, key, i // 2 + 1))
        assert sorted(b.log.open_transactions()) == sorted([(a, 1), (c, 2)])
        b.log.append(END, c, {"wh": 3000})
        want.append((END, c, 16))
        b.boot()
        assert b.log.open_transactions() == [(a, 1)]
        assert b.log.last(a)["wh"] == 2028 and b.log.last(a)["n"] == 15
        assert b.log.last(c) is None
        assert drain(b.log) == want

    with_bench(run)


def test_last_after_power_cut():
    def run(b):
        key = start(b.log)
        r = b.log.head()
        b.log.done(r.seq, 42, {"status": "Accepted"})
        b.log.note(key, "remote", 5)
        for i in range(50):
            b.clock.advance(60000)
            b.log.append(UPDATE, key, {"wh": 1000 + 100 * i, "s": "z" * 60})
            b.log.done(b.log.head().seq)
            b.log.checkpoint(key, 1050 + 100 * i)
        b.boot()
        last = b.log.last(key)
        assert last["data"] == {"connector": 1, "wh": 1000, "tag": "DEADBEEF"}, last
        assert last["stamp"] == NOW and last["at"] == NOW + 3000
        assert last["wh"] == 5950 and last["csms_id"] == 42 and last["n"] == 50
        assert last["info"] == {"status": "Accepted"} and last["notes"] == {"remote": 5}
        b.log.append(END, key, {"wh": last["wh"], "why": "PowerLoss"}, stamp=last["at"])
        while b.log.head().kind != END:  # answered UPDATEs the flash did not know of
            b.log.done(b.log.head().seq)
        r = b.log.head()
        assert (r.n, r.stamp, r.csms_id) == (51, NOW + 3000, 42)
        b.log.done(r.seq)
        b.boot()
        assert b.log.open_transactions() == [] and b.log.pending() == 0

    with_bench(run)


def test_samples_wait_for_the_end():
    def run(b):
        key = start(b.log)
        b.log.done(b.log.head().seq, 1)
        for i in range(40):
            b.log.append(UPDATE, key, {"s": i}, deliver=False)
        assert b.log.pending() == 0 and b.log.head() is None
        b.boot()
        b.log.append(END, key, {"wh": 1})
        got = [(r.kind, r.data.get("s")) for r in b.log.records(key)]
        assert got == [(START, None)] + [(SAMPLE, i) for i in range(40)] + [(END, None)]
        assert b.log.head().n == 1
        drain(b.log)
        session(b.log, 10)
        drain(b.log)
        assert list(b.log.records(key))[1:] == [] or not b.log.chains

    with_bench(run)


def test_done_only_for_the_head():
    def run(b):
        session(b.log, 1)
        r = b.log.head()
        assert not b.log.done(r.seq + 1) and not b.log.done(0)
        assert b.log.done(r.seq, 1)
        assert not b.log.done(r.seq, 2)
        assert b.log.csms_id(r.key) == 1 and b.log.pending() == 2
        assert not b.log.park(r.seq, "late")

    with_bench(run)


def test_parked_start_parks_its_chain_and_is_resent():
    def run(b):
        a = session(b.log, 2, 1)
        c = session(b.log, 2, 2)
        assert b.log.park(b.log.head().seq, "InternalError")
        b.boot()
        assert drain(b.log) == chain(c, 2)
        assert b.log.parked() == 4
        assert [r.n for r, why in b.log.parked_records()] == [0, 1, 2, 3]
        assert next(b.log.parked_records())[1] == "InternalError"
        b.boot()
        assert b.log.parked() == 4 and b.log.pending() == 0
        assert b.log.resend() == 4
        d = session(b.log, 1)
        assert b.log.resend() == 7 and b.log.parked() == 0
        r = b.log.head()
        assert r.kind == START and r.key == a
        b.log.done(r.seq, 55)
        b.boot()
        assert b.log.pending() == 6
        assert b.log.head().csms_id == 55
        assert drain(b.log, 56) == chain(a, 2)[1:] + chain(d, 1)
        b.boot()
        assert b.log.pending() == 0 and b.log.parked() == 0 and not b.log.chains

    with_bench(run)


def test_parked_while_charging_then_resent():
    def run(b):
        key = start(b.log)
        b.log.park(b.log.head().seq, "no")
        b.log.append(UPDATE, key, {"wh": 1100})
        assert b.log.head() is None and b.log.pending() == 0 and b.log.parked() == 2
        assert b.log.open_transactions() == [(key, 1)]
        b.boot()
        assert b.log.last(key)["wh"] == 1100
        b.log.resend()
        b.log.append(END, key, {"wh": 1200})
        b.boot()
        got = []
        while b.log.pending():
            r = b.log.head()
            got.append((r.kind, r.n, r.csms_id))
            b.log.done(r.seq, 9)
        assert got == [(START, 0, None), (UPDATE, 1, 9), (END, 2, 9)], got
        assert not b.log.chains

    with_bench(run)


def test_parked_again():
    def run(b):
        a = session(b.log, 1)
        b.log.park(b.log.head().seq, "no")
        while b.log.pending():
            b.log.head()
        for _ in range(3):
            assert b.log.resend() == 3
            b.log.park(b.log.head().seq, "still no")
            b.boot()
            while b.log.pending():
                assert b.log.head() is None
            assert b.log.parked() == 3
        b.log.resend()
        assert drain(b.log) == chain(a, 1)

    with_bench(run)


def test_update_parked_alone():
    def run(b):
        key = session(b.log, 2)
        b.log.done(b.log.head().seq, 3)
        b.log.park(b.log.head().seq, "bad")
        b.boot()
        assert drain(b.log) == [(UPDATE, key, 2), (END, key, 3)]
        assert b.log.parked() == 1

    with_bench(run)


def test_events_keep_their_place():
    def run(b):
        b.log.append(EVENT, None, {"type": "StartupOfTheDevice"})
        key = session(b.log, 0)
        b.log.append(EVENT, None, {"type": "SettingSystemTime"})
        b.boot()
        assert drain(b.log) == [(EVENT, None, 0)] + chain(key, 0) + [(EVENT, None, 0)]
        b.boot()
        assert b.log.pending() == 0

    with_bench(run)


def test_time_learnt_later():
    def run(b):
        key = start(b.log)
        b.clock.advance(100000)
        inner = b.log.now()
        b.log.append(UPDATE, key, {"wh": 1})
        assert b.log.head() is None and b.log.stamp_unix(inner) is None
        b.clock.advance(50000)
        b.clock.set_unix(NOW)
        r = b.log.head()
        assert r.stamp == NOW - 150 and b.log.stamp_unix(inner) == NOW - 50
        b.clock.set_unix(NOW + 500)  # corrected: what was said stays said
        assert b.log.head() == r
        b.boot(NOW + 9000)
        assert b.log.head() == r and b.log.stamp_unix(inner) == NOW - 50

    with_bench(run, unix=None)


def test_time_learnt_after_reboots():
    def run(b):
        key = start(b.log)
        b.clock.advance(500000)
        b.log.append(UPDATE, key, {"wh": 1})
        b.boot(None)
        b.clock.advance(40000)
        b.log.append(END, key, {"wh": 2})
        b.boot(None)
        b.clock.advance(30000)
        assert b.log.head() is None
        b.clock.set_unix(NOW)
        stamps = []
        b.boot(NOW + 77)
        first = b.log.head()
        while b.log.pending():
            r = b.log.head()
            stamps.append(r.stamp)
            b.log.done(r.seq, 1)
        assert stamps == sorted(stamps) and first.stamp == stamps[0], stamps
        assert stamps[0] >= FLOOR and stamps[1] - stamps[0] == 500

    with_bench(run, unix=None)


def test_many_boots_without_time():
    def run(b):
        for _ in range(80):
            session(b.log, 1)
            b.clock.advance(10000)
            b.boot(None)
        assert len(b.log.boots) <= 64
        b.clock.set_unix(NOW)
        stamps = []
        while b.log.pending():
            r = b.log.head()
            stamps.append(r.stamp)
            b.log.done(r.seq, 1)
        assert len(stamps) == 240 and stamps == sorted(stamps) and stamps[0] >= FLOOR - 1000

    with_bench(run, unix=None)


def test_what_is_told_again_has_the_same_date():
    """However many starts without a clock lie behind it and come."""

    def run(b):
        for n in range(50):
            b.log.append(EVENT, None, {"e": n})
            b.clock.advance(10000)
            b.boot(None)
        dates = []
        for _ in range(3):
            b.log.append(EVENT, None, {"e": 99})
            b.clock.advance(5000)
            b.clock.set_unix(NOW + 5000 * b.number)
            dates.append(b.log.head().stamp)
            b.boot(None)
        assert dates == [NOW + 5000 * 51 - 5 - 50] * 3, dates  # a second for each start

    with_bench(run, unix=None)


def test_clock_set_back_keeps_order():
    def run(b):
        key = start(b.log)
        b.clock.set_unix(NOW - 600)
        b.log.append(UPDATE, key, {"wh": 1})
        b.log.append(END, key, {"wh": 2})
        stamps = []
        while b.log.pending():
            r = b.log.head()
            stamps.append(r.stamp)
            b.log.done(r.seq, 1)
        assert stamps == [NOW, NOW, NOW]

    with_bench(run)


def compact(log):
    for _ in log.compact():
        pass


def test_clock_set_back_while_it_was_not_known():
    """What was written without a clock is never dated before what had been told already."""

    def run(b, boots):
        told = {}  # sequence number -> stamp

        def tell():
            r = b.log.head()
            assert told.setdefault(r.seq, r.stamp) == r.stamp, (r, told)
            assert b.log.done(r.seq, 1)
            return r.kind

        key = start(b.log)
        b.clock.advance(600000)
        b.log.append(UPDATE, key, {"wh": 1500})
        tell()
        tell()
        for n in range(boots):
            b.boot(None)
            b.clock.advance(9000)
            if not n:
                b.log.append(END, key, {"wh": 1600})
        other = start(b.log)
        b.clock.set_unix(NOW - 500)
        b.log.append(END, other, {"wh": 1000})
        while b.log.pending():
            if tell() != UPDATE:
                b.boot(NOW - 400)  # what is told again has the same date
        stamps = [told[seq] for seq in sorted(told)]
        assert len(stamps) == 5 and stamps == sorted(stamps), stamps

    for boots in (1, 2, 3):
        with_bench(lambda b: run(b, boots))


def test_many_boots_without_time_in_one_transaction():
    """More than are remembered, and the clock has been set back: dates never go back."""

    def run(b):
        key = start(b.log)
        b.clock.advance(600000)
        b.log.append(UPDATE, key, {"wh": 1100})
        told = {}  # sequence number -> stamp

        def tell():
            while b.log.pending():
                r = b.log.head()
                assert told.setdefault(r.seq, r.stamp) == r.stamp, (r, told)
                assert b.log.done(r.seq, 1)

        tell()
        for n in range(70):
            b.boot(None)
            b.clock.advance(5000)
            b.log.append(UPDATE, key, {"wh": 1200 + n})
        b.log.append(END, key, {"wh": 1300})
        b.clock.set_unix(NOW - 900)
        tell()
        stamps = [told[seq] for seq in sorted(told)]
        assert len(stamps) == 73 and stamps == sorted(stamps), stamps

    with_bench(run)


def test_two_ends_after_a_cut_are_in_order():
    """Both transactions began before the clock was known; what one of them told last is dated."""

    def run(b, checkpoints):
        keys = start(b.log, 1), start(b.log, 2)
        b.clock.set_unix(NOW)
        told = []

        def tell(kinds):
            while b.log.pending():
                if b.log.head().kind in kinds:
                    told.append(b.log.head().stamp)
                b.log.done(b.log.head().seq, 1)

        for key in keys:
            b.clock.advance(20000)
            b.log.append(UPDATE, key, {"wh": 1000})
            tell((START, UPDATE))
        for n in range(checkpoints):
            b.clock.advance(10000)
            b.log.checkpoint(keys[1], 1001 + n)
        b.boot(NOW + 9000)
        for key, _ in b.log.open_transactions():
            b.log.append(END, key, {"wh": b.log.last(key)["wh"]}, stamp=b.log.last(key)["at"])
        tell((END,))
        assert len(told) == 6 and told == sorted(told), (checkpoints, told)

    for checkpoints in range(12):  # some of them begin a new tail
        with_bench(lambda b: run(b, checkpoints), unix=None)


def test_compaction_frees_what_is_delivered():
    def run(b):
        held = start(b.log, 2)
        for _ in range(12):
            key = session(b.log, 20)
            b.log.checkpoint(held, 4321)
        most = b.log.segments
        drain(b.log)
        assert most > 5 and b.log.needs_compact
        compact(b.log)
        assert b.log.segments <= 1, b.log.segments
        assert b.log.open_transactions() == [(held, 2)]
        b.boot()
        assert b.log.open_transactions() == [(held, 2)]
        assert b.log.last(held)["data"]["tag"] == "DEADBEEF" and b.log.last(held)["wh"] == 4321
        b.log.append(END, held, {"wh": 1})
        r = b.log.head()
        assert r.kind == END and r.csms_id == 7
        drain(b.log)
        key = session(b.log, 40)
        drain(b.log)
        compact(b.log)
        b.boot()
        assert b.log.open_transactions() == [] and b.log.pending() == 0, key

    with_bench(run)


def test_compaction_does_not_put_a_start_behind_its_end():
    def run(b):
        session(b.log, 60)
        session(b.log, 40)
        while b.log.head().kind != END:
            b.log.done(b.log.head().seq, 7)
            compact(b.log)
        b.boot()
        assert b.log.open_transactions() == []
        r = b.log.head()
        while r.kind != END:  # answers to UPDATEs that the flash did not know of
            b.log.done(r.seq)
            r = b.log.head()
        assert r.csms_id == 7

    with_bench(run)


def test_full_log_is_thinned_evenly():
    def run(b):
        keys = []
        for _ in range(6):
            keys.append(start(b.log))
            for i in range(60):
                b.log.append(UPDATE, keys[-1], {"wh": 1000 + i, "pad": "x" * 40})
                if b.log.needs_compact:
                    compact(b.log)
            b.log.append(END, keys[-1], {"wh": 2000})
        assert b.log.segments <= 5 + 1, b.log.segments
        assert b.log.dropped > 0
        want = b.log.pending()
        b.boot()
        assert b.log.pending() == want
        got = drain(b.log)
        assert len(got) == want
        assert [x for x in got if x[0] == START] == [(START, k, 0) for k in keys]
        assert [x for x in got if x[0] == END] == [(END, k, 61) for k in keys]
        for key in keys[:5]:
            numbers = [x[2] for x in got if x[1] == key and x[0] == UPDATE]
            gaps = [numbers[i + 1] - numbers[i] for i in range(len(numbers) - 1)]
            assert len(numbers) >= 10 and max(gaps) <= 4 * min(gaps), numbers

    with_bench(run, max_bytes=5 * 4096)


def test_flash_full():
    def run(b):
        a = start(b.log)
        with open("/flash/filler", "wb") as f:
            try:
                while True:
                    f.write(b"x" * 512)
                    f.flush()
            except OSError:
                pass
        n = 0
        for size in (100, 10, 0):
            while b.log.append(UPDATE, a, {"wh": n, "s": "s" * size}) is not None:
                n += 1
                assert n < 200
        assert b.log.full and b.log.dropped == 3
        assert b.log.append(END, a, {"wh": 5000}) is None
        c = start(b.log)
        assert b.log.append(END, c, {"wh": 5000}) is None
        assert b.log.pending() == 1 + n + 3 and len(b.log.held) == 3
        assert not b.log.retry() and b.log.full and len(b.log.held) == 3
        got = drain(b.log)
        # The three dropped ones have left a gap in the numbers.
        assert got[-3:] == [(END, a, n + 4), (START, c, 0), (END, c, 1)], got[-3:]
        assert len(got) == n + 4
        os.remove("/flash/filler")
        assert b.log.retry() and not b.log.full and not b.log.held
        d = session(b.log, 0)
        b.boot()
        assert drain(b.log) == chain(d, 0)
        assert b.log.open_transactions() == []

    with_bench(run, blocks=16)


def test_flash_full_for_ever():
    def run(b):
        with open("/flash/filler", "wb") as f:
            try:
                while True:
                    f.write(b"x" * 512)
                    f.flush()
            except OSError:
                pass
        for _ in range(40):
            b.log.append(EVENT, None, {"pad": "p" * 300})
        assert b.log.pending() + b.log.dropped == 40 and b.log.pending() >= 16
        assert len(b.log.held) <= 16
        assert len(drain(b.log)) == 40 - b.log.dropped

    with_bench(run, blocks=16)


def test_heap_does_not_grow_with_the_log():
    def run(b):
        def used(n):
            for i in range(n):
                session(b.log, 1, 1 + i % 2)
            b.boot()
            gc.collect()
            before = gc.mem_alloc()
            drain(b.log)
            gc.collect()
            return before

        small = used(2)
        big = used(90)
        assert big - small < 1000, (small, big)

    with_bench(run)


def test_flash_wear():
    """Blocks erased a record: adding to an ordinary file would cost more than one each."""

    def run(b):
        b.flash.clear()
        key = start(b.log)
        for i in range(240):
            b.log.append(UPDATE, key, {"wh": 1000 + i, "pad": "x" * 40})
            drain(b.log)
        b.log.append(END, key, {"wh": 2000})
        drain(b.log)
        compact(b.log)
        online = b.flash.erased
        assert online < 0.25 * 242, online
        b.flash.clear()
        session(b.log, 240)
        offline = b.flash.erased
        assert offline < 0.5 * 242, offline

    with_bench(run)


def test_where_a_file_is_replaced_in_one_write():
    with_bench(lambda b: _check_at_once(b.log.at_once))


def _check_at_once(here):
    """LittleFS is mounted at /flash, a host's file system at /."""
    assert here is True
    for root, wanted in (("/flash", False), ("/flash/x/log", True), ("/flash2/log", False)):
        assert txboot.at_once(root) is wanted, root
    assert not txboot.at_once("/tmp/log") and not txboot.at_once("log")


def test_a_record_too_long_is_refused():
    def run(b):
        key = start(b.log)
        raises(ValueError, b.log.append, UPDATE, key, {"s": "x" * 3000})
        assert b.log.append(UPDATE, key, {"s": "x" * 1500}) is not None
        assert len(drain(b.log)) == 2

    with_bench(run)


def test_stray_records_are_not_kept():
    def run(b):
        key = session(b.log, 0)
        assert b.log.append(UPDATE, key, {"wh": 1}) is None
        assert b.log.append(END, "9-9", {"wh": 1}) is None
        assert b.log.dropped == 2 and b.log.pending() == 2

    with_bench(run)


# --- damage


def fill(b):
    """Two sessions and an open one over several segments and the tail. -> what is pending"""
    keys = [session(b.log, 40), session(b.log, 40)]
    keys.append(start(b.log))
    for i in range(10):
        b.log.append(UPDATE, keys[2], {"wh": i, "pad": "x" * 40})
    want = chain(keys[0], 40) + chain(keys[1], 40) + chain(keys[2], 10)[:-1]
    assert b.log.segments >= 3 and b.log.tail_bytes
    return want


def damaged(spoil, lost=None, noticed=True):
    """`spoil(bench)` the files; reboot: what is intact comes, in order; at most `lost` missing."""

    def run(b):
        want = fill(b)
        spoil(b)
        b.boot()
        assert (b.log.damaged > 0) == noticed
        got = drain(b.log)
        at = 0
        for item in got:
            assert item in want[at:], (item, at)
            at = want.index(item) + 1
        assert len(want) - len(got) <= lost, len(want) - len(got)
        key = session(b.log, 3)
        b.boot()
        assert drain(b.log) == chain(key, 3)

    with_bench(run)


def poke(path, at, xor=0x10):
    with open(path, "rb") as f:
        data = bytearray(f.read())
    data[at] ^= xor
    with open(path, "wb") as f:
        f.write(data)


def cut_off(path, size):
    with open(path, "rb") as f:
        data = f.read()
    with open(path, "wb") as f:
        f.write(data[:size])


def segments():
    return sorted([ROOT + "/" + e[0] for e in os.ilistdir(ROOT) if e[0].endswith(".seg")])


def test_damage_bit_flips():
    for at in (0, 2, 5, 9, 30, 31, 32, 33, 36, 300, 1000, 2222):
        damaged(lambda b, at=at: poke(segments()[1], at), 1)


def test_damage_bit_flip_in_tail():
    for at in (1, 50, 120):
        damaged(lambda b, at=at: poke(ROOT + "/tail", at), 1)


def test_damage_truncated():
    for size in (0, 1, 7, 100, 1000):
        damaged(lambda b, size=size: cut_off(segments()[1], size), 60, size > 0)
    damaged(lambda b: cut_off(ROOT + "/tail", 77), 10)


def test_damage_of_the_last_word():
    def run(b):
        session(b.log, 1)
        drain(b.log)
        b.log.append(EVENT, None, {"type": "x"})
        with open(ROOT + "/tail", "rb") as f:
            data = f.read()
        poke(ROOT + "/tail", data.rfind(b"[11,"))  # CLOSED: all of it is delivered
        b.boot()
        assert b.log.damaged == 1
        assert b.log.chains == {} and b.log.pending() == 1

    with_bench(run)


def test_damage_garbage():
    def spoil(b):
        with open(segments()[1], "wb") as f:
            f.write(b"\xff\xfe" * 700 + os.urandom(900))

    damaged(spoil, 60)


def test_damage_missing_files():
    damaged(lambda b: os.remove(segments()[1]), 60, False)
    damaged(lambda b: os.remove(ROOT + "/tail"), 10, False)
    for path in range(3):
        damaged(lambda b, path=path: os.remove(segments()[path]), 60, False)


def test_damage_directories():
    def spoil(b):
        for path in (segments()[1], ROOT + "/tail"):
            os.remove(path)
            os.mkdir(path)
            os.mkdir(path + "/inside")
        os.mkdir(ROOT + "/parked")
        os.mkdir(ROOT + "/resend")
        os.mkdir(ROOT + "/tail.new")

    damaged(spoil, 70)


def swap(a, b):
    os.rename(a, "/flash/x")
    os.rename(b, a)
    os.rename("/flash/x", b)


def test_damage_files_exchanged():
    damaged(lambda b: swap(segments()[0], segments()[1]), 0)
    damaged(lambda b: swap(segments()[0], ROOT + "/tail"), 0)


def test_damage_parked_exchanged():
    def run(b):
        session(b.log, 30)
        b.log.park(b.log.head().seq, "no")
        for _ in range(10):
            b.log.head()
        rest = b.log.pending()
        swap(segments()[0], ROOT + "/parked")
        b.boot()
        assert b.log.damaged == 2 and b.log.parked() == 11 and b.log.pending() == rest

    with_bench(run)


def test_newer_format_is_left_alone():
    def run(b):
        fill(b)
        newer = records.pack([0, 2, 2, 0]) + b"whatever a newer one writes"
        with open(segments()[1], "wb") as f:
            f.write(newer)
        b.boot()
        assert b.log.foreign == ["00000002.seg"]
        with open(ROOT + "/00000002.seg.v2", "rb") as f:
            assert f.read() == newer
        b.boot()
        drain(b.log)
        session(b.log, 3)

    with_bench(run)


def test_every_byte_of_a_record_matters():
    raw = records.pack([1, 2, 3, "4-5", 6, 7, {"connector": 8}])
    path = "/flash/r"
    flash = Flash(16)
    flash.mount()
    try:
        for at in range(len(raw)):
            bad = bytearray(raw)
            bad[at] ^= 1 << (at % 8)
            with open(path, "wb") as f:
                f.write(bad + raw)
            got = [x[1] for x in records.each(path)]
            assert got == [None, [1, 2, 3, "4-5", 6, 7, {"connector": 8}]], (at, got)
    finally:
        flash.umount()
