"""Reading the transaction log at boot: puts misplaced files right, then rebuilds the state in
memory in one pass. Needed once; part of `txlog`, whose names it uses."""

import os

from ocpp import records, txlog
from ocpp.log import log as _log

_DIRECTORY = const(0x4000)
_PARKED_FILE = const(-1)  # number in the label of `parked` and `resend`

_END = const(3)
_EVENT = const(4)
_CHECK = const(6)
_ANSWER = const(8)
_ANCHOR = const(9)
_PARKED = const(10)
_CLOSED = const(11)
_RESENT = const(12)


def scan(log):
    _arrange(log)
    number = 0
    while True:
        number = log.after(number)
        if not number:
            break
        log.segments += 1
        log.last = number
    log.last_bytes = records.size(log.path(log.last)) if log.last else 0
    log.tail_bytes = records.size(log.path(0))
    _find_cursor(log)
    resent = _replay(log)
    for key in [k for k, c in log.chains.items() if 0 < c[3] < log.cursor]:
        del log.chains[key]
    log.parked_count = count(log.root + "/parked")
    if records.size(log.root + "/resend"):
        from ocpp import txparked

        txparked.resume(log, resent)
    log.freed = log.segments > 1
    if log.damaged:
        _log.error("txlog", log.damaged, "damaged places skipped")


def count(path, newest=0):
    """How many records a file of parked ones has, behind sequence number `newest`."""
    n = 0
    for _, fields, _ in records.each(path):
        if fields and fields[0] != records.LABEL and fields[1] > newest:
            newest = fields[1]
            n += 1
    return n


def _find_cursor(log):
    """The newest cursor: in the tail, or if that was lost in the last segment that is readable."""
    number = 0
    while True:
        for _, fields, _ in records.each(log.path(number)):
            if fields and fields[0] != records.LABEL:
                log.cursor = max(log.cursor, fields[2])
        before = number or log.last + 1
        number = 0
        if log.cursor == 1:
            for entry in os.ilistdir(log.root):
                n = txlog.segment_number(entry[0])
                if number < n < before:
                    number = n
        if not number:
            return


def _replay(log):
    """Take in every record. -> data of the newest _RESENT record, or None."""
    resent = None
    newest = 0  # highest sequence number of a pending record
    number = -1
    while number:
        number = log.after(max(0, number))
        for offset, fields, _ in records.each(log.path(number)):
            if not fields:
                log.damaged += 1
                continue
            if fields[0] == records.LABEL:
                continue
            kind, seq = fields[:2]
            log.seq = max(log.seq, seq + 1)
            if number:
                log.promoted = max(log.promoted, seq)
            if kind <= _EVENT and seq >= log.cursor and seq > newest:
                newest = seq
                if not log.count:
                    log.at = (number, offset)
                log.count += 1
            if kind == _RESENT:
                resent = fields[6]
            _take(log, *fields)
    return resent


def _take(log, kind, seq, _cursor, key, n, stamp, data):
    if isinstance(stamp, list):
        log.meet(stamp)
        log.seen_boot = max(log.seen_boot, stamp[0])
    if key:
        log.seen_boot = max(log.seen_boot, int(key.split("-")[0]))
    chain = log.chains.get(key)
    if kind == txlog.START:
        if not chain:
            chain = [data["connector"], seq, None, 0, False, None, None, 0, None]
            log.chains[key] = chain
    elif kind in (_ANSWER, _PARKED):
        if key:
            if not chain:  # its START was damaged
                log.chains[key] = chain = [data[2], 0, None, 0, False, None, None, 0, None]
            chain[2] = data[0]
            chain[4] = kind == _PARKED
    elif kind == _CLOSED:
        log.chains.pop(key, None)
    elif kind == _ANCHOR:
        log.meet([data[0], 0])
        for boot in log.boots:
            if boot[0] == data[0]:
                boot[1] = data[1]
    if chain:
        _follow(log, chain, kind, seq, key, n, stamp, data)


def _follow(log, chain, kind, seq, key, n, stamp, data):
    """As TxLog does when it writes: last register, record number and stamp; its end."""
    if kind == _CHECK:
        wh = data
    elif kind <= txlog.SAMPLE:
        wh = data.get("wh")
        chain[8] = stamp
    else:
        return
    if wh is not None:
        chain[5] = wh
        chain[6] = stamp
    chain[7] = max(chain[7], n)
    if kind == _END:
        chain[3] = seq
        if chain[1] >= log.cursor:
            del log.chains[key]  # it is remembered again when its START is answered


def _arrange(log):
    """Every file is labelled with what it is: names that were exchanged are put right, directories
    and the remains of interrupted work removed, files of a newer format left alone."""
    root = log.root + "/"
    for name in [entry[0] for entry in os.ilistdir(log.root)]:
        path = root + name
        if name.endswith(".new"):
            records.remove(path)
            continue
        expected = _number(name)
        if expected is None:
            continue
        if os.stat(path)[0] & _DIRECTORY:
            log.damaged += 1
            _move(path, path + ".dir")
            continue
        label = records.first(path)
        if label and label[1] > records.VERSION:
            log.foreign.append(name)
            _log.error("txlog", name, "is of a newer format")
            _move(path, path + ".v%d" % label[1])
        elif label and label[2] != expected:
            log.damaged += 1
            _move(path, root + str(label[2]) + ".mv")
    for name in [entry[0] for entry in os.ilistdir(log.root)]:
        if name.endswith(".mv"):
            _put_back(log, root, name)


def _put_back(log, root, name):
    number = int(name[:-3])
    target = root + "parked" if number == _PARKED_FILE else log.path(number)
    if number == _PARKED_FILE and records.size(target):
        target = root + "resend"
    if not records.size(target):
        _move(root + name, target)


def _number(name):
    if name == "tail":
        return 0
    if name in ("parked", "resend"):
        return _PARKED_FILE
    return txlog.segment_number(name) or None


def _move(old, new):
    try:
        os.rename(old, new)
    except OSError as e:
        _log.error("txlog", "cannot move", old, "-", e)
