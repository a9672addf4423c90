"""Between one EVSE of a board and the station's connector.

An EVSE has: `id` `connected` `ev_ready` `offering` `occupied` `energy_wh` `phases` `cable_ma` to
be read; `errors`, a new tuple of (code, info, vendor id, vendor code, faulted) at every change;
`permit` `limit_ma` `limit_phases` `lock_wanted` `authorized` to be set; `measurands()`, `sign` (a
function or None), `public_key`, `unlock()`, `switches_phases`.
"""


class Wire:
    def __init__(self, connector, evse):
        self._connector = connector
        self._evse = evse
        self._errors = ()  # as given to the connector
        connector.sign = evse.sign
        for measurand, fn, unit, phase, location in evse.measurands():
            connector.measure(measurand, fn, unit, phase, location)

    def forget(self):
        """The connector was reset: it is told all errors of the hardware again."""
        self._errors = ()

    def read(self):
        """What the hardware sees goes to the station."""
        connector = self._connector
        evse = self._evse
        connector.plugged = evse.connected
        connector.ev_ready = evse.ev_ready
        connector.evse_ready = evse.offering
        connector.occupied = evse.occupied
        connector.energy_wh = evse.energy_wh
        connector.phases_in_use = evse.phases if evse.connected else None
        connector.cable_ma = evse.cable_ma
        if evse.errors is not self._errors:
            self._tell(evse.errors)

    def write(self):
        """What the station wants goes to the hardware."""
        evse = self._evse
        connector = self._connector
        evse.permit = connector.charging_permitted
        evse.limit_ma = connector.limit_ma
        evse.limit_phases = connector.limit_phases
        evse.lock_wanted = connector.lock_wanted
        evse.authorized = connector.authorized

    def _tell(self, errors):
        for error in self._errors:
            if error not in errors:
                self._connector.clear_error(error[0], error[3])
        for error in errors:  # also those known: another of the same code may just have ended
            self._connector.set_error(*error)
        self._errors = errors
