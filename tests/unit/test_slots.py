# heap: 4M
# timeout: 120
"""Update slots on a flash that loses power, and bundles that are none."""

import binascii
import hashlib
import json
import os
import sys

from powercut import Flash, PowerCut
from slots import Slots, use
from support import raises

FILES = {"app.mpy": b"one" * 100, "ocpp/x.mpy": b"two" * 300, "ocpp/v16/ops/y.mpy": b""}
flash = None


def setup():
    global flash
    flash = Flash(64)
    flash.mount()


def teardown():
    flash.restore()
    flash.umount()


def bundle(files=FILES, seal=None, **header):
    head = {"version": "2", "board": "b", "micropython": "1.24", "mpy": 6, "files": len(files)}
    head.update(header)
    text = b"ocppy bundle 1\n" + json.dumps(head).encode() + b"\n"
    for name in sorted(files):
        digest = binascii.hexlify(hashlib.sha256(files[name]).digest())
        text += b"%s %d %s\n" % (digest, len(files[name]), name.encode())
    words = dict(seal or {}, sha256=binascii.hexlify(hashlib.sha256(text).digest()).decode())
    text += json.dumps(words).encode()
    return text + b"\n" + b"".join([files[n] for n in sorted(files)])


def put(data):
    with open("/flash/fw", "wb") as f:
        f.write(data)


def unpack(slots, *more):
    job = slots.unpack("/flash/fw", *more)
    try:
        while True:
            next(job)
    except StopIteration as e:
        return e.value


def new(verify=None):
    return Slots("/flash", "b", verify)


def installed(version="2"):
    put(bundle(version=version))
    s = new()
    assert unpack(s) == version
    assert s.activate()
    assert new().start()[1] == version
    new().confirm()


def intact(path):
    for name, data in FILES.items():
        with open(path + "/" + name, "rb") as f:
            if f.read() != data:
                return False
    return True


def test_life_of_an_update():
    s = new()
    assert s.start() == (None, None) and s.result() is None
    put(bundle())
    assert unpack(s) == "2" and s.start() == (None, None)
    s.activate()
    assert new().result() == "armed"
    assert new().start() == ("/flash/slots/a", "2") and new().result() == "trial"
    assert intact("/flash/slots/a")
    new().confirm()
    assert new().result() == "confirmed"
    for _ in range(5):
        assert new().start() == ("/flash/slots/a", "2")


def test_not_confirmed():
    installed("1")
    put(bundle(version="2"))
    s = new()
    unpack(s)
    assert s.result() is None
    s.activate()
    assert new().start() == ("/flash/slots/b", "2")
    assert new().start() == ("/flash/slots/b", "2")  # once more: a power cut is not its fault
    assert new().start() == ("/flash/slots/a", "1")
    assert new().result() == "failed"
    assert new().start() == ("/flash/slots/a", "1")


def test_reverted():
    installed("1")
    put(bundle())
    s = new()
    unpack(s)
    s.activate()
    assert new().start()[1] == "2"
    new().revert("no good")
    assert new().start() == ("/flash/slots/a", "1") and new().result() == "failed"
    new().revert("again")  # no trial: nothing to revert
    assert new().state["why"] == "no good"


def test_bad_bundles():
    good = bundle()
    entry = good.split(b"\n")[2]
    bad = [
        b"",
        b"x" * 3000,
        good[:-1],
        good + b"x",
        good[:40],
        good[:-5] + b"XXXXX",
        bundle(board="other"),
        bundle(mpy=5),
        bundle(micropython="99.0"),
        bundle(micropython="x"),
        bundle(micropython=None),
        bundle(version=""),
        bundle(version=5),
        bundle(files=FILES, version="x" * 60),
        good.replace(b'"files": 3', b'"files": 2'),
        good.replace(b'"files": 3', b'"files": -1'),
        good.replace(b'"files": 3', b'"files": 100000'),
        good.replace(entry, entry[1:]),
        good.replace(entry, b"z" + entry[1:]),
        good.replace(entry, entry[:65] + b"-1 x"),
        good.replace(b'{"sha256"', b'["sha256"'),
        good.replace(b'"sha256"', b'"sha255"'),
    ]
    for path in ("../x", "/x", "a/../b", "a//b", "./a", "a b", "x" * 90, "a\xff", "a/", "..."):
        bad.append(bundle({path: b"x"}))
    installed("1")
    for data in bad:
        put(data)
        raises(ValueError, unpack, new())
        assert new().start() == ("/flash/slots/a", "1")


def test_any_flipped_bit_is_noticed():
    good = bundle()
    for at in range(0, len(good), 7):
        put(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        try:
            version = unpack(new())
        except ValueError:
            continue
        assert version != "2" or intact("/flash/slots/a"), at


def test_seal():
    seen = []

    def verify(digest, seal):
        yield
        seen.append((digest, seal))
        return None if seal.get("signature") == "good" else "signature is wrong"

    data = bundle(seal={"signature": "good"})
    put(data)
    assert unpack(new(verify)) == "2"
    lines = data[: data.find(b"\n{", 100) + 1]
    assert seen[0][0] == hashlib.sha256(lines).digest()
    put(bundle())
    raises(ValueError, unpack, new(verify))
    assert unpack(new(verify), True) == "2"  # it was checked as a whole


def test_no_room():
    put(bundle({"x": b"y" * 140000}))
    raises(OSError, unpack, new())


def test_slot_that_is_gone():
    installed("1")
    import os

    for name in (
        "app.mpy",
        "ocpp/x.mpy",
        "ocpp/v16/ops/y.mpy",
        "ocpp/v16/ops",
        "ocpp/v16",
        "ocpp",
    ):
        path = "/flash/slots/a/" + name
        (os.remove if "." in name else os.rmdir)(path)
    os.rmdir("/flash/slots/a")
    assert new().start() == (None, None)


def test_other_firmware_was_delivered():
    installed("1")
    assert Slots("/flash", "b", None, "").start()[1] == "1"
    assert Slots("/flash", "b", None, "7").start() == (None, None)
    assert new().start() == (None, None)
    put(bundle())
    assert unpack(new()) == "2"


def test_nothing_to_start():
    raises(OSError, new().activate)
    put(bundle())
    s = new()
    unpack(s)
    s.activate()
    s.state["versions"] = {}
    s._save()
    assert new().start() == (None, None) and new().result() == "failed"


def test_damaged_state():
    installed("1")
    for name in ("slots", "slots.bak"):
        with open("/flash/slots/" + name, "wb") as f:
            f.write(b"rubbish")
    assert new().start() == (None, None)


def test_each_file_takes_a_block():
    """A bundle of few bytes in many files does not fill the flash: it is refused before."""
    slots = new()
    put(bundle({"m%d.mpy" % n: b"x" for n in range(60)}))
    free = os.statvfs("/flash")[3]
    text = raises(OSError, unpack, slots)
    assert "no room" in str(text) and os.statvfs("/flash")[3] >= free - 4


def test_import_path():
    before = list(sys.path)
    use("/flash/slots/a")
    assert sys.path[0] == "/flash/slots/a"
    use("/flash/slots/b")
    assert sys.path == ["/flash/slots/b"] + before
    use(None)
    assert sys.path == before


def _update():
    """One life of an update; power may go anywhere."""
    slots = new()
    unpack(slots)
    flash.check()
    slots.activate()
    flash.check()
    new().start()
    flash.check()
    new().confirm()
    flash.check()


def test_power_cut_at_every_operation():
    for half in (False, True):
        at = 0
        while True:
            at += 1
            teardown()
            setup()
            installed("1")
            put(bundle(version="2"))
            flash.cut(at, half)
            try:
                _update()
                break
            except (PowerCut, OSError):
                pass
            flash.umount()
            flash.restore()
            flash.mount()
            path, version = new().start()
            assert version in ("1", "2"), (at, version)
            assert intact(path), at
            if new().result() == "trial":  # never confirmed: it goes back
                new().start()
                assert new().start()[1] == "1" or new().result() == "confirmed"
            put(bundle(version="3"))  # and the next update works
            s = new()
            if s.result() not in ("armed", "trial"):
                assert unpack(s) == "3"
        assert at > 20, at
