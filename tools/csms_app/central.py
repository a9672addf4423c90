"""The protocol layer: stations, their states, calls both ways. No network, no database, no web.

    class Mine(Handler):
        def on_Authorize(self, station, payload):
            return {"idTokenInfo": {"status": "Accepted"}}

    central = Central(Mine())
    central.add_station("cp001", evses=2)
    link = central.connect("cp001", "2.0.1", send)  # send: async, takes a text
    await link.rpc.receive(text)                    # each text of the station
    await central.call(central.stations["cp001"], "Reset", {"type": "OnIdle"})
    await central.disconnect("cp001", link)

All is to be called in one event loop, save `call_sync`.
"""

import asyncio
import inspect
import logging

from csms_app import automatic, machine, protocol, rpc, schemas
from csms_app.machine import NotAllowed
from csms_app.protocol import CallError
from csms_app.station import Station, now

log = logging.getLogger("csms")

_MAX_STATIONS = 10_000
_MAX_QUEUED = 100  # calls to one station that wait for their turn


class BadPayload(Exception):
    """A CALL we were asked to send is against the schema."""


class UnknownStation(Exception):
    """It is not registered, and unknown ones are not accepted."""


class Handler:
    """What an application does. Override what it needs.

    A method `on_ACTION(station, payload)` takes requests of that action: it returns the payload of
    the answer (reply now), an awaitable of it (reply later), or raises CallError. What it raises
    else is logged and answered with InternalError. `on_BootNotification` answers as the schema
    says; its status moves the station. The other methods are told what happened.
    """

    def request(self, station, action, payload):
        """All requests that are not answered automatically come here."""
        method = getattr(self, "on_" + action, None)
        if method is None:
            raise CallError("NotSupported", "%s is not handled here" % action)
        return method(station, payload)

    def connected(self, station):
        """A connection is there."""

    def disconnected(self, station):
        """It has gone."""

    def ready(self, station):
        """After a boot or reconnection: the station has told its state, and works."""

    def changed(self, station):
        """Something known of it has changed."""

    def reboot_required(self, station, action):
        """A setting made with `action` takes effect with the next start."""

    def report_received(self, station, report):
        """The last part of a device_model.Report came; see its `missing`."""

    def call_answered(self, station, action, payload, answer):
        """`answer`: the result (dict) or a CallError."""

    def call_timed_out(self, station, action, payload):
        """No answer in time. The next call may go."""


class Wire:
    """A connection over any transport of texts."""

    def __init__(self, rpc, version, remote=None):
        self.rpc = rpc
        self.version = version
        self.remote = remote


class Central:
    """All stations. `unknown`: "accept" or "reject" those that were not added. `busy`: while a
    call is unanswered the next is put into a queue ("queue") or raises rpc.Busy ("refuse").
    `must_boot`: a station never seen must send BootNotification first (B01.FR.10)."""

    def __init__(self, handler, unknown="reject", busy="queue", call_timeout=30, must_boot=True):
        self.handler = handler
        self.stations = {}
        self.versions = schemas.versions()
        self._unknown = unknown
        self._busy = busy
        self._call_timeout = call_timeout
        self._must_boot = must_boot
        self._loop = None  # the event loop, for call_sync
        self._tasks = set()

    # Stations

    def admits(self, id):
        """True if a station of this identity may connect."""
        known = self.stations.get(id)
        if known is None and len(self.stations) >= _MAX_STATIONS:
            return False
        registered = known is not None and not known.unknown
        return registered or self._unknown == "accept"

    def station(self, id):
        """The station of this identity; a new one is an unknown one."""
        return self.stations.setdefault(id, Station(id))

    def add_station(self, id, evses=0):
        """Register a station."""
        station = self.station(id)
        station.unknown = False
        station.expect_evses(evses)
        return station

    def connect(self, id, version, send):
        """A station has connected over any transport. Returns its Wire; texts of the station go to
        `wire.rpc.receive`. Raises UnknownStation. To be called in the event loop."""
        if not self.admits(id):
            raise UnknownStation(id)
        station = self.station(id)

        async def on_call(action, payload):
            return await self.handle(station, action, payload)

        wire = Wire(rpc.RPC(version, send, on_call), version)
        wire.rpc.start()
        self.attach(station, wire)
        return wire

    async def disconnect(self, id, wire):
        """Its connection has ended."""
        await wire.rpc.close()
        self.detach(self.stations[id], wire)

    def attach(self, station, link):
        """Make `link` (with `rpc`, `version`, `remote`) a station's connection. Returns the one it
        had, which is the caller's to close, or None."""
        self._loop = asyncio.get_running_loop()
        old, station.link = station.link, link
        if old is not None:
            station.move("disconnect")
        if station.version != link.version:
            station.version = link.version
            station.forget_registration()
        free = not self._must_boot and station.registration is None
        station.move("resume" if free else "connect")
        station.since = now()
        self.tell(station, "connected")
        self.station_changed(station)
        return old

    def detach(self, station, link):
        """A connection has ended. Nothing happens if it is not the station's any more."""
        if station.link is not link:
            return
        station.link = None
        station.since = now()
        station.move("disconnect")
        self.tell(station, "disconnected")
        self.station_changed(station)

    def station_changed(self, station):
        station.changed = True
        self.tell(station, "changed")

    def tell(self, station, event, *values):
        """Tell the handler; what it does wrong is its own."""
        try:
            getattr(self.handler, event)(station, *values)
        except Exception:
            log.exception("handler of %s", event)

    # Requests of stations

    async def handle(self, station, action, payload):
        """Answer a request of a station whose payload is valid. Raises CallError."""
        if not station.may_send(action, payload):
            raise CallError("SecurityError", "%s while %s" % (action, station.state))
        if action == "BootNotification":
            return await self._boot(station, payload)
        if action not in machine.START_UP:
            self._settle(station)
        try:
            if action in automatic.AUTOMATIC[station.version]:
                return automatic.AUTOMATIC[station.version][action](self, station, payload)
            return await self._ask(station, action, payload)
        except OverflowError:
            raise CallError("PropertyConstraintViolation", "a number is too large") from None

    async def _ask(self, station, action, payload):
        answer = self.handler.request(station, action, payload)
        return await answer if inspect.isawaitable(answer) else answer

    async def _boot(self, station, payload):
        link = station.link
        station.move("boot")
        try:
            answer = await self._ask(station, "BootNotification", payload)
            schemas.check(station.version, "BootNotification", False, answer)
        except BaseException:
            if station.link is link:
                station.move("fail")
            raise
        if station.link is link:  # else the answer goes nowhere
            station.booted(payload, answer["status"])
            self.station_changed(station)
        return answer

    def _settle(self, station):
        before = station.state
        if before in (machine.PROVISIONING, machine.RECONNECTING):
            station.move("settle")
            self.tell(station, "ready")
            self.station_changed(station)

    # Calls to stations

    async def call(self, station, action, payload, timeout=None, check=True):
        """Send a CALL. Returns its result.

        Raises BadPayload, schemas.UnknownAction, rpc.Busy, rpc.Offline, NotAllowed, CallError,
        asyncio.TimeoutError. `timeout`: seconds from its sending; `check` False: any action, any
        payload, in any state.
        """
        if check and station.version:
            try:
                schemas.check(station.version, action, True, payload)
            except schemas.Violation as e:
                raise BadPayload(str(e)) from None
        link = self._link(station)
        if self._busy == "refuse":
            return await self._send(station, link, action, payload, timeout, check)
        if station.queued >= _MAX_QUEUED:
            raise rpc.Busy("%d calls are waiting" % station.queued)
        station.queued += 1
        try:
            async with station.turn:
                link = self._link(station)
                return await self._send(station, link, action, payload, timeout, check)
        finally:
            station.queued -= 1

    def call_later(self, station, action, payload, timeout=None, check=True):
        """Send a CALL without waiting: the handler's `call_answered` or `call_timed_out` is told.
        Returns the task."""
        task = asyncio.ensure_future(self.call(station, action, payload, timeout, check))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def call_sync(self, station, action, payload, timeout=None, check=True):
        """The same as `call`, for another thread than the event loop's."""
        if self._loop is None:
            raise rpc.Offline("%s is not connected" % station.id)
        call = self.call(station, action, payload, timeout, check)
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()

    def _forget(self, task):
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.info("a call failed: %s", protocol.printable(repr(error), 200))

    def _link(self, station):
        if station.link is None:
            raise rpc.Offline("%s is not connected" % station.id)
        return station.link

    async def _send(self, station, link, action, payload, timeout, check):
        if check and not machine.may_go(station.state, station.version, action):
            raise NotAllowed("%s while the station is %s" % (action, station.state))
        timeout = self._call_timeout if timeout is None else timeout

        def take(result):
            try:
                self.learn(station, action, payload, result)
            except (KeyError, TypeError, AttributeError, ValueError, NotAllowed):
                pass  # against its schema, which on_flaw tells; or the station has gone

        try:
            result = await link.rpc.call(action, payload, timeout, take)
        except CallError as error:
            self.tell(station, "call_answered", action, payload, error)
            raise
        except asyncio.TimeoutError:
            self.tell(station, "call_timed_out", action, payload)
            raise
        self.tell(station, "call_answered", action, payload, result)
        return result

    def learn(self, station, action, payload, result):
        """Keep what the answer to a call of ours tells."""
        reboot = station.merge_call(action, payload, result)
        self.station_changed(station)
        if reboot:
            self.tell(station, "reboot_required", action)
