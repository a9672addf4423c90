"""Long answers told in parts: NotifyReport and its like (OCPP 2.0.1 B07, N02, N09)."""

from ocpp.calls import TRIGGERED, Unanswered
from ocpp.clock import FLOOR
from ocpp.iso import to_iso
from ocpp.log import log

_WAIT_MS = const(60000)  # for a way out and the answer


def send(dialect, action, key, head, items, most):
    """A generator: tell `items` in calls that carry up to `most` of them as `key`, beside the
    fields of `head`, with seqNo and tbc. The next part is made when the last one was answered;
    without an answer the rest is given up. An item None: a pause."""
    station = dialect.station
    batch = []
    number = 0
    for item in items:
        if item is None:
            yield
            continue
        if len(batch) == most:
            if not (yield from _part(station, action, key, head, batch, number, True)):
                return
            number += 1
            batch = []
        batch.append(item)
    yield from _part(station, action, key, head, batch, number, False)


def _part(station, action, key, head, batch, number, more):
    """One call. The value is False if nobody answered it."""
    unix = station.clock.unix()
    payload = {"seqNo": number, "tbc": more}
    payload["generatedAt"] = to_iso(FLOOR if unix is None else unix)
    payload.update(head)
    if batch:
        payload[key] = batch
    outcome = []

    def done(result, error):
        outcome.append(error)

    station.rpc.call(action, payload, done, TRIGGERED, _WAIT_MS)
    payload = None
    while not outcome:
        yield
    if isinstance(outcome[0], Unanswered) or (outcome[0] and outcome[0].local):
        log.warn("report", action, "given up:", outcome[0])
        return False
    return True
