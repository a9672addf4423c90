"""docs/examples/rpc_alone.py: the call layer under somebody else's logic, nothing else of ocppy in
memory."""

import json
import sys

from support import FakeClock

from ocpp.loopback import Loopback

sys.path.append("docs/examples")
from rpc_alone import Charger

ALLOWED = {"calls", "clock", "incoming", "log", "loopback", "modules", "rpc", "strictjson"}


class World:
    def __init__(self):
        self.clock = FakeClock()
        self.link = Loopback(self.clock)
        self.charger = Charger(self.link, self.clock)
        self.link.connect()

    def run(self, ms=100):
        """What the charger has sent meanwhile."""
        frames = []
        for _ in range(ms // 10):
            self.clock.advance(10)
            self.charger.step()
            text = self.link.far.recv()
            if text:
                frames.append(json.loads(text))
        return frames

    def tell(self, *frame):
        self.link.far.send(json.dumps(frame))
        return self.run()


def booted():
    w = World()
    boot = w.run()[0]
    assert boot[2] == "BootNotification"
    beat = w.tell(3, boot[1], {"status": "Accepted", "interval": 5, "currentTime": ""})[0]
    assert beat[2] == "Heartbeat" and w.tell(3, beat[1], {}) == []
    assert w.charger.registered and w.charger.heartbeats == 1
    return w


def test_nothing_of_the_domain_is_loaded():
    booted().tell(2, "1", "Reset", {})
    loaded = [m[5:] for m in sys.modules if m.startswith("ocpp.")]
    assert "rpc" in loaded and "incoming" in loaded
    assert set(loaded) <= ALLOWED, loaded


def test_answers_now_later_and_never():
    w = booted()
    assert w.tell(2, "1", "Reset", {}) == [[3, "1", {"status": "Accepted"}]]
    error = w.tell(2, "2", "GetConfiguration", {})[0]
    assert error[:3] == [4, "2", "NotImplemented"]
    beat = w.tell(2, "3", "ClearCache", {})  # answered once the heartbeat is
    assert [f[2] for f in beat] == ["Heartbeat"]
    assert w.tell(3, beat[0][1], {}) == [[3, "3", {"status": "Accepted"}]]
    assert w.charger.resets == 1


def test_one_call_at_a_time_and_its_timeout():
    w = World()
    first = w.run()[0]
    again = w.run(10100)  # not answered: booted anew, one call at a time
    assert [f[2] for f in again] == ["BootNotification"] and again[0][1] != first[1]
    w.charger.rpc.call("Heartbeat", {})
    assert w.run(1000) == []


def test_a_connection_that_goes():
    w = World()
    w.run()
    w.link.disconnect()
    w.run()
    w.link.connect()
    assert [f[2] for f in w.run()] == ["BootNotification"]
