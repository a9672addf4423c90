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

        Returns "Accepted", or "Scheduled" if a transaction has to end first; "Rejected" if flash
        failed."""
        station = self._station
        if not self._save(id, operative):
            return "Rejected"
        if id == 0:
            station.operative = operative
        scheduled = False
        for c in station.connectors:
            if id not in (0, c.id):
                continue
            c.operative = operative
            if c.tx:
                scheduled = scheduled or not operative
                continue
            c.scheduled = False
            if not operative and c.grant:
                c.revoke()
        return "Scheduled" if scheduled else "Accepted"

    def _save(self, id, operative):
        """Have on flash what will be inoperative after the change."""
        off = []
        for thing, number in [(self._station, 0)] + [(c, c.id) for c in self._station.connectors]:
            if not (operative if id in (0, number) else thing.operative):
                off.append(number)
        return self._station.store.save(_FILE, off)
