# heap: 12M
# timeout: 60
"""Power cuts at every flash operation of an update of the local list: afterwards there is the old
list or the new one, whole, and the next update works."""

from powercut import Flash

from ocpp.station.identity import IdInfo
from ocpp.station.local_list import LocalList, line
from ocpp.store import Store

OLD = {"A%03d" % n: "Accepted" for n in range(0, 900, 2)}


class Station:
    """What a list asks of its station."""

    def __init__(self):
        self.store = Store("/flash")
        self.settings = {"LocalAuthListMaxLength": 5000}
        self.errors = []


def run(job):
    try:
        while True:
            next(job)
    except StopIteration as e:
        return e.value


def lines(entries):
    return [line(k, v and IdInfo(v)) for k, v in entries.items()]


def agrees(part, entries, changes):
    """True if what was changed, and some more, is as in `entries`, and as many lines are there."""
    for tag in list(changes) + ["A%03d" % n for n in range(0, 900, 27)]:
        info = part.find(tag)
        if (info.status if info else None) != entries.get(tag):
            return False
    with open("/flash/locallist", "rb") as file:
        return len(file.readlines()) == len(entries) + 1


def cut_everywhere(changes, full, new):
    """`new`: the list after the update. The number of operations that were cut."""
    count = 0
    for half in (False, True):
        at = 1
        while True:
            flash = Flash(blocks=24)
            flash.mount()
            try:
                part = LocalList(Station())
                assert run(part.update(1, lines(OLD), True)) is None
                flash.cut(at, half)
                why = run(part.update(2, lines(changes), full))
                done = not flash.dead
                flash.umount()
                flash.restore()
                flash.mount()
                part = LocalList(Station())
                version = part.version()
                assert agrees(part, {1: OLD, 2: new}[version], changes), (at, half)
                assert not (why is None and version == 1), "told to be updated, but is not"
                assert part._station.store.damaged == []
                assert run(part.update(3, lines({"Z": "Accepted"}), False)) is None
                assert part.version() == 3 and part.find("Z") and part.find("A000")
            finally:
                flash.umount()
            if done:
                break
            at += 1
        count += at
    return count


def test_differential_update():
    changes = {"A002": "Blocked", "A004": None, "A005": "Accepted", "A299": "Invalid"}
    new = dict(OLD, **changes)
    del new["A004"]
    assert cut_everywhere(changes, False, new) > 20


def test_full_update():
    new = {"A%03d" % n: "Expired" for n in range(0, 60, 3)}
    assert cut_everywhere(new, True, new) > 6
