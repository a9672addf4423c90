"""Remote procedure calls over a message connection: OCPP-J CALL, CALLRESULT, CALLERROR.

One CALL of ours is outstanding at a time (OCPP-J 1.6 §4.1.1); answers to the other side never wait behind
it. Calls come from a short queue (`call`) and from sources (`add_source`) that are asked for their next
call when there is room, so that what waits on flash is not copied into memory. Knows no actions: what a
class of calls may do at a time is asked of `may_send`.
"""

import binascii
import json
import os

from ocpp.calls import EVENT, LAST, STATE, TRANSACTION, Call, CallError, Unanswered
from ocpp.clock import Timer
from ocpp.log import log

_MAX_ANSWERS = const(8)  # answers that wait for the connection


class RPC:
    """The call layer of one station over `connection` (docs/architecture.md: Connection)."""

    def __init__(self, connection, clock, timeout_ms=30000, queue_max=16):
        self.connection = connection
        self._clock = clock
        self.timeout_ms = timeout_ms
        self.on_call = None  # fn(request) -> dict, None (answered later) or raises CallError
        self.may_send = None  # fn(klass) -> bool; None: always
        self.check = (
            None  # fn(action, is_request, payload, lenient) raises CallError; None: unchecked
        )
        self.on_garbage = (
            None  # fn(frame text, id or None, what) -> error code to answer with or None
        )
        self.on_answer = None  # fn() after every answer to a call of ours: the link works
        self.listeners = []  # fn("in" | "out", text)
        self.observers = {}  # action -> [fn(event, payload)], see `observe`
        self.dropped = 0  # calls thrown away because the queue was full
        self.wake = True  # something may have become sendable
        self._queue = []
        self._queue_max = queue_max
        self._sources = []
        self._answers = []  # texts
        self.sent = None  # the outstanding Call
        self.frame = None  # parsed, to be handled next
        self._ready = None  # (call, payload) to be sent next
        self._timer = Timer(clock)
        self._order = 0
        self._epoch = connection.epoch
        self._ids = binascii.hexlify(os.urandom(6)).decode()
        self._count = 0

    def next_order(self):
        """A number larger than all before it: the order of occurrence of things to be sent."""
        self._order += 1
        return self._order

    def call(self, action, payload, done=None, klass=EVENT, timeout_ms=None):
        """Queue a CALL; see `Call`. A full queue drops its oldest (`Dropped`)."""
        if len(self._queue) >= self._queue_max:
            self.dropped += 1
            old = self._queue.pop(0)
            log.warn("rpc", "queue full,", old.action, "dropped")
            old.finish(None, Unanswered("Dropped"))
        self._queue.append(Call(action, payload, done, klass, timeout_ms, self.next_order()))
        self.wake = True

    def add_source(self, source):
        """`source.klass`; `source.head()` -> order number of its next call or None; `source.take()` -> Call."""
        self._sources.append(source)

    @property
    def outstanding(self):
        """Action of the CALL that waits for its answer, or None."""
        return self.sent.action if self.sent else None

    @property
    def busy(self):
        return bool(self.sent or self._answers or self._ready or self.frame)

    def step(self):
        """One step: a frame in, or out, or a part of that. Never blocks. True if there was work."""
        connection = self.connection
        if self._epoch != connection.epoch or (self.sent and not connection.connected):
            self._lost()
        if not connection.connected:
            return False
        if self.frame is not None:
            from ocpp import incoming  # not in memory while nothing comes

            frame, self.frame = self.frame, None
            incoming.handle(self, frame)
            return True
        text = connection.recv()
        if text is not None:
            from ocpp import incoming

            self.tell("in", text)
            self.frame = incoming.parse(self, text)
            return True
        return self._step_out(connection)

    def _step_out(self, connection):
        if self.sent and self._timer.due():
            call = self.sent
            self.sent = None
            log.warn("rpc", call.action, "not answered in time")
            call.finish(None, Unanswered("Timeout"))
            self.wake = True
        if self._answers:
            if connection.send(self._answers[0]):
                self.tell("out", self._answers.pop(0))
        elif self._ready:
            self._send()
        elif self.wake and not self.sent:
            return self._prepare()
        else:
            return False
        return True

    def send_answer(self, frame):
        if len(self._answers) >= _MAX_ANSWERS:
            self._answers.pop(0)
        self._answers.append(json.dumps(frame, separators=(",", ":")))

    def forget(self, klass):
        """Take calls of a class out of the queue; their `done` gets `Dropped`."""
        gone = [c for c in self._queue if c.klass == klass]
        self._queue = [c for c in self._queue if c.klass != klass]
        for call in gone:
            call.finish(None, Unanswered("Dropped"))

    # -- sending ---------------------------------------------------------------------------------

    def _prepare(self):
        """Find the next call and build its payload. True if there is one."""
        self.wake = False
        call = self._next_call()
        if call is None:
            return False
        self.wake = True
        payload = call.payload() if callable(call.payload) else call.payload
        error = None
        if payload is None:
            error = Unanswered("Dropped")
        elif self.check:
            try:
                self.check(call.action, True, payload, False)
            except CallError as e:
                log.error("rpc", "our", call.action, "breaks its schema:", e)
                error = e
        if error:
            call.finish(None, error)
        else:
            self._ready = (call, payload)
        return True

    def _send(self):
        call, payload = self._ready
        self._count += 1
        call.id = "%s-%d" % (self._ids, self._count)
        text = json.dumps([2, call.id, call.action, payload], separators=(",", ":"))
        if not self.connection.send(text):
            return  # the link is still sending
        self._ready = None
        self.sent = call
        self._timer.start(max(call.timeout_ms or self.timeout_ms, self._clock.least_ms))
        self.tell("out", text)
        self.observe(call.action, "sent", payload)

    def _next_call(self):
        """Take the oldest call that may be sent now."""
        best = None
        order = LAST + 1
        for call in self._queue:
            if self._allowed(call.klass):
                best, order = call, call.order
                break
        source = None
        for s in self._sources:
            if self._allowed(s.klass):
                head = s.head()
                if head is not None and head < order:
                    source, order = s, head
        if source:
            return source.take()
        if best:
            self._queue.remove(best)
        return best

    def _allowed(self, klass):
        return self.may_send is None or self.may_send(klass)

    def _lost(self):
        """The connection went, or is a new one: no answer will come."""
        self._epoch = self.connection.epoch
        self._answers = []
        self.frame = None
        self.wake = True
        if self._ready:
            call, self._ready = self._ready[0], None
            if call.klass in (TRANSACTION, STATE):
                call.finish(None, Unanswered("Offline"))  # its source will be asked anew
            else:
                self._queue.insert(0, call)
        call = self.sent
        self.sent = None
        if call:
            call.finish(None, Unanswered("Offline"))

    def observe(self, action, event, payload):
        """Tell who watches an action: "received", "answered" of calls that come in; "sent", "result", "error"
        (then a CallError) of ours."""
        for fn in self.observers.get(action, ()):
            fn(event, payload)

    def tell(self, direction, text):
        for listener in self.listeners:
            listener(direction, text)
