"""Reading the transaction log at boot: puts misplaced files right, then rebuilds the state in
memory in one pass. Part of `txlog`."""

import os

import vfs

from ocpp import records, statefiles, txfiles, txtime
from ocpp.log import log as _log
from ocpp.txfiles import Chain, segment_number

_DIRECTORY = const(0x4000)
_PARKED_FILE = const(-1)  # number in the label of `parked` and `resend`
_EVENT = const(4)
_CHECK = const(6)
_MOST = const(524288)  # B


def share(root):
    """How many bytes the log may take of the file system `root` is on: half; the rest is for what
    is parked and for small files."""
    try:
        of = os.statvfs(root)
    except OSError:
        return _MOST
    return min(of[1] * of[2] // 2, _MOST)


def at_once(root):
    """True if a file at `root` is what it was until what is written to it is closed, and then is
    the new one, whenever power goes: so LittleFS does it, in one write instead of three."""
    found = (-1, None)
    try:
        for fs, path in vfs.mount():
            inside = root.startswith(path if path[-1] == "/" else path + "/")
            if inside and len(path) > found[0]:
                found = (len(path), fs)
    except TypeError:  # an older MicroPython, which does not tell
        pass
    return isinstance(found[1], getattr(vfs, "VfsLfs2", ()))  # a port may have none


def scan(log):
    """Make the state of a fresh TxLog that of its files."""
    log.at_once = at_once(log.root)
    _arrange(log)
    for name in os.listdir(log.root):
        if ".v" in name:
            _go_behind(log, name)
    number = log.after(0)
    while number:
        log.segments += 1
        log.last_number = number
        number = log.after(number)
    log.last_bytes = statefiles.size(log.path(log.last_number)) if log.last_number else 0
    log.tail_bytes = statefiles.size(log.path(0))
    _find_cursor(log)
    resent = _replay(log)
    for key in [k for k, c in log.chains.items() if 0 < c.end_seq < log.cursor]:
        del log.chains[key]
    if statefiles.size(log.root + "/parked") or statefiles.size(log.root + "/resend"):
        from ocpp import txparked

        txparked.resume(log, resent)
    log.freed = log.segments > 1
    if log.damaged:
        _log.error("txlog", log.damaged, "damaged places skipped")


def _go_behind(log, name):
    """What a later firmware has written is not read, but the log goes on behind it: what was
    answered then is not told again, and no sequence number is used twice."""
    base = name[: name.find(".v")]
    if base not in log.foreign:
        log.foreign.append(base)
    for _, fields, _ in records.each(log.root + "/" + name):
        if fields:
            log.seq = max(log.seq, fields[1] + 1)
            log.cursor = max(log.cursor, fields[2])


def _find_cursor(log):
    """The newest cursor: in the tail, or if that was lost in the last segment that is readable."""
    number = found = 0
    while True:
        for _, fields, _ in records.each(log.path(number)):
            if fields:
                found = max(found, fields[2])
        if found > 1:
            log.cursor = max(log.cursor, found)
            return
        number = _before(log.root, number or log.last_number + 1)
        if not number:
            return


def _before(root, number):
    """Number of the segment before another, 0 if there is none."""
    best = 0
    for entry in os.ilistdir(root):
        n = segment_number(entry[0])
        if best < n < number:
            best = n
    return best


def _replay(log):
    """Take in every record. -> data of the newest RESENT record, or None."""
    resent = None
    newest = 0  # highest sequence number of a pending record
    number = -1
    while number:
        number = log.after(max(0, number))
        for offset, fields, _ in records.each(log.path(number)):
            if not fields:
                log.damaged += 1
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
            if kind == txfiles.RESENT:
                resent = fields[6]
            try:
                _take(log, *fields[:7])
            except (TypeError, ValueError, KeyError, IndexError, AttributeError):
                log.damaged += 1  # no record of ours
    return resent


def _take(log, kind, seq, _cursor, key, n, stamp, data):
    if isinstance(stamp, list):
        txtime.meet(log, stamp)
        log.seen_boot = max(log.seen_boot, stamp[0])
    if stamp and kind != txfiles.SAMPLE and _is_newer(log, kind, stamp):
        log.latest = stamp
    if key:
        log.seen_boot = max(log.seen_boot, int(key.split("-")[0]))
    if kind == txfiles.ANCHOR:
        txtime.meet(log, [data[0], 0], data[1])
    elif key:
        _take_chain(log, kind, seq, key, n, stamp, data)


def _is_newer(log, kind, stamp):
    """False for what is repeated: older records in the tail, and registers in a new tail."""
    latest = log.latest
    unix, before = log.stamp_unix(stamp), log.stamp_unix(latest)
    if unix is not None and before is not None:
        return not unix < before
    if latest is None or type(stamp) is not type(latest):
        return latest is None or kind <= _EVENT or isinstance(stamp, list)
    return not stamp < latest


def _take_chain(log, kind, seq, key, n, stamp, data):
    chain = log.chains.get(key)
    if kind == txfiles.CLOSED:
        log.chains.pop(key, None)
        return
    if not chain and kind == txfiles.START:
        log.chains[key] = chain = Chain(data["connector"])
    if kind in (txfiles.ANSWER, txfiles.PARKED):
        if not chain:  # its START was damaged
            log.chains[key] = chain = Chain(data[2])
        chain.csms_id = data[0]
        chain.parked = kind == txfiles.PARKED
    elif chain and kind <= _CHECK:
        chain.follow(kind, seq, n, stamp, data)
        if kind == txfiles.END and chain.start_seq >= log.cursor:
            del log.chains[key]  # it is remembered again when its START is answered


def _arrange(log):
    """Every file is labelled with what it is: exchanged names are put right, directories and the
    remains of interrupted work set aside, files of a newer format left alone."""
    root = log.root + "/"
    for entry in list(os.ilistdir(log.root)):
        name = entry[0]
        path = root + name
        number = _number(name[:-4] if name.endswith(".new") else name)
        if number is None:
            continue
        if entry[1] & _DIRECTORY:
            log.damaged += 1
            statefiles.set_aside(path)
        elif name.endswith(".new"):
            statefiles.delete(path)
        else:
            _check_label(log, root, name, number)
    for entry in list(os.ilistdir(log.root)):
        if entry[0].endswith(".mv"):
            _put_back(log, root, entry[0])


def _check_label(log, root, name, number):
    label = records.first(root + name)
    if not label:
        return
    if label[1] > records.VERSION:
        aside = "%s%s.v%d" % (root, name, label[1])
        while statefiles.size(aside):
            aside += "_"
        _log.error("txlog", name, "is of a newer format: not read, kept as", aside)
        _move(root + name, aside)
    elif label[2] != number:
        log.damaged += 1
        _move(root + name, "%s%d.mv" % (root, label[2]))


def _put_back(log, root, name):
    number = int(name[:-3])
    target = root + "parked" if number == _PARKED_FILE else log.path(number)
    if number == _PARKED_FILE and statefiles.size(target):
        target = root + "resend"
    if not statefiles.size(target):
        _move(root + name, target)


def _number(name):
    """What the label of file `name` must say; None: not one of ours."""
    if name == "tail":
        return 0
    if name in ("parked", "resend"):
        return _PARKED_FILE
    return segment_number(name) or None


def _move(old, new):
    try:
        os.rename(old, new)
    except OSError as e:
        _log.error("txlog", "cannot move", old, "-", e)
