"""Transactions that a restart interrupted: ended, or gone on with (setting `OnPowerLoss`)."""

from ocpp import txlog
from ocpp.clock import Timer
from ocpp.log import log
from ocpp.station import charging
from ocpp.station.charging import Transaction
from ocpp.station.identity import ACCEPTED

_PATIENCE_S = const(10)  # time for the inputs to tell whether the car is still there

_REASONS = {
    "PowerUp": "PowerLoss",
    "Watchdog": "Reboot",
    "LocalReset": "Reboot",
    "RemoteReset": "HardReset",
}


class Recovery:
    def __init__(self, station):
        self._station = station
        self._open = [self._where(key, n) for key, n in station.log.open_transactions()]
        self._timer = Timer(station.clock)
        self._timer.start_s(_PATIENCE_S)

    @property
    def busy(self):
        return bool(self._open)

    def _where(self, key, number):
        """(key, number of the connector that the transaction came to)"""
        at = self._station.log.last(key)["notes"].get("at")
        return key, at[0] if at else number

    def step(self):
        """End or resume what is still open; a connector without its car gets some seconds."""
        station = self._station
        resume = station.settings.get("OnPowerLoss") == "resume"
        left = []
        for key, number in self._open:
            c = station.connectors[number - 1] if 1 <= number <= len(station.connectors) else None
            if not resume or c is None or c.tx or self._timer.due():
                self._end(key, c)
            elif c.plugged and not c.faulted and c.metered():
                self._resume(key, c)
            else:
                left.append((key, number))
        self._open = left

    def _last(self, key):
        """What the log knows of a transaction; its reservation is over, should the power have gone
        before that was written."""
        last = self._station.log.last(key)
        reservations = self._station.reservations
        if reservations and last["data"]:
            reservations.used(last["data"].get("reservation"))
        return last

    def _resume(self, key, connector):
        last = self._last(key)
        wh = connector.read_energy()
        data = last["data"]
        if not data or wh < last["wh"]:
            # Damaged; or another meter, or one that was set back: nothing to go on from.
            return self._end(key, connector)
        tx = Transaction(
            key, connector, data.get("id"), data.get("kind", ""), data.get("parent"), data["wh"]
        )
        tx.last_wh = wh
        tx.stamp = last["stamp"]
        tx.id = last["csms_id"]
        tx.remote_start_id = data.get("remote")
        if last["notes"] or tx.id_token is None:
            from ocpp.station import points

            points.recalled(tx, last)
        charging.resume(connector, tx)
        if last["info"] not in (None, ACCEPTED) or last["notes"].get("denied"):
            connector.deauthorize()
        log.info("connector %d" % connector.id, "transaction goes on after a restart")

    def _end(self, key, connector):
        station = self._station
        last = self._last(key)
        reason = _REASONS.get(station.boot_reason, "Other")
        log.info("transaction", key, "was interrupted and is ended:", reason)
        wh = last["wh"]
        if wh is None:  # damaged: the register now is what comes closest
            wh = connector.read_energy() if connector else 0
        station.append(txlog.END, key, {"wh": wh, "why": reason}, last["at"])
