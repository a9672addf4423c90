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
ANSWER = 8  # data: [csms_id, info, connector] for the START of `key`; key None: only the cursor
ANCHOR = 9  # data: [boot, Unix time at its uptime 0]
PARKED = 10  # data as of ANSWER; what follows of `key` is parked too
CLOSED = 11  # the END of `key` was answered or parked: whatever is left of it is history
RESENT = 12  # data: how far resending is, see txparked

_UPDATE = const(2)
_EVENT = const(4)
_SAMPLE = const(5)
_CHECK = const(6)

_TAIL_BYTES = const(500)
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
    def __init__(self, root, segment_bytes, max_bytes):
        self.root = root
        self.segment_bytes = segment_bytes
        self.max_segments = max(3, max_bytes // segment_bytes)
        self.full = False
        self.seq = 1  # of the next record
        self.cursor = 1  # first sequence number that may be undelivered
        self.chains = {}  # key -> Chain: the open ones and those being delivered; a few
        self.at = (0, 0)  # nothing before this segment (0: the tail) and offset is undelivered
        self.held = []  # fields of records that the flash did not take
        self.lazy = 0  # answered UPDATEs that the flash does not know of
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
        except OSError as e:
            if not self.full:
                _log.error("txlog", "cannot write:", e)
            self.full = True
            return False
        self.full = False
        self.lazy = 0
        return True

    def _add(self, raw):
        if self.tail_bytes + len(raw) > _TAIL_BYTES:
            return self._flush(raw)
        if not self.tail_bytes:
            raw = records.label(0) + raw
        records.append(self.path(0), raw)
        self.tail_bytes += len(raw)

    def _flush(self, extra):
        """Start a new tail with record `extra`; what the old one has of worth goes to segments."""
        keep, newest = self._tail_keeps()
        tail = [records.label(0)]
        for key, chain in self.chains.items():
            if not chain.end_seq and chain.wh is not None:
                tail.append(records.pack(self.check(key, chain)))
        if self.resending:
            state = self.resending.state()
            tail.append(records.pack(self.fields(RESENT, None, 0, 0, state)))
        large = len(extra) > _TAIL_BYTES // 2
        (keep if large else tail).append(extra)
        if keep:
            self.promote(b"".join(keep))
            self.promoted = max(newest, self.promoted)
        elif not self.at[0]:
            self.at = (0, 0)
        tail = b"".join(tail)
        try:
            records.replace(self.path(0), tail)
            self.tail_bytes = len(tail)
        except OSError:
            if not large:  # else all is safe, and what is left in the tail is not new
                raise

    def _tail_keeps(self):
        """-> (list of the raw records to be kept from the tail, highest seq of them)."""
        keep = []
        newest = 0
        started = set()  # transactions that the segments know nothing of
        ended = []  # delivered ENDs of others
        for _, fields, raw in records.each(self.path(0)):
            if not fields or fields[0] == records.LABEL or fields[1] <= self.promoted:
                continue
            kind, seq, _, key = fields[:4]
            if kind == START:
                started.add(key)
            if self.worth(fields) or (kind == CLOSED and key not in started):
                # Behind a younger record an END counts as gone, and with it what it ended would be
                # open again, should power go before the new tail with its CLOSED is there.
                keep += ended + [raw]
                ended = []
                newest = seq
            elif kind == END and key not in started:
                ended.append(raw)
        return keep, newest

    def promote(self, raw):
        """Add records to the last segment, or to a new one. OSError: flash full."""
        number = self.last_number
        size = self.last_bytes
        if not size or size + len(raw) > self.segment_bytes:
            number += 1
            size = 0
            raw = records.label(number) + raw
        records.append(self.path(number), raw)
        if not size:
            self.last_number = number
            self.segments += 1
        self.last_bytes = size + len(raw)
        if not self.at[0]:
            self.at = (number, size)

    def forget(self, number):
        """Delete a segment. OSError if that fails."""
        os.remove(self.path(number))
        self.segments -= 1
        if self.at[0] == number:
            self.at = (self.after(number), 0)
        if number == self.last_number:
            self.last_bytes = 0  # the next one gets a new number

    def worth(self, fields):
        """Must this record be kept? Of CLOSED the caller knows more."""
        kind, seq, _, key, _, _, data = fields
        if kind <= _EVENT and seq >= self.cursor:
            return True
        if kind in (START, ANSWER, PARKED):
            return key in self.chains
        if kind in (SAMPLE, NOTE):
            return key in self.chains or seq >= self.cursor
        return kind == ANCHOR and any([boot[0] == data[0] for boot in self.dates.boots])

    def find(self):
        """The fields of the first undelivered record, or None."""
        number, offset = self.at
        while True:
            for at, fields, _ in records.each(self.path(number), offset, 2):
                self.at = (number, at)
                if fields and 0 < fields[0] <= _EVENT and fields[1] >= self.cursor:
                    return fields
            if not number:
                break
            number = self.after(number)
            offset = 0
            self.at = (number, 0)
        for fields in self.held:
            if fields[0] <= _EVENT and fields[1] >= self.cursor:
                return fields
        return None

    def all_of(self, key):
        """Iterator of the fields of all records of a transaction."""
        number = -1
        while number:
            number = self.after(max(0, number))
            for _, fields, _ in records.each(self.path(number)):
                if fields and fields[0] != records.LABEL and fields[3] == key:
                    yield fields
        for fields in self.held:
            if fields[3] == key:
                yield fields


def segment_number(name):
    """Number of the segment in file `name`, 0 if it is not one."""
    return int(name[:8]) if len(name) == 12 and name.endswith(".seg") and name[:8].isdigit() else 0
