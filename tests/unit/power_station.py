"""A whole station on a flash that loses power at any chosen operation, and the court that judges
what a recording central system got of it.

    count = enumerate_cuts(scenario)     runs `scenario(world)` once without a cut, then with a
    cut before
                                         and half-way through every block operation; each time the
                                         station boots again, connects, and the world is judged

The world outlives the station: cars, meters, the central system. Energy flows only while the
station's outputs permit it, so what flowed and what was reported can be compared.
"""

import gc

from central import NOW, Central, Setup
from powercut import Flash, PowerCut
from support import FakeClock

from ocpp.iso import from_iso
from ocpp.log import log

_STEP = 50  # ms
_WH = 5  # Wh per second of charging: 18 kW
_MOST_WH = 100  # may be in doubt after a cut, or 60 s


class Recorder(Central):
    """A central system that keeps every transaction message ever delivered."""

    def __init__(self, world):
        self.world = world
        Central.__init__(self, None, None)
        self.starts = {}  # content -> [ids given]
        self.stops = {}  # id -> content
        self.meters = []  # (id, content)
        self.order = []  # timestamps of transaction messages at their first delivery
        self.seen = set()
        self.settings = {}  # key -> value the station accepted
        self.answers["StartTransaction"] = self._start
        self.answers["StopTransaction"] = self._stop
        self.answers["MeterValues"] = self._meter
        self.same_id = False  # True: a start that comes again gets the id it had

    def time(self):
        return NOW + self.world.seconds()

    def _first(self, kind, payload):
        content = (kind, str(sorted(payload.items())))
        if content in self.seen:
            return content, False
        self.seen.add(content)
        return content, True

    def _start(self, payload):
        content, first = self._first("start", payload)
        if first:
            self.order.append(payload["timestamp"])
        ids = self.starts.setdefault(content, [payload])
        if len(ids) == 1 or not self.same_id:
            ids.append(self.next_transaction)
            self.next_transaction += 1
        return {"transactionId": ids[-1], "idTagInfo": {"status": "Accepted"}}

    def _stop(self, payload):
        _content, first = self._first("stop", payload)
        if first:
            self.order.append(payload["timestamp"])
        id = payload["transactionId"]
        assert self.stops.setdefault(id, payload) == payload, "two different stops of %d" % id
        return {}

    def _meter(self, payload):
        if "transactionId" in payload:
            _content, first = self._first("meter", payload)
            if first:
                self.order.append(payload["meterValue"][0]["timestamp"])
                self.meters.append(payload)
        return {}


class Boot(Setup):
    """One boot of the station in the world."""

    def __init__(self, world, online):
        self.world = world
        self.number = world.boots
        Setup.__init__(
            self,
            world.connectors,
            world.settings,
            "/flash",
            online=False,
            clock=FakeClock(start=0x1000),
        )
        self.wh = world.wh
        self.csms = world.csms
        self.csms.end = self.connection.far
        self.csms.results = {}
        for c, car in zip(self.station.connectors, world.cars):
            c.plugged = c.ev_ready = car
        world.flash.check()
        if online:
            self.connection.connect("ocpp1.6")

    def run(self, ms, step=_STEP):
        world = self.world
        while ms > 0:
            self.clock.advance(step)
            world.ms += step
            ms -= step
            for c in self.station.connectors:
                c.evse_ready = c.charging_permitted and not c.faulted
                if c.evse_ready and c.ev_ready and world.ms % 1000 < step:
                    world.wh[c.id - 1] += _WH
                    world.flowed += _WH
            self.station.loop()
            world.flash.check()  # nothing of what a station without power does reaches the world
            self.csms.step()

    def plug(self, n=1, ready=True):
        self.world.cars[n - 1] = True
        Setup.plug(self, n, ready)

    def unplug(self, n=1):
        self.world.cars[n - 1] = False
        Setup.unplug(self, n)


class World:
    def __init__(self, connectors=1, settings=None):
        self.connectors = connectors
        self.settings = {"MeterValueSampleInterval": "20", "HeartbeatInterval": "3600"}
        self.settings.update(settings or {})
        self.flash = Flash(blocks=48)
        try:
            self.flash.umount()  # what a case that failed left behind
        except OSError:
            pass
        self.flash.mount()
        self.csms = Recorder(self)
        self.wh = [1000] * connectors
        self.cars = [False] * connectors
        self.flowed = 0  # Wh in all
        self.ms = 0
        self.boots = 0
        self.boot_now = None
        self.leaves = True  # False: the car stays over a power cut
        self.accepted = {}  # what the station said it had taken: key -> value

    def seconds(self):
        return self.ms // 1000

    def boot(self, online=True):
        self.boots += 1
        self.boot_now = Boot(self, online)
        return self.boot_now

    def power_returns(self):
        """After a cut: the station boots on what is on flash and has a minute online."""
        self.flash.restore()
        self.flash.umount()
        self.flash.mount()  # raises if the file system is not readable
        if self.leaves:
            self.cars = [False] * self.connectors
        s = self.boot()
        s.run(40000)
        for n in range(self.connectors):
            if s.station.connectors[n].tx:
                s.station.present(s.station.connectors[n].tx.id_token, n + 1)
        s.run(5000)
        for n in range(self.connectors):
            s.unplug(n + 1)
        s.run(15000)
        return s

    def judge(self, s, cuts):
        """Check what the central system got. `cuts`: how often power went."""
        csms = self.csms
        assert s.station.log.pending() == 0, "still to be delivered: %d" % s.station.log.pending()
        assert s.station.log.damaged == 0 or cuts, "damaged without a cut"
        assert s.station.log.parked() == 0
        assert s.station.connection.connected and s.station.registration.accepted
        told = 0
        for content, entry in csms.starts.items():
            start, ids = entry[0], entry[1:]
            stops = [csms.stops[i] for i in ids if i in csms.stops]
            assert len(stops) == 1, "%d stops for %s" % (len(stops), content)
            assert stops[0]["meterStop"] >= start["meterStart"], (start, stops[0])
            assert stops[0]["timestamp"] >= start["timestamp"], (start, stops[0])
            told += stops[0]["meterStop"] - start["meterStart"]
        known = [i for entry in csms.starts.values() for i in entry[1:]]
        for id in csms.stops:
            assert id in known, "a stop of %d, which never began" % id
        for payload in csms.meters:
            assert payload["transactionId"] in known, payload
        assert csms.order == sorted(csms.order), "order of occurrence: %s" % csms.order
        for stamp in csms.order:
            assert NOW <= from_iso(stamp) <= self.csms.time() + 1, stamp
        doubt = min(_MOST_WH, 60 * _WH) * cuts * self.connectors
        assert told <= self.flowed, "told %d Wh, flowed %d" % (told, self.flowed)
        assert self.flowed - told <= doubt, "told %d Wh, flowed %d" % (told, self.flowed)
        for key, value in self.accepted.items():
            assert s.station.settings.text(key) == value, (
                key,
                s.station.settings.text(key),
                value,
            )


def enumerate_cuts(make, scenario, every=1, first=1):
    """Run a scenario with a cut at every `every`-th block operation, before and half-way through
    it.
    `make()` gives a new World. -> (number of cuts, block operations of the whole scenario)"""
    log.sink = lambda level, line: None  # every cut has its errors
    world = make()
    world.flash.clear()
    s = scenario(world)
    total = world.flash.ops
    world.judge(world.power_returns() if s is None else s, 0)
    world.flash.umount()
    cuts = 0
    for at in range(first, total + 1, every):
        for half in (False, True):
            world = make()
            world.flash.cut(at, half)
            try:
                scenario(world)
            except PowerCut:
                pass
            except OSError:
                assert world.flash.dead  # a boot that found no flash
            else:
                assert world.flash.dead, "operation %d of %d was not reached" % (at, total)
            try:
                world.judge(world.power_returns(), 1)
            except Exception as e:
                print("cut at operation %d of %d%s" % (at, total, ", half-way" if half else ""))
                raise e
            world.flash.umount()
            world = None
            gc.collect()
            cuts += 1
    return cuts, total


def prove(name, make, scenario):
    cuts, total = enumerate_cuts(make, scenario)
    print("%s: %d cuts at %d block operations" % (name, cuts, total))
    assert cuts == 2 * total and total > 5, (cuts, total)


def session(s, n, tag, ms):
    """Plug, card, charge, card, unplug at connector n."""
    s.plug(n)
    s.run(500)
    s.station.present(tag, n)
    s.run(ms)
    s.station.present(tag, n)
    s.run(1000)
    s.unplug(n)
    s.run(500)
