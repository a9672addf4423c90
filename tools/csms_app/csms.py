"""The central system itself: stations, store and subscribers, independent of wire and web."""

import asyncio
import inspect
import json
import logging

from csms_app import auth, handlers2, handlers16, metering, misbehaviour, protocol, schemas, tokens
from csms_app.config import SHIPPED_TOKENS
from csms_app.protocol import CallError
from csms_app.rpc import Offline
from csms_app.station import Station, now

log = logging.getLogger("csms")

HANDLERS = {
    "1.6": handlers16.HANDLERS,
    "2.0.1": handlers2.HANDLERS,
    "2.1": handlers2.HANDLERS_21,
}
_MAX_STATIONS = 10_000
_MAX_EVENTS = 2_000  # a subscriber that lags further behind loses events
_WRITE_BEHIND_S = 0.25


class BadPayload(Exception):
    """A CALL we were asked to send is against the schema."""


class CSMS:
    """All stations. `config`: as config.load() returns it."""

    def __init__(self, config, store):
        self.config = config
        self.store = store
        self.stations = {}
        self.versions = schemas.versions()
        self.misbehaviour = misbehaviour.Rules()
        self._subscribers = set()  # queues of event dicts
        for row in store.stations():
            station = self.stations[row["id"]] = Station(row["id"], row["unknown"])
            station.password = row["password"]
            station.boot_answer = row["boot_answer"]
            station.restore(row["state"])
        self._first_tokens()
        for id, fields in config["stations"].items():
            self.register(id, fields)
        self.save()

    def _first_tokens(self):
        listed = self.config["tokens"]
        if listed is None and self.store.is_new:
            listed = {n: tokens.checked(n, f) for n, f in SHIPPED_TOKENS.items()}
        for token in (listed or {}).values():
            self.store.put_token(token)

    # Stations

    def admits(self, id):
        """True if a station of this identity may connect."""
        known = self.stations.get(id)
        if known is None and len(self.stations) >= _MAX_STATIONS:
            return False
        registered = known is not None and not known.unknown
        return registered or self.config["unknown_stations"] == "accept"

    def station(self, id):
        """The station of this identity; a new one is an unknown one."""
        return self.stations.setdefault(id, Station(id))

    def register(self, id, fields):
        """Register a station or change its registration. `fields`: see config.station_fields()."""
        station = self.station(id)
        station.unknown = False
        if "password" in fields:
            password = fields["password"]
            station.password = None if password is None else auth.hashed(password)
        if "boot" in fields:
            station.boot_answer = fields["boot"]
        if "evses" in fields:
            station.expect_evses(fields["evses"])
        self.store.save_stations([station])
        self.station_changed(station)
        return station

    def boot(self, station, payload):
        """Take a BootNotification, return its answer."""
        answer = {**self.config["boot"], **station.boot_answer}
        station.boot = payload
        station.registration = answer["status"]
        station.triggered.clear()
        self.station_changed(station)
        return dict(answer, currentTime=now())

    # Messages

    async def handle(self, station, action, payload):
        """Answer a request of a station whose payload is valid. Raises CallError."""
        if not station.may_send(action):
            raise CallError("SecurityError", "%s: registration is not accepted" % action)
        handler = HANDLERS[station.version].get(action)
        if handler is None:
            raise CallError("NotSupported", "%s is not for the CSMS" % action)
        try:
            answer = handler(self, station, payload)
            return await answer if inspect.isawaitable(answer) else answer
        except OverflowError:
            text = "a number is too large"
            raise CallError("PropertyConstraintViolation", text) from None

    async def call(self, station, action, payload, timeout=None, check=True):
        """Send a CALL. Returns its result.

        Raises BadPayload, schemas.UnknownAction, rpc.Busy, rpc.Offline, CallError,
        asyncio.TimeoutError. `timeout` in seconds; `check` False: any action, any payload.
        """
        if check and station.version:
            try:
                schemas.check(station.version, action, True, payload)
            except schemas.Violation as e:
                raise BadPayload(str(e)) from None
        if station.link is None:
            raise Offline("%s is not connected" % station.id)
        timeout = self.config["call_timeout"] if timeout is None else timeout
        result = await station.link.rpc.call(action, payload, timeout)
        try:
            self._learn(station, action, payload, result)
        except (KeyError, TypeError, AttributeError, ValueError):
            pass  # an answer against its schema has been logged already
        return result

    def _learn(self, station, action, payload, result):
        station.merge_call(action, payload, result)
        key = str(payload.get("key", "")).lower()
        accepted = result.get("status") == "Accepted"
        if action == "ChangeConfiguration" and key == "authorizationkey" and accepted:
            self._new_password(station, payload["value"])
        if action == "SetVariables":
            for item, told in zip(payload["setVariableData"], result["setVariableResult"]):
                secret = item["variable"]["name"].lower() == "basicauthpassword"
                if secret and told["attributeStatus"] == "Accepted":
                    self._new_password(station, item["attributeValue"])
        self.station_changed(station)

    def _new_password(self, station, password):
        """A registered station will come back with the password it has just accepted."""
        if station.password is not None:
            station.password = auth.hashed(password)
            self.store.save_stations([station])

    # What happened

    def frame(self, station, direction, text, frame):
        """A frame went out or came in. `frame`: list, None if the text is none."""
        time = station.seen = now()
        shown = protocol.redact(frame) if frame is not None else text[:2000]
        n = self.store.add_frame(station.id, time, direction, shown)
        arrow = "<-" if direction == "in" else "->"
        if log.isEnabledFor(logging.DEBUG):
            text = protocol.printable(json.dumps(shown), 4000)
            log.debug("%s %s %s", protocol.printable(station.id), arrow, text)
        event = {"n": n, "t": time, "dir": direction, "frame": shown}
        self.publish("frame", station=station.id, **event)

    def flaw(self, station, text):
        """A station did something wrong."""
        log.warning("%s ! %s", protocol.printable(station.id), protocol.printable(text, 300))

    def station_changed(self, station):
        station.changed = True
        if self._subscribers:
            self.publish("station", id=station.id, station=station.to_dict(brief=True))

    def transaction_changed(self, tx):
        if self._subscribers:
            self.publish("transaction", id=tx["tx_id"], transaction=metering.to_dict(tx))

    def publish(self, type, **values):
        """Hand an event to all subscribers."""
        for queue in self._subscribers:
            if queue.qsize() >= _MAX_EVENTS:
                queue.get_nowait()
                queue.lost = True
            queue.put_nowait(dict(values, type=type))

    def subscribe(self):
        """A queue of events; `lost` becomes True if some were dropped."""
        queue = asyncio.Queue()
        queue.lost = False
        self._subscribers.add(queue)
        return queue

    def unsubscribe(self, queue):
        self._subscribers.discard(queue)

    # Writing behind

    def save(self):
        """Write frames and station states that wait."""
        self.store.flush()
        changed = [s for s in self.stations.values() if s.changed]
        if changed:
            self.store.save_stations(changed)
            for station in changed:
                station.changed = False

    async def save_for_ever(self):
        while True:
            await asyncio.sleep(_WRITE_BEHIND_S)
            try:
                self.save()
            except Exception as e:
                log.error("the store cannot be written: %s", e)
