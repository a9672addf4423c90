"""The central system of the soak: keeps the books, and treats the station badly when told to.

It counts a call as heard once it arrives, and as taken once it has made a proper answer, whether
or not that answer gets through.
"""

import json

from central import NOW, Central

from ocpp.iso import to_iso
from ocpp.rpc import CallError

_MAX = 2**63 - 1
_SLOW_MS = const(55000)  # latest answer of all: far behind the station's patience

# Who may charge. Group members may stop each other's transactions.
TOKENS = {
    "ALICE": ("Accepted", None),
    "BOB": ("Accepted", "FAMILY"),
    "CAROL": ("Accepted", "FAMILY"),
    "MALLORY": ("Blocked", None),
    "OSCAR": ("Expired", "FAMILY"),
    "NOBODY": ("Invalid", None),
}
GOOD = ("ALICE", "BOB", "CAROL")
BAD = ("MALLORY", "OSCAR", "NOBODY")

# What may be done with a call of the station instead of answering it.
_FATES = ("vanish", "drop", "late", "double", "error", "error", "refuse", "garbage", "foreign")


class Told:
    """A start or a stop as it arrived, perhaps often."""

    def __init__(self, payload, order):
        self.payload = payload
        self.order = order  # how many messages had been heard for the first time before it
        self.heard = 0
        self.taken = False
        self.ids = []  # transaction ids given to a start, or used by a stop


class Csms(Central):
    """`world` has `ms`, `dice` and `connected(epoch)`."""

    def __init__(self, world):
        self.world = world
        Central.__init__(self, None, None)
        self.skew = 0  # s its clock is ahead of the truth
        self.bad = 0  # percent of calls that are treated badly
        self.delay = 0  # most ms that a message is under way
        self.ids = "count"  # how transaction ids are made, see `_id`
        self.epoch = 0
        self._inbox = []  # [ms, text]
        self._outbox = []  # [ms, fn() -> text]
        self._asked = {}  # id of a call of ours -> fn(result or None)
        self.count = 0
        self.answers["StartTransaction"] = self._start
        self.answers["StopTransaction"] = self._stop
        self.answers["MeterValues"] = self._meter
        self.answers["StatusNotification"] = self._status
        self.statuses = {}  # connector -> last status told
        self.open_books()

    def open_books(self):
        """Forget all that was told so far."""
        self.starts = {}  # content -> Told
        self.stops = {}
        self.meters = {}
        self.order = []  # (stamp, text) of what was heard first

    def time(self):
        return NOW + self.world.ms // 1000 + self.skew

    def restart(self):
        """It comes back with its ids counted anew, and remembers nothing it was about to
        answer."""
        self.next_transaction = 1
        self._inbox = []
        self._outbox = []
        self._asked = {}

    # -- messages --

    def step(self):
        ms = self.world.ms
        if self.end.epoch != self.epoch:
            self.epoch = self.end.epoch
            self._inbox = []
            self._outbox = []
            self._asked = {}
        text = self.end.recv()
        while text is not None:
            self._inbox.append([ms + self._under_way(), text])
            text = self.end.recv()
        while self._inbox and self._inbox[0][0] <= ms:
            self._receive(json.loads(self._inbox.pop(0)[1]))
        for entry in [e for e in self._outbox if e[0] <= ms]:
            self._outbox.remove(entry)
            self.end.send(entry[1]())

    @property
    def waits(self):
        """True: something of it is under way."""
        return bool(self._inbox or self._outbox)

    def _under_way(self):
        return self.world.dice.below(self.delay + 1) if self.delay else 0

    def _send(self, make, more_ms=0):
        self._outbox.append([self.world.ms + more_ms + self._under_way(), make])

    def call(self, action, payload, then=None):
        """CALL the station; `then(result)` if that comes, a CallError included."""
        self.count += 1
        id = "c%d" % self.count
        self._asked[id] = then
        text = json.dumps([2, id, action, payload])
        self._send(lambda: text)

    def _receive(self, frame):
        if frame[0] == 2:
            return self._called(frame)
        then = self._asked.pop(frame[1], None)
        if then:
            then(frame[2] if frame[0] == 3 else CallError(frame[2], frame[3]))

    def _called(self, frame):
        _, id, action, payload = frame
        dice = self.world.dice
        fate = dice.pick(_FATES) if dice.chance(self.bad) else "answer"
        if fate != "answer":
            self.world.count("CSMS: " + fate)
        if fate in ("vanish", "error", "garbage", "foreign"):
            self._hear(action, payload, fate == "garbage" and action != "StartTransaction")
            if fate != "vanish":
                text = json.dumps(self._wrong(fate, id))
                self._send(lambda: text)
            return
        answer = self.answers[action]
        if callable(answer):
            answer = answer(payload)
        if fate == "refuse":  # taken, but it does not look like that
            text = json.dumps([4, id, "InternalError", "", {}])
            self._send(lambda: text)
        elif fate != "drop":
            self._answer(action, id, payload, answer, fate)

    def _answer(self, action, id, payload, answer, fate):
        """A proper answer, in time, late or twice."""
        dice = self.world.dice

        def make():
            if "currentTime" in answer:
                answer["currentTime"] = to_iso(self.time())
            return json.dumps([3, id, answer])

        self._send(make, dice.below(_SLOW_MS) if fate == "late" else 0)
        if fate == "double":
            self._send(make, dice.below(2000))
        if fate != "late" and action == "StartTransaction":
            if TOKENS[payload["idTag"]][0] != "Accepted":
                self.world.refused(payload["connectorId"], payload["meterStart"])

    def _wrong(self, fate, id):
        dice = self.world.dice
        if fate == "error":
            return [4, id, dice.pick(("InternalError", "GenericError", "X")), "no", {}]
        if fate == "foreign":
            return [4, "not-%s" % id, "InternalError", "", {}]
        wrong = ({}, {"transactionId": "7"}, {"transactionId": None}, [], "x", {"status": 1})
        return [3, id, dice.pick(wrong)]

    def _hear(self, action, payload, taken=False):
        """It arrived, but is not taken; or the station may believe it is, odd as the answer
        was."""
        if action == "StartTransaction":
            self._note(self.starts, payload)
        elif action == "StopTransaction":
            told = self._note(self.stops, payload)
            told.taken = told.taken or taken
        elif action == "MeterValues" and "transactionId" in payload:
            self._note(self.meters, payload)

    # -- the books --

    def _note(self, book, payload):
        """The entry of a message: the same content is the same message, save for the id, which a
        stop may learn late."""
        stamp = payload.get("timestamp") or payload["meterValue"][0]["timestamp"]
        bare = sorted([(k, v) for k, v in payload.items() if k != "transactionId"])
        content = json.dumps(bare)
        told = book.get(content)
        if told is None:
            told = book[content] = Told(payload, len(self.order))
            self.order.append((stamp, self.world.resending, content[:120]))
        told.heard += 1
        if book is not self.starts:
            told.ids.append(payload["transactionId"])
        return told

    def _start(self, payload):
        told = self._note(self.starts, payload)
        told.taken = True
        told.ids.append(self._id())
        status, parent = TOKENS[payload["idTag"]]
        info = {"status": status}
        if parent:
            info["parentIdTag"] = parent
        return {"transactionId": told.ids[-1], "idTagInfo": info}

    def _id(self):
        """A transaction id as some system gives it."""
        if self.ids == "twice":
            self.next_transaction += 1
            return self.next_transaction // 2
        if self.ids == "count":
            self.next_transaction += 1
            return self.next_transaction - 1
        return {"zero": 0, "minus": -1, "max": _MAX, "one": 1}[self.ids]

    def _stop(self, payload):
        self._note(self.stops, payload).taken = True
        return {}

    def _meter(self, payload):
        if "transactionId" in payload:
            self._note(self.meters, payload).taken = True
        return {}

    def _status(self, payload):
        self.statuses[payload["connectorId"]] = payload["status"]
        return {}

    def _authorize(self, payload):
        status, parent = TOKENS[payload["idTag"]]
        info = {"status": status}
        if parent:
            info["parentIdTag"] = parent
        return {"idTagInfo": info}

    def _boot(self, payload):
        dice = self.world.dice
        if dice.chance(self.bad):
            status = dice.pick(("Pending", "Rejected"))
            return {"status": status, "interval": dice.between(5, 60), "currentTime": ""}
        return {"status": "Accepted", "interval": 3600, "currentTime": ""}
