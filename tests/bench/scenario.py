"""What the benches run on MicroPython: a station of two connectors and a small central system.

Kept small and apart from `lib/`, because its own heap is measured and taken off.
"""

import json

_NOW = const(1795230000)  # 2026-11-21T03:00:00Z
_TIME = "2026-11-21T03:00:00Z"
_STEP_MS = const(10)

ANSWERS = {
    "BootNotification": '{"status":"Accepted","interval":300,"currentTime":"%s"}' % _TIME,
    "Heartbeat": '{"currentTime":"%s"}' % _TIME,
    "Authorize": '{"idTagInfo":{"status":"Accepted"}}',
    "DataTransfer": '{"status":"Accepted"}',
}
CONFIG = {
    "board": "sim",
    "connectors": 2,
    "charge_point": {
        "vendor": "ocppy",
        "model": "Sim",
        "serial": "0001",
        "box_serial": "B1",
        "firmware": "1.0.0",
        "meter_type": "sim",
        "meter_serial": "M1",
        "iccid": "",
        "imsi": "",
    },
    "ocpp": {"url": "ws://127.0.0.1/", "id": "cp001", "version": "1.6"},
    "settings": {"MeterValueSampleInterval": "10"},
}


class Central:
    """Answers everything; its frames are told by number only."""

    def __init__(self):
        self.end = None  # the far end of the connection
        self.transaction = 0  # the last id given
        self.counts = {}  # action -> calls received
        self.asked = 0  # calls sent
        self.question = None  # action of the last of them
        self.answer = None  # of our last call: the result, or the error's code

    def step(self):
        text = self.end.recv()
        if text is None:
            return
        frame = json.loads(text)
        if frame[0] != 2:
            self.answer = frame[2]
            return
        action = frame[2]
        self.counts[action] = self.counts.get(action, 0) + 1
        if action == "StartTransaction":
            self.transaction += 1
            result = '{"idTagInfo":{"status":"Accepted"},"transactionId":%d}' % self.transaction
        else:
            result = ANSWERS.get(action, "{}")
        self.end.send('[3,"%s",%s]' % (frame[1], result))

    def ask(self, action, payload):
        self.asked += 1
        self.question = action
        self.answer = None
        self.end.send('[2,"b%d","%s",%s]' % (self.asked, action, payload))


def make_clock():
    """A clock moved by hand: `clock.now += ms`."""
    from ocpp.clock import Clock

    class BenchClock(Clock):
        now = 0

        def ticks(self):
            return self.now

    return BenchClock()


class Bench:
    """A station on a loopback. `idle()`, `session()`, `core()` are generators: one `next()` is one
    step of 10 ms, so that the caller can measure around each."""

    def __init__(self, root):
        from ocpp.instance import Station
        from ocpp.loopback import Loopback

        self.root = root
        self.clock = make_clock()
        self.wh = [0, 0]
        self.in_session = True  # False once `core()` has played its first session
        self.central = Central()
        self.connection = Loopback(self.clock)
        self.central.end = self.connection.far
        self.station = Station(CONFIG, root, self.clock, connection=self.connection)
        self.reset = None  # kind of the reset the station was told to make
        self.station.on_reset = self._on_reset
        for c in self.station.connectors:
            self._wire(c)
        self.connection.connect()

    def _wire(self, c):
        c.bind("energy_wh", lambda: self.wh[c.id - 1])
        c.measure("Current.Import", lambda: 16.0, "A", "L1")
        c.measure("Voltage", lambda: 230.0, "V", "L1")
        c.measure("Power.Active.Import", lambda: 3680, "W")

    def _on_reset(self, kind):
        self.reset = kind

    def around(self):
        """The world between two loops: time, contactors, meters, the central system."""
        self.clock.now += _STEP_MS
        for c in self.station.connectors:
            c.evse_ready = c.charging_permitted
            if c.evse_ready and c.ev_ready and self.clock.now % 1000 == 0:
                self.wh[c.id - 1] += 1
        self.central.step()

    def step(self):
        self.station.loop()

    def plug(self, n, plugged):
        c = self.station.connectors[n - 1]
        c.plugged = c.ev_ready = plugged

    def idle(self, ms):
        for _ in range(ms // _STEP_MS):
            yield None

    def until(self, what, fits, ms=10000):
        """Steps until `fits()`; RuntimeError if it takes too long."""
        for _ in range(ms // _STEP_MS):
            if fits():
                return
            yield None
        raise RuntimeError("bench: no " + what)

    def session(self, n=1, seconds=60):
        """Plug, card, charge, card, unplug."""
        c = self.station.connectors[n - 1]
        self.plug(n, True)
        yield from self.until("Preparing", lambda: c.status == "Preparing")
        self.station.present("DEADBEEF", n)
        yield from self.until("Charging", lambda: c.status == "Charging")
        yield from self.idle(seconds * 1000)
        self.station.present("DEADBEEF", n)
        yield from self.until("Finishing", lambda: c.status == "Finishing")
        self.plug(n, False)
        yield from self.until("Available", lambda: c.status == "Available")
        yield from self.idle(1000)

    def ask(self, action, payload, wanted):
        """A CALL of the central system; its result's status must be `wanted` (None: any)."""
        central = self.central
        central.ask(action, payload)
        yield from self.until(action, lambda: central.answer is not None)
        answer = central.answer
        if wanted and (not isinstance(answer, dict) or answer.get("status") != wanted):
            raise RuntimeError("bench: %s: %s" % (action, answer))

    def core(self):
        """Every operation of the Core profile, both ways, a session, and one while offline."""
        station, central = self.station, self.central
        yield from self.until("boot", lambda: central.counts.get("StatusNotification", 0) >= 3)
        yield from self.session(1, 65)
        self.in_session = False
        for action, payload, wanted in _CALLS:
            yield from self.ask(action, payload, wanted)
        yield from self.ask("RemoteStartTransaction", _REMOTE, "Accepted")
        self.plug(2, True)
        c = station.connectors[1]
        yield from self.until("remote start", lambda: c.status == "Charging" and c.transaction.id)
        stop = '{"transactionId":%d}' % central.transaction
        yield from self.ask("RemoteStopTransaction", stop, "Accepted")
        yield from self.until("remote stop", lambda: c.status == "Finishing")
        self.plug(2, False)
        self.connection.disconnect()
        yield from self.session(1, 20)  # offline
        self.connection.connect()
        yield from self.until("delivery", lambda: station.ocpp_status()["queued"] == 0, 60000)
        station.call("DataTransfer", {"vendorId": "v"})
        yield from self.idle(25000)  # a heartbeat
        yield from self.ask("Reset", '{"type":"Soft"}', "Accepted")
        yield from self.until("reset", lambda: self.reset == "Soft")
        for action in _OUTGOING:
            if not central.counts.get(action):
                raise RuntimeError("bench: no %s was sent" % action)


_REMOTE = '{"idTag":"DEADBEEF","connectorId":2}'
_CALLS = (
    ("ChangeAvailability", '{"connectorId":2,"type":"Inoperative"}', "Accepted"),
    ("ChangeAvailability", '{"connectorId":2,"type":"Operative"}', "Accepted"),
    ("ChangeConfiguration", '{"key":"HeartbeatInterval","value":"20"}', "Accepted"),
    ("ChangeConfiguration", '{"key":"ClockAlignedDataInterval","value":"60"}', "Accepted"),
    ("ClearCache", "{}", "Accepted"),
    ("DataTransfer", '{"vendorId":"nobody"}', "UnknownVendorId"),
    ("GetConfiguration", "{}", None),
    ("UnlockConnector", '{"connectorId":1}', None),
)
_OUTGOING = (
    "Authorize",
    "BootNotification",
    "DataTransfer",
    "Heartbeat",
    "MeterValues",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
)
