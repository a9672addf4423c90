"""Reservations of connectors, kept over restarts (OCPP 1.6 §3.11, §5.13).

One is for a connector, or for any (number 0): then one of those that are free stays free for it.
Where no more are free than that, they are kept as if reserved by number. A reservation ends with
the transaction it was made for, when its time is over, when it is cancelled, or when its connector
(or the last usable one) becomes faulted or unavailable. Exists while there are reservations.
"""

from ocpp.clock import Timer
from ocpp.log import log
from ocpp.station.connector import FAULTED, UNAVAILABLE, is_fault
from ocpp.station.identity import ACCEPTED, same

_FILE = const("reservations")
_OCCUPIED = const("Occupied")
_REJECTED = const("Rejected")

# Fields of a reservation
_ID = const(0)
_NUMBER = const(1)  # of the connector, 0: any
_TOKEN = const(2)
_GROUP = const(3)  # or None
_UNTIL = const(4)  # Unix s
_LASTS = const(5)  # s: counts from the start while the time is not known


class Reservations:
    def __init__(self, station):
        self._station = station
        self._look = Timer(station.clock)
        self._look.start(0)
        stored = station.store.load(_FILE)
        self._all = [r for r in stored if _is_one(r)] if isinstance(stored, list) else []
        self.mark()

    @property
    def busy(self):
        return bool(self._all)

    def reserve(self, id, number, id_token, group, until):
        """Reserve connector `number` (0: any) for an identifier, or its group, `until` (Unix s).
        One of that id is replaced. Returns "Accepted", "Faulted", "Occupied", "Rejected" or
        "Unavailable"."""
        station = self._station
        settings = station.settings
        now = station.clock.unix()
        if (
            not settings.get("ReservationEnabled")
            or not 0 <= number <= len(station.connectors)
            or not (number or settings.get("ReserveConnectorZeroSupported"))
            or now is None
            or until <= now
        ):
            return _REJECTED
        others = [r for r in self._all if r[_ID] != id]
        why = self._obstacle(number, others)
        if why:
            return why
        new = others + [[id, number, id_token, group, until, until - now]]
        if not station.store.save(_FILE, new):
            return _REJECTED
        self._all = new
        self.mark()
        log.info("reservation", id, "of connector", number, "for", id_token)
        station.emit("Reserved", station.connectors[number - 1] if number else None)
        return ACCEPTED

    def cancel(self, id):
        """False if there is none of that id."""
        for r in self._all:
            if r[_ID] == id:
                self._end(r, None)
                return True
        return False

    def used(self, id):
        """The transaction it was made for has begun."""
        for r in self._all:
            if r[_ID] == id:
                self._end(r, None)

    def claim(self, connector, id_token, group):
        """Id of the reservation that lets an identifier charge at `connector`, or None."""
        any_number = None
        for r in self._all:
            if same(r[_TOKEN], id_token) or same(r[_GROUP], group):
                if r[_NUMBER] == connector.id:
                    return r[_ID]
                if r[_NUMBER] == 0:
                    any_number = r[_ID]
        return None if connector.reserved_itself else any_number

    def grouped(self, connector):
        """True if a group may come under a reservation that keeps `connector`."""
        numbers = (connector.id,) if connector.reserved_itself else (0,)
        return any([r[_GROUP] is not None and r[_NUMBER] in numbers for r in self._all])

    def step(self):
        """Once a second: end what is over."""
        if self._look.due():
            self._look.start(1000)
            for r in list(self._all):
                why = self._over(r)
                if why:
                    self._end(r, why)
        self.mark()

    def mark(self):
        """Have each connector know whether it is reserved."""
        connectors = self._station.connectors
        waiting = [r[_ID] for r in self._all if r[_NUMBER] == 0 and not self._held(r)]
        room = -len(waiting)
        for c in connectors:
            c.reservation = None
            for r in self._all:
                if r[_NUMBER] == c.id:
                    c.reservation = r[_ID]
            c.reserved_itself = c.reservation is not None
            if c.free and not c.reserved_itself:
                room += 1
        for c in connectors:
            if waiting and room <= 0 and c.free and not c.reserved_itself:
                c.reservation = waiting.pop(0)

    def _held(self, r):
        """True if who it is for is authorized already and has not begun."""
        for c in self._station.connectors:
            if c.grant and c.grant.reservation == r[_ID]:
                return True
        return False

    def _obstacle(self, number, others):
        """Why connector `number` can't be reserved beside `others`, or None."""
        station = self._station
        if is_fault(station.errors):
            return FAULTED
        targets = [station.connectors[number - 1]] if number else station.connectors
        if not any([_usable(c) for c in targets]):
            return FAULTED if any([c.faulted for c in targets]) else UNAVAILABLE
        taken = [r[_NUMBER] for r in others]
        room = -taken.count(0)
        for c in station.connectors:
            idle = c.free and not (c.plugged or c.occupied or c.finishing or c.lock_holder)
            if idle and c.id not in taken:
                room += 1
            elif c.id == number:
                return _OCCUPIED
        return None if room > 0 else _OCCUPIED

    def _over(self, r):
        """Why a reservation is to end: "Expired", "Removed" or None."""
        station = self._station
        now = station.clock.unix()
        if now >= r[_UNTIL] if now is not None else station.clock.uptime() >= r[_LASTS]:
            return "Expired"
        number = r[_NUMBER]
        if number > len(station.connectors):
            return "Removed"
        targets = [station.connectors[number - 1]] if number else station.connectors
        return None if any([_usable(c) for c in targets]) else "Removed"

    def _end(self, r, why):
        station = self._station
        self._all.remove(r)
        station.store.save(_FILE, self._all)
        for c in station.connectors:
            if c.grant and c.grant.reservation == r[_ID]:
                c.grant.reservation = None
        self.mark()
        station.quiet_soon()
        log.info("reservation", r[_ID], why or "used or cancelled")
        number = r[_NUMBER]
        on = 1 <= number <= len(station.connectors)
        station.emit("ReservationEnded", station.connectors[number - 1] if on else None)
        if why:
            station.dialect.reservation_ended(r[_ID], why)


def _usable(c):
    return not c.faulted and c.operative and c.station.operative


def _is_one(r):
    return (
        isinstance(r, list)
        and len(r) == 6
        and all([isinstance(r[i], int) for i in (_ID, _NUMBER, _UNTIL, _LASTS)])
        and r[_NUMBER] >= 0
        and isinstance(r[_TOKEN], str)
        and isinstance(r[_GROUP] or "", str)
    )
