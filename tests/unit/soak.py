"""Random soak: a station with two connectors lives through days of users, faults, a moody central
system, resets and power cuts; then all must have been told (`soak_court.py`).

    stats = soak(seed)              one life; the same seed gives the same life. Violation if the
                                    station broke a rule

The loop is called every 100 ms while anything moves, in longer steps while nothing does.
"""

import gc
import json
import sys

from central import NOW, Setup
from powercut import Flash, PowerCut
from soak_acts import act, plug, present, soothe, unplug
from soak_court import Session, Violation, check, judge
from soak_csms import GOOD, Csms
from support import FakeClock

from ocpp.log import log

_WARN = const(1)
_INFO = const(2)
_MOVING_MS = const(100)
_CHARGING_MS = const(1000)
_IDLE_MS = const(5000)
_CALM_MS = const(3000)  # without news, until the steps get longer
_DOUBT_WH = const(100)  # may be in doubt after a cut, or what flowed in
_DOUBT_MS = const(60000)
_BAND = const(500000000)  # Wh between the registers of two connectors
_BACK = const(10000000)  # Wh a register is set back by: readings never come twice
_HEEDED_MS = const(15000)  # until an identifier that was refused gets no energy
_HOUR = const(3600000)
_GAPS = (
    (500, 5000),
    (1000, 60000),
    (1000, 60000),
    (60000, 600000),
    (60000, 900000),
    (600000, 3600000),
)


class Restart(Exception):
    """The station asked for a restart."""


class Dice:
    """Random numbers that are the same everywhere."""

    def __init__(self, seed):
        self._x = (seed * 747796405 + 2891336453) & 0xFFFFFFFF or 1
        for _ in range(8):
            self.below(2)

    def below(self, n):
        x = self._x
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._x = x
        return (x >> 3) % n

    def between(self, a, b):
        return a + self.below(b - a + 1)

    def chance(self, percent):
        return self.below(100) < percent

    def pick(self, things):
        return things[self.below(len(things))]


class Socket:
    """One connector as the world has it: car, contactor, meter."""

    def __init__(self, number, dice):
        self.number = number
        self.car = False
        self.ready = False  # the car asks for energy
        self.rate = 1000 * dice.between(1, 6)  # mWh per s
        self.lag_ms = dice.pick((0, 0, 400, 1500))  # until the contactor opens
        self.milli = 0  # mWh that ever flowed
        self.base = number * _BAND + 400000000
        self.meter = "ok"  # or "silent", "broken"
        self.closed = False
        self.opens_at = None
        self.faults = set()
        self.session = None  # Session that runs, or the last one
        self.operative = True  # as the station said; None: power went while it was asked
        self.recent = []  # (ms, register) once a second
        self.burst = None  # [lo, hi, tag]
        self.unread = None  # register when the meter fell silent
        self.lost = None  # register when the meter was set back in a session
        self.open_books()

    def open_books(self):
        self.sessions = [self.session] if self.session and self.session.open else []
        self.bursts = []
        self.gaps = []
        self.vague = False  # True: a session began or ended while the meter was silent

    @property
    def register(self):
        return self.base + self.milli // 1000

    @property
    def last_read(self):
        """What the station, which reads once a second, surely knows."""
        return self.register - self.rate * 2 // 1000 - 1

    def read(self):
        """What the station's meter says."""
        if self.meter == "broken":
            raise OSError(5)
        return self.register if self.meter == "ok" else None

    def flow(self, ms, tag):
        wh = self.register
        self.milli += self.rate * ms // 1000
        if self.burst is None or self.burst[2] != tag:
            self.end_burst()
            self.burst = [wh, wh, tag]
        self.burst[1] = self.register

    def remember(self, ms):
        """Its register, once a second, as long as a power cut may put it in doubt."""
        recent = self.recent
        if not recent or ms - recent[-1][0] >= 1000:
            recent.append((ms, self.register))
            while ms - recent[0][0] > _DOUBT_MS:
                recent.pop(0)

    def end_burst(self):
        if self.burst:
            self.bursts.append(tuple(self.burst))
            self.burst = None

    def set_meter(self, state):
        """The meter falls silent, or is back."""
        if self.meter == "ok" and state != "ok":
            self.unread = self.last_read
        if state == "ok" and self.unread is not None:
            self.end_silence()
        self.meter = state

    def end_silence(self):
        if self.register > self.unread:
            self.gaps.append((self.unread, self.register))
        self.unread = None

    def set_back(self):
        """Another meter, or one that was reset."""
        if self.meter != "ok":
            return
        self.session_over()
        self.end_burst()
        self.gaps.append((self.last_read, self.register))
        self.base -= _BACK
        self.recent = []
        if self.session and self.session.open:
            self.lost = self.register

    def session_over(self):
        """What flowed since the register was set back was never counted."""
        if self.lost is not None and self.register > self.lost:
            self.gaps.append((self.lost, self.register))
        self.lost = None

    def power_gone(self, ms):
        """The contactor opens; what flowed of late may be in doubt."""
        self.closed = False
        self.opens_at = None
        self.end_burst()
        wh = self.register
        lo = wh
        for at, then in self.recent:
            if ms - at <= _DOUBT_MS:
                lo = then
                break
        lo = max(lo, wh - _DOUBT_WH)
        if lo < wh:
            self.gaps.append((lo, wh))
        self.recent = []


class Life(Setup):
    """One boot of the station."""

    def __init__(self, world):
        self.world = world
        Setup.__init__(
            self,
            len(world.sockets),
            world.settings,
            "/flash",
            online=False,
            clock=FakeClock(start=world.dice.pick((0, 0x1FFFF000))),
        )
        station = self.station
        if world.story:
            station.listen(lambda way, text: world.tell("out " if way == "out" else "  in", text))
        self.csms = world.csms
        self.csms.end = self.connection.far
        self.csms.epoch = 0
        station.on_reset = world.reset_wanted
        station.on_unlock = world.unlock
        station.on("StartTx", world.started)
        station.on("StopTx", world.stopped)
        for c, socket in zip(station.connectors, world.sockets):
            c.plugged = socket.car
            c.ev_ready = socket.ready
            c.evse_ready = False
            for code in socket.faults:
                c.set_error(code)
        world.flash.check()

    def _meter(self, c):
        return self.world.sockets[c.id - 1].read


class World:
    def __init__(self, seed, story=None):
        self.dice = dice = Dice(seed)
        self.story = story  # fn(line): is told all that happens
        self.stats = {}
        self.heap_slack = 16000  # bytes that the heap may differ from one calm hour to another
        self.ms = 0
        self.resending = False  # True: what was put aside is sent again
        self.swallowed = False  # True: messages vanished on the way
        self.skew_s = 0  # furthest the central system's clock was set
        self.settings = {
            "OnPowerLoss": dice.pick(("stop", "resume")),
            "AllowOfflineTxForUnknownId": dice.pick(("true", "false")),
            "MeterValueSampleInterval": dice.pick(("60", "120", "300", "0")),
            "LocalPreAuthorize": dice.pick(("true", "false")),
            "StopTxnSampledData": dice.pick(("", "Energy.Active.Import.Register")),
            "ClockAlignedDataInterval": dice.pick(("0", "0", "900")),
        }
        self.resumes = self.settings["OnPowerLoss"] == "resume"
        self.skews = dice.chance(20)  # the central system's clock is set now and then
        self.flash = Flash(blocks=dice.pick((64, 128)))
        try:
            self.flash.umount()  # what a life that failed left behind
        except OSError:
            pass
        self.flash.mount()
        self.csms = Csms(self)
        self.sockets = [Socket(n + 1, dice) for n in range(2)]
        self.life = None
        self.reason = "PowerUp"
        self.wish = None  # kind of the reset the station wants to be done
        self.due = []  # [ms, n, fn]: what will happen
        self._n = 0
        self.credits = []  # (ms, tag, connector or None): who was presented
        self.news_at = 0  # ms when something moved last
        self.network = True
        self.dial_at = None  # ms of the next dial
        self.armed = 0  # power cuts that were prepared
        self.operative = True  # as `Socket.operative`, of the whole station
        self.began = []  # sessions that began in this very loop
        log.sink = self._logged
        log.level = _INFO if story else _WARN
        self.tell("settings", self.settings)

    def count(self, what, n=1):
        self.stats[what] = self.stats.get(what, 0) + n

    def tell(self, *what):
        """A line of the story of this life, if anybody wants to read it."""
        if self.story:
            s = self.ms // 1000
            clock = "%d:%02d:%02d" % (s // 3600, s // 60 % 60, s % 60)
            self.story(" ".join([clock] + [str(w) for w in what]))

    def _logged(self, level, line):
        """Faults of the station's own must not happen; all else is its business."""
        self.tell("   ", line)
        own = ("station:", "job:", "event:", "rpc: after")
        if level == 0 and not self.flash.dead:
            for start in own:
                if line.startswith("error " + start):
                    raise Violation("log: " + line)

    def soon(self, ms, fn):
        """Have `fn()` called in `ms` milliseconds."""
        self._n += 1
        self.due.append([self.ms + ms, self._n, fn])
        self.due.sort(key=lambda e: (e[0], e[1]))

    # -- hooks of the station --

    def reset_wanted(self, kind):
        self.wish = kind
        return True

    def unlock(self, connector):
        return self.dice.pick((True, True, False, None))

    def started(self, event, c):
        socket = self.sockets[c.id - 1]
        tag = c.tx.id_token
        unix = self.life.clock.unix()
        session = Session(c.id, tag, socket.register, NOW + self.ms // 1000, unix is not None)
        self.began.append((socket, session))
        if socket.meter != "ok":
            socket.vague = True
        if self.flash.dead:
            return
        check(socket.car, "started without a car at", c.id)
        check(not socket.faults, "started with a fault at", c.id)
        check(
            False not in (socket.operative, self.operative), "started while out of order at", c.id
        )
        for credit in self.credits:
            if credit[1] == tag and credit[2] in (None, c.id):
                self.credits.remove(credit)
                return
        raise Violation("nobody presented %s at %d" % (tag, c.id))

    def stopped(self, event, c):
        socket = self.sockets[c.id - 1]
        if socket.meter != "ok":
            socket.vague = True
        if not self.flash.dead:
            socket.session_over()
            socket.session.open = False

    def refused(self, number, wh):
        """The central system tells that the identifier of a start is not accepted."""
        session = self.sockets[number - 1].session
        if session and session.open and session.wh == wh:
            session.refused_at = self.ms

    def credit(self, tag, number=None):
        self.credits.append((self.ms, tag, number))
        self.news()

    def news(self):
        self.news_at = self.ms

    # -- time --

    def run(self, ms):
        """Time goes by. PowerCut, Restart."""
        end = self.ms + ms
        while self.ms < end:
            step = min(self._pace(), end - self.ms)
            if self.due:
                step = max(1, min(step, self.due[0][0] - self.ms))
            self._pass(step)
            while self.due and self.due[0][0] <= self.ms:
                self.due.pop(0)[2]()
                self.news()

    def _pace(self):
        station = self.life.station
        if station.busy or self.csms.waits or self.ms - self.news_at < _CALM_MS:
            return _MOVING_MS
        for socket in self.sockets:
            if socket.closed:
                return _CHARGING_MS
        return _IDLE_MS

    def _pass(self, step):
        life = self.life
        self.ms += step
        life.clock.advance(step)
        for socket in self.sockets:
            if socket.closed and socket.ready and socket.car:
                socket.remember(self.ms - step)
                socket.flow(step, socket.session.tag)
        for _ in range(3):
            self.began.clear()
            life.station.loop()
            self.flash.check()  # nothing of what a station without power does reaches the world
            for socket, session in self.began:
                socket.session = session
                socket.sessions.append(session)
            self._hardware()
            if not life.station.busy:
                break
        self.csms.step()
        self._link()
        if self.wish:
            raise Restart

    def _hardware(self):
        """Contactors follow the permission, which is looked at closely."""
        for c, socket in zip(self.life.station.connectors, self.sockets):
            permitted = c.charging_permitted
            if permitted:
                self._check_permitted(c, socket)
                socket.opens_at = None
                if not socket.closed:
                    socket.closed = True
                    self.news()
            elif socket.closed:
                self._open(socket)
            c.evse_ready = socket.closed

    def _open(self, socket):
        """The contactor opens, at once where the hardware itself sees to it."""
        if socket.opens_at is None:
            socket.opens_at = self.ms + socket.lag_ms
            self.news()
        if self.ms >= socket.opens_at or socket.faults or not socket.car:
            socket.closed = False
            socket.opens_at = None
            socket.end_burst()

    def _check_permitted(self, c, socket):
        check(socket.car, "permitted without a car at", c.id)
        check(not socket.faults, "permitted with a fault at", c.id)
        session = socket.session
        check(session and session.open, "permitted without a transaction at", c.id)
        check(c.tx.id_token == session.tag, "permitted for", c.tx.id_token, "at", c.id)
        if session.refused_at is not None:
            check(self.ms - session.refused_at < _HEEDED_MS, "permitted though refused at", c.id)

    # -- link --

    def _link(self):
        """The station dials again as long as there is a network."""
        connection = self.life.connection
        if connection.connected or not self.network:
            self.dial_at = None
        elif self.dial_at is None:
            self.dial_at = self.ms + self.dice.between(500, 20000)
        elif self.ms >= self.dial_at:
            connection.online = True
            connection.connect("ocpp1.6")
            self.news()

    def unheard(self):
        """What was just told the station may not have reached it."""
        for socket in self.sockets:
            if socket.session:
                socket.session.refused_at = None

    def hang_up(self):
        self.unheard()
        self.life.connection.disconnect()

    # -- power --

    def boot(self):
        """The station comes up; power may go again meanwhile."""
        while True:
            self.count("boots")
            try:
                self.tell("boot")
                self.life = Life(self)
                self.life.station.boot_reason = self.reason
                break
            except PowerCut:
                pass
            except OSError as e:
                check(self.flash.dead, "boot failed:", repr(e))
            self.power_fails("PowerUp")
        self.dial_at = None
        self.news()

    def power_fails(self, reason):
        """No power for a while, or the watchdog bites: what a boot finds then."""
        self.count("power cuts" if reason == "PowerUp" else "reboots")
        for socket, session in self.began:
            session.limbo = True
            socket.session = session
            socket.sessions.append(session)
        for socket in self.sockets:
            socket.power_gone(self.ms)
            socket.session_over()
            if socket.session:
                socket.session.open = socket.session.open and self.resumes
        self.tell("power fails" if reason == "PowerUp" else reason)
        self._off(reason, self.dice.pick((1000, 20000, 7200000)) if reason == "PowerUp" else 2000)

    def restart(self):
        """The reset the station asked for; it has ended all transactions before."""
        self.count("resets")
        for c, socket in zip(self.life.station.connectors, self.sockets):
            check(not c.tx and not socket.closed, "reset in a transaction at", c.id)
        self.life.station.stop()
        self._off("RemoteReset", 10000)

    def _off(self, reason, most_ms):
        self.wish = None
        self.began.clear()
        self.unheard()
        self.life = None
        self.reason = reason
        self.flash.restore()
        self.flash.umount()
        self.flash.mount()  # raises if the file system is not readable
        self.ms += self.dice.between(500, most_ms)
        for socket in self.sockets:
            if self.dice.chance(20):
                socket.car = socket.ready = not socket.car

    def arm(self):
        """Power goes at one of the next block operations, or later without one."""
        self.armed += 1
        mine = self.armed
        self.flash.cut(self.dice.between(1, self.dice.pick((6, 20, 60))), self.dice.chance(50))

        def fall():
            if mine == self.armed and self.flash.cut_at:
                self.flash.dead = True

        self.soon(self.dice.between(5000, 600000), fall)

    # -- life --

    def live(self, hours):
        """Anything may happen."""
        end = self.ms + hours * _HOUR
        while self.ms < end:
            try:
                if self.life is None:
                    self.boot()
                act(self)
                self.run(self.dice.between(*self.dice.pick(_GAPS)))
            except PowerCut:
                self.power_fails("PowerUp")
            except Restart:
                self.restart()

    def rest(self, ms):
        """Time goes by without power cuts."""
        end = self.ms + ms
        while self.ms < end:
            if self.life is None:
                self.boot()
            try:
                self.run(end - self.ms)
            except Restart:
                self.restart()

    def calm_down(self):
        """All is well again: an hour later nothing waits any more."""
        self.tell("calm")
        self.flash.restore()
        self.due.clear()
        if self.life is None:
            self.boot()
        soothe(self)
        self.rest(10000)
        for c in self.life.station.connectors:
            c.end()  # where it goes on though the car has left
        self.rest(_HOUR)
        station = self.life.station
        check(station.log.pending() == 0, "still pending:", station.log.pending())
        if station.log.parked():
            self.count("put aside", station.log.parked())
            self.resending = True
            station.log.resend()
            self.rest(_HOUR // 4)
            self.resending = False
        check(station.log.parked() == 0, "still put aside:", station.log.parked())
        for number in (0, 1, 2):
            self.csms.call("ChangeAvailability", {"connectorId": number, "type": "Operative"})
            self.rest(5000)
        for number in (1, 2):  # cables that are kept for somebody
            self.csms.call("UnlockConnector", {"connectorId": number})
            self.rest(20000)
        self.operative = True
        for socket in self.sockets:
            socket.operative = True
            self._prove(socket)
        self._check_calm()

    def _prove(self, socket):
        """Each connector still works, from plug to stop."""
        number = socket.number
        plug(self, socket)
        tag = self.dice.pick(GOOD)
        self.rest(2000)
        present(self, tag, number)
        self.rest(60000)
        check(socket.closed, "no energy at %d after an hour's rest" % number)
        present(self, tag, number)
        self.rest(10000)
        unplug(self, socket)
        self.rest(30000)

    def _check_calm(self):
        station = self.life.station
        log = station.log
        check(log.pending() == 0 and log.parked() == 0, "pending after a session:", log.pending())
        check(station.registration.accepted and not station.resetting, "not in service")
        check(not station.jobs and not station.rpc.busy, "still at work")
        check(not log.full and not station.store.full, "flash full")
        for c in station.connectors:
            told = self.csms.statuses.get(c.id)
            check(c.status == told == "Available", "state", c.status, "told", told, "at", c.id)
            check(c.tx is None and c.grant is None and not c.errors, "left over at", c.id)

    def heap(self):
        """Bytes in use, with nothing but the calm station and its world."""
        self.csms.open_books()
        for socket in self.sockets:
            socket.open_books()
        self.swallowed = False
        self.credits.clear()
        self.csms.forget()
        self.life.station.tidy()
        gc.collect()
        return gc.mem_alloc()


def soak(seed, hours=48, parts=3, story=None):
    """One life of about `hours` in `parts`, with an hour of calm and a judgement after each.
    -> what happened: {name: how often}, "ms": the time it was, "transactions": how many were
    told."""
    world = World(seed, story)
    before = None
    try:
        for _ in range(parts):
            world.live(hours // parts)
            world.calm_down()
            world.count("transactions", judge(world))
            heap = world.heap()
            check(
                before is None or heap - before < world.heap_slack, "heap from", before, "to", heap
            )
            before = before or heap
    finally:
        log.sink = None
    world.flash.umount()
    world.count("hours", world.ms // _HOUR)
    return world.stats


def main(seed, story=False):
    """One life for `tools/soak.py`: prints what happened as JSON. SystemExit(1) if it failed."""
    try:
        print(json.dumps(soak(seed, story=print if story else None)))
    except Exception as e:
        sys.print_exception(e)
        raise SystemExit(1)
