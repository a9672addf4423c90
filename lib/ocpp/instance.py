"""Station: one charging station with all its state, and its loop.

Puts the parts together: flash, settings, domain, dialect, RPC, connection. Everything a host may
want to replace is handed in. Several stations may live in one process.
"""

import gc

from ocpp.calls import CallError
from ocpp.clock import Timer
from ocpp.host import Host
from ocpp.log import log
from ocpp.ondemand import OnDemand, unload
from ocpp.station.connector import AVAILABLE, FAULTED, UNAVAILABLE, Error, is_fault
from ocpp.station.session import FIRMWARE

_TICK_MS = const(100)  # how often inputs are looked at
_PATIENCE_MS = const(20)  # a part of the domain waits that long for a slice of a job
_SELDOM_MS = const(40)  # a host that calls so seldom has both in one call
_BUSY = const(5)  # looks (1 s) that messages may put off letting go
_MASK = const(0x1FFFFFFF)  # of ticks, see `Clock.diff`
_HALF = const(0x10000000)
_SOUND_S = const(60)  # without a fault of ours, until its warning is taken back
_SOON_S = const(60)  # after an acceptance, to the first look at our certificate
_STEPPED = ("reset", "update", "upload", "display", "pricing", "asking", "monitors")  # parts
_JOBS = const(8)  # at work, before the central system is turned away


class Station(Host, OnDemand):
    """`config`: the configuration (docs/configuration.md); `root`: an existing directory for what
    is kept; `clock`: a `Clock`; `open_link(url, protocols, headers)` makes a link per dial.
    Instead of `open_link`, `connection` (a `Loopback`, or a transport of the host's own), or
    `remote`, an RPC of the host's own. `declare`: settings of the host's own, lines as in
    `station/settings_table.py`. ValueError, OSError."""

    # What the link is secured with, see `station/credentials.py`
    refused = 0  # times in a row that the password was refused
    trusted = ""  # root the server's certificate leads to, with a "+" once it was seen whole
    presented = None  # number of our certificate
    locks = True  # False: cables can't be locked, they are attached for good
    requesting = False  # True: a new key is being made
    held = ()  # (data, stamp) of events of the start, told once the station is accepted
    heard = -60  # uptime (s) when a message last was told to be invalid
    route = None  # network profiles to be tried, see `station/network.py`
    lost = None  # uptime (s) when the link was first seen to be gone
    cared = None  # uptime (s) of the next look at our certificate, None: none is due

    def __init__(
        self, config, root, clock, open_link=None, connection=None, remote=None, declare=()
    ):
        self.config = config
        self.clock = clock
        self._configure("files", root)
        # What of the configuration could not be taken: (name, why)
        self.problems = self._configure("settings", declare)
        self.handlers = {}  # action -> fn(request): replaces or adds an incoming operation
        self.data_handlers = {}  # (vendor, message or None) -> fn(data)
        self.events = {}  # event -> [fn(event, connector)]
        self.errors = []  # of the station itself
        self.jobs = []  # generators, stepped once per loop
        self._schemas = []  # see OnDemand
        self._ops = []
        self._parts = {}
        self.operative = True  # as last set by ChangeAvailability of connector 0
        self.resetting = False  # True: no new sessions, a restart is under way
        self._quiet = Timer(clock)
        self._sound = Timer(clock)  # runs after a fault of ours
        self.full = False  # True: it was told that the flash is full
        self.damage = 0  # damaged things on flash that were told of
        self.probe = Timer(clock)  # runs while it is: due to try again
        self._seen_epoch = 0
        self._compacting = False
        self._worked = 0  # 1: the last loop() handled a frame, 2: and the domain had its turn
        self._ready = False  # True once the host had its chance to declare what it has
        # The domain: part that has its turn next, when; every other round; looks since it was
        # quiet. A list, because an attribute takes much longer to set.
        self._turn = [0, clock.ticks(), False, 0]
        self.dialect = self.version = None
        self.aligned = 0  # s between clock-aligned meter values, 0: none
        self.connection = self.rpc = None
        self._configure("link", open_link, connection, remote)
        self._configure("parts")
        self._configure("wire")
        self.tidy()
        if self.log.open_transactions():
            self.part("recovery")

    def _configure(self, name, *arguments):
        """Do one of the functions of `configure`, which is let go at once."""
        from ocpp import configure

        try:
            return getattr(configure, name)(self, *arguments)
        finally:
            unload("ocpp.configure")

    # -- the loop --------------------------------------------------------------------------------

    def loop(self):
        """One step of everything. Never blocks, never raises; allocates nothing when there is
        nothing to do."""
        connection = self.connection
        try:
            connection.step()
            if connection.epoch != self._seen_epoch:
                self._connected()
        except Exception as e:
            self.failed("connection", e)
            self._redial()
        turn = self._turn
        late = ((self.clock.ticks() - turn[1] + _HALF) & _MASK) - _HALF  # ms
        if not (self._worked or connection.busy or self.rpc.wake):
            if late < 0 and not self.jobs:
                return
            if turn[0]:  # ten times a second messages are looked at nevertheless
                return self._domain(late) if self.jobs else self._tick(late)
        elif self._worked == 1:  # enough for one call; the domain has its turn in the next
            self._worked = 2
            if self._domain(late):
                return
        if not self._messages():
            self._domain(late)

    def _messages(self):
        """One step of the RPC. True if there was work."""
        try:
            if self.rpc.step():
                self._worked = 1
                return True
        except Exception as e:
            self.failed("messages", e)
        if self._worked:  # a look is much cheaper than a store
            self._worked = 0
        return False

    def _domain(self, late):
        """Parts of the domain that are due (since `late` ms), or a slice of a job, which come in
        turn. True if there was work."""
        ticked = late >= 0 and not (self.jobs and late < _PATIENCE_MS)
        if ticked:
            self._tick(late)
            if not self.jobs or late < _SELDOM_MS:
                return True
        elif not self.jobs:
            return False
        self._work()
        return True

    def _tick(self, late):
        """Each part of the domain has its turn every 100 ms, one after the other: a call is to be
        short. `late`: ms since one was due; with a host that seldom calls it is several of them. A
        fault in one does not stop the others."""
        parts = self._domains
        turn = self._turn
        if late >= _TICK_MS:
            late = _TICK_MS - 1
        while late >= 0:
            late -= _TICK_MS // len(parts)
            i = turn[0]
            turn[0] = (i + 1) % len(parts)
            try:
                parts[i][1]()
            except Exception as e:
                if 0 < i <= len(self.connectors):
                    self.connectors[i - 1].failed(e)
                self.failed(parts[i][0], e)
            if i <= len(self.connectors):
                self.statuses.update(i)
        turn[1] = self.clock.ticks() - late

    def _bound(self):
        """What keeps connectors within bounds."""
        try:
            self._before()
        finally:
            self.limits.step()

    def _before(self):
        parts = self._parts
        if not self._ready:
            self._ready = True
            self._configure("trim")
        if parts:
            for name in ("recovery", "reservations"):
                if name in parts:
                    parts[name].step()

    def _tell(self):
        """Reports, and what has time: one in each tick."""
        turn = self._turn
        turn[2] = not turn[2]
        if turn[2]:
            return self._upkeep()
        if self.aligned or "metering" in self._parts:
            self.metering.step_aligned()
        self.registration.step()
        self.delivery.step()

    def failed(self, part, e):
        """A fault of ours in `part` of the work: logged, told as a warning; it goes on."""
        gc.collect()  # it may have been for want of memory
        if not self._sound.running:
            log.error("station", part, "failed:", repr(e))
            log.trace(e)
            self.errors.append(Error("InternalError", part + " failed", "", FIRMWARE, False))
        self._sound.start_s(_SOUND_S)

    def _redial(self):
        try:
            self.connection.drop()
        except Exception as e:
            self.failed("connection", e)

    def _work(self):
        """One slice of the first job; the next job has its turn afterwards."""
        job = self.jobs.pop(0)
        try:
            next(job)
            self.jobs.append(job)
        except StopIteration:
            pass
        except Exception as e:  # a job that fails must not take the station with it
            log.error("job", "failed:", repr(e))
            log.trace(e)

    @property
    def busy(self):
        """True: call `loop()` again at once; otherwise a pause of some milliseconds is fine."""
        if self.jobs or self.connection.busy:
            return True
        return self.connection.connected and bool(self.rpc.busy or self.rpc.wake)

    def stop(self):
        """Close the connection. No transaction is ended; everything is on flash."""
        self.connection.close(1000, "stopped")

    def _connected(self):
        from ocpp import linking

        linking.connected(self)
        unload("ocpp.linking")

    def dial(self, *more):
        """A new link to the central system. `more`: arguments of the host's for `open_link`."""
        open_link, url, protocols = self.dialling
        if self.route:
            url, protocols = self.part("network").dialled(url, protocols)
        return open_link(url, protocols, self._configure("headers"), *more)

    def dial_failed(self, kind, text, repeated):
        """A link failed, or could not be made."""
        from ocpp import linking

        linking.failed(self, kind, text, repeated)
        unload("ocpp.linking")

    def on_call(self, request):
        """What answers a CALL: dict, None (later); CallError."""
        steps = self.answering(request)
        while hasattr(steps, "send"):
            try:
                next(steps)
            except StopIteration as e:
                return e.value
        return steps

    def answering(self, request):
        """The same, or a generator that does it in steps."""
        if len(self.jobs) >= _JOBS:
            raise CallError("InternalError", "too many questions at a time")
        return self.dialect.on_call(request)

    def on_garbage(self, text, id, what):
        self.part("security").event("InvalidMessages", what)
        return self.dialect.on_garbage(text, id, what)

    @property
    def online(self):
        """True: connected and accepted; the central system can be asked."""
        return self.connection.connected and self.registration.accepted

    def stamp(self):
        """Now, for a record: Unix s, or (boot, uptime s) while the clock is not set."""
        unix = self.clock.unix()
        return (self.clock.boot, self.clock.uptime()) if unix is None else unix

    def unix_of(self, stamp):
        """Unix s of a stamp, None as long as it can't be told."""
        if isinstance(stamp, int):
            return stamp
        unix = self.clock.unix()
        if stamp[0] == self.clock.boot and unix is not None:
            return unix - self.clock.uptime() + stamp[1]
        return self.log.stamp_unix(stamp)

    @property
    def recovering(self):
        """True while transactions that a restart interrupted may still be gone on with."""
        return "recovery" in self._parts

    def state(self):
        """State of the station as a whole, connector 0 (OCPP 1.6 §4.9)."""
        if is_fault(self.errors):
            return FAULTED
        return AVAILABLE if self.operative else UNAVAILABLE

    def append(self, kind, key, data, stamp=None):
        """Write a record to the transaction log and have it delivered. What does not fit into a
        record are meter values: they are thinned out, the first and the last one going last."""
        if not self.connection.connected:
            data["offline"] = True
        try:
            seq = self.log.append(kind, key, data, True, stamp)
        except ValueError:
            values = data.pop("values")  # nothing else grows
            if len(values) > 2:
                data["values"] = values[:-1:2] + values[-1:]
            log.warn("transaction", key, "has more meter values than fit:", len(values))
            return self.append(kind, key, data, stamp)
        if seq is not None:
            self.delivery.recorded(seq)
        self.rpc.wake = True
        self.quiet_soon()

    def _upkeep(self):
        self.clock.uptime()
        parts = self._parts
        for name in _STEPPED if parts else ():
            if name in parts:
                parts[name].step()
        if self.log.needs_compact and not self._compacting:
            self._compacting = True
            self.jobs.append(self._compact())
        if (self.log.full or self.store.full) != self.full or self.probe.due():
            self.check_flash()
        if self.damaged() != self.damage:
            self.report_damage()
        self._care()
        if self._sound.expired():
            self.errors = [e for e in self.errors if e.vendor_code != FIRMWARE]
        if self._quiet.due() and len(self.jobs) <= self.lasting():
            turn = self._turn
            turn[3] += 1
            if not self.rpc.busy or turn[3] > _BUSY:
                turn[3] = 0
                self.jobs.append(self.tidying())

    def _care(self):
        if self.lost is None and not self.connection.connected:
            self.lost = self.clock.uptime()
        if self.cared is not None and self.clock.uptime() >= self.cared:
            self.part("credentials").care()

    def damaged(self):
        """How much on flash could not be read since boot; what was intact is in use."""
        store = self.store
        return self.log.damaged + len(self.log.foreign) + len(store.damaged) + len(store.newer)

    def _compact(self):
        try:
            for _ in self.log.compact():
                yield
        finally:
            self._compacting = False

    def on_samples(self, connector, context, samples, stamp):
        """Meter values are due: of a transaction through the log, others while there is a link.
        `stamp`: Unix s, None: now."""
        if connector.tx:
            from ocpp.station import charging

            if not connector.tx.floating:
                charging.record_samples(connector, samples, None, stamp)
        elif self.online:
            self.dialect.idle_samples(connector, stamp or self.stamp(), samples)

    def accepted(self):
        """The central system accepted the station."""
        self.statuses.report_all()
        if self.held:
            self.part("security").release()
        if self.settings.get("SecurityProfile") == 3:
            self.cared = self.clock.uptime() + _SOON_S
        self.emit("Accepted", None)

    def time_changed(self, first):
        if first:
            self.emit("TimeSet", None)

    def emit(self, event, connector):
        for fn in self.events.get(event, ()):
            try:
                fn(event, connector)
            except Exception as e:  # a fault of the host's must not stop a transaction half-way
                log.error("event", event, "failed:", repr(e))
                log.trace(e)
