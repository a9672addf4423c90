# marks: slow
# heap: 4M
"""Unreadable file system and damaged configuration: the charger comes up and says so."""

import json
import os

import partition
import provision
from central import Setup
from config import ConfigError
from powercut import Flash, PowerCut
from support import raises

from ocpp.log import log

DATA, SYSTEM = "/flash", "/system"
GOOD = {"ocpp": {"url": "ws://127.0.0.1:9000/", "id": "cp001"}, "connectors": 2}
BOARDS = ["sim"]


def setup():
    log.sink = lambda level, line: lines.append(line)
    del lines[:]


def teardown():
    log.sink = None
    for path in (DATA, SYSTEM):
        try:
            import vfs

            vfs.umount(path)
        except OSError:
            pass


lines = []


def system(config=GOOD):
    """A flash of code and configuration."""
    flash = Flash(32)
    flash.mount(SYSTEM)
    write("config.json", config)
    return flash


def write(name, data):
    with open(SYSTEM + "/" + name, "wb") as f:
        f.write(data if isinstance(data, bytes) else json.dumps(data).encode())


def read(name):
    with open(SYSTEM + "/" + name, "rb") as f:
        return f.read()


def start():
    return provision.configuration(SYSTEM, BOARDS)


def test_a_damaged_configuration_is_replaced_by_its_copy():
    system()
    found, damaged = start()
    assert damaged == [] and found["connectors"] == 2 and lines == []
    whole = read("config.json")
    bad = [b"", b"\xff" * 60, b"[]", b"null", b'{"ocpp": 5}', whole[:20], whole[5:], b"x" * 20000]
    for data in bad:
        write("config.json", data)
        again, damaged = start()
        assert again == found and damaged == ["configuration"], data[:30]
        assert read("config.json.bad") == data and json.loads(read("config.json")) == GOOD
        assert "second copy" in lines.pop() and start() == (found, [])
        os.remove(SYSTEM + "/config.json")
        assert start() == (found, ["configuration"])
        assert start() == (found, [])
        del lines[:]


def test_a_damaged_copy_is_made_anew():
    system()
    found, _ = start()
    for name in os.listdir(SYSTEM + "/spare"):
        write("spare/" + name, b"nonsense")
    assert start() == (found, ["second copy of the configuration"])
    assert start() == (found, [])
    write("config.json", b"")
    assert start() == (found, ["configuration"])


def test_both_damaged():
    system()
    start()
    write("config.json", b"\0" * 100)
    for name in os.listdir(SYSTEM + "/spare"):
        write("spare/" + name, b"nonsense")
    assert "not JSON" in str(raises(ConfigError, start))


def test_a_new_configuration_that_is_bad_is_refused():
    """Its maker is told; what the charger has had stays, copy included."""
    system()
    found, _ = start()
    write("config.new", {"ocpp": {"url": "ws://x/", "id": "cp", "colour": 1}})
    assert "colour" in str(raises(ConfigError, start))
    assert "config.new" not in os.listdir(SYSTEM)
    assert start() == (found, [])
    other = dict(GOOD)
    other["connectors"] = 3
    write("config.new", other)
    assert start()[0]["connectors"] == 3
    write("config.json", b"")
    assert start()[0]["connectors"] == 3


def test_power_cut_at_every_operation():
    """There is always a configuration: the old one or the new one."""
    other = dict(GOOD)
    other["connectors"] = 3
    tried = 0
    for damage, half in ((False, False), (False, True), (True, False), (True, True)):
        at = 1
        while True:
            flash = system()
            start()
            if damage:
                write("config.json", b"bad")
            else:
                write("config.new", other)
            flash.cut(at, half)
            cut = False
            try:
                start()
                flash.check()
            except (PowerCut, OSError, ConfigError):
                cut = flash.dead
                assert cut
            flash.umount(SYSTEM)
            flash.restore()
            flash.mount(SYSTEM)
            found, _ = start()
            assert found["connectors"] in ((2,) if damage else (2, 3))
            assert cut or found["connectors"] == (2 if damage else 3)
            flash.umount(SYSTEM)
            if not cut:
                break
            at += 1
        tried += at
    assert tried > 20, tried


def comes_up(flash, formatted):
    """A station on the data partition, with what was found told; it charges."""
    found, _ = start()
    damaged = partition.mount(flash, DATA, **flash.options)
    assert damaged == (["file system"] if formatted else [])
    assert (lines != []) == formatted, lines
    s = Setup(root=DATA, config=found)
    s.station.store.damaged += damaged
    s.run(1500)
    assert s.station.registration.accepted
    told = [p for p in s.csms.sent("StatusNotification") if p.get("vendorErrorCode")]
    if formatted:
        assert told[0]["vendorErrorCode"] == "FlashDamaged" and "file system" in told[0]["info"]
        assert s.station.ocpp_status()["damaged"] == 1 and s.c.status == "Available"
    else:
        assert not told
    s.charge()
    s.station.present("TAG1")
    s.run(1500)
    assert not s.c.tx and s.station.log.pending() == 0
    flash.umount(DATA)


def test_an_unreadable_file_system_is_made_anew():
    system()
    flash = Flash(48)
    comes_up(flash, False)
    for damage in (b"\xff", b"\0", b"U"):
        for block in flash.blocks:
            block[:] = damage * len(block)
        comes_up(flash, True)
        del lines[:]
        comes_up(flash, False)


def test_one_directory_that_is_unreadable():
    """With it nothing can be written any more: the whole is made anew."""
    system()
    spoilt = 0
    for n in range(0, 24, 2):
        flash = Flash(24)
        comes_up(flash, False)
        before = [bytes(b) for b in flash.blocks]
        flash.blocks[n][:] = b"\x55" * 4096
        flash.blocks[n ^ 1][:] = b"\x55" * 4096
        damaged = partition.mount(flash, DATA, **flash.options)
        flash.umount(DATA)
        if damaged:
            spoilt += 1
            for mine, theirs in zip(flash.blocks, before):
                mine[:] = theirs
            flash.blocks[n][:] = b"\x55" * 4096
            flash.blocks[n ^ 1][:] = b"\x55" * 4096
            del lines[:]
            comes_up(flash, True)
        del lines[:]
    assert spoilt >= 3, spoilt  # the superblock, state/, log/
