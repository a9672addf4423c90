"""A flash with a history, damage to any of its files, and what must hold after it.

    image = History().image             what is on flash: parked, delivered, undelivered, an open
    transaction file = image.files["log/tail"]      bytes of each file by name
    case = Case(image)                  a world with that flash
    case.damage("log/tail", data)       the file has other bytes, None: is a directory
    case.boots()                        the station boots, judged for safety, then is online until
    all is told
    case.judge(lost)                    judged for what it told; `lost`: what need not be told

What is intact is found by a reader of its own, not by that of the station.
"""

import binascii
import json
import os
import struct

from faulty import FaultyWorld, refused

from ocpp.iso import from_iso

_CONNECTORS = const(3)
_START = const(1)
_UPDATE = const(2)
_END = const(3)

SETTINGS = {"LocalAuthorizeOffline": "true"}


def listing(root="/flash"):
    """name -> bytes of all files in state/ and log/"""
    found = {}
    for folder in ("state", "log"):
        for entry in os.ilistdir(root + "/" + folder):
            if entry[1] == 0x8000:
                name = folder + "/" + entry[0]
                with open(root + "/" + name, "rb") as f:
                    found[name] = f.read()
    return found


def records(data):
    """(begin, end, fields) of the records in a log file that are whole."""
    at = 0
    found = []
    while True:
        at = data.find(b"\xff\xfe", at)
        if at < 0:
            return found
        if at + 8 <= len(data):
            size, crc = struct.unpack("<HI", data[at + 2 : at + 8])
            body = data[at + 8 : at + 8 + size]
            if len(body) == size and binascii.crc32(body, size) == crc:
                found.append((at, at + 8 + size, json.loads(body)))
                at += 7 + size
        at += 1


def what(fields):
    """What a record tells, as `said` says it; None: nothing."""
    if len(fields) < 7:  # a label
        return None
    kind, _, _, key, _, stamp, data = fields[:7]
    if kind == _START:
        return "start", stamp, data["connector"], data["wh"]
    if kind == _UPDATE:
        return "meter", stamp, data["connector"], int(data["values"][0][0])
    if kind == _END:
        return "stop", stamp, data.get("id"), data["wh"]
    return None


def said(told):
    """The same of a message."""
    p = told.payload
    if told.kind == "start":
        return "start", from_iso(p["timestamp"]), p["connectorId"], p["meterStart"]
    if told.kind == "meter":
        value = p["meterValue"][0]
        wh = int(value["sampledValue"][0]["value"])
        return "meter", from_iso(value["timestamp"]), p["connectorId"], wh
    return "stop", from_iso(p["timestamp"]), p.get("idTag"), p["meterStop"]


class History:
    """A world whose station has done a bit of everything when power goes."""

    def __init__(self):
        world = FaultyWorld(_CONNECTORS, SETTINGS)
        s = world.boot()
        s.run(1000)
        for value in ("41", "42"):
            s.ask("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": value})
        for connector, kind in ((1, "Inoperative"), (1, "Operative"), (3, "Inoperative")):
            answer = s.ask("ChangeAvailability", {"connectorId": connector, "type": kind})
            assert answer == {"status": "Accepted"}
        world.csms.plan["stop"] = [refused] * 3
        s.session(1, "PARKED", 3000)
        s.run(20000)
        s.session(2, "DONE", 21000)
        assert s.waiting() == (0, 1)
        s.connection.disconnect()
        for n in range(3):
            s.begin(1, "ONE%d" % n)
            s.run(35000)
            s.begin(2, "TWO%d" % n)
            s.run(65000)
            s.finish(1, "ONE%d" % n)
            s.run(11000)
            s.finish(2, "TWO%d" % n)
            s.run(3000)
        s.begin(2, "OPEN")
        s.run(43000)
        self.blocks = [bytes(b) for b in world.flash.blocks]
        self.files = listing()
        self.ms, self.wh, self.flowed = world.ms, list(world.wh), world.flowed
        self.told = [said(t) for t in world.csms.told]
        # What is on flash and not yet told, in order of occurrence
        self.pending = []
        for name in self.log_files():
            for _, _, fields in records(self.files[name]):
                tells = what(fields)
                if tells and tells not in self.told:
                    self.pending.append(tells)

    def log_files(self):
        """Names of the files of the log, oldest first, without those of what is parked."""
        names = sorted([n for n in self.files if n.startswith("log/") and n.endswith(".seg")])
        return names + ["log/tail"]


class Case:
    def __init__(self, history):
        self.history = history
        world = self.world = FaultyWorld(_CONNECTORS, SETTINGS)
        world.flash.umount()
        for mine, theirs in zip(world.flash.blocks, history.blocks):
            mine[:] = theirs
        world.flash.mount()
        world.ms, world.wh, world.flowed = history.ms, list(history.wh), history.flowed
        world.cars = [False, True, False]  # the one that was charging

    def damage(self, name, data):
        path = "/flash/" + name
        os.remove(path)
        if data is None:
            os.mkdir(path)
        else:
            with open(path, "wb") as f:
                f.write(data)

    def boots(self):
        world = self.world
        s = self.s = world.reboot(online=False)
        flowed = world.flowed
        for _ in range(20):
            s.run(100)
            for c in s.station.connectors:
                assert not c.charging_permitted, "energy for nobody"
        assert world.flowed == flowed
        s.connect()
        s.run(2000)
        loops = 0
        while s.station.log.pending():
            s.run(100)
            loops += 1
            assert loops < 400, "it does not come to an end"
        for c in s.station.connectors:
            assert not c.charging_permitted and not c.tx
        self.told = [said(t) for t in world.csms.told]

    def judge(self, lost=()):
        """All of the past is told once and in order, but for what is in `lost`."""
        known = self.history.told + self.history.pending
        order = [t for t in self.told if t in self.history.pending]
        missing = [t for t in self.history.pending if t not in order and t not in lost]
        assert not missing, "lost: %s" % missing
        expected = [t for t in self.history.pending if t in order]
        assert order == expected, "order"
        for t in self.told:
            assert self.told.count(t) == 1, "twice: %s" % (t,)
            if t not in known:  # what was open, or has lost its end, is ended
                assert t[0] == "stop" and t[2] is None, "never happened: %s" % (t,)
        self._judge_ids()

    def _judge_ids(self):
        """What follows a start has its id, and each start has one stop."""
        stops = {}
        for t in self.world.csms.told:
            if t.kind == "start":
                stops[t.given] = 0
            elif t.kind == "stop" and t.payload["transactionId"] in stops:
                stops[t.payload["transactionId"]] += 1
        assert all([n == 1 for n in stops.values()]), "stops by transaction: %s" % stops

    def reported(self):
        """True if the station says that it found damage, in each way it has."""
        s = self.s
        count = s.station.ocpp_status()["damaged"]
        sent = [
            p
            for p in self.world.csms.warnings
            if p["errorCode"] == "InternalError" and p.get("vendorErrorCode") == "FlashDamaged"
        ]
        assert bool(count) == bool(sent) == bool(s.station.errors), (count, sent)
        return bool(count)

    def works(self):
        """A card and a car, and all is as ever."""
        s, world = self.s, self.world
        del world.csms.told[:]
        flowed = world.flowed
        s.session(1, "NEW", 5000)
        s.run(2000)
        told = world.csms.told
        assert [t.kind for t in told] == ["start", "stop"], told
        assert told[1].payload["transactionId"] == told[0].given
        wh = told[1].payload["meterStop"] - told[0].payload["meterStart"]
        assert wh == world.flowed - flowed > 0

    def lost(self, name, data):
        """What was in a file of the log, and is not among its bytes `data` any more."""
        if not name.startswith("log/"):
            return []
        left = [fields for _, _, fields in records(data or b"")]
        return [what(f) for _, _, f in records(self.history.files[name]) if f not in left]


def at_boundary(whole, data):
    """True if `data` is the beginning of a file up to the end of a record: nothing is to be seen
    of
    what is missing."""
    if data is None or whole[: len(data)] != data:
        return False
    return len(data) in [0] + [end for _, end, _ in records(whole)]


def check(history, name, data, works=True, reported=None):
    """A station whose file `name` has other bytes; None: is a directory. -> the Case. `reported`:
    True if it must say so, None: unless there is nothing to be seen, or the file is not read."""
    try:
        case = Case(history)
        case.damage(name, data)
        case.boots()
        unreadable = newer_label(data)
        case.judge(case.lost(name, b"" if unreadable else data))
        if reported is None:
            whole = history.files[name]
            reported = data != whole and not at_boundary(whole, data)
            if name.startswith("state/"):
                reported = not name.endswith(".bak") and "cache" not in name
        assert case.reported() or not reported, "nothing is said of it"
        kept = 1
        if name == "log/parked":
            kept = 0 if unreadable else len([r for r in records(data or b"") if len(r[2]) > 7])
        assert case.s.waiting() == (0, kept), (case.s.waiting(), kept)
        if works:
            case.works()
        return case
    except Exception as e:
        print("%s: %s" % (name, repr(data)[:200]))
        raise e


def newer_label(data):
    found = records((data or b"")[:64])
    return bool(found) and found[0][2][0] == 0 and found[0][2][1] > 1


def newer(data):
    """A file of the log as a later firmware might label it."""
    begin, end, fields = records(data)[0]
    assert begin == 0 and fields[:2] == [0, 1], fields
    body = json.dumps([0, 2] + fields[2:]).encode()
    head = struct.pack("<2sHI", b"\xff\xfe", len(body), binascii.crc32(body, len(body)))
    return head + body + data[end:]


def every_name(history):
    return sorted(history.files)


def exchanged(history, a, b):
    case = Case(history)
    case.damage(a, history.files[b])
    case.damage(b, history.files[a])
    case.boots()
    return case
