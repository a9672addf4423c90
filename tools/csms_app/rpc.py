"""One OCPP-J conversation: calls both ways over any transport of text messages.

One outstanding CALL towards the station. Calls of the station are handled one after the other in
the order of arrival, while answers to our own calls are taken at once, so a handler may call the
station. A handler that crashes answers InternalError and the conversation goes on.
"""

import asyncio
import logging
import uuid

from csms_app import protocol, schemas
from csms_app.protocol import CallError, Frame, FrameError

log = logging.getLogger("csms")

_WAITING_CALLS = 32  # unhandled calls of a station before its socket is not read any more


class Busy(Exception):
    """A CALL to this station is still unanswered."""


class Offline(Exception):
    """The connection ended before the answer."""


class RPC:
    """`send`: async function that takes a text. `on_call(action, payload)`: async, returns the
    result or raises CallError. `on_frame(dir, text, list_or_None)`: told every message, dir "in"
    or "out" as seen from here. `on_flaw(text)`: told what the station did wrong. `mischief`: a
    misbehaviour.Mischief that stands between, None: none (then no message is changed)."""

    def __init__(self, version, send, on_call, on_frame=None, on_flaw=None):
        self.version = version
        self.mischief = None
        self._send = send
        self._on_call = on_call
        self._on_frame = on_frame or _nothing
        self._on_flaw = on_flaw or _nothing
        self._waiting = asyncio.Queue(_WAITING_CALLS)
        self._worker = None
        self._call = None  # (message id, action, future, on_result) of the outstanding CALL
        self._closed = False

    @property
    def busy(self):
        return self._call is not None

    def start(self):
        """Start handling the station's calls."""
        self._worker = asyncio.ensure_future(self._work())

    async def close(self):
        """Stop. An outstanding call ends with Offline; calls not yet handled are dropped."""
        self._closed = True
        if self._call:
            self._end_call(Offline("the connection ended before the answer"))
        if self._worker:
            self._worker.cancel()
            await asyncio.wait([self._worker])

    async def call(self, action, payload, timeout, on_result=None):
        """Send a CALL, wait up to `timeout` seconds. Returns the result (dict).

        `on_result(result)` is called before any message that comes after the result is taken.
        Raises Busy, Offline, CallError (the station's CALLERROR), asyncio.TimeoutError.
        """
        if self._call:
            raise Busy("%s is still unanswered" % self._call[1])
        if self._closed:
            raise Offline("not connected")
        id = str(uuid.uuid4())
        future = asyncio.get_running_loop().create_future()
        mine = self._call = (id, action, future, on_result or _nothing)
        try:
            frame = Frame(protocol.CALL, id, payload, action=action)
            return await asyncio.wait_for(self._send_and_wait(frame, future), timeout)
        finally:
            if self._call is mine:
                self._call = None

    async def receive(self, text):
        """Take one message of the station. Waits while too many of its calls are unhandled."""
        try:
            frame = protocol.parse(text, self.version)
        except FrameError as error:
            self._on_frame("in", text, None)
            self._on_flaw("bad frame (%s)" % error)
            if not error.ignore:
                await self.put(protocol.error_frame(error.id, error))
            return
        self._on_frame("in", text, frame.to_list())
        if frame.type in (protocol.CALL, protocol.SEND):
            await self._waiting.put(frame)
        elif frame.type == protocol.CALLRESULTERROR:
            self._on_flaw("refused our answer: %s %s" % (frame.code, frame.description))
        else:
            await self._take_answer(frame)

    async def _send_and_wait(self, frame, future):
        await self._transmit(frame, "call", frame.action)
        return await future

    async def _transmit(self, frame, on, action):
        if self.mischief is None:
            await self.put(frame)
        else:
            await self.mischief.send(on, action, frame)

    async def put(self, frame):
        """Send a frame as it is."""
        await self.put_text(protocol.encode(frame), frame.to_list())

    async def put_text(self, text, frame=None):
        """Send a text; `frame`: the list it stands for."""
        self._on_frame("out", text, frame)
        try:
            await self._send(text)
        except OSError as e:
            raise Offline(str(e)) from None

    def _end_call(self, outcome):
        future = self._call[2]
        self._call = None
        if future.done():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    async def _take_answer(self, frame):
        if not self._call or frame.id != self._call[0]:
            self._on_flaw("answers no open call (id %s)" % frame.id)
            return
        action = self._call[1]
        if frame.type == protocol.CALLERROR:
            self._end_call(CallError(frame.code, frame.description, frame.payload))
            return
        try:
            self._call[3](frame.payload)
        except Exception:
            log.exception("result of %s", protocol.printable(action))
        self._end_call(frame.payload)
        try:
            schemas.check(self.version, action, False, frame.payload)
        except schemas.Violation as e:
            self._on_flaw("answer to %s violates the schema: %s" % (action, e))
            if self.version == "2.1":
                code = protocol.error_code(e.kind, self.version)
                error = protocol.error_frame(frame.id, CallError(code, str(e)))
                error.type = protocol.CALLRESULTERROR
                await self.put(error)
        except schemas.UnknownAction:
            pass  # sent on purpose, unchecked

    async def _work(self):
        while True:
            frame = await self._waiting.get()
            try:
                answer = await self._answer(frame)
                if answer is not None and frame.type != protocol.SEND:
                    await self._transmit(answer, "answer", frame.action)
            except Offline:
                pass  # the station will repeat its call
            except Exception:
                log.exception("answer to %s", protocol.printable(frame.action))

    async def _answer(self, frame):
        """The CALLRESULT or CALLERROR for a CALL of the station; None: it stays unanswered."""
        try:
            if self.mischief and not await self.mischief.request(frame.action):
                return None
            self._check_request(frame)
            result = await self._on_call(frame.action, frame.payload)
            return self._result(frame, result)
        except CallError as error:
            self._on_flaw("%s: %s" % (frame.action, error))
            return protocol.error_frame(frame.id, error)
        except Exception:
            log.exception("handler of %s", protocol.printable(frame.action))
            return protocol.error_frame(frame.id, CallError("InternalError", "handler failed"))

    def _check_request(self, frame):
        try:
            schemas.check(self.version, frame.action, True, frame.payload)
        except schemas.Violation as e:
            raise CallError(protocol.error_code(e.kind, self.version), str(e)) from None
        except schemas.UnknownAction:
            text = "no action %s in OCPP %s" % (frame.action[:50], self.version)
            raise CallError("NotImplemented", text) from None
        if schemas.is_confirmed(self.version, frame.action) == (frame.type == protocol.SEND):
            raise CallError("MessageTypeNotSupported", "%s is not sent so" % frame.action)

    def _result(self, frame, result):
        if frame.type == protocol.CALL:
            schemas.check(self.version, frame.action, False, result)
        return Frame(protocol.CALLRESULT, frame.id, result)


def _nothing(*args):
    pass
