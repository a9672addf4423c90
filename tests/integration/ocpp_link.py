"""One connection of the test CSMS, and how it may behave."""

import asyncio
import json
import uuid

from ocpp_check import CALL, ERROR, VERSIONS, Conversation
from ocpp_defaults import DEFAULTS
from websockets.exceptions import ConnectionClosed

SILENCE = object()  # behaviour: never answer
CLOSE = object()  # behaviour: close the connection instead of answering


class CallError(Exception):
    """A CALLERROR: as a behaviour the CSMS answers it, from `call()` the charger did."""

    def __init__(self, code, description="", details=None):
        super().__init__("%s %s %s" % (code, description, details or ""))
        self.code, self.description, self.details = code, description, details or {}


class Later:
    """Behaviour: wait `seconds`, then do `behaviour` (default: what would have been done)."""

    def __init__(self, seconds, behaviour=None):
        self.seconds, self.behaviour = seconds, behaviour


class Connection:
    """One WebSocket of one station."""

    def __init__(self, csms, websocket):
        self.csms, self.websocket = csms, websocket
        self.station = websocket.ocpp_id
        self.version = VERSIONS[websocket.subprotocol]
        self.conversation = Conversation(self.version)
        self.answering = set()  # tasks, held so that they live
        self.waiting = {}  # id of our CALL -> Future
        self.defaults = DEFAULTS[self.version](csms.facts, self.station, self)

    async def send(self, text, check=True):
        """Send and record. `ocpp` answers through this, too."""
        self.csms.record(self, "csms", text, check)
        await self.websocket.send(text)

    async def run(self):
        async for text in self.websocket:
            frame = self.csms.record(self, "charger", text)
            if frame.type == CALL:
                behaviour = self.csms.behaviour(frame.action)
                task = asyncio.ensure_future(self.answer(frame, behaviour))
                self.answering.add(task)
                task.add_done_callback(self.answering.discard)
            elif frame.id in self.waiting:
                self._settle(self.waiting.pop(frame.id), frame)

    async def answer(self, frame, behaviour):
        """Answer a CALL of the charger as `behaviour` says; None: the default."""
        try:
            await self._behave(frame, behaviour)
        except ConnectionClosed:
            pass  # the charger went away before its answer: seen there, not here
        except CallError as e:
            await self._behave(frame, e)
        except Exception as e:  # a fault of the test's own behaviour fails the test at its end
            self.csms.fault("answering %s: %r" % (frame.action, e))

    async def _behave(self, frame, behaviour):
        while callable(behaviour):
            behaviour = behaviour(frame.payload)
        if isinstance(behaviour, Later):
            await asyncio.sleep(behaviour.seconds)
            await self._behave(frame, behaviour.behaviour)
        elif behaviour is CLOSE:
            await self.websocket.close(1011, "on purpose")
        elif isinstance(behaviour, CallError):
            e = behaviour
            await self.send(json.dumps([4, frame.id, e.code, e.description, e.details]))
        elif isinstance(behaviour, dict):
            await self.send(json.dumps([3, frame.id, behaviour]))
        elif behaviour is None and frame.violations:
            code = "FormationViolation" if self.version == "1.6" else "FormatViolation"
            raise CallError(code, frame.violations[0][:255])
        elif behaviour is None:
            await self.defaults.route_message(frame.text)
        elif behaviour is SILENCE:
            self.conversation.silence(frame.id)
        else:
            raise TypeError("not a behaviour: %r" % (behaviour,))

    async def call(self, action, payload, check, future):
        message_id = str(uuid.uuid4())
        future.forget = lambda: self.conversation.forget(message_id)
        self.waiting[message_id] = future
        try:
            await self.send(json.dumps([2, message_id, action, payload]), check)
        except ConnectionClosed as e:
            future.set_exception(ConnectionError("closed before %s was sent: %s" % (action, e)))

    @staticmethod
    def _settle(future, frame):
        if frame.type == ERROR:
            future.set_exception(CallError(**frame.payload))
        else:
            future.set_result(frame.payload)

    def lost(self):
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the connection closed before the answer"))
