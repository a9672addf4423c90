"""Remote procedure calls over a message connection: OCPP-J CALL, CALLRESULT, CALLERROR.

One CALL of ours is outstanding at a time (OCPP-J 1.6 §4.1.1); answers to the other side never
wait behind it. Calls come from a short queue (`call`) and from sources (`add_source`) that are
asked for their next call when there is room, so that what waits on flash is not copied into
memory. Knows no actions: what a class of calls may do at a time is asked of `may_send`.
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
        # fn(action, is_request, payload, lenient) raises CallError; None: unchecked
        self.check = None
        # fn(frame text, id or None, what) -> error code to answer with or None
        self.on_garbage = None
        self.relieve = None  # fn(): let go what memory is wanted for, a long message came
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
        self._up = False  # True: connected when last looked at
        self._epoch = 0  # of that connection
        self._ids = binascii.hexlify(os.urandom(6)).decode()
        self._count = 0

    def next_order(self):
        """A number larger than all before it: the order of occurrence of things to be sent."""
        self._order += 1
        return self._order

    def call(self, action, payload, done=None, klass=EVENT, timeout_ms=None):
        """Queue a CALL; see `Call`. A full queue drops its oldest EVENT (`Dropped`). With
        `timeout_ms` it waits no longer than that, nor longer than the present connection lasts."""
        call = Call(action, payload, done, klass, timeout_ms, self.next_order())
        if timeout_ms:
            call.timer = Timer(self._clock)
            call.timer.start(max(timeout_ms, self._clock.least_ms))
        self._queue.append(call)
        self.wake = True
        if len(self._queue) > self._queue_max:
            for old in self._queue:
                if old.klass == EVENT:
                    break
            self.dropped += 1
            log.warn("rpc", "queue full,", old.action, "dropped")
            self._give_up(old, "Dropped")

    def _give_up(self, call, code):
        """Take a call out of the queue."""
        self._queue.remove(call)
        call.finish(None, Unanswered(code))

    def add_source(self, source):
        """`source.klass`; `source.head()` -> order number of its next call or None;
        `source.take()` -> Call."""
        self._sources.append(source)

    @property
    def outstanding(self):
        """Action of the CALL that waits for its answer, or None."""
        return self.sent.action if self.sent else None

    @property
    def busy(self):
        return bool(self.sent or self._answers or self._ready or self.frame)

    def step(self):
        """One step: a frame in, or out, or a part of that. Never blocks. True if there was
        work."""
        connection = self.connection
        if self._up and (not connection.connected or self._epoch != connection.epoch):
            self._lost()
        if self._queue:
            self._expire()
        if not connection.connected:
            return False
        if not self._up:
            self._up = self.wake = True
            self._epoch = connection.epoch
        if self.frame is not None:
            from ocpp import incoming  # not in memory while nothing comes

            frame, self.frame = self.frame, None
            incoming.handle(self, frame)
            return True
        # With answers waiting nothing more is read: the peer has to wait, none gets lost.
        text = connection.recv() if len(self._answers) < _MAX_ANSWERS else None
        if text is not None:
            from ocpp import incoming

            self.tell("in", text)
            self.frame = incoming.parse(self, text)
            return True
        if self.wake or self.sent or self._answers or self._ready:
            return self._step_out(connection)
        return False

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
        for call in list(self._queue):
            if call.klass == klass:
                self._give_up(call, "Dropped")
        if self._ready and self._ready[0].klass == klass:
            call, self._ready = self._ready[0], None
            call.finish(None, Unanswered("Dropped"))

    def _expire(self):
        """Nobody waits any more for a call that found no way out in time."""
        for call in self._queue:
            if call.timer and call.timer.due():
                return self._give_up(call, "Timeout")

    # -- sending ---------------------------------------------------------------------------------

    def _prepare(self):
        """Find the next call and build its payload. True if there is one."""
        self.wake = False
        call = self._next_call()
        if call is None:
            return False
        self.wake = True
        try:
            payload = call.payload() if callable(call.payload) else call.payload
            if payload is None:
                call.finish(None, Unanswered("Dropped"))
            else:
                if self.check:
                    self.check(call.action, True, payload, False)
                self._ready = (call, payload)
        except Exception as e:
            self._invalid(call, e)
        return True

    def _invalid(self, call, e):
        """What would have to be sent breaks its schema, or could not be made."""
        if isinstance(e, MemoryError):
            e = Unanswered("Timeout", "no memory")  # another time there is
        elif not isinstance(e, CallError):
            e = CallError("InternalError", repr(e))
        log.error("rpc", "our", call.action, "can't be sent:", e)
        e.local = True
        call.finish(None, e)

    def _send(self):
        call, payload = self._ready
        self._count += 1
        call.id = "%s-%d" % (self._ids, self._count)
        try:
            text = json.dumps([2, call.id, call.action, payload], separators=(",", ":"))
        except Exception as e:
            self._ready = None
            return self._invalid(call, e)
        if not self.connection.send(text):
            return  # the link is still sending
        self._ready = None
        self.sent = call
        left = call.timer.left() if call.timer else self.timeout_ms
        self._timer.start(max(left, self._clock.least_ms))
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
        self._up = False
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
        for call in list(self._queue):
            if call.timer:
                self._give_up(call, "Offline")

    def observe(self, action, event, payload):
        """Tell who watches an action: "received", "answered" of calls that come in; "sent",
        "result", "error"
        (then a CallError) of ours."""
        self.tell(event, payload, self.observers.get(action, ()))

    def tell(self, what, text, listeners=None):
        """Tell `listeners` (of frames); what fails there is not the messages' fault."""
        for fn in self.listeners if listeners is None else listeners:
            try:
                fn(what, text)
            except Exception as e:
                log.error("rpc", "a listener failed:", repr(e))
