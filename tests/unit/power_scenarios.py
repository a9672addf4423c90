"""What the station does while power goes: see `power_station.py`."""

import os

from central import NOW
from power_station import Proof, World, session
from support import FakeClock

from ocpp.txlog import END, START, UPDATE, TxLog

OFFLINE = {"AllowOfflineTxForUnknownId": "true"}
RARE = {"MeterValueSampleInterval": "0"}  # the register is on flash all the same
MANY = {"MeterValueSampleInterval": "2", "AllowOfflineTxForUnknownId": "true"}


def start(world, ms=1000):
    s = world.boot()
    s.run(ms)
    return s


def boot(world):
    return start(world, 5000)


def card_first(world):
    s = start(world)
    s.station.present("CARD1")
    s.run(1000)
    s.plug()
    s.run(70000)
    s.station.present("CARD1")
    s.run(2000)
    s.unplug()
    s.run(2000)
    return s


def plug_first(world):
    s = start(world)
    s.connection.disconnect()
    session(s, 1, "CARD1", 50000)
    s.connection.connect("ocpp1.6")
    s.run(5000)
    return s


def two_connectors(world):
    s = start(world)
    s.plug(1)
    s.station.present("CARD1", 1)
    s.run(15000)
    s.plug(2)
    s.station.present("CARD2", 2)
    s.run(30000)
    s.station.present("CARD1", 1)
    s.run(10000)
    s.unplug(1)
    s.run(5000)
    s.station.present("CARD2", 2)
    s.run(2000)
    s.unplug(2)
    s.run(1000)
    return s


def stop_while_offline(world):
    s = start(world)
    s.plug()
    s.station.present("CARD1")
    s.run(25000)
    s.connection.disconnect()
    s.run(10000)
    s.station.present("CARD1")
    s.run(2000)
    s.unplug()
    s.run(2000)
    s.connection.connect("ocpp1.6")
    s.run(3000)
    return s


def reconnection(world):
    """Power goes, and the link, while three sessions are told."""
    s = start(world)
    s.connection.disconnect()
    for n in range(3):
        session(s, 1, "CARD%d" % n, 25000)
    s.connection.connect("ocpp1.6")
    s.run(200)
    assert world.csms.starts and s.station.log.pending(), "not in the middle of it"
    s.connection.disconnect()
    s.run(500)
    s.connection.connect("ocpp1.6")
    s.run(5000)
    return s


def compaction(world):
    """A full segment of old records is freed while one session goes on and another is told."""
    s = start(world)
    s.plug(2)
    s.station.present("LONG", 2)
    s.run(3000)
    s.connection.disconnect()
    session(s, 1, "CARD1", 10000)
    s.connection.connect("ocpp1.6")
    s.run(4000)
    assert "00000001.seg" not in os.listdir("/flash/log"), "nothing was freed"
    s.station.present("LONG", 2)
    s.run(3000)
    s.unplug(2)
    s.run(3000)
    return s


_old = []  # blocks of a flash with a full segment


def aged():
    """A world whose log has a segment full of what was told long ago."""
    world = World(2, MANY)
    if not _old:
        os.mkdir("/flash/log")
        log = TxLog("/flash/log", FakeClock(unix=NOW - 100000))
        log.clock.boot = 1
        log.append(START, log.new_key(), {"connector": 1, "wh": 1})
        while log.last_bytes < log.segment_bytes - 500:
            log.append(UPDATE, "1-1", {"wh": 1, "pad": "x" * 100})
        log.append(END, "1-1", {"wh": 1, "why": "Local"})
        while log.pending():
            log.done(log.head().seq, 1)
        assert log.segments == 1
        _old.extend([bytes(block) for block in world.flash.blocks])
    world.flash.umount()
    for mine, old in zip(world.flash.blocks, _old):
        mine[:] = old
    world.flash.mount()
    return world


def settings_and_availability(world):
    s = start(world)
    for value in ("31", "32", "33"):
        s.change("ConnectionTimeOut", value)
        for operative in (False, True):
            s.make_operative(1, operative)
    s.make_operative(2, False)
    session(s, 1, "CARD1", 10000)
    return s


def firmware_pending(world):
    """The states of an update, and security events, wait for the link; a session goes on."""
    s = start(world)
    request = {"location": "http://x/f", "retrieveDate": "2026-01-01T00:00:00Z"}
    assert s.ask("UpdateFirmware", request) == {}
    s.event("firmware", "Downloading")
    s.run(1000)
    s.plug()
    s.station.present("CARD1")
    s.run(12000)
    s.connection.disconnect()
    s.event("firmware", "Downloaded")
    s.event("security", "SettingSystemTime")
    s.run(15000)
    s.event("firmware", "Installing")
    s.event("security", "ResetOrReboot")
    s.station.present("CARD1")
    s.run(1000)
    s.unplug()
    s.run(1000)
    s.event("firmware", "Installed")
    s.connection.connect("ocpp1.6")
    s.run(5000)
    return s


def reset(world):
    s = start(world)
    again = []
    s.station.on_reset = again.append
    s.plug()
    s.station.present("CARD1")
    s.run(20000)
    s.ask("Reset", {"type": "Soft"})
    s.run(3000)
    assert again == ["Soft"]
    s = world.boot()
    s.run(5000)
    s.unplug()
    s.run(1000)
    return s


def resume(world):
    s = start(world)
    s.plug()
    s.station.present("CARD1")
    s.run(40000)
    s.station.present("CARD1")
    s.run(2000)
    s.unplug()
    s.run(1000)
    return s


def car_stays():
    world = World(settings={"OnPowerLoss": "resume"})
    world.leaves = False
    return world


SESSIONS = (
    Proof("boot", World, boot),
    Proof("card first", lambda: World(1, RARE), card_first, 1),
    Proof("plug first, offline then online", lambda: World(1, OFFLINE), plug_first, 1),
    Proof("two connectors interleaved", lambda: World(2), two_connectors, 2),
    Proof("stop while offline", World, stop_while_offline, 1),
    Proof("reconnection in a replay", lambda: World(1, OFFLINE), reconnection, 3),
    Proof("reset in a session", World, reset, 1),
    Proof("resume with the same car", car_stays, resume, 1),
)
UPKEEP = (
    Proof("compaction", aged, compaction, 2),
    Proof("settings and availability", lambda: World(2), settings_and_availability, 1),
    Proof("firmware status pending", World, firmware_pending, 1, 7),
)
