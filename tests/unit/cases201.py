"""What the scenario tests of OCPP 2.0.1 share: steps of a session, and looks at what was told.

Every frame is checked against the schemas when a case asks for `told`, `events` or `done`.
"""

from central import Setup

from ocpp import schema

START = "TxCtrlr.TxStartPoint"
STOP = "TxCtrlr.TxStopPoint"
CARD = {"idToken": "TAG1", "type": "ISO14443"}


class Case(Setup):
    """One station under 2.0.1, online and accepted. `settings` as keyword `settings`; `start` and
    `stop`: TxStartPoint and TxStopPoint."""

    def __init__(self, start=None, stop=None, settings=None, connectors=1, up=True, **more):
        settings = dict(settings or {})
        if start is not None:
            settings[START] = start
        if stop is not None:
            settings[STOP] = stop
        config = {"ocpp": {"url": "ws://x/", "id": "cp", "version": "2.0.1"}}
        config.update(more.pop("config", {}))
        Setup.__init__(self, connectors, settings=settings, config=config, online=False, **more)
        self.looked = 0
        self.seen = 0
        for action in (
            "NotifyEvent",
            "ReservationStatusUpdate",
            "NotifyChargingLimit",
            "ClearedChargingLimit",
            "LogStatusNotification",
            "FirmwareStatusNotification",
        ):
            self.csms.answers[action] = {}
        if up:
            self.online()

    # -- the world --

    def online(self):
        self.connection.connect("ocpp2.0.1")
        self.run(700)

    def offline(self):
        self.connection.disconnect()
        self.run(200)

    def card(self, tag="TAG1", n=None, ms=1200, type=""):
        self.station.present(tag, n, type)
        self.run(ms)

    def plugs(self, n=1, ready=True, ms=2500):
        self.plug(n, ready)
        self.run(ms)

    def leave(self):
        """Every car goes, and what was in its way."""
        for c in self.station.connectors:
            c.clear_error()
            self.station.set_limit(c.id, None)
            c.occupied = False
            self.unplug(c.id)

    def unplugs(self, n=1, ms=1500):
        self.unplug(n)
        self.run(ms)

    def bay(self, occupied=True, n=1, ms=600):
        self.station.connectors[n - 1].occupied = occupied
        self.run(ms)

    def suspends(self, n=1, ms=1500):
        self.station.connectors[n - 1].ev_ready = False
        self.run(ms)

    def reboot(self, **more):
        """The same station after a power cut; not online yet."""
        self.check()
        again = Case(
            connectors=len(self.wh),
            settings=self.config["settings"],
            root=self.root,
            config=self.config,
            up=False,
            **more,
        )
        again.wh = self.wh
        return again

    def cached(self, tag="TAG1", **more):
        self.station.auth_cache_put(dict(more, idTag=tag))

    # -- what was told --

    def check(self):
        """Each frame of the station against its schema."""
        for direction, frame in self.csms.frames[self.looked :]:
            if frame[0] == 2:
                _fits(frame[2], True, frame[3])
        self.looked = len(self.csms.frames)

    def forget(self):
        self.check()
        self.csms.forget()
        self.looked = self.seen = 0

    def asks(self, action, payload, ms=500):
        """A request of the central system; its answer, checked."""
        answer = self.ask(action, payload, ms)
        if isinstance(answer, dict):
            _fits(action, False, answer)
        return answer

    def actions(self):
        self.check()
        return self.csms.actions()

    def txs(self):
        self.check()
        return self.csms.sent("TransactionEvent")

    def news(self):
        """TransactionEvents since the last look, as (type, trigger, charging state, why)."""
        found = self.txs()
        fresh = found[self.seen :]
        self.seen = len(found)
        return [told(e) for e in fresh]

    def last(self):
        return self.txs()[-1]

    def statuses(self, n=1):
        self.check()
        return [
            p["connectorStatus"]
            for p in self.csms.sent("StatusNotification")
            if p["evseId"] == n and p["connectorId"] == 1
        ]

    def order(self):
        """Actions in order; StatusNotification as its status, TransactionEvent as its trigger."""
        self.check()
        found = []
        for action, p in self.csms.sent():
            if action == "StatusNotification":
                action = p["connectorStatus"]
            elif action == "TransactionEvent":
                action = p["triggerReason"]
            found.append(action)
        return found


def told(e):
    info = e["transactionInfo"]
    return (
        e["eventType"],
        e["triggerReason"],
        info.get("chargingState"),
        info.get("stoppedReason"),
    )


def _fits(action, is_request, payload):
    module = schema.load("ocpp.v2.schema", action)
    assert module, action
    try:
        schema.check(module.REQ if is_request else module.CONF, payload)
    except schema.Violation as e:
        raise AssertionError("%s %s: %s in %s" % (action, e.path, e.kind, payload))


def samples(event, context=None):
    """(measurand, value) of the meter values of an event."""
    return [
        (v.get("measurand"), v["value"])
        for m in event.get("meterValue", ())
        for v in m["sampledValue"]
        if context is None or v["context"] == context
    ]


def whole(id, events):
    """The sequence numbers of all that was told of a transaction, {number: TransactionEvent}:
    none is missing, it begins once and ends once."""
    numbers = sorted(events)
    assert numbers == list(range(len(numbers))), (id, numbers)
    kinds = [events[n]["eventType"] for n in numbers]
    assert kinds[0] == "Started" and kinds[-1] == "Ended", (id, kinds)
    assert set(kinds[1:-1]) <= {"Updated"}, (id, kinds)
    return numbers
