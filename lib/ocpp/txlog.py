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
                                       waits for its start's answer (OCPP 1.6 4.10). With False
                                       it goes on with csms_id None (errata 3.18, 2.x).
                                       False: not the head, or flash full: it stays the head
    log.parked()                    -> how many are parked
    log.parked_records()            -> iterator of (Record, why)
    log.resend()                    -> how many are pending again, before all others and in order

    Record = (seq, kind, key, data, csms_id, stamp, n): n counts a transaction's records from 0
    (START), also over a reboot, and leaves a gap where one was thinned out: 2.x's seqNo.
    The answer to an UPDATE is written with the next record: a power cut repeats at most 16.

Time: a stamp is Unix s, or [boot, uptime s] if made before the clock was known. A Record's is
Unix s, never None in head().
    log.now()                       -> stamp of this moment, to be used inside of data
    log.stamp_unix(stamp)           -> Unix s, or None as long as it cannot be told. Stamps of one
                                       transaction never go back, also where the clock did

Upkeep
    log.needs_compact               True: worth a job now
    log.compact()                   -> generator (a job): frees what is no longer needed
    log.damaged                     damaged places skipped at boot
    log.dropped                     records lost to a full flash since boot, or thinned out, the
                                       parked ones included
    log.writes                      records written since boot
    log.full                        True while append() fails
    log.retry()                     try again: what waits in RAM is written. False: still full
    log.foreign                     files of a newer format: kept as NAME.vN, not read
    log.seen_boot                   highest boot number met in the log

Full: above `max_bytes` (default: half of the file system, at most 512 kB) every second UPDATE is
taken out, oldest segments first, again and again but evenly; START, END and EVENT never. If the
flash takes nothing at all, UPDATEs are dropped; the others wait in RAM (16 at most), are delivered
from there and written as soon as possible. Of what is parked, UPDATEs are taken out in the same
way above a third of `max_bytes`, START, END and EVENT never; at half of it nothing more is parked:
the head stays the head, and is tried again.
"""

from collections import namedtuple

from ocpp import txfiles
from ocpp.log import log as _log
from ocpp.records import pack
from ocpp.txfiles import END, EVENT, SAMPLE, START, UPDATE, Chain

_ROOM = const(64)  # B in a record for what is added when it is parked

Record = namedtuple("Record", ("seq", "kind", "key", "data", "csms_id", "stamp", "n"))


class TxLog(txfiles.Files):
    def __init__(self, root, clock, segment_bytes=4096, max_bytes=None):
        from ocpp import txboot

        max_bytes = max_bytes or txboot.share(root)
        super().__init__(root, segment_bytes, max_bytes)
        self.clock = clock
        self.boots = []  # those that left undated stamps behind, see txtime
        self.undated = False  # one of them has no time yet
        self.damaged = self.dropped = self.seen_boot = 0
        self.foreign = []
        self.count = 0  # still to be delivered, without what is resent
        self.latest = None  # stamp of the newest record
        self.head_seq = 0  # what head() gave last; 0: nothing
        self.freed = False  # something was finished since the last compaction
        self.parked_count = self.parked_newest = 0  # in file `parked`; highest seq there
        self.parked_bytes = 0  # its size
        self.parked_due = self.parked_max  # the size to thin it out at
        self.resendings = 0  # begun since boot
        self.head_of = None  # (kind, key, connector, stamp) of head_seq
        self._keys = 0
        txboot.scan(self)

    # --- writing

    def new_key(self):
        self._keys += 1
        return "%d-%d" % (self.clock.boot, self._keys)

    def append(self, kind, key, data, deliver=True, stamp=None):
        """Write down what happened. -> sequence number; None if it is not on flash."""
        chain = Chain(data["connector"]) if kind == START else self.chains.get(key)
        if kind != EVENT and (not chain or chain.end_seq):
            self.dropped += 1  # its START was not kept: there is nothing to tell of it
            return None
        n = 0
        if kind not in (START, EVENT):
            kind = kind if deliver else SAMPLE
            n = chain.n + (1 if deliver else 0)
        stamp = self._stamp(chain) if stamp is None else self.not_before(stamp)
        self.latest = stamp
        fields = self.fields(kind, key, n, stamp, data)
        raw = pack(fields, _ROOM)
        if chain:  # before it is written: a new tail tells the newest register
            chain.follow(kind, fields[1], n, stamp, data)
        return self._append(fields, raw, chain)

    def _append(self, fields, raw, chain):
        kind, seq, _, key = fields[:4]
        if not self.count:
            self.at = (0, 0)
        taken = self.put(fields, raw)
        if not taken and (kind in (UPDATE, SAMPLE) or not self.hold(fields)):
            if not self.dropped or kind != UPDATE:
                _log.error("txlog", "flash full, record lost:", kind, key)
            self.dropped += 1
            return None
        if kind != SAMPLE:
            self.count += 1
        if kind == START:
            self.chains[key] = chain
        elif kind == END and chain.start_seq >= self.cursor:
            del self.chains[key]  # remembered again when its START is answered
        return seq if taken else None

    def checkpoint(self, key, wh):
        """Write down the register of an open transaction. False: flash full."""
        chain = self.chains.get(key)
        if not chain:
            return False  # its START was not kept
        chain.wh = wh
        chain.at = self._stamp(chain)
        fields = self.check(key, chain)
        return self.put(fields, pack(fields))

    def retry(self):
        """Write what waits in memory since the flash was full. False: it still is."""
        fields = self.fields(txfiles.ANSWER, None, 0, 0, None)
        return self.put(fields, pack(fields))

    def note(self, key, name, value):
        """Remember a JSON value of an open transaction. False: flash full."""
        return self.write(txfiles.NOTE, key, [name, value])

    def now(self):
        """A stamp of this moment, for times inside of `data`."""
        stamp = self.clock.unix()
        if stamp is None:
            from ocpp import txtime

            stamp = [self.clock.boot, self.clock.uptime()]
            txtime.meet(self, stamp)
        return stamp

    def stamp_unix(self, stamp):
        """Unix s of a stamp; None as long as it cannot be told."""
        if not isinstance(stamp, (list, tuple)):
            return stamp
        from ocpp import txtime

        return txtime.unix(self, stamp)

    def not_before(self, stamp):
        """A stamp of the past, but never before what the log tells last: order is that of
        occurrence."""
        if self.latest is None:
            return stamp
        given, latest = self.stamp_unix(stamp), self.stamp_unix(self.latest)
        if given is None or latest is None or given < latest:
            return self.latest
        return stamp

    def _stamp(self, chain):
        self._settle()
        stamp = self.now()
        if chain and not isinstance(stamp, list):
            last = self.stamp_unix(chain.last)
            if last is not None and last > stamp:
                return last
        return stamp

    def _settle(self):
        if self.undated and self.clock.unix() is not None:
            from ocpp import txtime

            for found in txtime.settle(self):
                self.write(txfiles.ANCHOR, None, found)

    # --- open transactions

    def open_transactions(self):
        return [(key, c.connector) for key, c in self.chains.items() if not c.end_seq]

    def csms_id(self, key):
        chain = self.chains.get(key)
        return chain.csms_id if chain else None

    def last(self, key):
        """What is known of an open transaction, see above."""
        from ocpp import txdelivery

        return txdelivery.last(self, key)

    def records(self, key):
        """What is kept of a transaction: Records; `stamp` is None while it cannot be told."""
        from ocpp import txdelivery

        return txdelivery.records_of(self, key)

    # --- delivery

    def pending(self):
        return self.count + (self.resending.count if self.resending else 0)

    def head(self):
        """The next Record to deliver, read from flash, or None."""
        if not self.pending():
            return None
        self._settle()
        from ocpp import txdelivery

        return txdelivery.head(self)

    def done(self, seq, csms_id=None, info=None):
        """The head was conclusively answered. False if `seq` is not the head."""
        if seq != self.head_seq or not seq:
            return False
        from ocpp import txdelivery

        txdelivery.done(self, seq, csms_id, info)
        return True

    def park(self, seq, why, chain=None):
        """Give the head up for now. False if `seq` is not the head, or the flash is full."""
        if seq != self.head_seq or not seq:
            return False
        from ocpp import txparked

        return txparked.park(self, seq, why, chain)

    def parked(self):
        return self.parked_count

    def parked_records(self):
        """Iterator of what is parked, in order: (Record, why)."""
        from ocpp import txparked

        return txparked.parked_records(self)

    def resend(self):
        """Deliver anew what is parked. -> how many are pending now."""
        from ocpp import txparked

        txparked.resend(self)
        return self.pending()

    # --- upkeep

    @property
    def needs_compact(self):
        if self.segments > self.max_segments and self.segments != self.stuck:
            return True
        if self.parked_bytes > self.parked_due:
            return True
        return self.freed and self.segments > 1

    def compact(self):
        """A generator to be run as a job; at most one at a time."""
        from ocpp import txcompact

        return txcompact.compact(self)
