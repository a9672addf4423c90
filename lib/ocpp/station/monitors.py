"""Monitors: what is watched of the station's variables, and what is told of it.

On flash (`monitors`): {"next", "base", "level", "list": [[id, component, variable, source, kind,
value, severity, transaction], ...]}; component and variable with their addresses, `source`: how
the value is read, see `dialect.reader`; `set NAME`: a setting. A crossed threshold is told once,
and that it is no longer so; a delta against the value last told; periodic ones every `value` s.
What can't be told now is kept in memory if it is grave enough, the oldest is dropped.
"""

from ocpp.clock import Timer
from ocpp.log import log

_FILE = const("monitors")
_MOST = const(20)  # monitors
_WAITING = const(16)  # events that wait for a link
_AT_ONCE = const(6)  # events in a message
_LOOK_MS = const(1000)
_EVENTS = const(10000)  # numbers of events in one life

ID = const(0)
COMPONENT = const(1)
VARIABLE = const(2)
_SOURCE = const(3)
KIND = const(4)
VALUE = const(5)
SEVERITY = const(6)
TRANSACTION = const(7)


class Monitors:
    """A part of the station (see `OnDemand.part`), there while anything is watched."""

    def __init__(self, station):
        self._station = station
        kept = station.store.load(_FILE)
        kept = kept if isinstance(kept, dict) else {}
        self._next = kept.get("next", 1)
        self.base = kept.get("base", "All")
        self.level = kept.get("level", 9)  # events of this severity and graver ones are told
        self.list = kept.get("list", [])
        self._seen = {}  # id -> [value last told or None, True: beyond, uptime of the next]
        self._read = None  # see `dialect.reader`
        self._waiting = []  # (monitor, trigger, text, cleared, stamp, transaction id, event id)
        self._timer = Timer(station.clock)
        self._timer.start(_LOOK_MS)

    @property
    def busy(self):
        return bool(self.list or self._waiting) or self.base != "All" or self.level != 9

    # -- what is watched --

    def put(self, monitor, number=None):
        """Add a monitor (without its id), or change that of a number. Returns its id, or a status
        that says why not."""
        same = [m for m in self.list if m[1:3] == monitor[:2]]
        for m in same:
            if m[ID] != number and m[KIND] == monitor[3] and m[SEVERITY] == monitor[5]:
                return "Duplicate"
        if number is not None and number not in [m[ID] for m in same]:
            return "Rejected"  # none of that number, or of another variable
        if number is None and len(self.list) >= _MOST:
            return "Rejected"
        id = self._next if number is None else number
        left = [m for m in self.list if m[ID] != id]
        if not self._keep(left + [[id] + monitor], max(self._next, id + 1)):
            return "Rejected"
        self._seen.pop(id, None)
        return id

    def clear(self, number):
        """True if there was a monitor of that number."""
        left = [m for m in self.list if m[ID] != number]
        return len(left) < len(self.list) and self._keep(left, self._next)

    def set_base(self, base):
        """With "All" they stay; with "FactoryDefault" and "HardWiredOnly" those that were set are
        gone, and there are no others. False: the flash does not take it."""
        self.base = base
        return self._keep(self.list if base == "All" else [], self._next)

    def set_level(self, level):
        self.level = level
        return self._keep(self.list, self._next)

    def _keep(self, monitors, following):
        kept = {"next": following, "base": self.base, "level": self.level, "list": monitors}
        if not self._station.store.save(_FILE, kept):
            return False
        self.list = monitors
        self._next = following
        return True

    def wired(self, component, variable, active):
        """An event that is told unasked: a variable of that name is "true", or "false" again."""
        m = (None, component, variable, None, None, None, 0)
        self._event(m, "Alerting", "true" if active else "false", not active, None)

    # -- watching --

    def step(self):
        if not self._timer.due():
            return
        self._timer.start(_LOOK_MS)
        station = self._station
        if self.list and hasattr(station.dialect, "reader"):
            self._read = self._read or station.dialect.reader()
            if station.settings.get("MonitoringCtrlr.Enabled"):
                for monitor in self.list:
                    self._look(monitor)
        if self._waiting and station.online and hasattr(station.dialect, "tell_events"):
            events, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            station.dialect.tell_events(events)

    def _look(self, m):
        station = self._station
        tx = self._transaction(m)
        if m[TRANSACTION] and tx is None:
            self._seen.pop(m[ID], None)
            return
        text = self._read(station, m[_SOURCE], m[COMPONENT], m[VARIABLE])
        if text is None:
            return
        kind = m[KIND]
        seen = self._seen.get(m[ID])
        if seen is None:
            seen = self._seen[m[ID]] = [text, False, self._due(m)]
            if kind not in ("UpperThreshold", "LowerThreshold"):
                return
        if kind == "Delta":
            if _differs(seen[0], text, m[VALUE]):
                seen[0] = text
                self._event(m, "Delta", text, False, tx)
        elif kind in ("UpperThreshold", "LowerThreshold"):
            beyond = float(text) > m[VALUE] if kind[0] == "U" else float(text) < m[VALUE]
            if beyond != seen[1]:
                seen[1] = beyond
                self._event(m, "Alerting", text, not beyond, tx)
        elif station.clock.uptime() >= seen[2]:
            seen[2] = self._due(m, seen[2])
            self._event(m, "Periodic", text, False, tx)

    def _due(self, m, last=None):
        """Uptime of the next periodic event; `last`: when one was due."""
        clock = self._station.clock
        now = clock.uptime()
        interval = max(1, int(m[VALUE]))
        unix = clock.unix()
        if m[KIND] == "PeriodicClockAligned" and unix is not None:
            return now + interval - unix % 86400 % interval
        return now + interval if last is None else max(last + interval, now + 1)

    def _transaction(self, m):
        """Id of the transaction at a monitor's EVSE, at any one for those of the station."""
        at = m[COMPONENT].partition("@")[2].split(".")[0]
        for c in self._station.connectors:
            if c.tx and at in ("", str(c.id)):
                return c.tx.id
        return None

    def _event(self, m, trigger, text, cleared, tx):
        station = self._station
        if m[SEVERITY] > self.level:
            return
        if not station.online:
            if m[SEVERITY] > station.settings.get("MonitoringCtrlr.OfflineQueuingSeverity"):
                return
            if len(self._waiting) >= _WAITING:
                log.warn("monitors", "too many events wait, the oldest is dropped")
                self._waiting.pop(0)
        id = station.clock.boot % _EVENTS * _EVENTS + station.rpc.next_order()
        tx = tx if tx is None else str(tx)
        self._waiting.append((m, trigger, text, cleared, station.stamp(), tx, id))


def _differs(old, new, delta):
    """A number changed by `delta` or more; anything else at all."""
    try:
        return abs(float(new) - float(old)) >= delta
    except ValueError:
        return new != old
