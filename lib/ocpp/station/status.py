"""Tells the central system the state of each connector, and of the station as connector 0.

States are not queued: when there is a link, what differs from the last state *reported* goes out
(OCPP 1.6 §4.9, MinimumStatusDuration).
"""

from ocpp import calls
from ocpp.clock import Timer
from ocpp.station.connector import FAULTED, FINISHING, PREPARING, SUSPENDED_EV, SUSPENDED_EVSE

_RETRY_S = const(60)  # wait after a report that was not answered


class _Slot:
    """One connector: what it is, and what was reported."""

    def __init__(self, clock):
        self.state = None
        self.error = None  # the Error to be told with it, or None
        self.told = []  # errors that were: each has its turn (one report each)
        self.info = ""
        self.key = None  # what of that is told, in the words of the running version; None: nothing
        self.sent = None  # `key` as last reported
        self.stamp = None  # when `state` began: station.stamp()
        self.order = 0  # order of occurrence
        self.timer = Timer(clock)  # not before

    def prune(self, errors):
        """Forget what is gone: when it comes again it is news."""
        self.told = [e for e in self.told if e in errors]

    def is_reported(self):
        return self.key is None or self.sent == self.key


class StatusReporter:
    klass = calls.STATE

    def __init__(self, station):
        self._station = station
        self._slots = [_Slot(station.clock) for _ in range(len(station.connectors) + 1)]

    def hurry(self):
        """MinimumStatusDuration was changed: what waits under the old one goes out now."""
        for slot in self._slots:
            slot.timer.stop()
        self._station.rpc.wake = True

    def update(self, id):
        """Look at connector `id`, 0: the station, in the same step in which something became of
        it: the reason goes with the state. Allocates nothing when idle."""
        station = self._station
        slot = self._slots[id]
        try:
            if slot.timer.expired():
                station.rpc.wake = True
            if not id:
                c = station
                state = c.state()
                info = ""
            else:
                c = station.connectors[id - 1]
                # where transactions tell the rest, only the usage
                state = c.usage() if station.dialect.tracks_states else c.state()
                info = c.info
            if state is not slot.state or slot.error or c.errors or slot.info is not info:
                self._look(slot, state, c.errors, info)
        except Exception as e:
            station.failed("states", e)

    def _look(self, slot, state, errors, info):
        error = _next(slot.told, errors, state) if errors else None
        if state == slot.state and error is slot.error and info == slot.info:
            return
        station = self._station
        first = slot.state is None
        before = slot.key
        slot.state, slot.error, slot.info = state, error, info
        slot.prune(errors)
        self._word(slot)
        if first or slot.key != before:  # else two states that are told in the same words
            least = 0 if first else station.settings.get("MinimumStatusDuration")
            slot.stamp = station.stamp()
            slot.order = station.rpc.next_order()
            slot.timer.start(least * 1000)
        id = self._slots.index(slot)
        station.emit("Status", station.connectors[id - 1] if id else None)
        station.rpc.wake = True

    def _word(self, slot):
        dialect = self._station.dialect
        id = self._slots.index(slot)
        slot.key = dialect.status_key(id, slot.state, slot.error, slot.info)

    def report_all(self):
        """Everything is to be reported (again): after the station has been accepted."""
        for slot in self._slots:
            slot.sent = None
            slot.told = []
            if slot.state is not None:
                self._word(slot)
            slot.order = self._station.rpc.next_order()
        self._station.rpc.wake = True

    def report(self, id):
        """Call that reports connector `id` now, changed or not (a trigger)."""
        return self._call(self._slots[id], id)

    def head(self):
        best = None
        for slot in self._slots:
            if slot.state is not None and not slot.is_reported() and self._due(slot):
                if best is None or slot.order < best:
                    best = slot.order
        return best

    def take(self):
        order = self.head()
        for id, slot in enumerate(self._slots):
            if slot.order == order and not slot.is_reported():
                return self._call(slot, id)

    def _due(self, slot):
        return not slot.timer.running or slot.timer.due()

    def _call(self, slot, id):
        sent = slot.key
        told = slot.error

        def done(result, error):
            if error is None or not error.local or error.code not in ("Timeout", "Offline"):
                slot.sent = sent  # also when refused: the same once more would be refused again
                if told is not None and told not in slot.told:
                    slot.told.append(told)
            elif error.code == "Timeout":
                slot.timer.start_s(_RETRY_S)

        action, payload = self._station.dialect.status(
            id, slot.state, slot.error, slot.info, slot.stamp
        )
        return calls.Call(action, payload, done, calls.STATE)


def _next(told, errors, state):
    """The oldest error that was not told yet, or the newest, of those that may be told with a
    state: a fault explains Faulted, a warning goes with the others, EVCommunicationError only with
    four of them (OCPP 1.6 §4.9)."""
    found = None
    for e in errors:
        if e.faulted == (state == FAULTED) and (
            e.code != "EVCommunicationError"
            or state in (PREPARING, SUSPENDED_EV, SUSPENDED_EVSE, FINISHING)
        ):
            found = e
            if e not in told:
                break
    return found
