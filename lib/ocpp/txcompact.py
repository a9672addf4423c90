"""Freeing what the transaction log needs no longer, and thinning it out when it is too long. A job
of small steps; part of `txlog`; imported when there is something to free."""

import os

from ocpp import records, statefiles, txfiles, txtail
from ocpp.log import log as _log

_STEP = const(8)  # records a step
_MAX_LEVEL = const(12)
_PARKED_FILE = const(-1)
_UPDATE = const(2)
_EVENT = const(4)
_SAMPLE = const(5)


def compact(log):
    log.freed = False
    try:
        if log.parked_bytes > log.parked_due:
            yield from _thin_parked(log)
        while (yield from _free_oldest(log)):
            yield
        while log.segments > log.max_segments:
            if not (yield from _thin(log)):
                log.stuck = log.segments
                break
            yield
    except OSError as e:
        _log.error("txlog", "cannot compact:", e)
        log.stuck = log.segments
        statefiles.delete(log.root + "/parked.new")  # the room is needed


def _steps(path):
    """The records of a file as (fields, raw), and None every few of them: time to yield."""
    for n, (_, fields, raw) in enumerate(records.each(path)):
        if n % _STEP == _STEP - 1:
            yield None
        if fields:
            yield fields, raw


def _free_oldest(log):
    """Remove the oldest segment if nothing in it is needed but a little of open transactions,
    which is carried over to the last one. -> True if it was removed."""
    number = log.after(0)
    if not number:
        return False
    carry = []
    size = 0
    for step in _steps(log.path(number)):
        if step is None:
            yield
        elif txtail.worth(log, step[0]):
            fields, raw = step
            size += len(raw)
            if not _movable(log, fields) or size > log.segment_bytes // 4:
                return False
            carry.append((fields[3], raw))
    if carry and number == log.last_number:
        return False
    for key, _ in carry:
        # A START behind its END would be taken for an open transaction.
        if key in log.chains and log.chains[key].end_seq:
            return False
    raw = b"".join([raw for key, raw in carry if key is None or key in log.chains])
    if raw:
        txtail.promote(log, raw)
    txtail.forget(log, number)
    return True


def _movable(log, fields):
    """May it go behind younger records? Not if it, or its START, is yet to be delivered."""
    kind, seq, _, key = fields[:4]
    if kind <= _EVENT and seq >= log.cursor:
        return False
    return key in log.chains or kind == txfiles.ANCHOR


def _thin(log):
    """Take every second UPDATE out of the oldest of the segments that were thinned least: those
    whose number in the transaction is a multiple of 2, 4, 8... stay. Then join it to its
    neighbours where two fit into one. -> True if there was something to try."""
    number, level = yield from _least_thinned(log)
    if not number:
        return False
    yield from _rewrite(log, (number,), level + 1, level + 1)
    yield from _join(log, _before(log, number), number)
    yield from _join(log, number, log.after(number))
    return True


def _join(log, first, second):
    """Move what is in a segment to the next one, if there is room."""
    size = statefiles.size(log.path(first)) + statefiles.size(log.path(second))
    if first and second and second != log.last_number and size <= log.segment_bytes:
        level = min(_level(log, first), _level(log, second))
        yield from _rewrite(log, (first, second), 0, level)
        txtail.forget(log, first)


def _numbers(log):
    """Numbers of all segments but the last, ascending."""
    found = []
    for entry in os.ilistdir(log.root):
        number = txfiles.segment_number(entry[0])
        if number and number != log.last_number:
            found.append(number)
    found.sort()
    return found


def _before(log, number):
    """Number of the segment before another, 0: there is none."""
    return max([n for n in _numbers(log) if n < number] or (0,))


def _level(log, number):
    """How often a segment was thinned."""
    label = records.first(log.path(number))
    return label[3] if label else 0


def _least_thinned(log):
    best = 0
    lowest = _MAX_LEVEL
    for number in _numbers(log):
        level = _level(log, number)
        if level < lowest:
            best = number
            lowest = level
            if not level:
                break
        yield
    return best, lowest


def _stays(log, fields, level):
    kind, seq, _, _, n, _, data = fields
    if kind == txfiles.CLOSED:
        return True
    if not txtail.worth(log, fields):
        return False
    if kind == _UPDATE:
        return not n & ((1 << level) - 1) or data.get("keep") or seq == log.head_seq
    return kind != _SAMPLE or not seq & ((1 << level) - 1) or data.get("keep")


def _rewrite(log, sources, level, told):
    """Write what stays of segments at `level` to the last of them, with level `told` in its
    label."""
    target = sources[-1]
    new = log.path(target) + ".new"
    lost = []
    newest = 0
    f = open(new, "wb")
    try:
        f.write(records.label(target, told))
        for source in sources:
            for step in _steps(log.path(source)):
                if step is None:
                    yield
                    continue
                fields, raw = step
                if not _stays(log, fields, level):
                    if fields[0] == _UPDATE:
                        lost.append(fields[1])
                elif fields[0] > _EVENT or fields[1] < log.cursor or fields[1] > newest:
                    f.write(raw)
                    newest = max(newest, fields[1])
    finally:
        f.close()
    os.rename(new, log.path(target))
    if log.at[0] == target:
        log.at = (target, 0)
    lost = len([seq for seq in lost if seq >= log.cursor and seq != log.head_seq])
    log.count -= lost
    log.dropped += lost


def _thin_parked(log):
    """Take UPDATEs out of what is parked, odd numbers in the transaction first, then those that
    are twice an odd number, ...; until a quarter of the room is free again."""
    path = log.root + "/parked"
    began = log.resendings
    log.parked_due = log.parked_bytes + log.parked_max // 4  # should this fail
    sizes = [0] * _MAX_LEVEL
    for step in _steps(path):
        if step is None:
            yield
        elif _rank(step[0]) < _MAX_LEVEL:
            sizes[_rank(step[0])] += len(step[1])
    level = 0
    while level < _MAX_LEVEL and log.parked_bytes - sum(sizes[:level]) > log.parked_max * 3 // 4:
        level += 1
    size = lost = 0
    f = open(path + ".new", "wb")
    try:
        size += f.write(records.label(_PARKED_FILE))
        for step in _steps(path):
            if step is None:
                yield
            elif _rank(step[0]) < level:
                lost += 1
            else:
                size += f.write(step[1])
    finally:
        f.close()
    if log.resendings != began:
        return statefiles.delete(path + ".new")
    os.rename(path + ".new", path)
    _log.warn("txlog", "too much is parked:", lost, "meter values dropped")
    log.parked_bytes = size
    log.parked_due = max(log.parked_max, size + log.parked_max // 4)
    log.parked_count -= lost
    log.dropped += lost


def _rank(fields):
    """How late an UPDATE goes: the more, the more often 2 divides its number. Others never go."""
    if fields[0] != _UPDATE or fields[6].get("keep"):
        return _MAX_LEVEL
    rank = 0
    while rank < _MAX_LEVEL - 1 and not fields[4] >> rank & 1:
        rank += 1
    return rank
