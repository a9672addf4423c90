"""Frames that come in: parsed, checked, handed to who waits for them. Imported when one
arrives."""

import json

from ocpp.calls import TRANSACTION, CallError
from ocpp.log import log
from ocpp.modules import unload

_MAX_ID = const(36)  # characters of a message id
_LONG = const(2048)  # characters: an array in a longer message is not taken apart at once


class Request:
    """An incoming CALL. Answer once, now or later."""

    def __init__(self, rpc, id, action, payload):
        self._rpc = rpc
        self._epoch = rpc.connection.epoch
        self.id = id
        self.action = action
        self.payload = payload
        self.answered = False

    def reply(self, result):
        """Send the CALLRESULT `result` (dict)."""
        rpc = self._rpc
        if rpc.check:
            try:
                rpc.check(self.action, False, result, False)
            except CallError as e:
                log.error("rpc", "our answer to", self.action, "breaks its schema:", e)
                return self.fail("InternalError", "answer breaks its schema")
        rpc.observe(self.action, "answered", result)
        self._answer([3, self.id, result])

    def reply_text(self, result):
        """`reply` for a long result that is JSON text already, made of what fits its schema."""
        rpc = self._rpc
        if self.action in rpc.observers:
            from ocpp.strictjson import loads

            rpc.observe(self.action, "answered", loads(result))
        self._answer("".join(("[3,", json.dumps(self.id), ",", result, "]")))

    def fail(self, code, description="", details=None):
        """Send a CALLERROR."""
        self._answer([4, self.id, code, str(description)[:255], details or {}])

    def finished_by(self, job):
        """A job that answers this call; a fault in it is an answer, too: no call stays open."""
        try:
            yield from job
        except Exception as e:
            memory = isinstance(e, MemoryError)
            self.fail("InternalError", "out of memory" if memory else "internal error")
            raise

    def _answer(self, frame):
        # An answer belongs to the connection its question came on.
        if self.answered or self._epoch != self._rpc.connection.epoch:
            return
        self.answered = True
        self._rpc.send_answer(frame)


def receive(rpc, text):
    """A generator: parse a message, and answer it if it is a CALL. Its value is None, or the Call
    that it answers, the result and the error."""
    frame = parse(rpc, text)
    text = None  # it may be long
    if not frame:
        return None
    yield
    if frame[0] != 2:
        if rpc.sent and rpc.sent.klass == TRANSACTION:
            unload("ocpp.strictjson")  # large: its place is for what comes of the answer
        return _answer(rpc, frame[0], frame)
    yield from _call(rpc, frame)
    return None


def parse(rpc, text):
    """The frame in `text`, or None if it is none, or one to be ignored."""
    try:
        from ocpp import strictjson

        frame = strictjson.loads_frame(text) if len(text) > _LONG else strictjson.loads(text)
    except MemoryError:
        log.error("rpc", "no memory for a message of", len(text), "characters")
        id = _salvage_id(text)
        return rpc.send_answer([4, id, "InternalError", "out of memory", {}]) if id else None
    except (ValueError, RuntimeError):
        return _garbage(rpc, text, _salvage_id(text), "malformed JSON")
    if not isinstance(frame, list) or len(frame) < 3 or not _is_int(frame[0]):
        return _garbage(rpc, text, None, "not an OCPP frame")
    kind, id = frame[0], frame[1]
    if not isinstance(id, str) or not 0 < len(id) <= _MAX_ID:
        known = id if kind == 2 and isinstance(id, str) else None
        return _garbage(rpc, text, known, "message id is not a text of 1 to 36 characters")
    if kind not in (2, 3, 4):
        return _garbage(rpc, text, id, "unknown message type")
    if kind < 4 and frame[-1] is None:  # allowed instead of {} (OCPP-J 1.6 §4.2.1, §4.2.2)
        frame[-1] = {}
    if kind == 2 and not (
        len(frame) == 4 and isinstance(frame[2], str) and isinstance(frame[3], dict)
    ):
        return _garbage(rpc, text, id, "not a CALL: [2, id, action, {...}]")
    return frame


def _call(rpc, frame):
    request = Request(rpc, frame[1], frame[2], frame[3])
    rpc.observe(frame[2], "received", frame[3])
    try:
        result = rpc.on_call(request)
        if hasattr(result, "send"):  # in steps
            result = yield from result
        if result is not None:
            yield
            request.reply(result)
    except CallError as e:
        request.fail(e.code, e.description, e.details)
    except MemoryError:
        log.error("rpc", "no memory for", request.action)
        request.fail("InternalError", "out of memory")
    except Exception as e:  # a fault of ours must not stop the station nor leave a call open
        log.error("rpc", request.action, "failed:", repr(e))
        log.trace(e)
        request.fail("InternalError", "internal error")


def _answer(rpc, kind, frame):
    call = rpc.sent
    if call is None or frame[1] != call.id:
        return log.warn("rpc", "answer to nothing asked, id", frame[1][:_MAX_ID])
    result = error = None
    if kind == 4:
        code = frame[2] if isinstance(frame[2], str) else "GenericError"
        about = frame[3] if len(frame) > 3 and isinstance(frame[3], str) else ""
        error = CallError(code, about)
        log.warn("rpc", call.action, "answered by", code, about)
    else:
        result = frame[2]
        try:
            if not isinstance(result, dict):
                raise CallError("FormationViolation", "result is not an object")
            if rpc.check:
                rpc.check(call.action, False, result, True)
        except CallError as e:
            log.warn("rpc", "answer to", call.action, "breaks its schema:", e)
            e.answer = result
            result, error = None, e
    return call, result, error


def _garbage(rpc, text, id, what):
    log.warn("rpc", what + ":", text[:32])  # further on a password may be
    code = rpc.on_garbage(text, id, what) if rpc.on_garbage else None
    if code:
        rpc.send_answer([4, id or "-1", code, what, {}])


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _salvage_id(text):
    """Message id of a CALL whose JSON is broken further on, or None."""
    head = text[:64].replace(" ", "")
    if not head.startswith('[2,"'):
        return None
    end = head.find('"', 4)
    return head[4:end] if 4 < end <= 4 + _MAX_ID else None
