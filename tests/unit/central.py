"""A station on a loopback with a central system that a test scripts.

s = Setup(connectors=2)         a Station on a fresh directory, a fake clock, a Central
s.run(1000)                     a second passes, loop() is called all the time
s.csms.sent("Authorize")        payloads of the calls of that action, in order
s.csms.answers["Authorize"] = {...} | fn(payload) -> dict | CallError(...) | None: no answer
s.csms.ask("Reset", {...})      CALL to the station; returns the answer, dict or CallError
"""

import json

from support import FakeClock

from ocpp.instance import Station
from ocpp.iso import to_iso
from ocpp.loopback import Loopback
from ocpp.rpc import CallError

NOW = 1795230000  # 2026-11-21T03:00:00Z


class Central:
    def __init__(self, end, clock):
        self.end = end
        self.clock = clock
        self.frames = []  # (direction seen from the station, frame)
        self.answers = {
            "BootNotification": self._boot,
            "Heartbeat": lambda p: {"currentTime": to_iso(self.time())},
            "Authorize": self._authorize,
            "StartTransaction": self._start,
            "StopTransaction": {},
            "TransactionEvent": self._event,
            "MeterValues": {},
            "StatusNotification": {},
            "DataTransfer": {"status": "Accepted"},
            "SecurityEventNotification": {},
            "SignCertificate": {"status": "Accepted"},
            "NotifyReport": {},
            "NotifyCustomerInformation": {},
            "NotifyMonitoringReport": {},
            "NotifyEvent": {},
            "LogStatusNotification": {},
        }
        self.next_transaction = 1
        self.results = {}
        self._count = 0

    def time(self):
        return NOW + self.clock.uptime()

    def _boot(self, payload):
        return {"status": "Accepted", "interval": 300, "currentTime": to_iso(self.time())}

    def _authorize(self, payload):
        field = "idTagInfo" if "idTag" in payload else "idTokenInfo"
        return {field: {"status": "Accepted"}}

    def _event(self, payload):
        return self._authorize(payload) if "idToken" in payload else {}

    def _start(self, payload):
        self.next_transaction += 1
        return {"transactionId": self.next_transaction - 1, "idTagInfo": {"status": "Accepted"}}

    def step(self):
        text = self.end.recv()
        if text is None:
            return
        frame = json.loads(text)
        self.frames.append(("out", frame))
        if frame[0] == 2:
            answer = self.answers.get(frame[2])
            if callable(answer) and not isinstance(answer, CallError):
                answer = answer(frame[3])
            if isinstance(answer, CallError):
                self.end.send(json.dumps([4, frame[1], answer.code, answer.description, {}]))
            elif answer is not None:
                self.end.send(json.dumps([3, frame[1], answer]))
        else:
            self.results[frame[1]] = frame[2] if frame[0] == 3 else CallError(frame[2], frame[3])

    def sent(self, action=None):
        """Payloads of the calls of an action; without one: (action, payload) of all."""
        calls = [f for d, f in self.frames if f[0] == 2]
        if action is None:
            return [(f[2], f[3]) for f in calls]
        return [f[3] for f in calls if f[2] == action]

    def actions(self):
        return [a for a, _ in self.sent()]

    def statuses(self, connector):
        return [
            p["status"] for p in self.sent("StatusNotification") if p["connectorId"] == connector
        ]

    def forget(self):
        self.frames = []


class Setup:
    def __init__(
        self,
        connectors=1,
        settings=None,
        root=None,
        config=None,
        online=True,
        hardware=True,
        clock=None,
        declare=(),
    ):
        self.clock = clock or FakeClock()
        self.root = root or fresh_directory()
        self.config = {
            "connectors": connectors,
            "charge_point": {"vendor": "ocppy", "model": "Test"},
            "ocpp": {"url": "ws://x/", "id": "cp", "version": "1.6"},
            "settings": settings or {},
        }
        self.config.update(config or {})
        self.connection = Loopback(self.clock)
        self.station = Station(
            self.config, self.root, self.clock, connection=self.connection, declare=declare
        )
        self.csms = Central(self.connection.far, self.clock)
        self.events = []
        for event in (
            "StartTx",
            "StopTx",
            "AuthorizationRejected",
            "ConnectionTimeout",
            "DeAuthorized",
        ):
            self.station.on(event, lambda e, c: self.events.append((e, c.id if c else None)))
        self.hardware = hardware
        self.wh = [0] * connectors  # meter registers
        self.draw = 0  # Wh per second while charging
        for c in self.station.connectors:
            c.bind("energy_wh", self._meter(c))
        if online:
            self.connection.connect("ocpp1.6")

    def _meter(self, c):
        return lambda: self.wh[c.id - 1]

    @property
    def c(self):
        return self.station.connectors[0]

    def loops(self):
        """What a host does: where the station is busy, it is called again at once."""
        self.station.loop()
        for _ in range(8):
            if not self.station.busy:
                break
            self.station.loop()

    def run(self, ms, step=10):
        """Time passes. The hardware follows: contactor closed when permitted and asked for."""
        while ms > 0:
            self.clock.advance(step)
            ms -= step
            if self.hardware:
                for c in self.station.connectors:
                    c.evse_ready = c.charging_permitted and not c.faulted
                    if c.evse_ready and c.ev_ready and self.draw and self.clock.now % 1000 < step:
                        self.wh[c.id - 1] += self.draw
            self.loops()
            self.csms.step()

    def ask(self, action, payload, ms=300):
        """CALL the station; its answer: dict or CallError; None: not answered within `ms`."""
        self.csms._count += 1
        id = "c%d" % self.csms._count
        self.connection.far.send(json.dumps([2, id, action, payload]))
        while ms > 0 and id not in self.csms.results:
            self.run(10)
            ms -= 10
        return self.csms.results.get(id)

    def plug(self, n=1, ready=True):
        c = self.station.connectors[n - 1]
        c.plugged = True
        c.ev_ready = ready

    def unplug(self, n=1):
        c = self.station.connectors[n - 1]
        c.plugged = c.ev_ready = False

    def charge(self, n=1, tag="TAG1"):
        """A session up to charging."""
        self.plug(n)
        self.run(200)
        self.station.present(tag, n)
        self.run(1500)
        assert self.station.connectors[n - 1].tx, "no transaction"

    def restart(self, settings=None, **more):
        """A new boot on the same flash."""
        again = Setup(
            len(self.wh),
            settings or self.config["settings"],
            self.root,
            more.pop("config", None),
            hardware=self.hardware,
            **more,
        )
        again.wh = self.wh
        return again


def fresh_directory():
    """An empty directory on a RAM disk with LittleFS; the one before is gone."""
    import vfs

    try:
        vfs.umount("/ram")
    except OSError:
        pass
    disk = _RAM(64)
    vfs.VfsLfs2.mkfs(disk)
    vfs.mount(vfs.VfsLfs2(disk), "/ram")
    return "/ram"


class _RAM:
    def __init__(self, blocks):
        self._data = bytearray(blocks * 4096)

    def readblocks(self, n, buf, off=0):
        at = n * 4096 + off
        buf[:] = self._data[at : at + len(buf)]

    def writeblocks(self, n, buf, off=0):
        at = n * 4096 + off
        self._data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return len(self._data) // 4096
        if op == 5:
            return 4096
        return 0
