"""Making room in the tail of the transaction log, and the segments. Part of `txlog`; imported when
the tail is full, or segments are to be freed."""

import os

from ocpp import records, txfiles

_LARGE = const(250)  # B: more than half a tail


def flush(log, extra):
    """Start a new tail with record `extra`; what the old one has of worth goes to segments.
    OSError: flash full."""
    keep, newest = _keeps(log)
    tail = [records.label(0)]
    running = [(k, c) for k, c in log.chains.items() if not c.end_seq and c.wh is not None]
    for key, chain in running:
        tail.append(records.pack(log.check(key, chain)))
    if running and all([log.not_before(c.at) != c.at for _, c in running]):
        # The newest record may be told and gone; what ends these must not be dated before it.
        tail.append(records.pack(log.fields(txfiles.ANSWER, None, 0, log.latest, None)))
    if log.resending:
        state = log.resending.state()
        tail.append(records.pack(log.fields(txfiles.RESENT, None, 0, 0, state)))
    large = len(extra) > _LARGE
    (keep if large else tail).append(extra)
    if keep:
        promote(log, b"".join(keep))
        log.promoted = max(newest, log.promoted)
    elif not log.at[0]:
        log.at = (0, 0)
    tail = b"".join(tail)
    try:
        records.replace(log.path(0), tail, log.at_once)
        log.tail_bytes = len(tail)
    except OSError:
        if not large:  # else all is safe, and what is left in the tail is not new
            raise


def _keeps(log):
    """-> (list of the raw records to be kept from the tail, highest seq of them)."""
    keep = []
    newest = 0
    started = set()  # transactions that the segments know nothing of
    ended = []  # delivered ENDs of others
    for _, fields, raw in records.each(log.path(0)):
        if not fields or fields[1] <= log.promoted:
            continue
        kind, seq, _, key = fields[:4]
        if kind == txfiles.START:
            started.add(key)
        if worth(log, fields) or (kind == txfiles.CLOSED and key not in started):
            # Behind a younger record an END counts as gone, and with it what it ended would be
            # open again, should power go before the new tail with its CLOSED is there.
            keep += ended + [raw]
            ended = []
            newest = seq
        elif kind == txfiles.END and key not in started:
            ended.append(raw)
    return keep, newest


def promote(log, raw):
    """Add records to the last segment, or to a new one. OSError: flash full."""
    number = log.last_number
    size = log.last_bytes
    if not size or size + len(raw) > log.segment_bytes:
        number += 1
        size = 0
        raw = records.label(number) + raw
    records.append(log.path(number), raw)
    if not size:
        log.last_number = number
        log.segments += 1
    log.last_bytes = size + len(raw)
    if not log.at[0]:
        log.at = (number, size)


def forget(log, number):
    """Delete a segment. OSError if that fails."""
    os.remove(log.path(number))
    log.segments -= 1
    if log.at[0] == number:
        log.at = (log.after(number), 0)
    if number == log.last_number:
        log.last_bytes = 0  # the next one gets a new number


def worth(log, fields):
    """Must this record be kept? Of CLOSED the caller knows more."""
    kind, seq, _, key, _, _, data = fields
    if log.is_due(fields):
        return True
    if kind in (txfiles.START, txfiles.ANSWER, txfiles.PARKED):
        return key in log.chains
    if kind in (txfiles.SAMPLE, txfiles.NOTE):
        return key in log.chains or seq >= log.cursor
    return kind == txfiles.ANCHOR and data[0] in [boot[0] for boot in log.boots]
