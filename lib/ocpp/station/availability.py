"""Availability of the station and its connectors, kept over restarts (OCPP 1.6 §5.2, §4.9)."""

_FILE = const("availability")


class Availability:
    def __init__(self, station):
        self._station = station

    def restore(self):
        """As it was before the restart."""
        stored = self._station.store.load(_FILE)
        off = (
            stored if isinstance(stored, list) else []
        )  # numbers of what is inoperative, 0: the station
        self._station.operative = 0 not in off
        for c in self._station.connectors:
            c.operative = c.id not in off

    def change(self, id, operative):
        """Change connector `id`, 0: the station with all connectors.

        Returns "Accepted", or "Scheduled" if a transaction has to end first; "Rejected" if flash failed."""
        station = self._station
        if id == 0:
            station.operative = operative
        scheduled = False
        for c in station.connectors:
            if id not in (0, c.id):
                continue
            c.operative = operative
            if c.tx:
                scheduled = scheduled or not operative
            elif not operative and c.grant:
                c.revoke()
        if self._save() is False:
            return "Rejected"
        return "Scheduled" if scheduled else "Accepted"

    def _save(self):
        off = [c.id for c in self._station.connectors if not c.operative]
        if not self._station.operative:
            off.append(0)
        return self._station.store.save(_FILE, off)
