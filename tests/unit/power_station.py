"""A whole station on a flash that loses power at any chosen operation, and the court that judges
what a recording central system got of it.

    proof = Proof(name, make, scenario, starts=1)
    proof.run()         the scenario once without a cut, on tape; then the same up to a cut before,
                        and half-way through, each of its block operations; each time the station
                        boots again, connects, serves other drivers, and is judged

The world outlives the station: cars, meters, the central system. Energy flows only while the
station's outputs permit it, so what flowed and what was reported can be compared. The scenarios
are in `power_scenarios.py`.
"""

import gc

from central import NOW, Central, Setup
from powercut import Flash
from support import FakeClock
from tape import Tape

from ocpp.iso import from_iso
from ocpp.log import log

_STEP = 50  # ms
_WH = 5  # Wh per second of charging: 18 kW
_MOST_WH = 100  # may be in doubt after a cut, or 60 s
_CALM = 100  # ms, while little happens
_RECOVERY = 16  # block operations of a recovery, at least


class Recorder(Central):
    """A central system that keeps all it is told of transactions and events."""

    def __init__(self, world):
        self.world = world
        Central.__init__(self, None, None)
        self.starts = {}  # content -> [payload, ids given]
        self.stops = {}  # id -> content
        self.meters = []  # contents, without repetitions
        self.events = []  # (action, status or type), without repetitions in a row
        self.order = []  # timestamps of transaction messages at their first delivery
        self.seen = set()
        self.answers["StartTransaction"] = self._start
        self.answers["StopTransaction"] = self._stop
        self.answers["MeterValues"] = self._meter
        self.answers["FirmwareStatusNotification"] = lambda p: self._event("firmware", p["status"])
        self.answers["SecurityEventNotification"] = self._security

    def time(self):
        return NOW + self.world.seconds()

    def _first(self, kind, payload, stamp):
        content = (kind, str(sorted(payload.items())))
        if content in self.seen:
            return content, False
        self.seen.add(content)
        self.order.append(stamp)
        return content, True

    def _start(self, payload):
        content, _ = self._first("start", payload, payload["timestamp"])
        ids = self.starts.setdefault(content, [payload])
        ids.append(self.next_transaction)
        self.next_transaction += 1
        return {"transactionId": ids[-1], "idTagInfo": {"status": "Accepted"}}

    def _stop(self, payload):
        self._first("stop", payload, payload["timestamp"])
        id = payload["transactionId"]
        assert self.stops.setdefault(id, payload) == payload, "two different stops of %d" % id
        return {}

    def _meter(self, payload):
        if "transactionId" in payload:
            if self._first("meter", payload, payload["meterValue"][0]["timestamp"])[1]:
                self.meters.append(payload)
        return {}

    def _security(self, payload):
        if self._first("security", payload, payload["timestamp"])[1]:
            return self._event("security", payload["type"])
        return {}

    def _event(self, *what):
        if not self.events or self.events[-1] != what:
            self.events.append(what)
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
            world.config,
            online=False,
            clock=FakeClock(start=0x1000),
        )
        self.station.on_update = lambda request: True
        self.wh = world.wh
        self.csms = world.csms
        self.csms.end = self.connection.far
        self.csms.results = {}
        for c, car in zip(self.station.connectors, world.cars):
            c.plugged = c.ev_ready = car
        world.flash.check()
        if online:
            self.connection.connect(world.protocol)

    def run(self, ms, step=_STEP):
        world = self.world
        while ms > 0:
            self.clock.advance(step)
            world.ms += step
            ms -= step
            for c in self.station.connectors:
                c.evse_ready = c.charging_permitted and not c.faulted
                if c.evse_ready and c.ev_ready and world.ms % 1000 < step:
                    world.wh[c.id - 1] += world.power
                    world.flowed += world.power
            self.loops()
            world.flash.check()  # nothing of what a station without power does reaches the world
            self.csms.step()

    def plug(self, n=1, ready=True):
        self.world.cars[n - 1] = True
        Setup.plug(self, n, ready)

    def unplug(self, n=1):
        self.world.cars[n - 1] = False
        Setup.unplug(self, n)

    def change(self, key, value):
        """ChangeConfiguration; once it is accepted it holds, whatever happens."""
        self.world.kept.pop(key, None)
        if self.ask("ChangeConfiguration", {"key": key, "value": value}) == {"status": "Accepted"}:
            self.world.kept[key] = value

    def make_operative(self, connector, operative):
        """ChangeAvailability, as `change`."""
        self.world.kept.pop(connector, None)
        kind = "Operative" if operative else "Inoperative"
        answer = self.ask("ChangeAvailability", {"connectorId": connector, "type": kind})
        if answer == {"status": "Accepted"}:
            self.world.kept[connector] = operative

    def event(self, kind, what):
        """Something happened that must be told: "firmware" or "security"."""
        world = self.world
        if what == "Installed":
            world.happened.append(("security", "FirmwareUpdated"))  # the station's own
        world.happened.append((kind, what))
        if kind == "firmware":
            self.station.firmware_status(what)
        else:
            self.station.security_event(what)
        world.flash.check()
        world.written = len(world.happened)

    def kept(self, key):
        if isinstance(key, int):
            return self.station.connectors[key - 1].operative
        return self.station.settings.text(key)


class World:
    protocol = "ocpp1.6"
    config = None
    recorder = Recorder

    def __init__(self, connectors=1, settings=None):
        self.connectors = connectors
        self.settings = {"MeterValueSampleInterval": "20", "HeartbeatInterval": "3600"}
        self.settings.update(settings or {})
        self.power = _WH
        self.flash = Flash(blocks=48)
        try:
            self.flash.umount()  # what a case that failed left behind
        except OSError:
            pass
        self.flash.mount()
        self.csms = self.recorder(self)
        self.wh = [1000] * connectors
        self.cars = [False] * connectors
        self.flowed = 0  # Wh in all
        self.ms = 0
        self.boots = 0
        self.leaves = True  # False: the car stays over a power cut
        self.kept = {}  # setting or connector -> what the station said it had accepted
        self.happened = []  # (kind, what) of events, in order
        self.written = 0  # how many of them are surely on flash
        self.errors = []  # what the station logged while it had power

    def logged(self, level, line):
        if level == 0 and not self.flash.dead:
            self.errors.append(line)

    def seconds(self):
        return self.ms // 1000

    def boot(self, online=True):
        self.boots += 1
        return Boot(self, online)

    def power_returns(self):
        """After a cut: the station boots on what is on flash, has a minute online, and serves
        another driver at each connector."""
        if self.leaves:
            self.cars = [False] * self.connectors
        s = self.boot()
        s.run(15000, _CALM)
        for n in range(self.connectors):
            if s.station.connectors[n].authorized:
                s.station.present(s.station.connectors[n].authorized, n + 1)
        s.run(3000)
        for n in range(self.connectors):
            s.unplug(n + 1)
        s.run(10000, _CALM)
        for n in range(self.connectors):
            if s.station.connectors[n].operative:
                before = self.flowed
                session(s, n + 1, "AFTER", 3000)
                assert self.flowed > before, "no energy at connector %d" % (n + 1)
        return s

    def judge(self, s, cuts):
        """Check what the central system got. `cuts`: how often power went."""
        csms = self.csms
        station = s.station
        assert not self.errors, self.errors
        assert station.log.pending() == 0, "still to be delivered: %d" % station.log.pending()
        assert station.log.damaged == 0 or cuts, "damaged without a cut"
        assert station.log.parked() == 0
        assert station.connection.connected and station.registration.accepted
        for key, value in self.kept.items():
            assert s.kept(key) == value, (key, s.kept(key), value)
        told = self._judge_transactions()
        doubt = min(_MOST_WH, 60 * self.power) * cuts * self.connectors
        assert told <= self.flowed, "told %d Wh, flowed %d" % (told, self.flowed)
        assert self.flowed - told <= doubt, "told %d Wh, flowed %d" % (told, self.flowed)
        assert csms.order == sorted(csms.order), "order of occurrence: %s" % csms.order
        for stamp in csms.order:
            assert NOW <= from_iso(stamp) <= csms.time() + 1, stamp
        # The last one may have been lost with the power, before anybody relied on it.
        assert self.written <= len(csms.events) <= len(self.happened), csms.events
        assert csms.events == self.happened[: len(csms.events)], (csms.events, self.happened)

    def _judge_transactions(self):
        """Each start has one stop, all belong together, and no Wh is in two. -> Wh told"""
        csms = self.csms
        told = 0
        last = [0] * self.connectors  # register up to which all is told
        spans = {}  # id -> (first, last register)
        for entry in sorted(csms.starts.values(), key=lambda e: (e[0]["meterStart"], e[1])):
            start, ids = entry[0], entry[1:]
            stops = [csms.stops[i] for i in ids if i in csms.stops]
            assert len(stops) == 1, "%d stops for %s" % (len(stops), start)
            lo, hi = start["meterStart"], stops[0]["meterStop"]
            n = start["connectorId"] - 1
            assert last[n] <= lo <= hi <= self.wh[n], (last[n], start, stops[0], self.wh)
            assert stops[0]["timestamp"] >= start["timestamp"], (start, stops[0])
            last[n] = hi
            told += hi - lo
            for id in ids:
                spans[id] = (n + 1, lo, hi)
        for id in csms.stops:
            assert id in spans, "a stop of %d, which never began" % id
        for payload in csms.meters:
            n, lo, hi = spans[payload["transactionId"]]
            for value in payload["meterValue"][0]["sampledValue"]:
                if value["measurand"] == "Energy.Active.Import.Register":
                    assert lo <= int(value["value"]) <= hi, (payload, lo, hi)
            assert payload["connectorId"] == n, payload
        return told


class Proof:
    """A scenario, tried with power cuts. `make()` gives a new World, `scenario(world)` returns the
    last Boot; without a cut `starts` transactions and `events` events are told."""

    def __init__(self, name, make, scenario, starts=0, events=0):
        self.name = name
        self.make = make
        self.scenario = scenario
        self.starts = starts
        self.events = events

    def run(self, twice=0):
        """Cut power at every block operation, before it and half-way through; at every
        `twice`-th of them, and a second time while the station recovers. -> number of cuts"""
        tape = self._uncut()
        cuts = 0
        for at in range(0, len(tape), twice or 1):
            for half in (False, True):
                again = (2 * at + half) % _RECOVERY
                cuts += self._try(tape, at, half, again if twice else None)
        print("%s: %d cuts at %d block operations" % (self.name, cuts, len(tape)))
        return cuts

    def sample(self):
        """Cut power at two operations. -> number of cuts"""
        tape = self._uncut()
        return self._try(tape, len(tape) // 3, True) + self._try(tape, len(tape) * 3 // 4, False)

    def _uncut(self):
        """The scenario as it goes if power stays. -> its Tape"""
        world = self._world()
        tape = Tape(world)
        s = self.scenario(world)
        tape.stop()
        world.judge(s, 0)
        assert len(world.csms.starts) == self.starts, world.csms.starts
        assert len(world.csms.events) == self.events, world.csms.events
        assert len(tape) > 5 and (world.flowed > 0) == (self.starts > 0), world.flowed
        world.flash.umount()
        return tape

    def _world(self):
        gc.collect()
        world = self.make()
        log.sink = world.logged
        return world

    def _try(self, tape, at, half, again=None):
        """One cut; `again`: and one at that operation of the recovery. -> how often power went"""
        try:
            recovery = self._cut(tape, at, half, 1)
            if again is None or again >= len(recovery):
                return 1
            self._cut(recovery, again, half, 2)
            return 2
        except Exception as e:
            where = (self.name, at, ", half-way" if half else "", again)
            print("%s: cut at operation %d%s; then at %s" % where)
            raise e

    def _cut(self, tape, at, half, cuts):
        """Power goes as on the tape, for the `cuts`-th time. -> Tape of the recovery"""
        world = self._world()
        tape.rewind(world, at, half)
        recovery = Tape(world)
        s = world.power_returns()
        recovery.stop()
        world.judge(s, cuts)
        world.flash.umount()
        return recovery


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
