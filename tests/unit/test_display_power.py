# marks: slow
# heap: 4M
"""Display messages when power goes at any flash operation: the old ones or the new ones."""

from powercut import Flash

from ocpp.station import display as d
from ocpp.store import Store


class Station:
    """What `Display` asks of one."""

    recovering = False
    connectors = ()
    on_display = None

    def __init__(self):
        self.store = Store("/flash")


def message(id, priority="NormalCycle", text="text"):
    return [id, priority, None, None, None, None, "UTF8", None, text]


def held():
    """{id: text} of what is kept."""
    return {m[d.ID]: m[d.TEXT] for m in d.Display(Station()).matching(lambda m: True)}


def after_every_cut(act, before, allowed):
    count = 0
    for half in (False, True):
        at = 1
        while True:
            flash = Flash(blocks=32)
            flash.mount()
            shown = d.Display(Station())
            for m in before:
                assert shown.put(m) is None
            flash.cut(at, half)
            act(shown)
            done = not flash.dead
            flash.umount()
            flash.restore()
            flash.mount()
            assert held() in allowed, (at, half, held())
            assert d.Display(Station()).put(message(99)) is None  # and it goes on
            assert 99 in held()
            flash.umount()
            if done:
                break
            at += 1
            count += 1
    return count


OLD = [message(1), message(2, "AlwaysFront")]
WAS = {1: "text", 2: "text"}


def test_a_new_one():
    new = message(3, text="new")
    became = dict(WAS)
    became[3] = "new"
    assert after_every_cut(lambda shown: shown.put(new), OLD, (WAS, became)) > 5


def test_one_in_place_of_another():
    new = message(1, text="new")
    became = {1: "new", 2: "text"}
    assert after_every_cut(lambda shown: shown.put(new), OLD, (WAS, became)) > 5


def test_one_that_takes_the_front():
    new = message(3, "AlwaysFront", "new")
    became = {1: "text", 3: "new"}
    assert after_every_cut(lambda shown: shown.put(new), OLD, (WAS, became)) > 5


def test_clearing():
    became = {2: "text"}
    assert after_every_cut(lambda shown: shown.clear(1), OLD, (WAS, became)) > 0


def test_damaged_files_are_no_messages():
    flash = Flash(blocks=32)
    flash.mount()
    store = Store("/flash")
    for value in ([1, 2], {}, "dm", 7, None):
        store.save("dm0", value)
        assert held() == {}
    flash.umount()
