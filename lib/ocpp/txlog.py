"""The transaction log: what happened and must still be told, in order, on flash.

Written BEFORE it is acted on or sent; the only source of what is still to be delivered. It knows
no OCPP message: records are facts, the dialect makes messages of them when they are sent.

    log = TxLog(root, clock)        root: existing directory of its own. Scans what is there
    clock.boot = store.next_boot(log.seen_boot)      before the first append()

Writing
    key = log.new_key()             -> str, local key of a new transaction ("BOOT-N"), never reused
    log.append(kind, key, data, deliver=True, stamp=None) -> sequence number; None: not on flash
                                       (see Full)
        kind START, UPDATE, END of transaction `key`; EVENT: key None, stands for itself.
        data: JSON dict. START needs "connector": int. "wh": int in any of them is the meter's
        register then, and what last() tells after a power cut. The stamp is of now, or the given
        one (an END at power loss: last()["at"]). "keep": true in an UPDATE: never thinned out.
        deliver=False: a SAMPLE, kept until its END is delivered, but not sent by itself.
    log.checkpoint(key, wh)         register of an open transaction, now; cheap
    log.note(key, name, value)      remember a small JSON value of an open transaction (last wins)

Open transactions (started, not ended; a few)
    log.open_transactions()         -> list of (key, connector)
    log.last(key)                   -> dict, read from flash: "data" and "stamp" of the START, "wh"
                                       and "at" (stamp) of the last register known, "csms_id",
                                       "info" (of the START's answer), "n" (of the last record),
                                       "notes" (dict), "connector"; None: not open. "data" is {}
                                       should the START have been damaged. Stamps as written
    log.records(key)                -> iterator of Record: START, UPDATE, SAMPLE, END as far as
                                       still kept, in order (delivered UPDATEs go soon)

Delivery: strictly in order of occurrence, one at a time
    log.pending()                   -> how many are still to be delivered
    log.head()                      -> Record or None (nothing to do, or nothing just now: a chain
                                       is being parked, its time is not known yet; ask again in
                                       the next loop). Same content each time until done or parked
    log.done(seq, csms_id=None, info=None)   conclusively answered. csms_id: what a START's answer
                                       gave, any int or str. info: JSON value kept with it.
                                       False: not the head (a late or second answer), nothing done
    log.csms_id(key)                -> id learnt for an unfinished transaction, or None
    log.park(seq, why, chain=None)  given up: kept, not sent. A parked START parks what follows of
                                       its transaction (chain=True, the default for START): a stop
                                       waits for its start's answer (OCPP 1.6 3.7.1, 4.10).
                                       False: not the head, or flash full: it stays the head
    log.parked()                    -> how many are parked;  log.parked_records() -> iterator
    log.resend()                    -> how many are pending again, before all others and in order

    Record = (seq, kind, key, data, csms_id, stamp, n): n counts a transaction's records from 0
    (START), also over a reboot, and leaves a gap where one was thinned out: 2.x's seqNo.
    The answer to an UPDATE is written with the next record: a power cut repeats at most 16 of them.

Time: a stamp is Unix s, or [boot, uptime s] if made before the clock was known. A Record's is
Unix s, never None in head().
    log.now()                       -> stamp of this moment, to be used inside of data
    log.stamp_unix(stamp)           -> Unix s, or None as long as it cannot be told. Stamps of one
                                       transaction never go back, also where the clock did

Upkeep
    log.needs_compact               True: worth a job now
    log.compact()                   -> generator (a job): frees what is no longer needed
    log.damaged                     damaged places skipped at boot
    log.dropped                     records lost to a full flash since boot (UPDATEs thinned out too)
    log.full                        True while append() fails
    log.foreign                     files of a newer format: left alone, not read
    log.seen_boot                   highest boot number met in the log

Full: above `max_bytes` every second UPDATE is taken out, oldest segments first, again and again
but evenly; START, END and EVENT never. If the flash takes nothing at all, UPDATEs are dropped;
the others wait in RAM (16 at most), are delivered from there and written as soon as possible.
"""

START = 1
UPDATE = 2
END = 3
EVENT = 4
SAMPLE = 5

import os
from collections import namedtuple

from ocpp import records
from ocpp.log import log

# On flash: [kind, seq, cursor, key, n, stamp, data]. `cursor` is the first sequence number not yet
# answered when the record was written: the newest one found counts. START..EVENT are delivered.
_UPDATE = const(2)
_END = const(3)
_EVENT = const(4)
_SAMPLE = const(5)  # an UPDATE that is not delivered by itself
_CHECK = const(6)  # data: register in Wh; the newest of each open transaction is in the tail
_NOTE = const(7)  # data: [name, value]
_ANSWER = const(8)  # data: [csms_id, info, connector] for the START of `key`; key None: cursor only
_ANCHOR = const(9)  # data: [boot, Unix time at its uptime 0]
_PARKED = const(10)  # what follows of `key` is parked too
_CLOSED = const(11)  # the END of `key` was answered or parked: whatever is left of it is history
_RESENT = const(12)  # data: state of resending, see txparked

# Files: NNNNNNNN.seg, oldest first, then `tail`: small enough for LittleFS to keep it inside the
# directory, where a change costs a tenth of the erasing that adding to a file costs. When the tail
# is full, what is still needed goes to the last segment. So a transaction that is delivered as it
# goes hardly touches the segments. A power cut in between leaves records in both: the second time
# their sequence number is not new.
_TAIL_BYTES = const(500)
_LAZY = const(16)  # answered UPDATEs whose cursor may wait for the next record
_HELD = const(16)
_ENOSPC = const(28)
_BOOTS = const(16)

# An unfinished transaction: a list of these.
_CONNECTOR = const(0)
_START_SEQ = const(1)
_CSMS_ID = const(2)
_END_SEQ = const(3)  # 0 while it is open
_CHAIN_PARKED = const(4)
_WH = const(5)  # last register known, or None
_AT = const(6)  # its stamp
_N = const(7)  # of its last record
_LAST = const(8)  # stamp of its last record

Record = namedtuple("Record", ("seq", "kind", "key", "data", "csms_id", "stamp", "n"))


class TxLog:
    def __init__(self, root, clock, segment_bytes=4096, max_bytes=524288):
        self.root = root
        self.clock = clock
        self.segment_bytes = segment_bytes
        self.max_segments = max(3, max_bytes // segment_bytes)
        self.damaged = self.dropped = self.seen_boot = 0
        self.full = False
        self.foreign = []
        self.seq = 1  # of the next record
        self.cursor = 1  # first sequence number that may be undelivered
        self.count = 0  # still to be delivered, without what is resent
        self.chains = {}  # key -> list, see above: the open ones and the one being delivered
        self.boots = []  # [boot, Unix time at uptime 0 or None, last uptime seen] of undated stamps
        self.at = (0, 0)  # nothing before this segment (0: the tail) and offset is undelivered
        self.head_seq = 0  # what head() gave last
        self.freed = False  # something was finished since the last compaction
        self.resending = None  # txparked.Resend while parked records are sent again
        self._held = []  # fields of records the flash did not take
        self._head = None  # (kind, key, connector) of head_seq
        self._keys = 0
        self._lazy = 0
        self._undated = False
        self.segments = self.last = self.last_bytes = 0  # how many, number and size of the last
        self.tail_bytes = 0
        self.promoted = 0  # seq of the last record moved from the tail to a segment
        self.parked_count = 0
        from ocpp import txboot

        txboot.scan(self)

    # --- writing

    def new_key(self):
        self._keys += 1
        return "%d-%d" % (self.clock.boot, self._keys)

    def append(self, kind, key, data, deliver=True, stamp=None):
        """Write down what happened. -> sequence number; None if it is not on flash."""
        chain = self.chains.get(key)
        if kind == START:
            chain = [data["connector"], self.seq, None, 0, False, None, None, -1, None]
        elif kind != EVENT and (chain is None or chain[_END_SEQ]):
            self.dropped += 1  # its START was not kept: there is nothing to tell of it
            return None
        if not deliver:
            kind = _SAMPLE
        n = chain[_N] + (kind != _SAMPLE) if chain else 0
        fields = self.fields(kind, key, n, stamp or self._stamp(chain), data)
        raw = records.pack(fields)
        if not self.count:
            self.at = (0, 0)
        taken = self._put(fields, raw)
        if not taken and (kind in (_UPDATE, _SAMPLE) or not self._hold(fields)):
            self.dropped += 1
            return None
        if kind <= _EVENT:
            self.count += 1
        if chain:
            self._follow(key, chain, kind, fields)
        return fields[1] if taken else None

    def checkpoint(self, key, wh):
        """Write down the register of an open transaction. False: flash full."""
        chain = self.chains[key]
        chain[_WH] = wh
        chain[_AT] = self._stamp(chain)
        return self.write(self._check(key, chain))

    def note(self, key, name, value):
        """Remember a JSON value of an open transaction. False: flash full."""
        return self.write(self.fields(_NOTE, key, 0, 0, [name, value]))

    def now(self):
        """A stamp of this moment, for times inside of `data`."""
        unix = self.clock.unix()
        return [self.clock.boot, self.clock.uptime()] if unix is None else unix

    def _follow(self, key, chain, kind, fields):
        wh = fields[6].get("wh")
        if wh is not None:
            chain[_WH] = wh
            chain[_AT] = fields[5]
        chain[_N] = fields[4]
        chain[_LAST] = fields[5]
        if kind == START:
            self.chains[key] = chain
        elif kind == END:
            chain[_END_SEQ] = fields[1]
            if chain[_START_SEQ] >= self.cursor:
                del self.chains[key]  # remembered again when its START is answered

    def _stamp(self, chain):
        self.date()
        stamp = self.now()
        if isinstance(stamp, list):
            self.meet(stamp)
        elif chain:
            last = self.stamp_unix(chain[_LAST])
            if last is not None and last > stamp:
                return last
        return stamp

    def fields(self, kind, key, n, stamp, data):
        seq = self.seq
        self.seq = seq + 1
        return [kind, seq, self.cursor, key, n, stamp, data]

    def _check(self, key, chain):
        return self.fields(_CHECK, key, chain[_N], chain[_AT], chain[_WH])

    def write(self, fields):
        """A record that is not delivered; it waits in RAM if need be. False: flash full."""
        if self._put(fields, records.pack(fields)):
            return True
        if fields[0] != _CHECK:
            self._hold(fields)
        return False

    def _hold(self, fields):
        if len(self._held) >= _HELD:
            log.error("txlog", "flash full: record lost")
            return False
        self._held.append(fields)
        return True

    def _put(self, fields, raw):
        """To flash, behind all that waits for it. False if it is full."""
        try:
            while self._held:
                self._add(records.pack(self._held[0]))
                self._held.pop(0)
            if fields[0] in (_UPDATE, _SAMPLE) and self.segments > self.max_segments + 1:
                raise OSError(_ENOSPC)
            self._add(raw)
        except OSError as e:
            if not self.full:
                log.error("txlog", "cannot write:", e)
            self.full = True
            return False
        self.full = False
        self._lazy = 0
        return True

    def _add(self, raw):
        if self.tail_bytes + len(raw) > _TAIL_BYTES:
            return self._flush(raw)
        if not self.tail_bytes:
            raw = records.label(0) + raw
        records.append(self.path(0), raw)
        self.tail_bytes += len(raw)

    def _flush(self, extra):
        """Start a new tail with record `extra`; what the old one has of worth goes to a segment."""
        keep = []
        started = set()  # transactions that the segments know nothing of
        last = 0
        for _, fields, raw in records.each(self.path(0)):
            if not fields or fields[0] == records.LABEL or fields[1] <= self.promoted:
                continue
            if fields[0] == START:
                started.add(fields[3])
            if self.worth(fields) or (fields[0] == _CLOSED and fields[3] not in started):
                keep.append(raw)
                last = fields[1]
        tail = [records.label(0)]
        for key, chain in self.chains.items():
            if not chain[_END_SEQ] and chain[_WH] is not None:
                tail.append(records.pack(self._check(key, chain)))
        if self.resending:
            tail.append(records.pack(self.fields(_RESENT, None, 0, 0, self.resending.state())))
        (keep if len(extra) > _TAIL_BYTES // 2 else tail).append(extra)
        if keep:
            self.promote(b"".join(keep))
            self.promoted = max(last, self.promoted)
        elif not self.at[0]:
            self.at = (0, 0)
        tail = b"".join(tail)
        records.replace(self.path(0), tail)
        self.tail_bytes = len(tail)

    def promote(self, raw):
        """Add records to the last segment, or to a new one. OSError: flash full."""
        number = self.last
        size = self.last_bytes
        if not size or size + len(raw) > self.segment_bytes:
            number += 1
            size = 0
            raw = records.label(number) + raw
        records.append(self.path(number), raw)
        if not size:
            self.last = number
            self.segments += 1
        self.last_bytes = size + len(raw)
        if not self.at[0]:
            self.at = (number, size)

    def worth(self, fields):
        """Must this record be kept? A _CLOSED one is for the caller to judge."""
        kind, seq, _, key, _, _, data = fields
        if kind <= _EVENT and seq >= self.cursor:
            return True
        if kind in (START, _ANSWER, _PARKED):
            return key in self.chains
        if kind in (_SAMPLE, _NOTE):
            return key in self.chains or seq >= self.cursor
        return kind == _ANCHOR and any([boot[0] == data[0] for boot in self.boots])

    # --- open transactions

    def open_transactions(self):
        return [(key, c[_CONNECTOR]) for key, c in self.chains.items() if not c[_END_SEQ]]

    def csms_id(self, key):
        chain = self.chains.get(key)
        return chain[_CSMS_ID] if chain else None

    def last(self, key):
        """What is known of an open transaction, see above."""
        chain = self.chains.get(key)
        if not chain or chain[_END_SEQ]:
            return None
        known = {"data": {}, "stamp": chain[_LAST], "info": None, "notes": {}}
        for kind, _, _, _, _, stamp, data in self._all(key):
            if kind == START:
                known["data"] = data
                known["stamp"] = stamp
            elif kind == _ANSWER:
                known["info"] = data[1]
            elif kind == _NOTE:
                known["notes"][data[0]] = data[1]
        known["connector"] = chain[_CONNECTOR]
        known["csms_id"] = chain[_CSMS_ID]
        known["wh"] = chain[_WH]
        known["at"] = chain[_AT]
        known["n"] = chain[_N]
        return known

    def records(self, key):
        newest = 0
        for fields in self._all(key):
            if fields[0] <= _SAMPLE and fields[1] > newest:
                newest = fields[1]
                yield self.record(fields)

    def record(self, fields):
        kind, seq, _, key, n, stamp, data = fields[:7]
        return Record(seq, kind, key, data, self.csms_id(key), self.stamp_unix(stamp), n)

    def _all(self, key):
        number = -1
        while number:
            number = self.after(max(0, number))
            for _, fields, _ in records.each(self.path(number)):
                if fields and fields[0] != records.LABEL and fields[3] == key:
                    yield fields
        for fields in self._held:
            if fields[3] == key:
                yield fields

    # --- delivery

    def pending(self):
        return self.count + (self.resending.count if self.resending else 0)

    def head(self):
        """The next Record to deliver, read from flash, or None."""
        self.date()
        if self.resending:
            return self.resending.head()
        fields = self.find()
        if fields is None or self.stamp_unix(fields[5]) is None:
            return None
        kind, seq, _, key = fields[:4]
        chain = self.chains.get(key)
        if chain and chain[_CHAIN_PARKED] and kind != START:
            self.remember(fields)
            self.park(seq, "its start is parked")
            return None
        self.remember(fields)
        return self.record(fields)

    def remember(self, fields):
        """`fields` are the head now."""
        self.head_seq = fields[1]
        self._head = (fields[0], fields[3], fields[6].get("connector"))

    def find(self):
        """The fields of the first undelivered record, or None."""
        number, offset = self.at
        while self.count:
            found = None
            walk = records.each(self.path(number), offset)
            for offset, fields, _ in walk:
                if fields and 0 < fields[0] <= _EVENT and fields[1] >= self.cursor:
                    found = fields
                    break
            walk.close()
            self.at = (number, offset)
            if found or not number:
                break
            number = self.after(number)
            offset = 0
        else:
            return None
        if found:
            return found
        for fields in self._held:
            if fields[0] <= _EVENT and fields[1] >= self.cursor:
                return fields
        self.count = 0  # damaged since
        return None

    def done(self, seq, csms_id=None, info=None):
        """The head was conclusively answered. False if `seq` is not the head."""
        if seq != self.head_seq or not seq:
            return False
        self.head_seq = 0
        if self.resending:
            self.resending.done(seq, self._head, csms_id, info)
        else:
            self.advance(seq, csms_id, info)
        return True

    def advance(self, seq, csms_id=None, info=None, chain_parked=False):
        """`seq`, the head, is dealt with: go on behind it."""
        kind, key, connector = self._head
        self.cursor = seq + 1
        self.count -= 1
        if kind == START:
            chain = self.chains.get(key)
            if not chain:  # it has ended already
                self.chains[key] = chain = [connector, seq, None, -1, False, None, None, 0, None]
            if chain_parked:
                chain[_CHAIN_PARKED] = True
                self.write(self.fields(_PARKED, key, 0, 0, [None, info, connector]))
            else:
                self.answered(key, csms_id, info)
        elif kind == END:
            self.chains.pop(key, None)
            self.freed = True
            self.write(self.fields(_CLOSED, key, 0, 0, None))
        else:
            self._lazy += 1
            if kind == EVENT or self._lazy >= _LAZY:
                self.freed = True
                self.write(self.fields(_ANSWER, None, 0, 0, None))

    def answered(self, key, csms_id, info):
        """The START of an unfinished transaction was answered."""
        chain = self.chains[key]
        chain[_CSMS_ID] = csms_id
        chain[_CHAIN_PARKED] = False
        self.write(self.fields(_ANSWER, key, 0, 0, [csms_id, info, chain[_CONNECTOR]]))

    def park(self, seq, why, chain=None):
        """Give the head up for now. False if `seq` is not the head, or the flash is full."""
        from ocpp import txparked

        if seq != self.head_seq or not seq:
            return False
        if chain is None:
            chain = self._head[0] == START
        return txparked.park(self, seq, why, chain)

    def parked(self):
        return self.parked_count

    def parked_records(self):
        """Iterator of what is parked, in order: Records."""
        newest = 0
        for _, fields, _ in records.each(self.root + "/parked"):
            if fields and fields[0] != records.LABEL and fields[1] > newest:
                newest = fields[1]
                yield self.record(fields)

    def resend(self):
        """Deliver anew what is parked. -> how many are pending now."""
        from ocpp import txparked

        txparked.resend(self)
        return self.pending()

    # --- time

    def stamp_unix(self, stamp):
        """Unix s of a stamp; None as long as it cannot be told."""
        if not isinstance(stamp, (list, tuple)):
            return stamp
        for boot, zero, _ in self.boots:
            if boot >= stamp[0]:
                # A boot so old that it was forgotten counts as before the oldest remembered.
                return zero if zero is None or boot > stamp[0] else zero + stamp[1]
        return None

    def meet(self, stamp):
        """An undated stamp was made, or found at boot."""
        for boot in self.boots:
            if boot[0] == stamp[0]:
                boot[2] = max(boot[2], stamp[1])
                break
        else:
            boot = [stamp[0], None, stamp[1]]
            self.boots.append(boot)
            self.boots.sort(key=lambda b: b[0])
            if len(self.boots) > _BOOTS:
                self.boots.pop(0)
        if boot[1] is None:
            self._undated = True

    def date(self):
        """Once the time is known, fix when each boot was that left undated stamps behind. A boot
        that never knew is taken to have ended just before the next one with stamps began."""
        unix = self.clock.unix()
        if unix is None or not self._undated:
            return
        self._undated = False
        zero = unix - self.clock.uptime()
        for boot in reversed(self.boots):
            if boot[1] is None:
                boot[1] = zero if boot[0] == self.clock.boot else zero - boot[2] - 1
                self.write(self.fields(_ANCHOR, None, 0, 0, boot[:2]))
            zero = boot[1]

    # --- files

    @property
    def needs_compact(self):
        return self.segments > self.max_segments or (self.freed and self.segments > 1)

    def compact(self):
        from ocpp import txcompact

        return txcompact.compact(self)

    def path(self, number):
        return "%s/%08d.seg" % (self.root, number) if number else self.root + "/tail"

    def after(self, number):
        """Number of the next segment that exists, 0 (the tail) behind the last."""
        best = 0
        for entry in os.ilistdir(self.root):
            n = segment_number(entry[0])
            if n > number and (not best or n < best):
                best = n
        return best


def segment_number(name):
    """Number of the segment in file `name`, 0 if it is not one."""
    return int(name[:8]) if len(name) == 12 and name.endswith(".seg") and name[:8].isdigit() else 0
