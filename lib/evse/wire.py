"""Between an outlet and a connector of the station, which this package knows only by its members:
`charging_permitted limit_ma limit_phases lock_wanted` are read, `plugged ev_ready evse_ready` are
set, `set_error(code, info, vendor_id, vendor_code, faulted)` and `clear_error(code, vendor_code)`
are called."""


class Wire:
    def __init__(self, connector, controller):
        self._connector = connector
        self._controller = controller
        self._told = ()  # faults as the connector knows them

    def step(self):
        """Once a loop: commands in, one step, states and faults out."""
        connector = self._connector
        controller = self._controller
        controller.permit = bool(connector.charging_permitted)
        controller.limit_ma = connector.limit_ma
        controller.limit_phases = connector.limit_phases
        controller.lock_wanted = connector.lock_wanted
        controller.step()
        connector.plugged = controller.plugged
        connector.ev_ready = controller.ev_ready
        connector.evse_ready = controller.offering
        if controller.faults is not self._told:
            self._tell(controller.faults)

    def _tell(self, faults):
        for f in self._told:
            if f not in faults:
                self._connector.clear_error(f.code, f.vendor_code)
        for f in faults:  # also those known: another of the same code may just have ended
            self._connector.set_error(f.code, f.info, f.vendor_id, f.vendor_code, f.faulted)
        self._told = faults
