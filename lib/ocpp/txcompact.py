"""Freeing what the transaction log needs no longer, and thinning it out when it is too long. A job
of small steps; part of `txlog`; imported when there is something to free."""

import os

from ocpp import records, txlog
from ocpp.log import log as _log

_STEP = const(8)  # records a step
_MAX_LEVEL = const(12)
_UPDATE = const(2)
_EVENT = const(4)
_SAMPLE = const(5)
_CLOSED = const(11)


def compact(log):
    log.freed = False
    try:
        while (yield from _free_oldest(log)):
            yield
        while log.segments > log.max_segments and (yield from _thin(log)):
            yield
    except OSError as e:
        _log.error("txlog", "cannot compact:", e)


def _steps(path):
    """The records of a file, a None every few of them: time for a step. Holds no file meanwhile."""
    offset = 0
    while offset is not None:
        start = offset
        offset = None
        n = 0
        walk = records.each(path, start)
        for at, fields, raw in walk:
            if n >= _STEP:
                offset = at
                break
            n += 1
            if fields and fields[0] != records.LABEL:
                yield fields, raw
        walk.close()
        yield None


def _free_oldest(log):
    """Remove the oldest segment if nothing in it is needed but a little of open transactions,
    which is carried over to the last. -> True if one was removed."""
    number = log.after(0)
    if not number:
        return False
    carry = []
    size = 0
    for step in _steps(log.path(number)):
        if step is None:
            yield
            continue
        fields, raw = step
        if not log.worth(fields):
            continue
        size += len(raw)
        # A START must not come behind the END of its transaction, so nothing of one that has
        # ended is carried: its END is delivered soon.
        if fields[1] >= log.cursor and fields[0] <= _EVENT or log.ended(fields[3]):
            return False
        if size > log.segment_bytes // 4 or number == log.last:
            return False
        carry.append(raw)
    # Since the records were read some may have become needless, but none needed.
    for fields in carry:
        pass
    if carry:
        log.promote(b"".join(carry))
    forget(log, number)
    return True


def forget(log, number):
    """Delete a segment."""
    os.remove(log.path(number))
    log.segments -= 1
    if log.at[0] == number:
        log.at = (log.after(number), 0)
    if number == log.last:
        log.last_bytes = 0  # the next one gets a new number
