"""Availability of the station and its connectors, kept over restarts (OCPP 1.6 §5.2, §4.9).

Besides the central system other sources may have a say (`enable`): who has the highest priority
decides, of equal ones who disables.
"""

_FILE = const("availability")
_CENTRAL = const(5000)  # priority of the central system; 0 is the highest


class Availability:
    def __init__(self, station):
        self._station = station

    def restore(self):
        """As it was before the restart."""
        off = self._off()
        self._station.operative = 0 not in off
        for c in self._station.connectors:
            c.operative = c.id not in off

    def change(self, id, operative):
        """The central system changes connector `id`, 0: the station with all connectors.

        Returns "Accepted", or "Scheduled" if a transaction has to end first; "Rejected" if flash
        failed, or if a source of higher priority says otherwise."""
        station = self._station
        off = self._off()
        for number in range(len(station.connectors) + 1):
            if id in (0, number):
                if number in off:
                    off.remove(number)
                if not operative:
                    off.append(number)
                if self._operative(number, off) != operative:
                    return "Rejected"
        if not station.store.save(_FILE, off):
            return "Rejected"
        return self._apply(id, off)

    def enable(self, id, source, enabled, priority):
        """Another source enables or disables, None: has no say any more. Returns as `change`."""
        switches = self._station.switches or {}
        self._station.switches = switches
        switches.pop((id, source), None)
        if enabled is not None:
            switches[(id, source)] = (priority, enabled)
        return self._apply(id, self._off())

    def _off(self):
        """Numbers of what the central system has made inoperative, 0: the station."""
        stored = self._station.store.load(_FILE)
        return stored if isinstance(stored, list) else []

    def _operative(self, number, off):
        best, operative = _CENTRAL, number not in off
        for (id, _), (priority, enabled) in (self._station.switches or {}).items():
            if id == number:
                if priority < best:
                    best, operative = priority, enabled
                elif priority == best:
                    operative = operative and enabled
        return operative

    def _apply(self, id, off):
        station = self._station
        station.operative = self._operative(0, off)
        scheduled = False
        for c in station.connectors:
            if id not in (0, c.id):
                continue
            c.operative = self._operative(c.id, off)
            usable = c.operative and station.operative
            if c.tx:
                scheduled = scheduled or not usable
                continue
            c.scheduled = False
            if not usable and c.grant:
                c.revoke()
        return "Scheduled" if scheduled else "Accepted"
