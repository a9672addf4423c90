# marks: slow
# heap: 4M
# timeout: 120
"""The central system's clock jumps, is unset, is far off: no message carries 1970 or 2000, and
what is told of a transaction is ordered in time, over restarts too."""

import random

from central import NOW, Setup

from ocpp.clock import FLOOR
from ocpp.iso import from_iso, to_iso
from ocpp.log import log

_UNSET = ("1970-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "2009-12-31T23:59:59Z")
SETTINGS = {
    "MeterValueSampleInterval": "15",
    "StopTxnSampledData": "Energy.Active.Import.Register",
    "AllowOfflineTxForUnknownId": "true",
    "OnPowerLoss": "resume",
}


class Play:
    """A station whose central system tells any time. `jump`: s its clock is off; `unset`: it tells
    a time that nobody can believe."""

    def __init__(self, version="1.6", settings=None):
        log.sink = lambda level, line: None
        self.version = version
        self.jump = 0
        self.gone = 0  # s of earlier boots
        self.unset = None
        both = dict(SETTINGS)
        both.update(settings or {})
        config = {"ocpp": {"url": "ws://x/", "id": "cp", "version": version}}
        self.told = []
        self.s = self._meet(Setup(1, both, config=config, online=False))
        self.connect()

    def _meet(self, s):
        s.draw = 5
        s.csms.answers["BootNotification"] = self._boot
        s.csms.answers["Heartbeat"] = lambda p: {"currentTime": self.time()}
        if hasattr(self, "s"):
            s.csms.next_transaction = self.s.csms.next_transaction
        return s

    def _boot(self, payload):
        return {"status": "Accepted", "interval": 7, "currentTime": self.time()}

    def time(self):
        return self.unset or to_iso(NOW + self.jump + self.gone + self.s.clock.uptime())

    def connect(self):
        self.s.connection.connect("ocpp" + self.version)

    def run(self, seconds):
        self.s.run(seconds * 1000, 100)

    def reboot(self, online=True):
        self.told += self.s.csms.sent()
        self.gone += self.s.clock.uptime() + 5
        plugged = self.s.c.plugged
        self.s = self._meet(self.s.restart(SETTINGS, online=False, config=self.s.config))
        if plugged:
            self.s.plug()
        if online:
            self.connect()

    def begin(self, tag="TAG1"):
        self.s.plug()
        self.run(1)
        self.s.station.present(tag, 1)
        self.run(2)
        assert self.s.c.tx, "no transaction"

    def finish(self):
        if self.s.c.tx:
            self.s.station.present(self.s.c.tx.id_token, 1)
            self.run(2)
        self.s.unplug()
        self.run(1)

    def judge(self, transactions):
        """All is told, each transaction in order, and no time is one that never was."""
        self.told += self.s.csms.sent()
        assert self.s.station.log.pending() == 0 and self.s.station.log.parked() == 0
        found = {}
        for action, payload in self.told:
            for text in times(payload):
                assert from_iso(text) >= FLOOR, (action, payload)
            id, stamps = self._stamps(action, payload)
            if stamps:
                found.setdefault(id, []).extend(stamps)
        for id in found:
            assert found[id] == sorted(found[id]), (id, found[id])
        assert len(found) == transactions, (len(found), transactions)
        return [found[id] for id in sorted(found)]

    def _stamps(self, action, p):
        """(transaction, stamps) told of one."""
        if action == "StartTransaction":
            self.starts = getattr(self, "starts", 0) + 1
            return self.starts, [from_iso(p["timestamp"])]
        if action == "MeterValues" and "transactionId" in p:
            return p["transactionId"], [from_iso(v["timestamp"]) for v in p["meterValue"]]
        if action == "StopTransaction":
            inside = [from_iso(v["timestamp"]) for v in p.get("transactionData", ())]
            end = from_iso(p["timestamp"])
            assert inside == sorted(inside) and (not inside or inside[-1] <= end), p
            return p["transactionId"], [end]
        if action == "TransactionEvent":
            inside = [from_iso(v["timestamp"]) for v in p.get("meterValue", ())]
            assert inside == sorted(inside), p
            assert not inside or inside[-1] <= from_iso(p["timestamp"]), p
            return p["transactionInfo"]["transactionId"], [from_iso(p["timestamp"])]
        return None, None


def times(value):
    """Every time stamp in a payload."""
    if isinstance(value, dict):
        for name in value:
            if name == "timestamp":
                yield value[name]
            else:
                yield from times(value[name])
    elif isinstance(value, list):
        for item in value:
            yield from times(item)


def test_back_and_forth_within_a_transaction():
    for version in ("1.6", "2.0.1"):
        p = Play(version)
        p.run(2)
        p.begin()
        p.run(25)
        for jump in (-7200, 3600, -86400 * 300, 86400 * 40, 0):
            p.jump = jump
            p.run(25)
        p.jump = -3600
        p.run(12)
        p.finish()
        p.run(5)
        (stamps,) = p.judge(1)
        assert len(stamps) > 10


def test_a_start_without_a_clock_and_a_clock_set_back():
    """It begins before the time is known; the time that is told then is taken back later."""
    for version in ("1.6", "2.0.1"):
        p = Play(version)
        p.reboot(False)
        p.begin()
        p.run(30)
        p.connect()
        p.run(30)
        p.jump = -1800
        p.run(30)
        p.reboot()
        p.run(30)
        p.jump = -7200
        p.run(15)
        p.finish()
        p.run(20)
        (stamps,) = p.judge(1)
        assert len(stamps) > 5


def test_a_clock_that_was_never_set_is_not_believed():
    """What happens meanwhile waits and is dated by the first time that can be right."""
    for unset in _UNSET:
        p = Play(settings={"ClockAlignedDataInterval": "10"})
        p.unset = unset
        p.reboot()
        p.begin()
        p.run(40)
        p.finish()
        p.reboot()
        p.begin("TAG2")
        p.run(20)
        assert p.s.station.registration.accepted and p.s.clock.unix() is None
        assert p.s.station.log.pending() >= 6
        assert "StartTransaction" not in [a for a, _ in p.told + p.s.csms.sent()]
        p.unset = None
        p.run(20)
        p.finish()
        p.run(10)
        first, second = p.judge(2)
        now = NOW + p.gone + p.s.clock.uptime()
        assert now - 70 < second[0] < second[-1] <= now
        assert first[-1] < second[0] and first[-1] - first[0] in range(38, 46), first


def test_a_slow_clock_is_believed():
    """Bills are made by the central system's clock, be it years late."""
    p = Play()
    p.jump = from_iso("2013-02-01T20:53:32Z") - NOW
    p.reboot()
    p.begin()
    p.run(20)
    p.finish()
    p.run(5)
    (stamps,) = p.judge(1)
    assert to_iso(stamps[0])[:13] == "2013-02-01T20" and stamps[-1] - stamps[0] >= 20


def life(seed):
    random.seed(seed)
    p = Play(("1.6", "2.0.1")[seed % 2])
    count = 0
    for _ in range(12):
        what = random.randrange(7)
        if what == 0:
            p.jump = random.randrange(-90000, 90000)
        elif what == 1:
            p.unset = random.choice(_UNSET)
        elif what == 2:
            p.unset = None
        elif what == 3:
            p.reboot(random.randrange(2))
        elif what == 4:
            p.s.connection.disconnect()
        elif what == 5 and not p.s.connection.connected:
            p.connect()
        elif not p.s.c.tx:
            count += 1
            p.begin("TAG%d" % count)
        else:
            p.finish()
        p.run(random.randrange(1, 40))
    p.unset = None
    if not p.s.connection.connected:
        p.connect()
    p.run(15)
    p.finish()
    p.run(20)
    p.judge(count)


def test_random_lives():
    for seed in range(8):
        try:
            life(seed)
        except Exception as e:
            print("seed", seed)
            raise e
