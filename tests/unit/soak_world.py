"""The world of `soak.py`: it outlives the station, lets time go by, and watches the permission."""

from central import NOW, Setup
from powercut import Flash
from soak_court import Session, Violation, check
from soak_csms import Csms
from soak_socket import Dice, Socket
from support import FakeClock

from ocpp.log import log

_WARN = const(1)
_INFO = const(2)
_MOVING_MS = const(100)
_CHARGING_MS = const(2000)
_IDLE_MS = const(5000)
_CALM_MS = const(3000)  # without news, until the steps get longer
_HEEDED_MS = const(15000)  # until an identifier that was refused gets no energy
_LINE = const(300)  # longest line of a story


class Restart(Exception):
    """The station asked for a restart."""


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
            self.story(" ".join([clock] + [str(w) for w in what])[:_LINE])

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
