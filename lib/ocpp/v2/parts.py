"""Long answers told in parts: NotifyReport and its like (OCPP 2.0.1 B07, N02, N09).

A part is made when the last one was answered, and everything that only messages need is let go
before: what making, sending and hearing take is not in memory at once.
"""

from ocpp.calls import TRIGGERED
from ocpp.clock import FLOOR
from ocpp.log import log
from ocpp.modules import unload

_WAIT_MS = const(60000)  # for a way out and the answer


def send(dialect, action, head, maker, wanted):
    """A generator: tell what a function `batch` of the module `maker` makes, in calls with the
    fields of `head`, seqNo, tbc and generatedAt. `batch(station, wanted, place)` is a generator
    whose value is (fields, next place or None); the first place is None. Without an answer the
    rest is given up."""
    station = dialect.station
    place, number = None, 0
    while True:
        yield from station.tidying()
        module = __import__(maker, None, None, ("batch",))
        fields, place = yield from module.batch(station, wanted, place)
        module = None
        unload(maker)
        yield from station.tidying()
        if not station.connection.connected:
            return
        fields.update(head)
        fields["seqNo"] = number
        fields["tbc"] = place is not None
        box = [fields]
        fields = None
        error = yield from _tell(station, action, box)
        if error and error.local:
            return log.warn("report", action, "given up:", error)
        if place is None:
            return
        number += 1


def _tell(station, action, box):
    """One call, with the payload in `box`. The value is its error, None if it was answered."""
    box[0]["generatedAt"] = _now(station)
    outcome = []

    def done(result, error):
        outcome.append(error)

    station.rpc.call(action, lambda: box.pop() if box else None, done, TRIGGERED, _WAIT_MS)
    while not outcome:
        yield
    return outcome[0]


def _now(station):
    from ocpp.iso import to_iso

    unload("ocpp.iso")
    unix = station.clock.unix()
    return to_iso(FLOOR if unix is None else unix)
