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
_READING = const(2)  # fewer of them: more questions are read
_LONG = const(2048)  # characters of a message that needs much memory


class RPC:
    """The call layer of one station over `connection` (docs/architecture.md: Connection)."""

    takes_steps = True  # what `on_call` returns may be a generator whose value is the answer

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
        self.relieving = None  # generator function: lets go what memory is wanted for
        self.on_answer = None  # fn() after every answer to a call of ours: the link works
        self.listeners = []  # fn("in" | "out", text)
        self.observers = {}  # action -> [fn(event, payload)], see `observe`
        self.dropped = 0  # calls thrown away because the queue was full
        self.wake = True  # something may have become sendable
        self._queue = []
        self._queue_max = queue_max
        self._sources = []
        self._answers = []  # frames, or texts that wait for the connection
        self.sent = None  # the outstanding Call
        self._incoming = None  # generator: what is done with a frame that came in
        self._outgoing = None  # generator: a call is made and sent
        self._making = None  # that call
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
        return bool(self.sent or self._answers or self._outgoing or self._incoming)

    def step(self):
        """One step: a frame in, or out, or a part of that. Never blocks. True if there was
        work."""
        if self._incoming:  # also should the link have gone: it was received
            return self._go_on("_incoming")
        connection = self.connection
        if connection.connected != self._up or connection.epoch != self._epoch:
            self._link_changed(connection)
        if self._queue:
            self._expire()
        if not self._up:
            return False
        # With answers waiting nothing more is read: the peer has to wait, none gets lost.
        text = connection.recv() if len(self._answers) < _READING else None
        if text is not None:
            self.tell("in", text)
            self._incoming = self._receive(text)
            return True
        if self.sent or self.wake or self._answers or self._outgoing:
            return self._step_out(connection)
        return False

    def _receive(self, text):
        """A generator: what is done with a frame that came. Before an answer about a transaction
        is read, what made its call is let go; what has read it, before somebody learns from it."""
        large = self.sent and self.sent.klass == TRANSACTION and text[:2] == "[3"
        if self.relieving and (large or len(text) > _LONG):
            yield from self.relieving()
        from ocpp import incoming  # not in memory while nothing comes

        reading = incoming.receive(self, text)
        text = incoming = None
        answer = yield from reading
        reading = None
        if answer is None:
            return
        call, result, error = answer
        if self.relieving and large and result:
            yield from self.relieving()
        yield
        if self.sent is call:
            self.sent = None
            self.wake = True
            if self.on_answer:
                self.on_answer()
            self.observe(call.action, "error" if error else "result", error or result)
            call.finish(result, error)

    def _go_on(self, name):
        """One step of a generator."""
        try:
            next(getattr(self, name))
        except StopIteration:
            setattr(self, name, None)
        except Exception:
            setattr(self, name, None)
            raise
        return True

    def _step_out(self, connection):
        if self.sent and self._timer.due():
            call = self.sent
            self.sent = None
            log.warn("rpc", call.action, "not answered in time")
            call.finish(None, Unanswered("Timeout"))
            self.wake = True
        if self._answers:
            self._step_answers(connection)
        elif self._outgoing:
            self._go_on("_outgoing")
        elif self.wake and not self.sent:
            self.wake = False
            chosen = self._next_call()
            if chosen is None:
                return False
            self._outgoing = self._send(*chosen)
        else:
            return False
        return True

    def _step_answers(self, connection):
        """Make the text of the oldest answer, or send it."""
        answer = self._answers[0]
        if not isinstance(answer, str):
            try:
                self._answers[0] = _text(answer)
            except Exception as e:
                log.error("rpc", "an answer can't be sent:", repr(e))
                memory = isinstance(e, MemoryError)
                about = "out of memory" if memory else "internal error"
                self._answers[0] = _text([4, answer[1], "InternalError", about, {}])
        elif connection.send(answer):
            self.tell("out", self._answers.pop(0))

    def send_answer(self, frame):
        if len(self._answers) >= _MAX_ANSWERS:
            self._answers.pop(0)
        self._answers.append(frame)

    def forget(self, klass):
        """Take calls of a class out of the queue; their `done` gets `Dropped`."""
        for call in list(self._queue):
            if call.klass == klass:
                self._give_up(call, "Dropped")
        if self._making and self._making.klass == klass:
            self._abandon().finish(None, Unanswered("Dropped"))

    def _abandon(self):
        """What is being made is not sent. The call, None if it was still to be asked for."""
        call, self._making = self._making, None
        self._outgoing = None
        self.wake = True
        return call

    def _expire(self):
        """Nobody waits any more for a call that found no way out in time."""
        for call in self._queue:
            if call.timer and call.timer.due():
                return self._give_up(call, "Timeout")

    # -- sending ---------------------------------------------------------------------------------

    def _send(self, call, source):
        """A generator: build the payload of a call, check it, make its text, send it. `source`:
        it has to be asked for the call."""
        self.wake = True  # at the end, the next one
        if source:
            call = source.take()
            if call is None:
                return
            self._making = call
            yield
        try:
            payload = call.payload() if callable(call.payload) else call.payload
            if payload is None:
                self._making = None
                return call.finish(None, Unanswered("Dropped"))
            if self.check:
                yield
                self.check(call.action, True, payload, False)
            yield
            self._count += 1
            call.id = "%s-%d" % (self._ids, self._count)
            text = _text([2, call.id, call.action, payload])
        except Exception as e:
            self._making = None
            return self._invalid(call, e)
        yield
        while not self.connection.send(text):
            yield  # the link is still sending
        self._making = None
        self.sent = call
        left = call.timer.left() if call.timer else self.timeout_ms
        self._timer.start(max(left, self._clock.least_ms))
        self.tell("out", text)
        self.observe(call.action, "sent", payload)

    def _invalid(self, call, e):
        """What would have to be sent breaks its schema, or could not be made."""
        if isinstance(e, MemoryError):
            e = Unanswered("Timeout", "no memory")  # another time there is
        elif not isinstance(e, CallError):
            e = CallError("InternalError", repr(e))
        log.error("rpc", "our", call.action, "can't be sent:", e)
        e.local = True
        call.finish(None, e)

    def _next_call(self):
        """The oldest call that may be sent now, taken out of the queue, and None; or None and the
        source to be asked for it; None if there is none."""
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
            return None, source
        if best:
            self._queue.remove(best)
            self._making = best
        return best and (best, None)

    def _allowed(self, klass):
        return self.may_send is None or self.may_send(klass)

    def _link_changed(self, connection):
        """The connection went, came, or is a new one."""
        if self._up:
            self._lost()
        self._up = connection.connected
        self._epoch = connection.epoch
        self.wake = True

    def _lost(self):
        """No answer will come."""
        self._answers = []
        call = self._abandon()
        if call:
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


def _text(frame):
    return json.dumps(frame, separators=(",", ":"))
