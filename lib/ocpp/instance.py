"""Station: one charging station with all its state, and its loop.

Puts the parts together: flash, settings, domain, dialect, RPC, connection. Everything a host may
want to replace is handed in. Several stations may live in one process.
"""

import gc
import os

from ocpp import txlog
from ocpp.calls import CallError
from ocpp.clock import Timer
from ocpp.host import Host
from ocpp.log import log
from ocpp.ondemand import OnDemand, unload
from ocpp.secured import Secured
from ocpp.station.connector import (
    AVAILABLE,
    FAULTED,
    UNAVAILABLE,
    Connector,
    Error,
    is_fault,
)
from ocpp.station.delivery import Delivery
from ocpp.station.identity import ACCEPTED
from ocpp.station.limits import Limits
from ocpp.station.registration import Registration
from ocpp.station.session import FIRMWARE
from ocpp.station.settings import Settings
from ocpp.station.status import StatusReporter
from ocpp.store import Store

_TICK_MS = const(100)  # how often inputs are looked at
_SOUND_S = const(60)  # without a fault of ours, until its warning is taken back
_DIRECTORY = const(0x4000)
_JOBS = const(8)  # at work, before the central system is turned away


class Station(Host, OnDemand, Secured):
    """`config`: the configuration (docs/configuration.md); `root`: an existing directory for what
    is kept; `clock`: a `Clock`; `open_link(url, protocols, headers)` makes a link per dial.
    Instead of `open_link`, `connection` (a `Loopback`, or a transport of the host's own), or
    `remote`, an RPC of the host's own. `declare`: settings of the host's own, lines as in
    `station/settings_table.py`. ValueError, OSError."""

    def __init__(
        self, config, root, clock, open_link=None, connection=None, remote=None, declare=()
    ):
        self.config = config
        self.clock = clock
        aside = []
        self.store = Store(_directory(root, "state", aside))
        self.log = txlog.TxLog(_directory(root, "log", aside), clock)
        self.store.damaged += aside
        clock.boot = self.store.next_boot(self.log.seen_boot)
        self.settings = Settings(self.store)
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
        self._worked = False  # True: the last loop() handled a frame
        self._ready = False  # True once the host had its chance to declare what it has
        self._tick = Timer(clock)
        self._tick.start(0)
        self.connection = self.rpc = None
        self._configure("link", open_link, connection, remote)
        self.connectors = [
            Connector(self, n + 1) for n in range(self.settings.get("NumberOfConnectors"))
        ]
        self.limits = Limits(self)
        self.registration = Registration(self)
        self.statuses = StatusReporter(self)
        self.delivery = Delivery(self)
        self.dialect = self.version = None
        self.aligned = 0  # s between clock-aligned meter values, 0: none
        self._configure("wire")
        self.part("availability").restore()
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
        try:
            worked = self.rpc.step()
        except Exception as e:
            worked = False
            self.failed("messages", e)
        if worked and not self._worked:
            self._worked = True  # enough for one call; the domain has its turn in the next
            return
        if self._worked:  # a look is much cheaper than a store
            self._worked = False
        if self.jobs:
            self._work()
        if self._tick.due():
            self._tick.start(_TICK_MS)
            self._step()

    def _step(self):
        """The tick, in five parts: a fault in one of them does not stop the others."""
        self.clock.uptime()
        try:
            self._before()
        except Exception as e:
            self.failed("start", e)
        for c in self.connectors:
            try:
                c.step()
            except Exception as e:
                c.failed(e)
                self.failed("connector %d" % c.id, e)
        try:
            self.limits.step()
        except Exception as e:
            self.failed("limits", e)
        try:
            self._tell()
        except Exception as e:
            self.failed("reports", e)
        try:
            self._upkeep()
        except Exception as e:
            self.failed("upkeep", e)

    def _before(self):
        if not self._ready:
            self._ready = True
            self._configure("trim")
        if "recovery" in self._parts:
            self._parts["recovery"].step()
        if self.reservations:
            self.reservations.step()

    def _tell(self):
        if self.aligned or "metering" in self._parts:
            self.metering.step_aligned()
        self.statuses.update()
        self.registration.step()
        self.delivery.step()

    def failed(self, part, e):
        """A fault of ours in `part` of the work: logged, told as a warning, and the station goes
        on."""
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
        self._seen_epoch = self.connection.epoch
        if self.connection.subprotocol != self.dialect.subprotocol:
            self._configure("renegotiate")
        if self.settings.get("SecurityProfile"):
            self.part("security").connected()
        self.delivery.retry_now()
        self.registration.reconnected()
        self.rpc.wake = True

    # -- what connection, RPC and settings call --------------------------------------------------

    def dial(self):
        """A new link to the central system."""
        open_link, url, protocols = self.dialling
        return open_link(url, protocols, self._configure("headers"))

    def on_call(self, request):
        if len(self.jobs) >= _JOBS:
            raise CallError("InternalError", "too many questions at a time")
        return self.dialect.on_call(request)

    def on_garbage(self, text, id, what):
        self.part("security").event("InvalidMessages", what)
        return self.dialect.on_garbage(text, id, what)

    def set_timeout(self, seconds):
        self.rpc.timeout_ms = seconds * 1000

    def set_aligned(self, seconds):
        self.aligned = seconds

    def check_measurands(self, text):
        return self.metering.check(text)

    # -- for the domain --------------------------------------------------------------------------

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

    def record(self, kind, tx, data):
        """Write what happened to a transaction; it is delivered in due course."""
        self.append(kind, tx.key, data)

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
        if "reset" in self._parts:
            self._parts["reset"].step()
        if "update" in self._parts:
            self._parts["update"].step()
        if "upload" in self._parts:
            self._parts["upload"].step()
        if self.log.needs_compact and not self._compacting:
            self._compacting = True
            self.jobs.append(self._compact())
        if (self.log.full or self.store.full) != self.full or self.probe.due():
            self.check_flash()
        if self.damaged() != self.damage:
            self.report_damage()
        if self.cared is not None:
            self.care()
        if self._sound.expired():
            self.errors = [e for e in self.errors if e.vendor_code != FIRMWARE]
        if self._quiet.due() and not self.rpc.busy and len(self.jobs) <= self.lasting():
            self.tidy()

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

    def on_samples(self, connector, context, samples):
        """Meter values are due: of a transaction through the log, others while there is a link."""
        if connector.tx:
            from ocpp.station import charging

            charging.record_samples(connector, samples)
        elif self.online:
            self.dialect.idle_samples(connector, self.stamp(), samples)

    def started(self, key, id_token, csms_id, info):
        """The central system has answered a start."""
        self.authorization.learn(id_token, info)
        for c in self.connectors:
            if c.tx and c.tx.key == key:
                c.tx.id = csms_id
                if info.parent and not c.tx.parent:
                    c.tx.parent = info.parent
                if info.status != ACCEPTED:
                    c.deauthorize()

    def accepted(self):
        """The central system accepted the station."""
        self.statuses.report_all()
        if self.held:
            self.part("security").release()
        if self.settings.get("SecurityProfile") == 3:
            self.care(True)
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


def _directory(root, name, aside):
    """Path of a directory for what is kept. Should a file be in its place, it is put `aside`."""
    path = root + "/" + name
    try:
        os.mkdir(path)
    except OSError:
        if not os.stat(path)[0] & _DIRECTORY:
            os.rename(path, path + ".old")
            os.mkdir(path)
            aside.append(name)
    return path
