"""Long answers told in parts: NotifyReport and its like (OCPP 2.0.1 B07, K09, N02, N09, O03).

A part is made when the last one was answered, and everything that only messages need is let go
before: what making, sending and hearing take is not in memory at once.
"""

from ocpp.calls import TRIGGERED
from ocpp.clock import FLOOR
from ocpp.log import log
from ocpp.modules import unload

_WAIT_MS = const(60000)  # for a way out and the answer
_BARE = const(" NotifyDisplayMessages ReportChargingProfiles ")  # without number and time


def send(station, action, id, maker, wanted):
    """A generator: tell what a function `batch` of the module `ocpp.v2.MAKER` makes, in calls with
    the request's `id`. `batch(station, wanted, place)` is a generator whose value is (fields, next
    place or None); the first place is None; no fields: there are no more. Without an answer the
    rest is given up."""
    place, number = None, 0
    maker = "ocpp.v2." + maker
    while True:
        yield from station.tidying()
        module = __import__(maker, None, None, ("batch",))
        fields, place = yield from module.batch(station, wanted, place)
        module = None
        unload(maker)
        yield from station.tidying()
        if fields is None or not station.connection.connected:
            return
        fields["requestId"] = id
        fields["tbc"] = place is not None
        if action not in _BARE:
            fields["seqNo"] = number
            fields["generatedAt"] = now(station)
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
    outcome = []

    def done(result, error):
        outcome.append(error)

    station.rpc.call(action, lambda: box.pop() if box else None, done, TRIGGERED, _WAIT_MS)
    while not outcome:
        yield
    return outcome[0]


def now(station, stamp=None):
    """The time of a stamp, None: now, as text; while it is not known, an early one."""
    from ocpp.iso import to_iso

    unload("ocpp.iso")
    unix = station.clock.unix() if stamp is None else station.unix_of(stamp)
    return to_iso(FLOOR if unix is None else unix)
