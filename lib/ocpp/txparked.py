"""What the central system would not take: parked beside the transaction log, sent again on
request. Part of `txlog`; imported when the first record is parked.

`parked` is a file of log records with two more fields: the reason, and the transaction id if one
was known. resend() renames it to `resend`, which goes before the log until it is done with; what
fails again is parked again.
"""

import os

from ocpp import records, statefiles, txdelivery, txfiles
from ocpp.log import log as _log

_FILE = const(-1)  # number in the label of both files


def each(path, newest, log=None):
    """Iterator of the fields of parked records behind sequence number `newest`. `log`: where to
    count what is damaged."""
    for _, fields, _ in records.each(path):
        if not fields:
            if log:
                log.damaged += 1
        elif fields[1] > newest:
            newest = fields[1]
            yield fields


def parked_records(log):
    """As TxLog.parked_records()."""
    for fields in each(log.root + "/parked", 0):
        yield txdelivery.record(log, fields, id_of(log, fields)), fields[7]


def park(log, seq, why, chain):
    """Move the head to the parked ones; `chain`: what follows of its transaction as well, None: if
    it is a START."""
    if chain is None:
        chain = log.head_of[0] == txfiles.START
    resending = log.resending if seq < log.cursor else None
    fields = resending.find() if resending else txdelivery.find(log)
    if fields is None or fields[1] != seq:
        return False
    if seq > log.parked_newest and not _keep(log, fields, why):
        return False
    log.head_seq = 0
    if resending:
        connector = fields[6].get("connector")
        resending.advance(seq, fields[0], fields[3], False if chain else None, connector)
    else:
        txdelivery.advance(log, seq, None, why, True, chain)
    return True


def _keep(log, fields, why):
    path = log.root + "/parked"
    if log.parked_bytes > log.parked_max * 3 // 2 and not log.resending:
        _log.error("txlog", "too much is parked, it waits:", fields[1])
        return False
    copy = fields[:5] + [log.stamp_unix(fields[5]), fields[6], why, id_of(log, fields)]
    try:
        raw = _packed(copy)
        raw = raw if statefiles.size(path) else records.label(_FILE) + raw
        records.append(path, raw)
    except OSError as e:
        _log.error("txlog", "cannot park:", e)
        return False
    _log.warn("txlog", "parked record", fields[1], "-", why)
    log.parked_count += 1
    log.parked_bytes += len(raw)
    log.parked_newest = fields[1]
    return True


def _packed(fields):
    try:
        return records.pack(fields)
    except ValueError:  # append() left room for all but a long reason
        return records.pack(fields[:7] + ["", fields[8]])


def id_of(log, fields):
    """Id of the transaction of a record that is, or will be, parked; None: not known."""
    key = fields[3]
    found = log.csms_id(key)
    if found is None and log.resending:
        found = log.resending.ids.get(key, (None,))[0]
    if found is None or found is False:
        found = fields[8] if len(fields) > 8 else None
    return found


def resend(log):
    """Start sending what is parked, unless that is going on already."""
    if log.resending or not log.parked_count:
        return
    if log.cursor <= log.parked_newest:  # power went while that one was parked: finish it
        log.head()
        if log.cursor <= log.parked_newest:
            return
    # First, lest the state of an earlier resending be taken for that of this one.
    if not log.write(txfiles.RESENT, None, [0, {}]):
        return
    try:
        os.rename(log.root + "/parked", log.root + "/resend")
    except OSError as e:
        _log.error("txlog", "cannot resend:", e)
        return
    log.resending = Resend(log, 0, {}, log.parked_count)
    log.resendings += 1
    log.parked_count = log.parked_newest = log.parked_bytes = 0


def resume(log, state):
    """At boot: go on where it was left; `state` is that of the last RESENT record."""
    log.parked_bytes = statefiles.size(log.root + "/parked")
    for fields in each(log.root + "/parked", 0, log):
        log.parked_count += 1
        log.parked_newest = fields[1]
    path = log.root + "/resend"
    newest, ids = state or (0, {})
    left = sum([1 for _ in each(path, newest, log)])
    if left:
        log.resending = Resend(log, newest, ids, left)
    else:
        statefiles.delete(path)


class Resend:
    def __init__(self, log, newest, ids, count):
        self.log = log
        self.newest = newest  # sequence number of the last one done with
        # key -> [id learnt; False: parked again, with all that follows; its connector]
        self.ids = ids
        self.count = count
        self._at = 0  # offset in the file
        self._path = log.root + "/resend"

    def state(self):
        return [self.newest, self.ids]

    def find(self):
        """The fields of the next one, or None."""
        for at, fields, _ in records.each(self._path, self._at, 2):
            self._at = at
            if fields and fields[1] > self.newest:
                return fields
        return None

    def head(self):
        """As TxLog.head()."""
        fields = self.find()
        log = self.log
        if fields is None:  # damaged since
            self._finish()
            return None
        txdelivery.remember(log, fields)
        given_up = self.ids.get(fields[3], (None,))[0] is False
        if given_up or fields[1] <= log.parked_newest:
            log.park(fields[1], "its start is parked")
            return None
        return txdelivery.record(log, fields, id_of(log, fields))

    def done(self, seq, head, csms_id, info):
        kind, key, connector, _ = head
        if kind == txfiles.START and key in self.log.chains:
            txdelivery.answered(self.log, key, csms_id, info)
        self.advance(seq, kind, key, csms_id, connector)

    def advance(self, seq, kind, key, csms_id, connector):
        """`seq`, the head, is dealt with."""
        self.newest = seq
        self.count -= 1
        if kind == txfiles.START:
            # What went before at that connector is over, also if its END is not among these.
            for old in [k for k, known in self.ids.items() if known[1] == connector]:
                del self.ids[old]
            if csms_id is not None:
                self.ids[key] = [csms_id, connector]
        elif kind == txfiles.END:
            self.ids.pop(key, None)
        self.log.write(txfiles.RESENT, None, self.state())
        if self.count <= 0:
            self._finish()

    def _finish(self):
        self.log.resending = None
        statefiles.delete(self._path)
