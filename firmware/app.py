"""The station's software, from one start to the next: the OCPP station wired to its board.

A restart makes a new `App`; nothing of the old one is kept (see `runner.py`).
"""

from ocpp import Station
from ocpp.log import log
from wsclient import Link, join

_DIAL_MS = const(30000)
_CLOSE_MS = const(3000)
_LEAST_MS = const(
    2000
)  # no timeout of the network is shorter in real time, however fast time runs
_MOST_MS = const(200000000)  # what a clock can measure


class App:
    """`folder`: where the configuration's files and the station's state are. `reason`: why it
    starts."""

    def __init__(self, board, config, folder, reason, on_frame):
        self._board = board
        self._config = config
        self._folder = folder
        self.clock = board.clock()
        self.clock.least_ms = self._real(_LEAST_MS) if board.speed > 1 else 0
        self.reset = None  # kind of the reset that is asked for
        self.station = Station(config, folder, self.clock, open_link=self._open_link)
        self.station.boot_reason = reason
        self.station.on_reset = self._on_reset
        if config["connector_lock"]:
            self.station.on_unlock = self._on_unlock
        self.station.listen(on_frame)
        self._wires = [Wire(c, e) for c, e in zip(self.station.connectors, board.evses)]
        for wire in self._wires:
            wire.read()
        if not board.world.online:
            self.station.set_online(False)

    def step(self):
        """One step of everything; never blocks."""
        for wire in self._wires:
            wire.read()
        self.station.loop()
        for wire in self._wires:
            wire.write()

    @property
    def busy(self):
        return self.station.busy

    def _real(self, ms):
        """`ms` of real time in the station's time."""
        return min(int(ms * max(1, self._board.speed)), _MOST_MS)

    def _on_reset(self, kind):
        self.reset = kind

    def _on_unlock(self, connector):
        return self._board.evses[connector.id - 1].unlock()

    # -- dialling ---------------------------------------------------------------------------------

    def _open_link(self, url, protocols, headers):
        url = join(self._scheme(url), self._config["ocpp"]["id"])
        tls = self._tls() if url.startswith("wss:") else None
        dial, close = self._real(_DIAL_MS), self._real(_CLOSE_MS)
        return Link(
            url, protocols, headers, self.clock, tls, dial_timeout_ms=dial, close_timeout_ms=close
        )

    def _scheme(self, url):
        """`url` with the scheme that the security profile asks for."""
        profile = self.station.settings.get("SecurityProfile")
        rest = url[url.find(":") :]
        if profile >= 2:
            return "wss" + rest
        return "ws" + rest if self._config["ocpp"]["security_profile"] >= 2 else url

    def _tls(self):
        ocpp = self._config["ocpp"]
        trusted = [self._content(p) for p in ocpp["certificates"].get("CSMSRootCertificate", ())]
        if ocpp["ca_file"]:
            trusted.append(self._content(ocpp["ca_file"]))
        tls = {"cadata": [data for data in trusted if data]}
        if ocpp["tls_name"]:
            tls["name"] = ocpp["tls_name"]
        if self.station.settings.get("SecurityProfile") == 3:
            tls["cert"] = self._content(ocpp["cert_file"])
            tls["key"] = self._content(ocpp["key_file"])
        return tls

    def _content(self, path):
        try:
            with open(self._folder + "/" + path, "rb") as file:
                return file.read()
        except OSError:
            log.error("tls", "there is no file", path)
            return None


class Wire:
    """Between one EVSE of the board and the station's connector."""

    def __init__(self, connector, evse):
        self._connector = connector
        self._evse = evse
        self._errors = ()  # as given to the connector
        for measurand, fn, unit, phase, location in evse.measurands():
            connector.measure(measurand, fn, unit, phase, location)

    def read(self):
        """What the hardware sees goes to the station."""
        connector = self._connector
        evse = self._evse
        connector.plugged = evse.connected
        connector.ev_ready = evse.ev_ready
        connector.evse_ready = evse.offering
        connector.occupied = evse.occupied
        connector.energy_wh = evse.energy_wh
        if evse.errors is not self._errors:
            self._tell(evse.errors)

    def write(self):
        """What the station wants goes to the hardware."""
        evse = self._evse
        connector = self._connector
        evse.permit = connector.charging_permitted
        evse.limit_ma = connector.limit_ma
        evse.lock_wanted = connector.lock_wanted

    def _tell(self, errors):
        for error in self._errors:
            if error not in errors:
                self._connector.clear_error(error[0], error[3])
        for error in errors:
            if error not in self._errors:
                self._connector.set_error(*error)
        self._errors = errors
