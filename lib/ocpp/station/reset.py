"""Resets: what must happen before the restart, and trying again when it does not happen.

OCPP 1.6 §5.14 and errata 3.36; ResetRetries.
"""

from ocpp.clock import Timer
from ocpp.log import log

_SOFT_WAIT_S = const(30)  # longest wait for the stops to be delivered
_HARD_WAIT_S = const(3)
_RETRY_S = const(10)
_REASONS = {"Hard": "HardReset", "Firmware": "Reboot"}  # kind -> why transactions end


class Reset:
    def __init__(self, station):
        self._station = station
        self.kind = None  # "Soft", "Hard", "Firmware", ... while one is under way
        self._left = 0  # further tries
        self._deadline = Timer(station.clock)
        self._again = Timer(station.clock)
        self._answer = Timer(station.clock)
        self._waiting = []  # numbers of EVSEs, 0: the station, to be reset once nothing charges
        self._ending = []  # connectors to be reset once their transaction has ended

    def when_idle(self, number):
        """Reset connector `number`, 0: the station, once no transaction runs there."""
        if number not in self._waiting:
            self._waiting.append(number)

    def one(self, connector):
        """Reset one connector; its transaction is ended first. `on_evse_reset` does the rest."""
        log.info("reset", "connector", connector.id)
        connector.end(None, "SoftReset")
        if connector not in self._ending:
            self._ending.append(connector)

    def request(self, kind):
        """Reset is wanted; transactions are ended and told first."""
        station = self._station
        if self.kind is not None and kind != "Hard":
            return  # one is under way
        self.kind = kind
        station.resetting = True
        self._left = station.settings.get("ResetRetries")
        hard = kind == "Hard"
        self._deadline.start_s(_HARD_WAIT_S if hard else _SOFT_WAIT_S)
        self._answer.start(200)  # time for the answer to leave
        log.info("reset", kind)
        for c in station.connectors:
            c.end(None, _REASONS.get(kind, "SoftReset"))

    @property
    def busy(self):
        return self.kind is not None or bool(self._waiting or self._ending)

    def step(self):
        if self._waiting or self._ending:
            self._look()
        if self.kind is None or not self._answer.due():
            return
        station = self._station
        if not self._again.running and not self._deadline.due() and self._working(station):
            return
        if self._again.running and not self._again.expired():
            return
        if self._restart(station):
            self.kind = None
        elif self._left > 0:
            self._left -= 1
            self._again.start_s(_RETRY_S)
        else:
            log.error("reset", "did not happen")
            self.kind = None
            station.resetting = False
            station.set_error("ResetFailure", faulted=False)

    def _look(self):
        """Do what waited for a transaction to end."""
        station = self._station
        for number in list(self._waiting):
            if not any([c.tx for c in station.connectors if number in (0, c.id)]):
                self._waiting.remove(number)
                if number:
                    self.one(station.connector(number))
                elif self.kind is None:
                    station.reset("OnIdle")
        for c in list(self._ending):
            if not c.tx:
                self._ending.remove(c)
                try:
                    station.on_evse_reset(c)
                except Exception as e:
                    log.error("reset", "connector", c.id, "failed:", repr(e))

    def _restart(self, station):
        """Have the host restart. False if it can't."""
        try:
            return station.on_reset is not None and station.on_reset(self.kind) is not False
        except Exception as e:
            log.error("reset", "failed:", repr(e))
            return False

    def _working(self, station):
        for c in station.connectors:
            if c.tx:
                return True
        if station.rpc.busy or station.connection.busy:
            return True
        return station.online and station.log.pending() > 0
