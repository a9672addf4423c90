"""Delivers the transaction log: one record at a time, in order, until each is answered or parked.

OCPP 1.6 §3.7 (offline), §3.7.1 (retries: TransactionMessageAttempts,
TransactionMessageRetryInterval), 2.0.1 E13. No answer counts like a refusal: what makes the
central system choke would else be in the way of all that follows. What is parked is sent again on
request only (docs/flash.md).
"""

from ocpp import calls
from ocpp.clock import Timer
from ocpp.log import log
from ocpp.txfiles import EVENT

_FULL_S = const(60)  # pause when the flash has no room for what is kept aside
_FRESH = const(4)  # records that still take part in the order of occurrence with other messages


class Delivery:
    klass = calls.TRANSACTION

    def __init__(self, station):
        self._station = station
        self._retry = Timer(station.clock)
        self._failing = 0  # sequence number of the record that failed last
        self._attempts = 0  # failed deliveries of that one
        self._orders = []  # (sequence number, order) of the newest records
        self._record = None  # the next to be delivered, as `head` read it

    def recorded(self, seq):
        """A record was written: it takes its place among the other messages."""
        if len(self._orders) >= _FRESH:
            self._orders.pop(0)
        self._orders.append((seq, self._station.rpc.next_order()))
        self._station.rpc.wake = True

    def step(self):
        if self._retry.expired() or (self._station.log.pending() and not self._retry.running):
            self._station.rpc.wake = True  # perhaps parked ones are to be sent again

    def retry_now(self):
        """A new connection: waiting makes no sense any more."""
        self._retry.stop()

    def head(self):
        if self._retry.running:
            return None
        record = self._record = self._station.log.head()
        if record is None:
            return None
        for seq, order in self._orders:
            if seq == record.seq:
                return order
        return calls.LAST  # a backlog: everything else may pass

    def take(self):
        """The Call for what `head` found last."""
        record, self._record = self._record, None
        call = self._message(record) if record else None
        if call is None:
            return calls.Call("", lambda: None, None, calls.TRANSACTION)
        action, payload, learn = call

        def done(result, error):
            self._answered(record, result, error, learn)

        return calls.Call(action, payload, done, calls.TRANSACTION)

    def _message(self, record):
        """(action, payload, learn) of a record; None if this version has nothing to say of it."""
        try:
            call = self._station.dialect.transaction_message(record)
        except MemoryError:
            raise
        except Exception as e:  # it must not hold up all that follows
            return self._park(record, repr(e))
        if call is None:
            self._station.log.done(record.seq)
        return call

    def _answered(self, record, result, error, learn):
        told = result if error is None else error.answer
        if told is not None:  # whatever is wrong with an answer: the message was taken
            try:
                csms_id, info = learn(told)
                self._attempts = 0
                return self._station.log.done(record.seq, csms_id, info)
            except Exception as e:
                error = error or calls.CallError("InternalError", repr(e))
        if error.local and error.code == "Offline":
            return
        if record.kind == EVENT and not error.local:  # it is not known there: no more to be done
            return self._station.log.done(record.seq)
        if record.seq != self._failing:
            self._failing = record.seq
            self._attempts = 0
        self._attempts += 1
        settings = self._station.settings
        unsendable = error.local and error.code != "Timeout"
        if unsendable or self._attempts >= settings.get("TransactionMessageAttempts"):
            self._park(record, str(error))
        else:
            self._retry.start_s(settings.get("TransactionMessageRetryInterval") * self._attempts)

    def _park(self, record, why):
        """Keep a record aside, so that the next ones have their turn. Where that can't be, it is
        tried on."""
        self._attempts = 0
        log.error("transaction", record.key, "record", record.seq, "not taken:", why)
        # OCPP 1.6 errata 3.18: what follows of a start that failed is sent with an id of -1.
        chains = self._station.dialect.parks_chains
        if self._station.log.park(record.seq, why[:80], chains):
            self._station.emit("Parked", None)
        else:
            self._retry.start_s(_FULL_S)
