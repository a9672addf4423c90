"""The files of the transaction log; see `txlog` for what is in them.

NNNNNNNN.seg, oldest first, then `tail`: small enough for LittleFS to keep it inside the directory,
where a change costs a fifth or less of the erasing that adding to a file costs. When the tail is
full, what is still needed goes to the last segment. So a transaction that is delivered as it goes
hardly touches the segments. A power cut in between leaves records in both: the second time their
sequence numbers are not new.

A record is [kind, seq, cursor, key, n, stamp, data]. `cursor` is the first sequence number not yet
answered when the record was written: the highest one found counts.
"""

import os

from ocpp import records
from ocpp.log import log as _log

START = 1
UPDATE = 2
END = 3
EVENT = 4  # up to here: to be delivered
SAMPLE = 5  # an UPDATE that is not delivered by itself
CHECK = 6  # data: register in Wh; the newest of each open transaction is in the tail
NOTE = 7  # data: [name, value]
# data: [csms_id, info, connector] for the START of `key`; key None: only the cursor, and a stamp
# that is not 0 is that of the newest record
ANSWER = 8
ANCHOR = 9  # data: [boot, Unix time at its uptime 0]
PARKED = 10  # data as of ANSWER; what follows of `key` is parked too
CLOSED = 11  # the END of `key` was answered or parked: whatever is left of it is history
RESENT = 12  # data: how far resending is, see txparked

_UPDATE = const(2)
_EVENT = const(4)
_SAMPLE = const(5)
_CHECK = const(6)

_TAIL_BYTES = const(400)  # half of that on the average, with its name: one or two pages of flash
_HELD = const(16)
_ENOSPC = const(28)


class Chain:
    """What is in memory of an unfinished transaction."""

    def __init__(self, connector):
        self.connector = connector
        self.start_seq = 0  # 0: its START was damaged
        self.end_seq = 0  # 0: open; -1: somewhere ahead
        self.csms_id = None
        self.parked = False  # True: what follows is parked
        self.wh = None  # last register known
        self.at = None  # its stamp
        self.n = 0  # number of its last record
        self.last = None  # stamp of its last record
        self.begun = None  # stamp of its START

    def follow(self, kind, seq, n, stamp, data):
        """Take in a record of the transaction, START to CHECK."""
        wh = data if kind == _CHECK else data.get("wh")
        if wh is not None:
            self.wh = wh
            self.at = stamp
        self.n = max(self.n, n)
        if kind != _CHECK:
            self.last = stamp
        if kind == START:
            self.start_seq = seq
            self.begun = stamp
        elif kind == END:
            self.end_seq = seq


class Files:
    """The part of TxLog that writes and finds records."""

    def __init__(self, root, segment_bytes, max_bytes):
        self.root = root
        self.segment_bytes = segment_bytes
        self.max_segments = max(3, max_bytes // segment_bytes)
        self.parked_max = max_bytes // 3  # B
        self.full = False
        self.writes = 0  # records added since the start
        self.seq = 1  # of the next record
        self.cursor = 1  # first sequence number that may be undelivered
        self.chains = {}  # key -> Chain: the open ones and those being delivered; a few
        self.at = (
            0,
            0,
        )  # nothing before this segment (0: the tail) and offset is undelivered
        self.held = []  # fields of records that the flash did not take
        self.lazy = 0  # answered UPDATEs that the flash does not know of
        self.at_once = False  # True: a file is replaced in one write, see txboot
        self.segments = self.last_number = self.last_bytes = 0  # how many; the last one
        self.tail_bytes = 0
        self.promoted = 0  # highest seq in the segments
        self.stuck = 0  # number of segments that could not be made fewer
        self.resending = None  # txparked.Resend while parked records are sent again

    def path(self, number):
        return "%s/%08d.seg" % (self.root, number) if number else self.root + "/tail"

    def after(self, number):
        """Number of the next segment that exists, 0 (the tail) behind the last."""
        best = 0
        try:
            for entry in os.ilistdir(self.root):
                n = segment_number(entry[0])
                if n > number and (not best or n < best):
                    best = n
        except OSError as e:
            _log.error("txlog", "cannot read:", e)
            return 0
        return best

    def fields(self, kind, key, n, stamp, data):
        """A new record, not yet written."""
        seq = self.seq
        self.seq = seq + 1
        return [kind, seq, self.cursor, key, n, stamp, data]

    def check(self, key, chain):
        return self.fields(CHECK, key, chain.n, chain.at, chain.wh)

    def write(self, kind, key, data):
        """A record of our own, which waits in memory if need be. False: flash full."""
        fields = self.fields(kind, key, 0, 0, data)
        if self.put(fields, records.pack(fields)):
            return True
        self.hold(fields)
        return False

    def hold(self, fields):
        """Keep in memory what the flash does not take. False: no room there either."""
        if len(self.held) >= _HELD:
            return False
        self.held.append(fields)
        return True

    def put(self, fields, raw):
        """To flash, behind all that waits for it. False if it is full."""
        try:
            while self.held:
                self._add(records.pack(self.held[0]))
                self.held.pop(0)
            if fields[0] in (_UPDATE, _SAMPLE) and self.segments > self.max_segments + 1:
                raise OSError(_ENOSPC)
            self._add(raw)
        except (OSError, MemoryError) as e:
            if not self.full:
                _log.error("txlog", "cannot write:", repr(e))
            self.full = True
            return False
        self.full = False
        self.lazy = 0
        return True

    def _add(self, raw):
        self.writes += 1
        if self.tail_bytes + len(raw) > _TAIL_BYTES:
            from ocpp import txtail

            return txtail.flush(self, raw)
        if not self.tail_bytes:
            raw = records.label(0) + raw
        records.append(self.path(0), raw)
        self.tail_bytes += len(raw)

    def is_due(self, fields):
        """Must this record be delivered?"""
        return fields[0] <= _EVENT and fields[1] >= self.cursor


def segment_number(name):
    """Number of the segment in file `name`, 0 if it is not one."""
    return int(name[:8]) if len(name) == 12 and name.endswith(".seg") and name[:8].isdigit() else 0
