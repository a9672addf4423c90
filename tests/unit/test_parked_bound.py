# marks: slow
# heap: 4M
"""What is parked is bounded: meter values go first, evenly; no start and no end is ever lost, and
no power cut repeats or loses anything."""

import os

from powercut import PowerCut
from test_txlog import ROOT, Bench, compact, start, with_bench

from ocpp import records
from ocpp.log import log as _log
from ocpp.txlog import END, EVENT, START, UPDATE

MAX = const(24576)  # B: 8192 may be parked before it is thinned out, 12288 at all


def park_all(log):
    """-> False if it was full."""
    while log.pending():
        r = log.head()
        if r and not log.park(r.seq, "no", False):
            return False
        if log.needs_compact:
            compact(log)
    return True


def refused(b, sessions, updates=8, keep=()):
    for _ in range(sessions):
        key = start(b.log)
        for i in range(updates):
            b.clock.advance(10000)
            data = {"wh": 1000 + i, "pad": "x" * 40}
            if i in keep:
                data["keep"] = True
            b.log.append(UPDATE, key, data)
        b.log.append(END, key, {"wh": 2000})
        if not park_all(b.log):
            return False
    return True


def kinds(log):
    found = {}
    last = 0
    for record, why in log.parked_records():
        assert record.seq > last and why == "no"
        last = record.seq
        found[record.kind] = found.get(record.kind, 0) + 1
    return found


def quiet(fn):
    _log.sink = lambda level, line: None
    try:
        with_bench(fn, max_bytes=MAX)
    finally:
        _log.sink = None


def test_meter_values_go_and_the_rest_stays():
    def run(b):
        b.log.append(EVENT, None, {"e": 1})
        count = 0
        for n in range(1, 21):
            assert refused(b, 1, 16, keep=(3,))
            found = kinds(b.log)
            assert found[START] == found[END] == n and found[EVENT] == 1
            assert b.log.parked() == sum(found.values())
            assert b.log.parked_bytes == os.stat(ROOT + "/parked")[6]
            assert b.log.parked_bytes < MAX // 2 + 200, b.log.parked_bytes
            count += 18
            assert b.log.dropped + b.log.parked() == count + 1
        assert found[UPDATE] >= 20  # those to be kept
        before = b.log.parked()
        b.boot()
        assert b.log.parked() == before and not b.log.damaged
        assert b.log.parked_bytes == os.stat(ROOT + "/parked")[6]
        assert b.log.resend() == before and b.log.parked_bytes == 0

    quiet(run)


def test_thinned_evenly():
    """The gaps between meter values that are left differ by one step at most."""

    def run(b):
        assert refused(b, 1, 100)
        left = [r.n for r, _ in b.log.parked_records() if r.kind == UPDATE]
        gaps = [b - a for a, b in zip(left, left[1:])]
        assert 10 < len(left) < 80 and max(gaps) <= 2 * min(gaps), left

    quiet(run)


def test_full():
    """Starts and ends alone: where no more can be parked, the head stays, and nothing is lost."""

    def run(b):
        assert not refused(b, 200, 0)
        count, waiting = b.log.parked(), b.log.pending()
        assert count > 50 and waiting >= 1 and b.log.dropped == 0
        head = b.log.head()
        b.boot()
        assert b.log.parked() == count and b.log.pending() == waiting
        assert b.log.head() == head and not b.log.park(head.seq, "no")
        assert b.log.resend() == count + waiting
        got = []
        while b.log.pending():
            r = b.log.head()
            got.append(r.seq)
            assert b.log.done(r.seq, 7)
        assert len(got) == count + waiting and got == sorted(got)
        assert refused(b, 1, 0)

    quiet(run)


def test_what_is_refused_again_is_never_turned_away():
    def run(b):
        assert not refused(b, 200, 0)
        while b.log.pending():
            b.log.done(b.log.head().seq, 7)
        count = b.log.parked()
        b.log.resend()
        assert park_all(b.log) and b.log.parked() == count

    quiet(run)


def test_sent_again_while_it_is_thinned_out():
    def run(b):
        assert refused(b, 2, 20)
        b.log.parked_due = 0
        count = b.log.parked()
        at = 0
        while True:
            job = b.log.compact()
            for _ in range(at):
                if next(job, self_ended) is self_ended:
                    break
            assert b.log.resend() == b.log.parked() + count
            for _ in job:
                pass
            files = os.listdir(ROOT)
            assert b.log.pending() == count
            assert "parked" not in files and "parked.new" not in files, files
            assert park_all(b.log) and b.log.parked() == count
            b.log.parked_due = 0
            at += 1
            if at > 12:
                break
        assert b.log.dropped == 0 or b.log.parked() == count

    self_ended = ()
    quiet(run)


def thin_until_cut(at, half):
    """-> True if power was cut."""
    b = Bench(max_bytes=MAX)
    cut = False
    try:
        assert refused(b, 3, 20)
        before = [r.seq for r, _ in b.log.parked_records()]
        vital = [r.seq for r, _ in b.log.parked_records() if r.kind != UPDATE]
        b.log.parked_due = 0
        b.log.parked_max = 4000
        b.flash.cut(at, half)
        try:
            for _ in b.log.compact():
                b.flash.check()
            b.flash.check()
        except PowerCut:
            cut = True
        b.flash.restore()
        b.flash.umount()
        b.flash.mount()
        b.boot()
        after = [r.seq for r, _ in b.log.parked_records()]
        assert not b.log.damaged and b.log.parked() == len(after)
        assert all([seq in after for seq in vital])
        assert after == before or (len(after) < len(before) and set(after) <= set(before))
        assert cut or len(after) < len(before)
        assert sorted(os.listdir(ROOT)) == [n for n in sorted(os.listdir(ROOT)) if ".new" not in n]
        first = records.first(ROOT + "/parked")
        assert first == [0, 1, -1, 0], first
    finally:
        b.close()
    return cut


def test_power_cut_at_every_operation():
    _log.sink = lambda level, line: None
    tried = 0
    for half in (False, True):
        at = 1
        while thin_until_cut(at, half):
            at += 1
        tried += at
    _log.sink = None
    assert tried > 10, tried
