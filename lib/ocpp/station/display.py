"""Messages that the central system wants the station to show (OCPP 2.0.1 O). Each is a small file,
`dmN`; in memory are only the facts that decide which to show.

`Host.on_display` gets those to be shown now, at each change: one that is always in front alone,
else those in front, else the normal cycle; of several each has its turn.
"""

from ocpp.log import log

MOST = const(16)  # messages kept

# A message, as it is kept: a list of
ID = const(0)
PRIORITY = const(1)  # "AlwaysFront", "InFront", "NormalCycle"
STATE = const(2)  # of the station in which it is shown, None: any
FROM = const(3)  # Unix s or None
TO = const(4)  # Unix s or None
TX = const(5)  # local key of the transaction it is for, or None
FORMAT = const(6)  # "ASCII", "UTF8", ...
LANGUAGE = const(7)  # or None
TEXT = const(8)
_FIELDS = const(9)

_NAME = "dm%d"
_PRIORITIES = ("AlwaysFront", "InFront", "NormalCycle")


class Display:
    """A part of the station (see `OnDemand.part`)."""

    def __init__(self, station):
        self._station = station
        self._known = []  # (N, message without its text)
        self._shown = None  # numbers N of those that the host shows
        self._look = 0  # uptime of the next look
        for slot in station.store.numbers("dm"):
            message = self._load(slot)
            if message:
                self._known.append((slot, message[:FORMAT]))

    @property
    def busy(self):
        return bool(self._known or self._shown)

    @property
    def count(self):
        return len(self._known)

    def put(self, message):
        """Keep a message, in place of the one with its id; one that is always in front replaces
        the one before. Returns None, or why not: "TooManyElements", "OutOfStorage"."""
        old = [e for e in self._known if e[1][ID] == message[ID]]
        if message[PRIORITY] == _PRIORITIES[0]:
            old += [e for e in self._known if e[1][PRIORITY] == _PRIORITIES[0] and e not in old]
        if not old and len(self._known) >= MOST:
            return "TooManyElements"
        slot = old[0][0] if old else 0
        while not old and any([e[0] == slot for e in self._known]):
            slot += 1
        if not self._station.store.save(_NAME % slot, message):
            return "OutOfStorage"
        for entry in old:
            self._known.remove(entry)
            if entry[0] != slot:
                self._station.store.remove(_NAME % entry[0])
        self._known.append((slot, message[:FORMAT]))
        self._shown = self._shown and [n for n in self._shown if n != slot]
        self._look = 0
        return None

    def clear(self, id):
        """Forget a message; False: there is none of that id."""
        return self._drop(lambda message: message[ID] == id)

    def ids(self, fits):
        """Of the messages of which `fits(message without its text)` is true."""
        return [message[ID] for _, message in self._known if fits(message)]

    def matching(self, fits):
        """Iterator of these messages."""
        for slot, message in list(self._known):
            if fits(message):
                found = self._load(slot)
                if found:
                    yield found

    def step(self):
        """Once a second: what is over is forgotten, what is to be shown is handed to the host."""
        now = self._station.clock.uptime()
        if now < self._look:
            return
        self._look = now + 1
        unix = self._station.clock.unix()
        self._drop(lambda message: self._over(message, unix))
        shown = self._due(unix)
        if shown != self._shown:
            self._shown = shown
            self._show(shown)

    # -- inside --

    def _load(self, slot):
        found = self._station.store.load(_NAME % slot)
        return found if isinstance(found, list) and len(found) == _FIELDS else None

    def _drop(self, wanted):
        gone = [e for e in self._known if wanted(e[1])]
        for entry in gone:
            self._known.remove(entry)
            self._station.store.remove(_NAME % entry[0])
            self._look = 0
        return bool(gone)

    def _over(self, message, unix):
        if message[TO] is not None and unix is not None and unix >= message[TO]:
            return True
        if message[TX] is None or self._station.recovering:
            return False
        return not any([c.tx and c.tx.key == message[TX] for c in self._station.connectors])

    def _due(self, unix):
        """Numbers of the files of what is to be shown now."""
        state = state_of(self._station)
        for priority in _PRIORITIES:
            found = []
            for slot, message in self._known:
                begun = message[FROM] is None or (unix is not None and unix >= message[FROM])
                if message[PRIORITY] == priority and begun and message[STATE] in (None, state):
                    found.append(slot)
            if found:
                return sorted(found)
        return []

    def _show(self, slots):
        if not self._station.on_display:
            return
        told = []
        for slot in slots:
            message = self._load(slot)
            if message:
                told.append(
                    {
                        "id": message[ID],
                        "priority": message[PRIORITY],
                        "format": message[FORMAT],
                        "language": message[LANGUAGE],
                        "text": message[TEXT],
                        "connector": self._where(message[TX]),
                    }
                )
        try:
            self._station.on_display(told)
        except Exception as e:  # the host's fault
            log.error("display", "on_display failed:", repr(e))

    def _where(self, key):
        for c in self._station.connectors:
            if c.tx and key is not None and c.tx.key == key:
                return c.id
        return None


def state_of(station):
    """What the station is doing as a whole: "Faulted", "Unavailable", "Charging", "Idle"."""
    if any([c.tx for c in station.connectors]):
        return "Charging"
    state = station.state()
    if state == "Available":
        found = [c.state() for c in station.connectors]
        if all([s in ("Faulted", "Unavailable") for s in found]):
            state = found[0]
    return state if state in ("Faulted", "Unavailable") else "Idle"
