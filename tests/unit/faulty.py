"""A central system that answers transaction messages badly, and what it was told, word for word.

    world = FaultyWorld(connectors=1, settings={}, version="1.6")
    world.csms.plan["start"] = [silent, refused]    faults of the next deliveries of a kind, in
    order;
                                                    afterwards all is answered
    world.csms.told                                 each delivery: Told(kind, id, text, payload,
    given, ms)

Kinds: "start", "meter", "stop"; of OCPP 2.0.1 the Started, Updated and Ended events.
"""

import json
from collections import namedtuple

from central import Central, Setup
from power_station import NOW, Boot, World
from powercut import Flash
from support import FakeClock

from ocpp.log import log

TIMEOUT = 5000  # ms, MessageTimeout
PAUSE = 2000  # ms, TransactionMessageRetryInterval
SETTINGS = {
    "MessageTimeout": "5",
    "TransactionMessageRetryInterval": "2",
    "TransactionMessageAttempts": "3",
    "AllowOfflineTxForUnknownId": "true",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
}
KINDS = {
    "StartTransaction": "start",
    "MeterValues": "meter",
    "StopTransaction": "stop",
    "Started": "start",
    "Updated": "meter",
    "Ended": "stop",
}

# `text`: the frame behind the message id; `given`: the transaction id it was answered with
Told = namedtuple("Told", ("kind", "id", "text", "payload", "given", "ms"))


# Faults: fn(csms, id, answer)


def answered(csms, id, answer):
    csms.send([3, id, answer])


def silent(csms, id, answer):
    """The answer gets lost."""


def refused(csms, id, answer):
    csms.send([4, id, "InternalError", "the database is gone", {}])


def twice(csms, id, answer):
    """The second answer tells another transaction id."""
    csms.send([3, id, answer])
    if "transactionId" in answer:
        answer = dict(answer)
        answer["transactionId"] += 1000
    csms.send([3, id, answer])


def foreign(csms, id, answer):
    csms.send([3, "not-" + id[:30], answer])


def refused_foreign(csms, id, answer):
    csms.send([4, "not-" + id[:30], "GenericError", "", {}])


def refused_then_answered(csms, id, answer):
    csms.send([4, id, "GenericError", "", {}])
    csms.send([3, id, answer])


def torn(csms, id, answer):
    """Half an answer."""
    text = json.dumps([3, id, answer])
    csms.end.send(text[: len(text) // 2])


def cut(csms, id, answer):
    """The link breaks before the answer; it is back after three seconds."""
    csms.world.boot_now.connection.disconnect()
    csms.later.append((csms.world.ms + 3000, None))


def late(ms):
    """The answer comes, under its own id, but `ms` after the message."""

    def fault(csms, id, answer):
        csms.later.append((csms.world.ms + ms, json.dumps([3, id, answer])))

    return fault


class Faulty(Central):
    def __init__(self, world):
        self.world = world
        Central.__init__(self, None, None)
        self.plan = {}
        self.told = []
        self.warnings = []  # StatusNotifications that tell an error
        self.later = []  # (ms, text to be sent then; None: the link is back)
        self.ids = None  # fn() -> the next transaction id; None: 1, 2, 3, ...

    def time(self):
        return NOW + self.world.seconds()

    def send(self, frame):
        self.end.send(json.dumps(frame))

    def _start(self, payload):
        answer = Central._start(self, payload)
        if self.ids:
            answer["transactionId"] = self.ids()
        return answer

    def step(self):
        while self.later and self.later[0][0] <= self.world.ms:
            text = self.later.pop(0)[1]
            if text is None:
                self.world.boot_now.connect()
            else:
                self.end.send(text)
        text = self.end.recv()
        if text is not None:
            self.take(text)

    def take(self, text):
        frame = json.loads(text)
        if frame[0] != 2:
            self.results[frame[1]] = frame[2]
            return
        _, id, action, payload = frame
        answer = self.answers[action]
        if callable(answer):
            answer = answer(payload)
        if payload.get("errorCode", "NoError") != "NoError":
            self.warnings.append(payload)
        fault = answered
        kind = KINDS.get(payload.get("eventType", action))
        if kind:
            given = answer.get("transactionId")
            words = text[len(id) + 6 :]
            self.told.append(Told(kind, id, words, payload, given, self.world.ms))
            if self.plan.get(kind):
                fault = self.plan[kind].pop(0)
        fault(self, id, answer)

    def deliveries(self):
        """What was told, repetitions taken together: a list of lists of Told. Checks what holds
        for all
        of them: strict order, no message id used twice."""
        ids = set()
        texts = set()
        found = []
        for t in self.told:
            assert t.id not in ids, "message id used twice"
            ids.add(t.id)
            if found and found[-1][0].text == t.text:
                found[-1].append(t)
                continue
            assert t.text not in texts, "told again behind others: " + t.text
            texts.add(t.text)
            found.append([t])
        return found


class FaultyBoot(Boot):
    """As `Boot`, in any version, and less patient about the time that passes."""

    def __init__(self, world, online):
        self.world = world
        self.number = world.boots
        config = {"ocpp": {"url": "ws://x/", "id": "cp", "version": world.version}}
        Setup.__init__(
            self,
            world.connectors,
            world.settings,
            "/flash",
            config,
            online=False,
            clock=FakeClock(start=0x1000),
        )
        self.wh = world.wh
        self.csms = world.csms
        self.csms.end = self.connection.far
        self.csms.results = {}
        self.csms.later = []
        world.boot_now = self
        for c, car in zip(self.station.connectors, world.cars):
            c.plugged = c.ev_ready = car
        if online:
            self.connect()

    def connect(self):
        self.connection.connect("ocpp" + self.world.version)

    def begin(self, n=1, tag="TAG1"):
        """A car and a card; the transaction has begun."""
        self.plug(n)
        self.run(300)
        self.station.present(tag, n)
        self.run(1500)
        assert self.station.connectors[n - 1].tx, "no transaction"

    def finish(self, n=1, tag="TAG1"):
        """The card again, and the car leaves."""
        self.station.present(tag, n)
        self.run(700)
        self.unplug(n)
        self.run(700)

    def session(self, n=1, tag="TAG1", ms=47000):
        self.begin(n, tag)
        self.run(ms)
        self.finish(n, tag)

    def waiting(self):
        """What is to be delivered, and what is parked, as the status shows it."""
        status = self.station.ocpp_status()
        return status["queued"], status["parked"]


class FaultyWorld(World):
    def __init__(self, connectors=1, settings=None, version="1.6", blocks=48):
        both = dict(SETTINGS)
        both.update(settings or {})
        World.__init__(self, connectors, both)
        if blocks != len(self.flash.blocks):
            self.flash.umount()
            self.flash = Flash(blocks)
            self.flash.mount()
        log.sink = lambda level, line: None  # what is provoked here is logged as it should be
        self.version = version
        self.power = 5  # Wh per second
        self.csms = Faulty(self)

    def boot(self, online=True):
        self.boots += 1
        return FaultyBoot(self, online)

    def reboot(self, online=True):
        """Power goes and comes back; what was on flash is all there is."""
        self.flash.umount()
        self.flash.mount()
        return self.boot(online)
