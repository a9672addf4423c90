"""What the central system would not take: parked beside the transaction log, sent again on
request. Part of `txlog`; imported when the first record is parked.

`parked` is a file of log records with the reason as an eighth field. resend() renames it to
`resend`, which goes before the log until it is done with; what fails again is parked again.
"""

import os

from ocpp import records, txlog
from ocpp.log import log as _log

_FILE = const(-1)  # number in the label of both files
_UPDATE = const(2)
_SAMPLE = const(5)
_RESENT = const(12)


def park(log, seq, why, chain):
    """Move the head to the parked ones; `chain`: what follows of its transaction as well."""
    source = log.resending or log
    fields = source.find()
    if fields is None or fields[1] != seq:
        return False
    fields = fields[:7] + [why]
    fields[5] = log.stamp_unix(fields[5])
    path = log.root + "/parked"
    try:
        raw = records.pack(fields)
        records.append(path, raw if records.size(path) else records.label(_FILE) + raw)
    except OSError as e:
        _log.error("txlog", "cannot park:", e)
        return False
    _log.warn("txlog", "parked record", seq, "-", why)
    log.parked_count += 1
    log.head_seq = 0
    if log.resending:
        log.resending.advance(seq, fields[0], fields[3], False if chain else None)
    else:
        log.advance(seq, None, why, chain)
    return True


def resend(log):
    """Start sending what is parked, unless that is going on already."""
    path = log.root + "/parked"
    if log.resending or not log.parked_count:
        return
    # First, lest the state of an earlier resending be taken for that of this one.
    if not log.write(log.fields(_RESENT, None, 0, 0, [0, {}])):
        return
    os.rename(path, log.root + "/resend")
    log.resending = Resend(log, 0, {}, log.parked_count)
    log.parked_count = 0
    log.head_seq = 0


def resume(log, state):
    """At boot, with a `resend` file: go on where it was left."""
    from ocpp import txboot

    newest, ids = state or (0, {})
    left = txboot.count(log.root + "/resend", newest)
    if left:
        log.resending = Resend(log, newest, ids, left)
    else:
        records.remove(log.root + "/resend")


class Resend:
    def __init__(self, log, newest, ids, count):
        self.log = log
        self.newest = newest  # sequence number of the last one done with
        self.ids = ids  # key -> id the central system gave; False: parked again, with all that follows
        self.count = count
        self.at = 0  # offset in the file
        self.path = log.root + "/resend"

    def state(self):
        return [self.newest, self.ids]

    def find(self):
        found = None
        walk = records.each(self.path, self.at)
        for self.at, fields, _ in walk:
            if fields and fields[0] != records.LABEL and fields[1] > self.newest:
                found = fields
                break
        walk.close()
        return found

    def head(self):
        fields = self.find()
        log = self.log
        if fields is None:  # damaged since
            self._finish()
            return None
        log.remember(fields)
        key = fields[3]
        csms_id = self.ids.get(key)
        if csms_id is False:
            log.park(fields[1], "its start is parked")
            return None
        record = log.record(fields)
        if csms_id is None:
            return record
        return txlog.Record(*(record[:4] + (csms_id,) + record[5:]))

    def done(self, seq, head, csms_id, info):
        kind, key, _ = head
        if kind == txlog.START and key in self.log.chains:
            self.log.answered(key, csms_id, info)
        self.advance(seq, kind, key, csms_id)

    def advance(self, seq, kind, key, csms_id):
        self.newest = seq
        self.count -= 1
        if kind == txlog.START and csms_id is not None:
            self.ids[key] = csms_id
        elif kind == txlog.END:
            self.ids.pop(key, None)
        self.log.write(self.log.fields(_RESENT, None, 0, 0, self.state()))
        if self.count <= 0:
            self._finish()

    def _finish(self):
        self.log.resending = None
        records.remove(self.path)
