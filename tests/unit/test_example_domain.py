"""docs/examples/foreign_rpc.py: the domain over somebody else's RPC, ours not in memory."""

import sys

from central import NOW, fresh_directory
from support import FakeClock

sys.path.append("docs/examples")
import foreign_rpc

import ocpp
from ocpp.calls import CallError
from ocpp.iso import to_iso

for name in ("ocpp.rpc", "ocpp.incoming", "ocpp.strictjson", "ocpp.loopback"):
    sys.modules.pop(name, None)  # the helpers' own imports


class World:
    def __init__(self, settings=None):
        self.clock = FakeClock()
        self.calls = []
        self.remote = foreign_rpc.Direct(self._central)
        config = {"connectors": 1, "settings": settings or {}}
        root = fresh_directory()
        self.station = ocpp.Station(config, root, self.clock, remote=self.remote)
        self.c = self.station.connector(1)
        self.refuse = ()  # actions that end in an error
        self.remote.set_online(True)
        self.run(500)

    def _central(self, action, payload):
        self.calls.append((action, payload))
        if action in self.refuse:
            raise CallError("InternalError", "no")
        if action == "BootNotification":
            time = to_iso(NOW + self.clock.uptime())
            return {"status": "Accepted", "interval": 300, "currentTime": time}
        if action == "StartTransaction":
            return {"transactionId": 5, "idTagInfo": {"status": "Accepted"}}
        return {"idTagInfo": {"status": "Accepted"}} if action == "Authorize" else {}

    def run(self, ms):
        for _ in range(ms // 10):
            self.clock.advance(10)
            self.station.loop()

    def ask(self, action, payload):
        answers = []
        self.remote.ask(action, payload, lambda result, error: answers.append(error or result))
        self.run(500)
        return answers[0]

    def actions(self):
        found = [action for action, _ in self.calls]
        self.calls = []
        return found


def test_a_session_without_our_rpc():
    w = World()
    assert w.actions() == ["BootNotification", "StatusNotification", "StatusNotification"]
    w.c.plugged = w.c.ev_ready = True
    w.station.present("TAG1", 1)
    w.run(1500)
    assert w.c.transaction.id == 5 and w.c.status == "Charging"
    w.c.energy_wh = 250
    assert w.ask("RemoteStopTransaction", {"transactionId": 5}) == {"status": "Accepted"}
    w.run(1000)
    stop = [p for a, p in w.calls if a == "StopTransaction"][0]
    assert (stop["meterStop"], stop["reason"]) == (250, "Remote")
    actions = w.actions()
    assert actions.index("Authorize") < actions.index("StartTransaction")
    assert w.station.ocpp_status()["queued"] == 0
    for name in ("rpc", "incoming", "strictjson", "connection"):
        assert "ocpp." + name not in sys.modules, name


def test_what_happens_without_a_link_is_told_later():
    w = World()
    w.station.set_online(False)
    w.c.plugged = w.c.ev_ready = True
    assert w.c.begin("TAG1", authorized=True)
    w.run(2000)
    w.c.end()
    w.run(1000)
    w.actions()
    assert w.station.ocpp_status()["queued"] == 2
    w.station.set_online(True)
    w.run(1000)
    transactions = [a for a in w.actions() if a.endswith("Transaction")]
    assert transactions == ["StartTransaction", "StopTransaction"]


def test_calls_questions_and_errors_of_the_host():
    w = World()
    got = []
    w.refuse = ("DataTransfer",)
    w.station.call("DataTransfer", {"vendorId": "v"}, lambda *answer: got.append(answer))
    w.run(100)
    assert got[0][0] is None and got[0][1].code == "InternalError"
    assert w.ask("NoSuchAction", {}).code == "NotImplemented"
    assert w.ask("Reset", {"type": "Warm"}).code == "PropertyConstraintViolation"
    w.station.handle("VendorThing", lambda request: {"seen": request.payload})
    assert w.ask("VendorThing", {"a": 1}) == {"seen": {"a": 1}}
    w.station.on_unlock = lambda connector: True
    assert w.ask("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}  # later
