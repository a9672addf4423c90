import os

from powercut import Flash, PowerCut
from support import raises

from ocpp.log import log as _log
from ocpp.store import Store

ROOT = "/flash"


def on_flash(fn, blocks=16):
    flash = Flash(blocks)
    flash.mount()
    _log.sink = lambda level, line: None
    try:
        fn(flash)
    finally:
        _log.sink = None
        flash.umount()


def read(name):
    with open(ROOT + "/" + name, "rb") as f:
        return bytearray(f.read())


def write(name, data):
    with open(ROOT + "/" + name, "wb") as f:
        f.write(data)


def test_values_come_back():
    def run(flash):
        store = Store(ROOT)
        assert store.load("nothing") is None and store.damaged == []
        for value in ({"a": [1, 2.5, None, True]}, [], 0, "", "Ünïcödé", 2**63 - 1, {}):
            assert store.save("v", value)
            assert Store(ROOT).load("v") == value
        store.remove("v")
        store.remove("v")
        assert Store(ROOT).load("v") is None and store.damaged == []

    on_flash(run)


def test_removed_is_gone_with_its_previous_version():
    def run(flash):
        store = Store(ROOT)
        store.save("v", 1)
        store.save("v", 2)
        store.remove("v")
        assert store.load("v") is None
        assert os.listdir(ROOT) == []

    on_flash(run)


def test_names():
    store = Store(ROOT)
    for name in ("", "a/b", "a.b", "..", "a b"):
        raises(ValueError, store.load, name)
        raises(ValueError, store.save, name, 1)


def damaged(spoil):
    """Whatever is done to the file: the previous version comes, and the next save works."""

    def run(flash):
        store = Store(ROOT)
        store.save("other", "other's")
        store.save("other", "other's newer")
        store.save("v", "old")
        store.save("v", "new")
        spoil()
        store = Store(ROOT)
        assert store.load("v") == "old" and store.damaged == ["v"]
        assert store.load("v") == "old" and store.damaged == ["v"]
        assert store.save("v", "newer")
        store = Store(ROOT)
        assert store.load("v") == "newer" and store.damaged == []
        write("v", b"bad")
        assert store.load("v") == "old"  # a damaged version never replaces a good previous one

    on_flash(run)


def test_damage_truncated():
    for size in (0, 1, 15, 16, 18):
        damaged(lambda size=size: write("v", read("v")[:size]))


def test_damage_any_bit():
    def flip(at):
        data = read("v")
        data[at] ^= 1 << at % 8
        write("v", data)

    def length(n):
        n.append(len(read("v")))

    n = []
    on_flash(lambda flash: (Store(ROOT).save("v", "new"), length(n)))
    for at in range(n[0]):
        damaged(lambda at=at: flip(at))


def test_damage_another_files_content():
    damaged(lambda: write("v", read("other")))


def test_damage_garbage_and_excess():
    damaged(lambda: write("v", os.urandom(300)))
    damaged(lambda: write("v", read("v") + b" "))


def test_damage_directory():
    def empty():
        os.remove(ROOT + "/v")
        os.mkdir(ROOT + "/v")

    def filled():
        empty()
        os.mkdir(ROOT + "/v/inside")

    damaged(empty)
    damaged(filled)


def test_damage_of_both_versions():
    def run(flash):
        store = Store(ROOT)
        store.save("v", 1)
        store.save("v", 2)
        write("v", b"x")
        os.remove(ROOT + "/v.bak")
        os.mkdir(ROOT + "/v.bak")
        assert store.load("v") is None and store.damaged == ["v"]
        for value in (3, 4, 5):
            assert store.save("v", value) and Store(ROOT).load("v") == value

    on_flash(run)


def test_damaged_names_are_bounded():
    def run(flash):
        store = Store(ROOT)
        for i in range(30):
            write("n%d" % i, b"")
            assert store.load("n%d" % i) is None
        assert len(store.damaged) == 16

    on_flash(run)


def test_damage_is_logged_once():
    def run(flash):
        lines = []
        _log.sink = lambda level, line: lines.append(line)
        store = Store(ROOT)
        write("v", b"bad")
        write("v.bak", b"bad")
        store.load("v")
        store.load("v")
        assert len(lines) == 1 and "/v" in lines[0], lines

    on_flash(run)


def test_same_value_is_not_written_again():
    def run(flash):
        store = Store(ROOT)
        store.save("v", {"a": 1})
        flash.clear()
        assert store.save("v", {"a": 1})
        assert flash.ops == 0
        store.save("v", {"a": 2})
        assert flash.ops > 0

    on_flash(run)


def test_flash_full():
    def run(flash):
        store = Store(ROOT)
        store.save("v", "old")
        with open(ROOT + "/filler", "wb") as f:
            try:
                while True:
                    f.write(b"x" * 512)
                    f.flush()
            except OSError:
                pass
        assert not store.full
        assert store.save("v", "x" * 5000) is False and store.full
        assert store.load("v") == "old"
        assert store.save("w", "x" * 5000) is False and store.load("w") is None
        os.remove(ROOT + "/filler")
        store.probe()
        assert not store.full and "probe" not in os.listdir(ROOT)
        assert store.save("v", "x" * 5000)
        assert Store(ROOT).load("v") == "x" * 5000

    on_flash(run)


def test_missing_root_is_not_fatal():
    _log.sink = lambda level, line: None
    store = Store("/nowhere")
    assert store.load("v") is None and store.save("v", 1) is False and store.full
    store.probe()
    assert store.full
    store.remove("v")
    _log.sink = None


def test_boot_numbers_never_repeat():
    def run(flash):
        last = 0
        for _ in range(5):
            number = Store(ROOT).next_boot()
            assert number == last + 1
            last = number
        assert Store(ROOT).next_boot(100) == 101
        assert Store(ROOT).next_boot(50) == 102
        write("boot", b"")
        assert Store(ROOT).next_boot() > 102
        write("boot", b"")
        write("boot.bak", b"")
        assert Store(ROOT).next_boot() >= 65536
        os.remove(ROOT + "/boot")
        os.remove(ROOT + "/boot.bak")
        assert Store(ROOT).next_boot(7) == 8

    on_flash(run)


def save_until_cut(flash, at, half):
    """-> True if power was cut. After it there is the old value or the new one, whole; and the
    new one if save() had returned."""
    store = Store(ROOT)
    possible = [None]
    flash.cut(at, half)
    cut = False
    try:
        for value in range(6):
            possible.append(value)
            store.save("v", {"value": value, "pad": "p" * (value % 2 * 600)})
            flash.check()
            possible = [value]
    except PowerCut:
        cut = True
    flash.umount()
    flash.restore()
    flash.mount()
    store = Store(ROOT)
    value = store.load("v")
    assert store.damaged == []
    assert (value["value"] if value else None) in possible, (value, possible)
    assert store.save("v", 99) and Store(ROOT).load("v") == 99
    return cut


def test_power_cut_at_every_operation():
    tried = []
    for half in (False, True):
        at = 1
        while at:
            on_flash(lambda flash, at=at, half=half: tried.append(save_until_cut(flash, at, half)))
            at = at + 1 if tried[-1] else 0
    assert len(tried) > 50, len(tried)
