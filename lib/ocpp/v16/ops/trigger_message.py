"""TriggerMessage, OCPP 1.6 §5.17.

Asks the module of the message that is wanted: `triggered(dialect, number)` sends it and returns
True, or False to refuse; or `current(dialect)` is its payload. Where there is neither, the answer
is NotImplemented. `number`: of the connector, None if the request names none.
"""

from ocpp.calls import TRIGGERED


def handle(dialect, request):
    p = request.payload
    return trigger(dialect, p["requestedMessage"], p.get("connectorId"))


def refused(request, error):
    """The answer for a message that nobody knows; None: the CALLERROR."""
    known = error.description != "requestedMessage: enum"
    return None if known else {"status": "NotImplemented"}


def trigger(dialect, action, number):
    """The answer; the message follows it."""
    op = dialect.op(action)
    if hasattr(op, "triggered"):
        return {"status": "Accepted" if op.triggered(dialect, number) else "Rejected"}
    if not hasattr(op, "current"):
        return {"status": "NotImplemented"}
    dialect.station.rpc.call(action, op.current(dialect), None, TRIGGERED)
    return {"status": "Accepted"}
