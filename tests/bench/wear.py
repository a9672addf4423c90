"""What a station does to its flash. Unix port: `wear.py FOLDER`; prints JSON: [blocks erased,
bytes programmed] by a 4-hour session at 11 kW and one at 22 kW, with meter values every minute, a
day of idling, a reconnection, and a Reset with the start after it.

The flash is a block device of 1 MB in RAM with the geometry of an RP2040's, under LittleFS.
"""

import json

import scenario
import vfs

_BLOCK = const(4096)
_BLOCKS = const(256)
_STEP_MS = const(250)
_SESSION_S = const(14400)
_DAY_S = const(86400)
_NOW = const(1795230000)
_TICKS = const(0x1FFFFFFF)


class Flash:
    """Counts what is programmed and erased."""

    def __init__(self):
        self._data = bytearray(_BLOCK * _BLOCKS)
        self.erased = 0
        self.programmed = 0

    def readblocks(self, block, buf, offset=0):
        at = block * _BLOCK + offset
        buf[:] = memoryview(self._data)[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        at = block * _BLOCK + offset
        self._data[at : at + len(buf)] = buf
        self.programmed += len(buf)

    def ioctl(self, op, arg):
        if op == 4:
            return _BLOCKS
        if op == 5:
            return _BLOCK
        if op == 6:
            self.erased += 1
        return 0


class Wear:
    """A station on that flash."""

    def __init__(self):
        self.flash = Flash()
        vfs.VfsLfs2.mkfs(self.flash, progsize=256, readsize=32)
        fs = vfs.VfsLfs2(self.flash, progsize=256, readsize=32, mtime=False)
        vfs.mount(fs, "/flash")
        scenario.CONFIG["settings"] = {"MeterValueSampleInterval": "60"}
        self.register = 0.0
        self.power = 11000  # W
        self.bench = None
        self.before = (0, 0)
        self.began = 0  # s, of this boot
        self.boot()

    def boot(self):
        """Start the station, until it is accepted."""
        if self.bench:
            self.began += self.bench.clock.uptime()
        self.tell_time()
        self.bench = scenario.Bench("/flash")
        self.run(10)
        if not self.bench.central.counts.get("BootNotification"):
            raise RuntimeError("bench: not accepted")

    def tell_time(self):
        """The central system's clock is right."""
        from ocpp.iso import to_iso

        now = self.began + (self.bench.clock.uptime() if self.bench else 0)
        text = to_iso(_NOW + now)
        scenario.ANSWERS["Heartbeat"] = '{"currentTime":"%s"}' % text
        scenario.ANSWERS["BootNotification"] = (
            '{"status":"Accepted","interval":300,"currentTime":"%s"}' % text
        )

    def run(self, seconds):
        bench = self.bench
        c = bench.station.connectors[0]
        for _ in range(seconds * 1000 // _STEP_MS):
            bench.clock.now = (bench.clock.now + _STEP_MS) & _TICKS
            if bench.clock.now % 1000 == 0:
                self.tell_time()
            c.evse_ready = c.charging_permitted
            if c.evse_ready and c.ev_ready:
                self.register += self.power * _STEP_MS / 3600000
                bench.wh[0] = int(self.register)
            bench.central.step()
            bench.station.loop()

    def session(self, seconds):
        bench = self.bench
        bench.plug(1, True)
        self.run(2)
        bench.station.present("DEADBEEF", 1)
        self.run(seconds)
        if bench.station.connectors[0].status != "Charging":
            raise RuntimeError("bench: no session")
        bench.station.present("DEADBEEF", 1)
        self.run(5)
        bench.plug(1, False)
        self.run(5)
        status = bench.station.ocpp_status()
        if status["queued"] or status["parked"]:
            raise RuntimeError("bench: %s" % status)

    def reset(self):
        bench = self.bench
        bench.central.ask("Reset", '{"type":"Soft"}')
        self.run(10)
        if bench.reset != "Soft":
            raise RuntimeError("bench: no reset")
        self.boot()

    def reconnect(self):
        self.bench.connection.disconnect()
        self.run(5)
        self.bench.connection.connect()
        self.run(10)

    def taken(self):
        """(blocks erased, bytes programmed) since last asked."""
        now = (self.flash.erased, self.flash.programmed)
        was, self.before = self.before, now
        return now[0] - was[0], now[1] - was[1]


def main():
    wear = Wear()
    found = {}

    def note(name):
        found[name] = wear.taken()

    wear.session(600)  # the first one makes what is not there yet
    note("first")
    wear.session(_SESSION_S)
    note("session")
    wear.power = 22000
    wear.session(_SESSION_S)
    note("session_22kw")
    wear.run(_DAY_S)
    note("idle_day")
    wear.reconnect()
    note("reconnect")
    wear.reset()
    note("reset")
    print(json.dumps(found))


main()
