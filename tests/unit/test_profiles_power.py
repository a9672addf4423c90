# heap: 12M
# timeout: 60
"""Power cuts at every flash operation of an installation: afterwards the old profiles hold or the
new one, never both of two that exclude each other, never neither."""

import array

from powercut import Flash
from support import raises
from test_schedule import run_job

from ocpp.station import fields as f
from ocpp.station import profiles
from ocpp.store import Store


class Limits:
    """What `profiles` asks of `limits.Limits`."""

    def __init__(self, resume="stop"):
        self.station = self
        self.store = Store("/flash")
        self.settings = {"OnPowerLoss": resume}
        self.slots = self.store.numbers("cp")
        self.volatile = []
        self.editing = False
        self.news = 0

    def changed(self):
        self.news += 1


def profile(id, number=1, stack=0, limit=100, tx=None, sid=None):
    periods = array.array("i", [0, limit, 0, 3600, limit + 50, 3])
    purpose = f.DEFAULT if tx is None else f.TRANSACTION
    head = [id, number, purpose, stack, "Relative", 0, None, None, None, None, "A", None, 0]
    return head + [tx, 0, periods, sid, None]


def put(limits, p, most=20):
    run_job(profiles.put(limits, p, most))


def held(limits, over=lambda key: False):
    """{(id, connector): first limit} of what counts."""
    found, _ = run_job(profiles.current(limits, over))
    return {(p[f.ID], p[f.NUMBER]): p[f.PERIODS][1] for p in found}


def after_every_cut(act, before, allowed):
    """Do `act(limits)` with a cut at each of its operations; `allowed(held)` must be true then."""
    count = 0
    for half in (False, True):
        at = 1
        while True:
            flash = Flash(blocks=32)
            flash.mount()
            limits = Limits()
            for p in before:
                put(limits, list(p))
            flash.cut(at, half)
            try:
                act(limits)
            except (OSError, ValueError):
                assert flash.dead
            done = not flash.dead
            flash.umount()
            flash.restore()
            flash.mount()
            again = Limits()
            found = held(again)
            assert allowed(found), (at, half, found)
            put(again, profile(99, 2, 7, 77))  # and it goes on
            found[(99, 2)] = 77
            assert held(Limits()) == found, (at, half)
            flash.umount()
            if done:
                break
            at += 1
            count += 1
    return count


OLD = [profile(1, 1, 1, 60), profile(2, 2, 1, 70), profile(3, 1, 2, 80)]
WAS = {(1, 1): 60, (2, 2): 70, (3, 1): 80}


def test_a_new_profile():
    became = dict(WAS)
    became[(4, 0)] = 90
    count = after_every_cut(
        lambda limits: put(limits, profile(4, 0, 1, 90)), OLD, lambda f: f in (WAS, became)
    )
    assert count >= 6, count


def test_one_in_place_of_two():
    """The same id as one, stack level and connector of another."""
    became = {(2, 1): 90, (3, 1): 80}
    count = after_every_cut(
        lambda limits: put(limits, profile(2, 1, 1, 90)), OLD, lambda f: f in (WAS, became)
    )
    assert count >= 10, count


def test_one_in_place_of_that_with_its_id():
    """OCPP 2.x: what else is at that place stays, or the new one is refused."""
    old = [profile(1, 1, 1, 60, sid=1), profile(2, 2, 1, 70, sid=1)]
    was = {(1, 1): 60, (2, 2): 70}
    new = profile(1, 1, 1, 90, sid=1)
    became = {(1, 1): 90, (2, 2): 70}
    after_every_cut(lambda limits: put(limits, new), old, lambda f: f in (was, became))


def test_clearing():
    def allowed(found):
        return all([WAS[key] == found[key] for key in found])

    def act(limits):
        assert run_job(profiles.clear(limits, lambda p: p[f.NUMBER] == 1))[0] in (1, 2)

    assert after_every_cut(act, OLD, allowed) >= 4


def test_a_full_flash_keeps_the_old_one():
    flash = Flash(blocks=32)
    flash.mount()
    limits = Limits()
    put(limits, profile(1, 1, 1, 60))
    limits.store.save = lambda name, value: False
    raises(ValueError, put, limits, profile(1, 1, 1, 70))
    assert held(limits) == {(1, 1): 60} and not limits.editing
    flash.umount()


def test_profiles_of_transactions():
    flash = Flash(blocks=32)
    flash.mount()
    for resume, kept in (("stop", 0), ("resume", 1)):
        limits = Limits(resume)
        put(limits, profile(5, 1, 1, 60, tx="1-1"))
        put(limits, profile(5, 1, 1, 65, tx="1-1"))
        assert len(limits.slots) == kept and len(limits.volatile) == 1 - kept
        assert held(limits) == {(5, 1): 65}
        assert held(limits, lambda key: key == "1-1") == {}
        assert limits.slots == [] and limits.volatile == [] and Limits().slots == []
    flash.umount()


def test_jobs_do_not_mix():
    """Two installations at a time: one waits for the other."""
    flash = Flash(blocks=32)
    flash.mount()
    limits = Limits()
    put(limits, profile(9, 2))
    jobs = [profiles.put(limits, profile(n, 1, 1, 60 + n), 2) for n in (1, 2)]
    while jobs:
        for job in list(jobs):
            try:
                next(job)
            except StopIteration:
                jobs.remove(job)
    assert held(limits) == {(9, 2): 100, (2, 1): 62} and len(limits.slots) == 2
    flash.umount()


def test_a_damaged_file_is_no_profile():
    flash = Flash(blocks=32)
    flash.mount()
    limits = Limits()
    put(limits, profile(1, 1, 1, 60))
    put(limits, profile(2, 1, 2, 70))
    for junk in (b"", b"x" * 300):
        with open("/flash/cp0", "wb") as file:
            file.write(junk)
        assert held(Limits()) == {(2, 1): 70}
    for value in ([1, 2], {}, "cp", 7, [None] * f.FIELDS):
        limits.store.save("cp0", value)
        assert held(Limits()) == {(2, 1): 70}, value
    flash.umount()
