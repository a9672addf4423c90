"""Random lives of a station of OCPP 2.0.1 as `soak.py` has them in 1.6, shorter: power goes at any
operation of the flash, the central system is moody, asks for reports, resets, changes settings,
profiles and availability; in some lives it speaks now 2.0.1, now 1.6. In the end all was told,
once, and no energy is missing or told twice."""

import random

from cases201 import Case, whole
from central import NOW
from powercut import Flash, PowerCut
from test_points_walk import POINTS, subset

from ocpp.calls import CallError
from ocpp.log import log

_DOUBT = const(110)  # Wh that a power cut may cost a transaction
_REGISTER = const("Energy.Active.Import.Register")
_OWN = ("error station:", "error job:", "error event:", "error rpc: after")
OCPP = {"url": "ws://x/", "id": "cp", "version": ["2.0.1", "1.6"]}
CARDS = ("TAG1", "TAG2", "TAG3")
VARIABLES = (
    ("TxCtrlr", "TxStartPoint", POINTS),
    ("TxCtrlr", "StopTxOnEVSideDisconnect", ("true", "false")),
    ("TxCtrlr", "EVConnectionTimeOut", ("10", "30")),
    ("SampledDataCtrlr", "TxUpdatedInterval", ("0", "15", "60")),
    ("SampledDataCtrlr", "TxEndedInterval", ("0", "30")),
    ("AlignedDataCtrlr", "Interval", ("0", "60")),
    ("OCPPCommCtrlr", "HeartbeatInterval", ("30", "300", "-1")),
    ("AuthCtrlr", "LocalPreAuthorize", ("true", "false")),
)
REPORTS = (
    ("GetBaseReport", {"requestId": 1, "reportBase": "SummaryInventory"}),
    ("GetReport", {"requestId": 2, "componentCriteria": ["Problem"]}),
    ("GetMonitoringReport", {"requestId": 3}),
    ("GetChargingProfiles", {"requestId": 4, "chargingProfile": {}}),
    ("GetCompositeSchedule", {"evseId": 1, "duration": 3600}),
    ("GetTransactionStatus", {}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification"}),
    ("TriggerMessage", {"requestedMessage": "TransactionEvent"}),
    ("ClearChargingProfile", {"chargingProfileId": 1}),
    ("ClearCache", {}),
)
ACTS = (
    "plug plug unplug unplug ready bay card card session session session remote_start remote_stop"
    " link fault limit wait power power reset availability variable report report profile monitor"
    " unlock mood"
).split()


class Home(Case):
    """One boot on a flash that may lose power."""

    def loops(self):
        for _ in range(9):
            self.station.loop()
            self.life.flash.check()
            if not self.station.busy:
                break


class Life:
    def __init__(self, seed):
        random.seed(seed)
        self.flash = Flash(blocks=64)
        self.flash.mount()
        self.wh = [0] * random.choice((1, 2))
        self.settings = {
            "OnPowerLoss": random.choice(("stop", "resume")),
            "AuthCtrlr.OfflineTxForUnknownIdEnabled": random.choice(("true", "false")),
            "TxCtrlr.TxStartPoint": subset(),
            "TxCtrlr.TxStopPoint": subset(),
        }
        self.lock = random.choice((True, False))
        self.story = [(len(self.wh), self.settings, self.lock)]
        self.bad = 0  # percent of the answers that go wrong
        self.mixed = self.speaks_both = len(self.wh) == 1 and seed % 2 == 1
        self.told = {}  # transaction id -> events by number
        self.starts, self.ends = set(), set()  # (register, timestamp) of transactions
        self.cuts = 0
        self.base = 0  # s before this boot
        self.world = [(False, False, False)] * len(self.wh)
        self.own = []  # faults of the station's own
        log.sink = self.logged
        self.s = None
        self.boot("PowerUp")

    def logged(self, level, line):
        if level == 0 and line.startswith(_OWN) and not self.flash.dead:
            self.own.append(line)

    # -- boots --

    def boot(self, reason):
        id = self.s.csms.next_transaction if self.s else 1
        while True:
            try:
                self.s = s = Home(
                    connectors=len(self.wh),
                    settings=self.settings,
                    root="/flash",
                    config={"connector_lock": self.lock, "ocpp": dict(OCPP)},
                    up=False,
                )
                self.flash.check()
                break
            except (PowerCut, OSError):
                self.restored()
        s.life = self
        s.wh = self.wh
        s.draw = 3
        s.station.boot_reason = reason
        s.station.on_reset = self.wants
        self.wish = None
        s.csms.next_transaction = id
        s.csms.time = lambda: NOW + self.base + s.clock.uptime()
        for action, answer in list(s.csms.answers.items()):
            s.csms.answers[action] = self.moody(action, answer)
        for c, (plugged, ready, occupied) in zip(s.station.connectors, self.world):
            c.plugged, c.ev_ready, c.occupied = plugged, ready, occupied
        if random.randrange(5):
            self.connect()

    def connect(self):
        self.flush()
        old = self.mixed and random.randrange(3) == 0
        self.s.connection.connect("ocpp1.6" if old else "ocpp2.0.1")

    def flush(self):
        """What was told is looked at, and forgotten."""
        if self.s.station.dialect.package == "ocpp.v2":
            self.s.forget()
        else:
            self.s.csms.forget()

    def wants(self, kind):
        self.wish = kind
        return True

    def restored(self):
        self.cuts += 1
        self.flash.restore()
        self.flash.umount()
        self.flash.mount()

    def again(self, reason):
        """What is in memory is gone."""
        self.world = [(c.plugged, c.ev_ready, c.occupied) for c in self.s.station.connectors]
        self.base += self.s.clock.uptime() + random.randrange(5, 100)
        self.s.station.tidy()
        self.boot(reason)

    def moody(self, action, answer):
        def told(p):
            fate = "lost refused silent".split()[random.randrange(3)]
            if random.randrange(100) >= self.bad:
                fate = None
            if fate == "lost":
                return None
            if fate == "refused":
                return CallError("InternalError", "not now")
            if action == "TransactionEvent":
                self.note(p)
            elif action == "StartTransaction":
                self.starts.add((p["meterStart"], p["timestamp"]))
            elif action == "StopTransaction":
                self.ends.add((p["meterStop"], p["timestamp"]))
            found = answer(p) if callable(answer) else answer
            return None if fate == "silent" else found

        return told

    def note(self, p):
        events = self.told.setdefault(p["transactionInfo"]["transactionId"], {})
        assert events.setdefault(p["seqNo"], p) == p, "told twice, differently"
        for context, book in (("Transaction.Begin", self.starts), ("Transaction.End", self.ends)):
            for wh in registers(p, context):
                book.add((wh, p["timestamp"]))

    # -- what happens --

    def step(self):
        name = random.choice(ACTS)
        n = random.randrange(len(self.wh)) + 1
        self.story.append((name, n))
        try:
            getattr(self, name)(n)
            self.run(random.choice((100, 400, 1500, 4000, 20000)))
        except PowerCut:
            self.restored()
            self.again("PowerUp")

    def run(self, ms):
        s = self.s
        while ms > 0:
            s.run(50, 50)
            ms -= 50
            if self.wish:
                for c in s.station.connectors:
                    assert c.tx is None, "reset in a transaction"
                self.again("RemoteReset")
                s = self.s
        for c in s.station.connectors:
            if c.charging_permitted:
                assert c.plugged and not c.faulted and not c.paused
                assert c.tx.authorized if c.tx else c.grant.offered
        self.flush()

    def connector(self, n):
        return self.s.station.connectors[n - 1]

    def ask(self, action, payload):
        """Whatever the answer is: it is there, if the link lasts."""
        s = self.s
        if s.station.online and s.station.dialect.package == "ocpp.v2":
            answer = s.ask(action, payload, 4000)
            kept = s.connection.connected and not self.wish
            assert answer is not None or not kept, (action, payload)

    def plug(self, n):
        self.s.plug(n, random.choice((True, True, False)))

    def unplug(self, n):
        self.s.unplug(n)

    def ready(self, n):
        c = self.connector(n)
        c.ev_ready = c.plugged and not c.ev_ready

    def bay(self, n):
        c = self.connector(n)
        c.occupied = not c.occupied

    def session(self, n):
        self.s.plug(n)
        self.run(random.choice((100, 2000)))
        self.s.station.present(random.choice(CARDS), n)

    def card(self, n):
        self.s.station.present(random.choice(CARDS), random.choice((n, None)))

    def remote_start(self, n):
        token = {"idToken": "R", "type": "Central"}
        self.ask("RequestStartTransaction", {"idToken": token, "remoteStartId": 1, "evseId": n})

    def remote_stop(self, n):
        tx = self.connector(n).tx
        self.ask("RequestStopTransaction", {"transactionId": str(tx.id) if tx else "x"})

    def link(self, n):
        connection = self.s.connection
        if connection.connected:
            connection.disconnect()
        else:
            self.connect()

    def fault(self, n):
        c = self.connector(n)
        if c.errors:
            c.clear_error()
        else:
            c.set_error(random.choice(("GroundFailure", "ConnectorLockFailure")))

    def limit(self, n):
        self.s.station.set_limit(n, random.choice((0, 10000, None)))

    def wait(self, n):
        self.run(60000)

    def power(self, n):
        self.flash.cut(random.randrange(1, random.choice((5, 20, 60))), random.choice((0, 1)))

    def reset(self, n):
        payload = {"type": random.choice(("Immediate", "OnIdle"))}
        if random.randrange(4) == 0:
            payload["evseId"] = n
        self.ask("Reset", payload)

    def availability(self, n):
        payload = {"operationalStatus": random.choice(("Operative", "Operative", "Inoperative"))}
        if random.choice((True, False)):
            payload["evse"] = {"id": n}
        self.ask("ChangeAvailability", payload)

    def variable(self, n):
        component, name, values = random.choice(VARIABLES)
        item = {"component": {"name": component}, "variable": {"name": name}}
        item["attributeValue"] = random.choice(values)
        self.ask("SetVariables", {"setVariableData": [item]})

    def report(self, n):
        self.ask(*random.choice(REPORTS))

    def profile(self, n):
        period = {"startPeriod": 0, "limit": random.choice((0, 8, 16))}
        schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        profile = {
            "id": random.randrange(3),
            "stackLevel": random.randrange(3),
            "chargingProfilePurpose": random.choice(("TxProfile", "TxDefaultProfile")),
            "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }
        tx = self.connector(n).tx
        if profile["chargingProfilePurpose"] == "TxProfile":
            profile["transactionId"] = str(tx.id) if tx else "x"
        self.ask("SetChargingProfile", {"evseId": n, "chargingProfile": profile})

    def monitor(self, n):
        item = {
            "component": {"name": "Connector", "evse": {"id": n, "connectorId": 1}},
            "variable": {"name": "AvailabilityState"},
            "type": "Delta",
            "value": 1,
            "severity": random.randrange(10),
        }
        self.ask("SetVariableMonitoring", {"setMonitoringData": [item]})

    def unlock(self, n):
        self.ask("UnlockConnector", {"evseId": n, "connectorId": 1})

    def mood(self, n):
        self.bad = random.choice((0, 0, 10, 40))

    # -- the end --

    def calm(self):
        """All is well again, and everything is told."""
        self.bad = 0
        self.flash.restore()
        self.mixed = False
        if self.s.station.dialect.package != "ocpp.v2":
            self.s.connection.disconnect()
        if not self.s.connection.connected:
            self.connect()
        self.run(100000)
        s = self.s
        s.leave()
        self.ask("ChangeAvailability", {"operationalStatus": "Operative"})
        for c in s.station.connectors:
            self.ask(
                "ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": c.id}}
            )
        self.run(2000)
        for c in self.s.station.connectors:
            c.end(None, "Local", True)
            c.release_lock()
        self.run(400000)  # the longest pause between attempts
        self.s.station.log.resend()
        self.run(20000)

    def judge(self):
        s = self.s
        station = s.station
        assert station.online and not station.errors and self.own == [], (station.errors, self.own)
        assert station.log.pending() == 0 and station.log.parked() == 0
        for c in station.connectors:
            assert c.tx is None and c.grant is None and c.usage() == "Available", c.usage()
        assert len(self.starts) == len(self.ends), (self.starts, self.ends)
        told = sum([wh for wh, _ in self.ends]) - sum([wh for wh, _ in self.starts])
        lost = sum(self.wh) - told
        assert 0 <= lost <= self.cuts * _DOUBT, (lost, self.cuts)
        if not self.speaks_both:
            self.judge_events()
        return len(self.ends)

    def judge_events(self):
        spans = []
        for id, events in self.told.items():
            numbers = whole(id, events)
            begin = [v for n in numbers for v in registers(events[n], "Transaction.Begin")]
            if begin:
                end = registers(events[numbers[-1]], "Transaction.End")[-1]
                evses = {events[n]["evse"]["id"] for n in numbers if "evse" in events[n]}
                assert len(evses) == 1, (id, evses)
                spans.append((evses.pop(), begin[0], end))
        last = {}
        for evse, begin, end in sorted(spans):
            assert last.get(evse, 0) <= begin <= end, (evse, begin, end, last)
            last[evse] = end


def registers(event, context):
    return [
        v["value"]
        for m in event.get("meterValue", ())
        for v in m["sampledValue"]
        if v["context"] == context and v.get("measurand", _REGISTER) == _REGISTER
    ]
