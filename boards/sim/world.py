"""The world around the simulated station, and where it is kept from one process to the next.

Two files beside the charger's flash, never seen by the firmware: `state.json` (cars, cables,
faults, sensors; read again with `--world keep`) and `meter` (the registers, read always, as the
meter of a real station keeps its own). The register is written at every whole Wh, so that nothing
that could be read from it is lost by SIGKILL.
"""

import json
import os

from sim.evse import Evse

from ocpp.log import log

_KEPT = (
    "ev",
    "current_ma",
    "phases",
    "soc_wms",
    "fills",
    "locked",
    "jam",
    "lock_failed",
    "pilot",
    "diode",
    "occupied",
    "signed",
)
_RECORD = const(28)  # bytes of a meter's line: Wh, watt milliseconds below one Wh


class World:
    """All EVSEs, and the network. `folder`: where it is kept, or None."""

    def __init__(self, connectors, has_lock, folder=None, keep=False):
        self.online = True  # the network is there
        self.evses = [Evse(i + 1, has_lock) for i in range(connectors)]
        self._folder = folder
        self._told = False  # that it can't be kept
        self._seen = [None] * connectors  # what of each EVSE was last written: see `_save_changes`
        self._wh = [None] * connectors
        if folder:
            _make_folder(folder)
            self._meter = _open_meter(folder + "/meter")
            self._read_meter()
            if keep:
                self._read_state()

    def step(self, ms):
        """`ms` milliseconds have gone by."""
        for evse in self.evses:
            evse.step(ms)
        if self._folder:
            self._save_changes()

    def off(self):
        """The controller has no power, or has stopped: every contactor opens."""
        for evse in self.evses:
            evse.off()

    def save(self):
        """Keep the state. Called after every act of the world."""
        if self._folder:
            self._guarded(self._write_state)
            self._guarded(self._write_meters)

    def _write_state(self):
        state = []
        for evse in self.evses:
            kept = {name: getattr(evse, name) for name in _KEPT}
            kept["faults"] = evse.faults
            state.append(kept)
        path = self._folder + "/state.json"
        with open(path + ".new", "w") as file:
            json.dump(state, file)
        os.rename(path + ".new", path)

    def close(self):
        if self._folder:
            self.save()
            self._guarded(self._write_meters)
            self._meter.close()
            self._folder = None

    def _save_changes(self):
        """Write what moved by itself: registers, and at times the car's battery and the lock."""
        self._guarded(self._write_meters)
        stale = False
        for i in range(len(self.evses)):
            evse = self.evses[i]
            seen = (evse.soc or 0) + (evse.locked << 8) + (evse.ev_ready << 9)
            if seen != self._seen[i]:
                self._seen[i] = seen
                stale = True
        if stale:
            self.save()

    def _guarded(self, write):
        """A disk that is full does not stop the charger."""
        try:
            write()
            self._told = False
        except OSError as e:
            if not self._told:
                self._told = True
                log.error("world", "can't be kept in", self._folder + ":", e)

    def _write_meters(self):
        for i in range(len(self.evses)):
            evse = self.evses[i]
            if evse.energy_wh != self._wh[i]:
                self._meter.seek(i * _RECORD)
                self._meter.write("%018d %08d\n" % evse.register)
                self._wh[i] = evse.energy_wh

    def _read_meter(self):
        for i in range(len(self.evses)):
            self._meter.seek(i * _RECORD)
            line = self._meter.read(_RECORD)
            if len(line) == _RECORD:
                self.evses[i].register = (int(line[:18]), int(line[19:27]))
                self._wh[i] = self.evses[i].energy_wh

    def _read_state(self):
        try:
            with open(self._folder + "/state.json") as file:
                state = json.load(file)
        except OSError:
            return  # the first process
        except ValueError:
            return log.error("world", "state.json is damaged: it begins anew")
        for evse, kept in zip(self.evses, state):
            for name in _KEPT:
                if name in kept:
                    setattr(evse, name, kept[name])
            for code in kept["faults"]:
                evse.faults[code] = tuple(kept["faults"][code])
            evse.restored()


def _make_folder(path):
    try:
        os.mkdir(path)
    except OSError:
        os.stat(path)  # raises if it is not there now


def _open_meter(path):
    try:
        return open(path, "r+b")
    except OSError:
        open(path, "wb").close()
        return open(path, "r+b")
