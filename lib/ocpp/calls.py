"""Calls as the domain and any RPC know them: what is to be sent, in which class, what can go
wrong."""

from ocpp.log import log

# Delivery classes
BOOT = 0  # before anything else
TRIGGERED = 1  # asked for by the other side: allowed where ordinary calls are not
EVENT = 2  # queued, bounded, the oldest dropped
TRANSACTION = 3  # pulled from the log
STATE = 4  # pulled: the latest state only

LAST = 0x3FFFFFFF  # an order number behind all others: a backlog that lets others pass


class CallError(Exception):
    """A CALLERROR, received or to be sent; or, with `local`, a call that found no answer."""

    local = False
    answer = None  # the CALLRESULT, where it was one that breaks its schema

    def __init__(self, code, description="", details=None):
        super().__init__(code)
        self.code = code
        self.description = description
        self.details = details or {}

    def __str__(self):
        return "%s %s" % (self.code, self.description)


class Unanswered(CallError):
    """No answer came: `code` is "Timeout", "Offline" or "Dropped"; any other: it could not even
    be sent."""

    local = True


class Call:
    """One CALL to be sent. `payload`: dict, or a callable that builds it when it is sent (None:
    nothing
    to send after all). `done(result, error)` is called once with a dict and None, or None and a
    CallError."""

    def __init__(self, action, payload, done=None, klass=EVENT, timeout_ms=None, order=0):
        self.action = action
        self.payload = payload
        self.done = done
        self.klass = klass
        self.timeout_ms = timeout_ms  # None: the RPC's own
        self.timer = None  # runs from `RPC.call` on where `timeout_ms` is given
        self.order = order
        self.id = None  # message id once sent

    def finish(self, result, error):
        done = self.done
        self.done = None
        if done:
            try:
                done(result, error)
            except Exception as e:  # a fault of who called must not stop everybody's messages
                log.error("rpc", "after", self.action, "failed:", repr(e))
                log.trace(e)
