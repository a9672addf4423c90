# marks: slow
# heap: 6M
"""Anything in any order: what must hold at every moment, and what must be true once all is calm
again."""

import os
import random

from central import Setup, fresh_directory

from ocpp.rpc import CallError

_TAGS = ("A", "B", "b", "C" * 20, "Ü", "X" * 21)


def broken(*_):
    raise OSError(5)


class Chaos(Setup):
    """A station whose world does one thing at random each half second."""

    def __init__(self, seed, connectors=2, **more):
        super().__init__(connectors, **more)
        random.seed(seed)
        self.done = []
        self.unlocked = True
        self.station.on_reset = lambda kind: False
        self.station.on_unlock = lambda c: self.unlocked
        self.csms.answers["StartTransaction"] = self.started
        self.good = dict(self.csms.answers)
        self.ids = {}  # content of a start -> id it was given last
        for c in self.station.connectors:
            c.measure("Voltage", lambda: random.choice((230, 229.5, None)), None, "L1-N")
        self.draw = 7

    def connector(self):
        return random.choice(self.station.connectors)

    def note(self, *what):
        self.done.append(what)

    def act(self):
        acts = (
            self.plug_one,
            self.plug_one,
            self.card,
            self.card,
            self.unplug_one,
            self.ev,
            self.link,
            self.fault,
            self.remote,
            self.remote,
            self.availability,
            self.unlock,
            self.reset,
            self.answers,
            self.setting,
            self.late,
            self.hold,
            self.station_fault,
            self.meter,
            self.trigger,
            self.many,
        )
        act = random.choice(acts + (self.heal,) * 4 + (self.user,) * 12)
        self.note(act.__name__ if hasattr(act, "__name__") else act)
        act()

    def plug_one(self):
        self.plug(self.connector().id, random.random() < 0.8)

    def started(self, payload):
        answer = self.csms._start(payload)
        self.ids[str(sorted(payload.items()))] = answer["transactionId"]
        return answer

    def bill(self):
        """Each start that was taken has one stop, however often it was told."""
        stops = {}
        for p in self.csms.sent("StopTransaction"):
            stops.setdefault(p["transactionId"], set()).add(str(sorted(p.items())))
        last = {}  # content -> was it the good answer that came last?
        for p in self.csms.sent("StartTransaction"):
            last[str(sorted(p.items()))] = p
        for content in last:
            id = self.ids.get(content)
            if id is not None:
                assert len(stops.get(id, ())) == 1 or stops.get(-1) or stops.get(-7), (id, content)
        for id, contents in stops.items():
            assert id in (-1, -7) or len(contents) == 1, (id, contents)

    def heal(self):
        """Most of the time most things work."""
        for c in self.station.connectors:
            c.clear_error()
            c.start_ready = c.stop_ready = True
        self.hardware = True
        self.station.clear_error("OtherError")
        self.csms.answers.update(self.good)
        self.call("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
        if not self.connection.connected:
            self.connection.connect("ocpp1.6")

    def user(self):
        """Somebody who knows how to charge, or to end it."""
        c = self.connector()
        if c.tx:
            return self.station.present(c.tx.id_token or "NOBODY", c.id)
        if c.finishing:
            self.unplug(c.id)
            self.run(200)
        self.plug(c.id)
        self.run(200)
        self.station.present("U%d" % c.id, c.id)

    def unplug_one(self):
        self.unplug(self.connector().id)

    def card(self):
        c = random.choice((None, self.connector().id))
        self.station.present(random.choice(_TAGS), c)

    def ev(self):
        c = self.connector()
        c.ev_ready = c.plugged and not c.ev_ready

    def link(self):
        if self.connection.connected:
            self.connection.disconnect()
        else:
            self.connection.connect("ocpp1.6")

    def fault(self):
        c = self.connector()
        if c.errors:
            c.clear_error()
        else:
            c.set_error(
                random.choice(("GroundFailure", "OtherError", "WeakSignal")),
                faulted=random.random() < 0.6,
            )

    def station_fault(self):
        if random.random() < 0.3:
            self.station.set_error("OtherError", "smoke")
        else:
            self.station.clear_error("OtherError")

    def call(self, action, payload):
        self.csms._count += 1
        import json

        self.connection.far.send(json.dumps([2, "c%d" % self.csms._count, action, payload]))

    def remote(self):
        if random.random() < 0.5:
            payload = {"idTag": random.choice(_TAGS)[:20]}
            if random.random() < 0.6:
                payload["connectorId"] = random.randrange(0, 4)
            self.call("RemoteStartTransaction", payload)
        else:
            self.call("RemoteStopTransaction", {"transactionId": random.randrange(0, 12)})

    def availability(self):
        kind = random.choice(("Operative", "Operative", "Inoperative"))
        self.call("ChangeAvailability", {"connectorId": random.randrange(0, 3), "type": kind})

    def unlock(self):
        self.unlocked = random.choice((True, False, None))
        self.call("UnlockConnector", {"connectorId": random.randrange(0, 4)})

    def reset(self):
        if random.random() < 0.05:
            self.call("Reset", {"type": random.choice(("Soft", "Hard"))})

    def answers(self):
        action = random.choice(list(self.good))
        odd = (
            None,
            CallError("InternalError", "x"),
            {},
            {"x": 1},
            {"status": None},
            {"idTagInfo": {"status": "Invalid"}},
            {"transactionId": -7, "idTagInfo": {"status": "Blocked"}},
        )
        self.csms.answers[action] = (
            self.good[action] if random.random() < 0.6 else random.choice(odd)
        )

    def setting(self):
        key, values = random.choice(
            (
                ("StopTransactionOnEVSideDisconnect", ("true", "false")),
                ("UnlockConnectorOnEVSideDisconnect", ("true", "false")),
                ("StopTransactionOnInvalidId", ("true", "false")),
                ("MaxEnergyOnInvalidId", ("0", "50")),
                ("ConnectionTimeOut", ("0", "3", "60")),
                ("MinimumStatusDuration", ("0", "2")),
                ("MeterValueSampleInterval", ("0", "2", "60")),
                ("ClockAlignedDataInterval", ("0", "900")),
                ("LocalPreAuthorize", ("true", "false")),
                ("AllowOfflineTxForUnknownId", ("true", "false")),
                ("FreeVend", ("true", "false", "false")),
                ("AuthorizeRemoteTxRequests", ("true", "false")),
                ("HeartbeatInterval", ("1", "300")),
                ("StopTxnSampledData", ("", "Energy.Active.Import.Register,Voltage")),
                ("TransactionMessageAttempts", ("1", "3")),
                ("MessageTimeout", ("2", "30")),
            )
        )
        self.call("ChangeConfiguration", {"key": key, "value": random.choice(values)})

    def late(self):
        for c in self.station.connectors:
            c.start_ready = random.random() < 0.8
            c.stop_ready = random.random() < 0.8

    def hold(self):
        self.hardware = random.random() < 0.8

    def meter(self):
        c = self.connector()
        c.bind("energy_wh", broken if random.random() < 0.3 else self._meter(c))

    def trigger(self):
        self.call("GetConfiguration", {})

    def many(self):
        for _ in range(random.randrange(12)):
            self.call("GetConfiguration", {"key": ["HeartbeatInterval"]})

    def look(self):
        """What must hold at any moment."""
        station = self.station
        opened = [key for key, _ in station.log.open_transactions()]
        for c in station.connectors:
            if c.charging_permitted:
                assert c.plugged and not c.faulted and not station.errors_fault(), self.done[-5:]
                assert not c.tx.ending and not c.tx.suspended and c.tx.key in opened
            assert c.tx is None or c.tx.key in opened
            assert not (c.tx and c.grant)
        assert len(station.jobs) <= 9 and len(station.rpc._queue) <= 16
        assert len(station.rpc._answers) <= 9
        failed = [e.info for e in station.errors if "failed" in e.info]
        assert not failed, (failed, self.done[-5:])

    def calm(self):
        """All is well again; nothing may be left over."""
        self.hardware = True
        self.unlocked = True
        self.csms.answers.clear()
        self.csms.answers.update(self.good)
        for c in self.station.connectors:
            c.clear_error()
            c.bind("energy_wh", self._meter(c))
            c.start_ready = c.stop_ready = True
        self.station.clear_error()
        for key, value in (
            ("MessageTimeout", "5"),
            ("HeartbeatInterval", "300"),
            ("MinimumStatusDuration", "0"),
            ("FreeVend", "false"),
        ):
            self.station.settings.force(key, value)
        for n in range(len(self.wh)):
            self.unplug(n + 1)
        self.run(60000, 100)
        if not self.connection.connected:
            self.connection.connect("ocpp1.6")
        self.station.change_availability(0, True)
        for c in self.station.connectors:
            c.end()
            c.release_lock()
        for _ in range(40):
            self.run(60000, 200)

    def verdict(self):
        station = self.station
        states = [c.status for c in station.connectors]
        assert states == ["Available"] * len(states), states
        assert station.log.pending() == 0 and station.log.open_transactions() == []
        assert not station.rpc._queue and not station.jobs and not station.rpc.busy
        assert not station.tokens.busy
        for n in range(len(states) + 1):
            assert self.csms.statuses(n)[-1] == "Available", (n, self.csms.statuses(n))
        assert not station.resetting
        self.bill()
        self.csms.forget()
        for n in range(len(states)):  # and each connector charges
            self.charge(n + 1, "LAST%d" % n)
            assert station.connectors[n].charging_permitted
            station.present("LAST%d" % n)
            self.run(1000)
        assert len(self.csms.sent("StopTransaction")) == len(states)


def one(seed, rounds=250):
    s = Chaos(seed, settings={"AllowOfflineTxForUnknownId": "true"})
    s.station.errors_fault = lambda: any(e.faulted for e in s.station.errors)
    s.run(1000)
    for _n in range(rounds):
        s.act()
        for _ in range(5):
            s.run(100, 20)
            s.look()
    s.calm()
    assert len(s.csms.sent("StartTransaction")) > 9
    s.verdict()


def test_chaos_1():
    one(1)


def test_chaos_2():
    one(2)


def test_chaos_3():
    one(3)


def together(stations, loops, tidy=False):
    """All run, in turns; `tidy`: each now and then unloads what the others may be using."""
    for n in range(loops):
        for s in stations:
            s.run(20)
            if tidy and n % 20 == 0:
                s.station.tidy()


def test_two_stations_in_one_process():
    root = fresh_directory()
    for name in ("/a", "/b"):
        os.mkdir(root + name)
    stations = (Setup(root=root + "/a"), Setup(connectors=2, root=root + "/b"))
    for turn in range(6):
        for s in stations:
            s.plug()
        together(stations, 30)
        for s in stations:
            s.station.present("TAG1", 1)
        together(stations, 60, True)
        assert [s.c.charging_permitted for s in stations] == [True, True], turn
        for s in stations:
            assert s.ask("GetConfiguration", {})["configurationKey"]
            s.station.present("TAG1", 1)
            s.unplug()
        together(stations, 40)
    for s in stations:
        assert len(s.csms.sent("StartTransaction")) == len(s.csms.sent("StopTransaction")) == 6
        assert not s.station.errors


def test_modules_let_go_while_a_question_and_a_job_are_open():
    s = Setup()
    s.run(500)
    s.csms.answers["Authorize"] = None
    opened = []
    s.station.on_unlock = lambda c: True if opened else None
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.connection.far.send('[2,"u","UnlockConnector",{"connectorId":1}]')
    s.connection.far.send('[2,"g","GetConfiguration",{}]')
    for _ in range(20):
        s.run(30)
        s.station.tidy()
    opened.append(1)
    s.csms.end.send('[3,"%s",{"idTagInfo":{"status":"Accepted"}}]' % s.station.rpc.sent.id)
    for _ in range(40):
        s.run(30)
        s.station.tidy()
    assert s.c.tx and s.csms.results["u"] == {"status": "Unlocked"}
    assert s.csms.results["g"]["configurationKey"]
