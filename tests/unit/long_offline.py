"""Days without a central system: sessions at two connectors by a timetable, and a court that
checks what is told afterwards as it comes, in memory that does not grow with it.

    days = Days(sessions, minutes)      a world with a small flash; nothing has happened yet
    days.live(fraction)                 the timetable goes on up to that part of it
    days.reboot()                       power goes and is back
    days.replay(at_most)                online until all is told, or `at_most` messages are
    days.judge()                        what must hold in the end
"""

import gc
import json
from array import array
from binascii import crc32

from central import NOW
from faulty import KINDS, Faulty, FaultyWorld

from ocpp.iso import from_iso

_GAP = const(60)  # s between meter values
_DOUBT_WH = const(100)  # after a power cut
_RECENT = const(32)
_STEP = const(50)  # ms
_BINS = const(16)
SLACK = 4096  # B: which modules are loaded differs

SETTINGS = {
    "MeterValueSampleInterval": "60",
    "MessageTimeout": "30",
    "TransactionMessageRetryInterval": "5",
}


class Court(Faulty):
    """Checks each message against what the timetable saw happen."""

    def __init__(self, world, sessions):
        Faulty.__init__(self, world)
        # Of each session: connector, register and time at its start and at its end
        self.seen = [array("i", [0] * sessions) for _ in range(5)]
        self.begun = 0  # sessions so far
        self.powerless = bytearray(sessions)  # 1: a power cut ended it
        self.current = [-1, -1]  # session that is being told, by connector
        self.told_begun = 0
        self.ended = bytearray(sessions)
        self.ids = array("i", [0] * sessions)
        self.newest = array("i", [0] * sessions)  # minute of the last meter value told
        self.kept = array("i", [0] * sessions)  # meter values told
        self.widest = array("i", [0] * sessions)  # longest pause between two of them, minutes
        self.recent = [0] * _RECENT  # checksums of the last messages
        self.count = 0
        self.again = 0  # repetitions
        self.told_wh = 0
        self.last = 0  # Unix s of the last message

    def take(self, text):
        frame = json.loads(text)
        kind = KINDS.get(frame[2]) if frame[0] == 2 else None
        if kind:
            id = frame[1]
            self.send([3, id, self.judge(kind, text[len(id) + 6 :], frame[3])])
        else:
            Faulty.take(self, text)

    def judge(self, kind, text, payload):
        """-> the answer to a transaction message."""
        mark = crc32(text.encode())
        repeated = mark in self.recent
        if repeated:
            self.again += 1
        else:
            self.recent[self.count % _RECENT] = mark
            self.count += 1
        if kind == "start":
            return self._start_told(payload, repeated)
        if kind == "stop":
            self._stop_told(payload, repeated)
        else:
            self._meter_told(payload, repeated)
        return {}

    def minutes(self):
        """Full minutes of all sessions: so many meter values were taken."""
        return sum([(b - a) // _GAP for a, b in zip(self.seen[2], self.seen[4])])

    def _stamp(self, text, slack=0):
        unix = from_iso(text)
        assert unix >= self.last - slack, "order: %d s back" % (self.last - unix)
        self.last = max(self.last, unix)
        return unix

    def _start_told(self, payload, repeated):
        n = int(payload["idTag"][1:])
        if not repeated:
            assert n == self.told_begun, "start of %d, expected %d" % (n, self.told_begun)
            self.told_begun += 1
            unix = self._stamp(payload["timestamp"])
            connector, wh, at = self.seen[0][n], self.seen[1][n], self.seen[2][n]
            assert payload["connectorId"] == connector and payload["meterStart"] == wh, (
                n,
                payload,
            )
            assert abs(unix - at) <= 2, (n, unix - at)
            assert self.current[connector - 1] < 0, "begins before the one before has ended"
            self.current[connector - 1] = n
        self.ids[n] = 100 + self.count
        return {"transactionId": self.ids[n], "idTagInfo": {"status": "Accepted"}}

    def _of_id(self, payload):
        for n in self.current:
            if n >= 0 and self.ids[n] == payload["transactionId"]:
                return n
        raise AssertionError("nothing runs under this id: %s" % payload)

    def _stop_told(self, payload, repeated):
        if repeated:
            return
        n = self._of_id(payload)
        wh = payload["meterStop"]
        if self.powerless[n]:
            assert payload["reason"] == "PowerLoss", payload
            assert self.seen[3][n] - _DOUBT_WH <= wh <= self.seen[3][n], (n, wh, self.seen[3][n])
            at = self._stamp(payload["timestamp"], 60)
            assert self.seen[4][n] - 61 <= at <= self.seen[4][n] + 1
        else:
            assert wh == self.seen[3][n] and "reason" not in payload, (n, wh, self.seen[3][n])
            at = self._stamp(payload["timestamp"])
            assert abs(at - self.seen[4][n]) <= 2, (n, at - self.seen[4][n])
        self.told_wh += wh - self.seen[1][n]
        self.ended[n] += 1
        self.widest[n] = max(self.widest[n], (at - self.seen[2][n]) // _GAP - self.newest[n])
        self.current[self.seen[0][n] - 1] = -1

    def _meter_told(self, payload, repeated):
        if repeated:
            return
        n = self._of_id(payload)
        assert payload["connectorId"] == self.seen[0][n]
        (value,) = payload["meterValue"]
        unix = self._stamp(value["timestamp"])
        wh = int(value["sampledValue"][0]["value"])
        assert self.seen[1][n] <= wh <= (self.seen[3][n] or wh), payload  # 0: it still runs
        minute, rest = divmod(unix - self.seen[2][n] + 2, _GAP)
        assert rest <= 4 and minute > self.newest[n], (n, unix - self.seen[2][n], self.newest[n])
        self.widest[n] = max(self.widest[n], minute - self.newest[n])
        self.newest[n] = minute
        self.kept[n] += 1


class Days(FaultyWorld):
    def __init__(self, sessions, minutes, blocks=64):
        FaultyWorld.__init__(self, 2, SETTINGS, blocks=blocks)
        self.csms = Court(self, sessions)
        self.power = 2  # Wh per second: 7.2 kW
        self.timetable = _timetable(sessions, minutes * 60)
        self.at = 0  # index of the next entry
        self.seconds_in_all = self.timetable[-1][0] + 60
        self.peak = 0
        self.running = [-1, -1]  # session by connector
        self.s = self.boot()
        self.s.run(3000)
        self.s.connection.disconnect()
        self.began = self.seconds()

    def boot(self, online=True):
        s = FaultyWorld.boot(self, online)
        s.station.on("StartTx", self._begun)
        s.station.on("StopTx", self._over)
        return s

    def reboot(self, online=False):
        """Power goes, and is back. -> number of sessions it ended."""
        court = self.csms
        before = sum(court.powerless)
        for c in self.s.station.connectors:
            if c.tx:
                n = int(c.tx.id_token[1:])
                self._note(n, c)
                court.powerless[n] = 1
        self.s = FaultyWorld.reboot(self, online)
        self.s.run(15000)
        return sum(court.powerless) - before

    def _begun(self, event, c):
        court = self.csms
        n = int(c.tx.id_token[1:])
        assert n == court.begun
        court.begun += 1
        court.seen[0][n] = c.id
        court.seen[1][n] = self.wh[c.id - 1]
        court.seen[2][n] = NOW + self.seconds()
        self.running[c.id - 1] = n

    def _over(self, event, c):
        self._note(self.running[c.id - 1], c)

    def _note(self, n, c):
        self.csms.seen[3][n] = self.wh[c.id - 1]
        self.csms.seen[4][n] = NOW + self.seconds()

    def live(self, fraction):
        """The timetable up to a part of it; nobody listens."""
        s = self.s
        end = self.began + int(self.seconds_in_all * fraction)
        while self.at < len(self.timetable) and self.timetable[self.at][0] + self.began < end:
            second, n, connector, what = self.timetable[self.at]
            self.at += 1
            s.run((self.began + second) * 1000 - self.ms, 1000)
            self._do(s, n, connector, what)
            s.events.clear()
        s.run(end * 1000 - self.ms, 1000)

    def _do(self, s, n, connector, what):
        if what == "plug":
            s.plug(connector)
        elif what == "leave":
            s.unplug(connector)
        elif what == "begin" or s.station.connectors[connector - 1].tx:
            s.station.present("S%d" % n, connector)

    def replay(self, at_most=0):
        """Online until all is told, or `at_most` messages are. Minds the heap meanwhile."""
        s = self.s
        if not s.connection.connected:
            s.connect()
        s.run(1000, _STEP)
        until = self.csms.count + at_most
        loops = 0
        log = s.station.log
        while self.csms.count < until if at_most else log.pending() or log.needs_compact:
            s.run(_STEP, _STEP)
            loops += 1
            assert loops < 200000, "it does not come to an end"
            if loops % 3 == 0:
                self.mind()

    def mind(self):
        gc.collect()
        self.peak = max(self.peak, gc.mem_alloc())

    def rest(self):
        """Bytes in use when there is nothing to do."""
        self.s.events.clear()
        self.s.run(3000)
        gc.collect()
        return gc.mem_alloc()

    def widths(self, first, last):
        """How many of these sessions had which longest pause without a meter value told: a list,
        [n] for up to 2**n minutes."""
        found = [0] * _BINS
        for wide in self.csms.widest[first:last]:
            power = 0
            while 1 << power < wide:
                power += 1
            found[power] += 1
        return found

    def judge(self):
        court = self.csms
        log = self.s.station.log
        assert self.s.waiting() == (0, 0) and log.damaged == 0 and not log.full
        assert court.begun == court.told_begun == len(court.ended), (court.begun, court.told_begun)
        assert bytes(court.ended) == b"\x01" * len(court.ended), "stops: %s" % bytes(court.ended)
        assert court.current == [-1, -1]
        lost = self.flowed - court.told_wh
        assert 0 <= lost <= sum(court.powerless) * _DOUBT_WH, "%d Wh not told" % lost


def _timetable(sessions, seconds):
    """(second, session, connector, what happens), by time: each connector has a session a slot."""
    seed = 1
    entries = []
    slot = seconds * 2 // sessions
    for n in range(sessions):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        begin = n // 2 * slot + n % 2 * slot // 3 + 10
        last = slot // 2 + (seed >> 8) % (slot // 2 - 120)
        connector = n % 2 + 1
        entries.append((begin, n, connector, "plug"))
        entries.append((begin + 2, n, connector, "begin"))
        entries.append((begin + last, n, connector, "end"))
        entries.append((begin + last + 20, n, connector, "leave"))
    entries.sort()
    return entries


def check(sessions, minutes, first, cut):
    """Offline for `minutes` but for one reconnection after the part `first` of them; power goes
    at the
    part `cut`, and in the middle of the replay."""
    days = Days(sessions, minutes)
    days.live(first)
    days.replay()
    days.peak = 0
    days.s.connection.disconnect()
    days.live(2 * first)
    rest = days.rest()
    begun = days.csms.begun
    from ocpp import txcompact  # loaded beside the long replay, too

    days.replay(4)
    days.reboot(online=True)
    days.replay()
    usual = days.peak  # what telling a few sessions takes
    del txcompact
    days.csms.again = 0
    days.s.connection.disconnect()

    days.live(cut)
    while not all([c.tx for c in days.s.station.connectors]):
        cut += 0.001
        days.live(cut)
    assert days.reboot() == 2
    days.live(1)
    log = days.s.station.log
    assert log.segments <= log.max_segments + 1 and not log.full
    queued = log.pending()
    at_rest = days.rest()
    assert at_rest - rest < 2 * SLACK, (rest, at_rest)

    days.peak = 0
    days.replay(queued // 4)
    assert days.csms.again == 0, "told twice"
    days.reboot(online=True)
    days.replay(queued // 4)
    half_way = days.peak
    days.peak = 0
    days.replay()
    days.judge()
    assert days.csms.again <= 17, days.csms.again
    kept = sum(days.csms.kept)
    thinned = days.csms.minutes() - kept
    print("%d sessions, %d meter values told, %d thinned out" % (sessions, kept, thinned))
    more = days.peak - half_way
    print("heap %d B at most, later %d more; for a few sessions %d" % (half_way, more, usual))
    assert more < SLACK and half_way - usual < 2 * SLACK, (half_way, more, usual)
    assert thinned > 200 and kept > sessions
    widths = days.widths(begun, sessions)
    print("longest pauses without a meter value, by 2**n min:", widths)
    check_evenly(widths)
    half = (begun + sessions) // 2
    older, younger = sum(days.csms.widest[begun:half]), sum(days.csms.widest[half:])
    assert older > younger, "the younger are thinned first: %d, %d" % (older, younger)


def check_evenly(widths):
    """Meter values are thinned out evenly: the longest pauses differ by a factor of two, and of
    the
    youngest, whose turn had not come yet, by more."""
    most = max(range(_BINS), key=lambda n: widths[n])
    near = max(widths[most - 1] if most else 0, widths[most + 1])
    others = sum(widths) - widths[most] - near
    assert others <= sum(widths) // 10, widths
