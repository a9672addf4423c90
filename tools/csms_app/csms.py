"""The central system itself: stations, store and subscribers, independent of wire and web."""

import asyncio
import json
import logging

from csms_app import (
    auth,
    authority,
    handlers2,
    handlers16,
    metering,
    misbehaviour,
    protocol,
    tokens,
)
from csms_app.central import Central, Handler
from csms_app.config import SHIPPED_TOKENS
from csms_app.protocol import CallError
from csms_app.rpc import Busy
from csms_app.station import now

log = logging.getLogger("csms")

HANDLERS = {
    "1.6": handlers16.HANDLERS,
    "2.0.1": handlers2.HANDLERS,
    "2.1": handlers2.HANDLERS_21,
}
_MAX_EVENTS = 2_000  # a subscriber that lags further behind loses events
_WRITE_BEHIND_S = 0.25
_BUSY_S = 0.2


class _Answers(Handler):
    """Requests go to the functions of the version's table, events to the log and the page."""

    def __init__(self, csms):
        self.csms = csms

    def request(self, station, action, payload):
        handler = HANDLERS[station.version].get(action)
        if handler is None:
            raise CallError("NotSupported", "%s is not for the CSMS" % action)
        return handler(self.csms, station, payload)

    def changed(self, station):
        if self.csms.listened_to:
            self.csms.publish("station", id=station.id, station=station.to_dict(brief=True))

    def report_received(self, station, report):
        if report.missing:
            parts = ", ".join(str(n) for n in report.missing[:20])
            self.csms.flaw(station, "report %d lacks parts %s" % (report.request_id, parts))


class CSMS(Central):
    """The application. `config`: as config.load() returns it."""

    def __init__(self, config, store):
        super().__init__(
            _Answers(self),
            config["unknown_stations"],
            busy="refuse",
            call_timeout=config["call_timeout"],
            must_boot=False,
        )
        self.config = config
        self.store = store
        self.misbehaviour = misbehaviour.Rules()
        self.authority = authority.Authority(store)
        self._subscribers = set()  # queues of event dicts
        for row in store.stations():
            station = self.station(row["id"])
            station.unknown = row["unknown"]
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

    def reservation_over(self, station, id):
        """A station has used or ended the reservation `id` (None: it told of none)."""
        if station.end_reservation(id):
            self.station_changed(station)

    def boot(self, station, payload):
        """The answer to a BootNotification."""
        answer = {**self.config["boot"], **station.boot_answer}
        return dict(answer, currentTime=now())

    # Messages

    def learn(self, station, action, payload, result):
        super().learn(station, action, payload, result)
        key = str(payload.get("key", "")).lower()
        accepted = result.get("status") == "Accepted"
        if action == "ChangeConfiguration" and key == "authorizationkey" and accepted:
            self._new_password(station, payload["value"])
        if action == "SetVariables":
            for item, told in zip(payload["setVariableData"], result["setVariableResult"]):
                secret = item["variable"]["name"].lower() == "basicauthpassword"
                if secret and told["attributeStatus"] == "Accepted":
                    self._new_password(station, item["attributeValue"])

    def _new_password(self, station, password):
        """A registered station will come back with the password it has just accepted."""
        if station.password is not None:
            station.password = auth.hashed(password)
            self.store.save_stations([station])

    # Certificates

    def sign(self, station, csr, kind):
        """The answer to SignCertificate; CertificateSigned follows it."""
        names = [station.id]
        # As common name a serial number serves, too, but never that of another station's identity.
        boot = station.boot or {}
        serial = boot.get("chargingStation", {}).get("serialNumber")
        serial = serial or boot.get("chargePointSerialNumber")
        if serial and serial not in self.stations:
            names.append(serial)
        try:
            chain, number, end = self.authority.sign(csr, names)
        except authority.Refused as e:
            self.flaw(station, "no certificate: %s" % e)
            return {"status": "Rejected"}
        self.store.add_certificate(number, station.id, kind, now(), end, chain)
        payload = {"certificateChain": chain}
        if kind is not None:
            payload["certificateType"] = kind
        self._follow(self._deliver(station, "CertificateSigned", payload))
        return {"status": "Accepted"}

    def _follow(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    async def _deliver(self, station, action, payload):
        """Send a CALL as soon as the one before it is answered."""
        while True:
            try:
                return await self.call(station, action, payload)
            except Busy:
                await asyncio.sleep(_BUSY_S)

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

    @property
    def listened_to(self):
        return bool(self._subscribers)

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
