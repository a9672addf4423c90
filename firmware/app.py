"""The station's software, from one start to the next: the OCPP station wired to its board.

A restart makes a new `App`; nothing of the old one is kept (see `runner.py`).
"""

import binascii

from wire import Wire

from ocpp import Station
from ocpp.clock import Timer
from ocpp.log import log
from wsclient import Link, join

_DIAL_MS = const(30000)
_CLOSE_MS = const(3000)
_LOOK_MS = const(250)  # between two looks at what lights and display are to tell
_LONGEST = const(10752)  # bytes of a message: a certificate chain of the most that is allowed
_STALL_MS = const(30000)  # a file transfer in which nothing moves for so long has failed
_LEAST_MS = const(
    2000
)  # no timeout of the network is shorter in real time, however fast time runs
_MOST_MS = const(200000000)  # what a clock can measure
# Let go once files and firmware have been seen to
_BORROWED = ("transfer", "transfers", "slots", "bundles", "seals", "crash")


class App:
    """`folder`: where the configuration's files and the station's state are. `reason`: why it
    starts. `version`: of the program, None: as configured. `diagnostics`: as
    `Host.on_diagnostics`."""

    record = None  # a `recording.Recorder` or `Player`, if this run is recorded or replayed

    def __init__(self, board, config, folder, reason, on_frame, version=None, diagnostics=None):
        self._delivered = config["charge_point"]["firmware"]
        if version:
            known = dict(config["charge_point"], firmware=version)
            config = dict(config, charge_point=known)
        if board.evses[0].switches_phases:
            usual = {"ConnectorSwitch3to1PhaseSupported": "true"}
            usual.update(config["settings"])
            config = dict(config, settings=usual)
        self._board = board
        self._config = config
        self._folder = folder
        self.clock = board.clock()
        self.pace()
        self.reset = None  # kind of the reset that is asked for
        self.station = Station(
            config, folder, self.clock, open_link=self._open_link, declare=_declared(board.evses)
        )
        self.station.boot_reason = reason
        self._import()
        self.station.security_event("StartupOfTheDevice")
        if reason != "PowerUp":
            self.station.security_event("ResetOrReboot", reason)
        self.station.on_reset = self._on_reset
        self.station.on_evse_reset = self._on_evse_reset
        if config["connector_lock"]:
            self.station.on_unlock = self._on_unlock
        self.station.listen(on_frame)
        self.station.transfers = self._transfers
        self.station.updater = self._updater
        self.station.self_test = self._self_test
        self.station.on_diagnostics = diagnostics
        self.display = []  # messages the central system wants to be seen now
        self.station.on_display = self._on_display
        self.costs = {}  # connector number -> (key of its transaction, cost by now)
        self.station.on_price = self._on_price
        self.station.borrowed = _BORROWED
        self._looks = Timer(self.clock)
        self._looks.start(0)
        self._wires = [Wire(c, e) for c, e in zip(self.station.connectors, board.evses)]
        for wire in self._wires:
            wire.read()
        self.station.on("StartTx", lambda event, connector: board.sound("accepted"))
        self.station.on("AuthorizationRejected", lambda event, connector: board.sound("rejected"))
        if not board.online:
            self.station.set_online(False)

    def step(self):
        """One step of everything; never blocks."""
        for wire in self._wires:
            wire.read()
        card = self._board.take_card()
        if card:
            self._present(*card)
        self.station.loop()
        for wire in self._wires:
            wire.write()
        if self._looks.due():
            self._looks.start(_LOOK_MS)
            self._show()

    def _present(self, id_tag, connector):
        log.info("reader", "card at", connector or "the station")
        try:
            self.station.present(id_tag, connector)
        except ValueError as e:  # no identifier can look like this
            log.warn("reader", "card refused:", e)

    def _show(self):
        """What lights and display are to tell."""
        for connector in self.station.connectors:
            state = connector.state()
            if state == "Available" and not self.station.online:
                state = "offline"
            self._board.show(connector.id, state)

    @property
    def busy(self):
        return self.station.busy

    def pace(self):
        """The speed of time is, or has become, that of the board."""
        self.clock.least_ms = self._real(_LEAST_MS) if self._board.speed > 1 else 0

    def _real(self, ms):
        """`ms` of real time in the station's time."""
        return min(int(ms * max(1, self._board.speed)), _MOST_MS)

    def _on_reset(self, kind):
        self.reset = kind

    def _on_display(self, messages):
        self.display = messages

    def _on_price(self, connector, told):
        log.info("price", told["kind"], told.get("cost", ""), told.get("text", ""))
        if connector and connector.tx and "cost" in told:
            self.costs[connector.id] = (connector.tx.key, told["cost"])

    def _on_evse_reset(self, connector):
        """Forget the faults of an EVSE: what still holds comes again."""
        connector.clear_error()
        self._wires[connector.id - 1].forget()

    def _on_unlock(self, connector):
        return self._board.evses[connector.id - 1].unlock()

    # -- files and firmware ----------------------------------------------------------------------

    def _transfers(self):
        from transfers import Transfers

        made = Transfers(self.clock, self.station.tls, self._real(_STALL_MS))
        return self.record.transfers(made) if self.record else made

    def _updater(self):
        if self._config["any_firmware"]:
            from transfers import AnyFirmware

            return AnyFirmware()
        from slots import Slots

        config = self._config
        return Slots(self._folder, config["board"], self._verifier(), self._delivered)

    def _verifier(self):
        """Who looks at the seal of a bundle; None while no manufacturer is known."""
        from ocpp.station.certificates import USES

        if not self.station.part("certificates").roots(USES[1]):
            return None
        from seals import verifier

        return verifier(self.station)

    def _self_test(self):
        """What is wrong with newly installed firmware, or None."""
        station = self.station
        if station.store.full or station.log.full:
            return "flash takes nothing"
        if any(e.code == "InternalError" for e in station.errors):
            return "internal error"
        for c in station.connectors:
            if not c.metered():
                return "meter of connector %d is silent" % c.id
        return None

    # -- dialling --------------------------------------------------------------------------------

    def _open_link(self, url, protocols, headers, watch=None):
        """`watch(depth, DER)` is also shown the certificates of the server."""
        url = self.url(url)
        tls = self._tls(url) if url.startswith("wss:") else None
        if tls and watch:
            judge = tls.get("watch")
            tls["watch"] = lambda depth, der: watch(depth, der) or (judge and judge(depth, der))
        dial, close = self._real(_DIAL_MS), self._real(_CLOSE_MS)

        def make():
            return Link(url, protocols, headers, self.clock, tls, _LONGEST, dial, close)

        return self.record.link(make, tls) if self.record else make()

    def url(self, url):
        """What is dialled for the central system's `url`. ValueError if it is none."""
        return join(self._scheme(url), self._config["ocpp"]["id"])

    def _scheme(self, url):
        """`url` with the scheme that the security profile asks for."""
        profile = self.station.settings.get("SecurityProfile")
        rest = url[url.find(":") :]
        if profile >= 2:
            return "wss" + rest
        return "ws" + rest if self._config["ocpp"]["security_profile"] >= 2 else url

    def _tls(self, url):
        """What TLS to `url` needs. `tls_name` is for the host of the configuration, not for those
        of other network profiles."""
        tls = self.station.tls(True)
        ocpp = self._config["ocpp"]
        if ocpp["tls_name"] and _host(url) == _host(ocpp["url"]):
            tls["name"] = ocpp["tls_name"]
        return tls

    def _import(self):
        """Certificates of the configuration go to the station's store."""
        ocpp = self._config["ocpp"]
        found = {}
        for use, paths in ocpp["certificates"].items():
            found[use] = [self._content(path) for path in paths]
        if ocpp["ca_file"]:
            found.setdefault("CSMSRootCertificate", []).append(self._content(ocpp["ca_file"]))
        for use in found:
            found[use] = [data for data in found[use] if data]
        if ocpp["cert_file"] and ocpp["key_file"]:
            pair = [self._content(ocpp["cert_file"]), self._content(ocpp["key_file"])]
            if all(pair):
                found["own"] = pair
        if found:
            self.station.import_certificates(found)

    def _content(self, path):
        try:
            with open(self._folder + "/" + path, "rb") as file:
                return file.read()
        except OSError:
            log.error("tls", "there is no file", path)
            return None


def _declared(evses):
    """Settings of the firmware's own: whether the web console is served; MeterPublicKey1, ...
    (signed meter values 1.0 §3.3.1) of meters that sign."""
    lines = ["ConsoleEnabled|ConsoleCtrlr.Enabled|bool||true||rw|lazy"]
    for evse in evses:
        if evse.public_key:
            key = binascii.b2a_base64(evse.public_key.encode()).decode().strip()
            lines.append("MeterPublicKey%d||str||%s|..500|r|lazy" % (evse.id, key))
    return lines


def _host(url):
    """The host of a URL."""
    place = url.split("/")[2]
    return place.split(":")[0] if place[:1] != "[" else place.split("]")[0]
