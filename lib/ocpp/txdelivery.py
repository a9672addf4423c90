"""Reading the transaction log: what is to be delivered next, and all of one transaction. Part of
`txlog`; imported while somebody reads."""

from ocpp import records, txfiles
from ocpp.txfiles import END, EVENT, START, Chain
from ocpp.txlog import Record

_LAZY = const(16)  # answered UPDATEs whose cursor may wait for the next record


def head(log):
    """As TxLog.head()."""
    if log.resending:
        return log.resending.head()
    fields = find(log)
    if fields is None:
        log.count = 0  # damaged since
        return None
    if log.stamp_unix(fields[5]) is None:
        return None
    remember(log, fields)
    chain = log.chains.get(fields[3])
    if fields[1] <= log.parked_newest:
        log.park(fields[1], "parked before the power went")
    elif chain and chain.parked:
        log.park(fields[1], "its start is parked")
    else:
        return record(log, fields)
    return None


def find(log):
    """The fields of the first undelivered record, or None."""
    number, offset = log.at
    while True:
        for at, fields, _ in records.each(log.path(number), offset, 2):
            log.at = (number, at)
            if fields and log.is_due(fields):
                return fields
        if not number:
            break
        number = log.after(number)
        offset = 0
        log.at = (number, 0)
    for fields in log.held:
        if log.is_due(fields):
            return fields
    return None


def remember(log, fields):
    """`fields` are the head now."""
    log.head_seq = fields[1]
    log.head_of = (fields[0], fields[3], fields[6].get("connector"), fields[5])


def record(log, fields, csms_id=None):
    """The Record for `fields`. `csms_id`: where the transaction is no longer known."""
    kind, seq, _, key, n, stamp, data = fields[:7]
    if csms_id is None:
        csms_id = log.csms_id(key)
    return Record(seq, kind, key, data, csms_id, log.stamp_unix(stamp), n)


def done(log, seq, csms_id, info):
    """The head was conclusively answered."""
    log.head_seq = 0
    if log.resending and seq < log.cursor:
        log.resending.done(seq, log.head_of, csms_id, info)
    else:
        advance(log, seq, csms_id, info)


def advance(log, seq, csms_id=None, info=None, parked=False, chain_parked=False):
    """`seq`, the head, is answered or parked: go on behind it."""
    kind, key, connector, begun = log.head_of
    log.cursor = seq + 1
    log.count -= 1
    if kind == START:
        chain = log.chains.get(key)
        if not chain:  # it has ended already
            log.chains[key] = chain = Chain(connector)
            chain.start_seq = seq
            chain.end_seq = -1
            chain.begun = begun
        answered(log, key, csms_id, info, chain_parked)
    elif kind == END:
        log.chains.pop(key, None)
        log.freed = True
        log.write(txfiles.CLOSED, key, None)
    else:
        log.lazy += 1
        if kind == EVENT or parked or log.lazy >= _LAZY:
            log.freed = True
            log.write(txfiles.ANSWER, None, None)


def answered(log, key, csms_id, info, parked=False):
    """The START of an unfinished transaction was answered, or parked."""
    chain = log.chains[key]
    chain.csms_id = csms_id
    chain.parked = parked
    kind = txfiles.PARKED if parked else txfiles.ANSWER
    log.write(kind, key, [csms_id, info, chain.connector])


def _all_of(log, key):
    """Iterator of the fields of all records of a transaction."""
    number = -1
    while number:
        number = log.after(max(0, number))
        for _, fields, _ in records.each(log.path(number)):
            if fields and fields[3] == key:
                yield fields
    for fields in log.held:
        if fields[3] == key:
            yield fields


def last(log, key):
    """As TxLog.last()."""
    chain = log.chains.get(key)
    if not chain or chain.end_seq:
        return None
    known = {"data": {}, "stamp": None, "info": None, "notes": {}}
    for kind, _, _, _, _, stamp, data in _all_of(log, key):
        if kind == START:
            known["data"] = data
            known["stamp"] = stamp
        elif kind == txfiles.ANSWER:
            known["info"] = data[1]
        elif kind == txfiles.NOTE:
            known["notes"][data[0]] = data[1]
    for name in ("connector", "csms_id", "wh", "at", "n"):
        known[name] = getattr(chain, name)
    return known


def records_of(log, key):
    """As TxLog.records()."""
    newest = 0
    for fields in _all_of(log, key):
        if fields[0] <= txfiles.SAMPLE and fields[1] > newest:
            newest = fields[1]
            yield record(log, fields)
