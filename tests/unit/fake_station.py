"""The firmware of a board on a chip that is not there, with a central system that a test scripts.

f = Firmware("pico_w", rcm={...})      keyword arguments: parts of connector 1
f.run(1000)                            a second passes
f.outlet.plug("C"); f.charger.hold("04A1B2C3"); f.until("Charging")
"""

import json
import os

import fake_chip
import machine
import simtime
from central import Central, fresh_directory
from charger import Charger

from ocpp.loopback import Loopback

_STEP_MS = const(5)


def configured(board, **more):
    """A checked configuration of that board."""
    import config

    data = {"board": board, "ocpp": {"url": "ws://x/", "id": "cp"}}
    data["charge_point"] = {"vendor": "ocppy"}
    data.update(more)
    return config.check(data, (board,), lambda path: False)


def chip_of(board):
    with open("boards/%s/board.json" % board) as file:
        return json.load(file)["chip"]


class Firmware:
    def __init__(self, board, station=None, attach=None, folder=None, power_on=True, **parts):
        if power_on:
            fake_chip.power_on(chip_of(board))
        station = dict(station or {})
        if parts:
            station["connectors"] = [parts]
        self.config = configured(board, **station)
        self.plan = self.config["hardware"]
        self.charger = Charger(self.plan, board)
        self.outlet = self.charger.outlets[0]
        if attach:
            attach(self)
        self.folder = folder or fresh_directory()
        self.start()

    def start(self):
        """The firmware begins."""
        import app
        import hardware

        self.board = hardware.load(self.config, self.folder)
        self.connection = None
        station = app.Station

        def on_loopback(config, folder, clock, open_link=None, declare=()):
            self.connection = Loopback(clock)
            return station(config, folder, clock, connection=self.connection, declare=declare)

        app.Station = on_loopback
        try:
            self.app = app.App(self.board, self.config, self.folder, "PowerUp", lambda *_: None)
        finally:
            app.Station = station
        self.csms = Central(self.connection.far, self.app.clock)
        self.connection.connect("ocpp1.6")

    @property
    def connector(self):
        return self.app.station.connectors[0]

    @property
    def controller(self):
        return self.board.evses[0].controller

    def run(self, ms):
        for _ in range(ms // _STEP_MS):
            simtime.advance(_STEP_MS)
            self.board.step()
            for _ in range(4):
                self.app.step()
                if not self.app.busy:
                    break
            self.csms.step()

    def until(self, status, ms=15000, connector=1):
        """Run until the connector has that status; -> ms it took."""
        waited = 0
        while self.app.station.connectors[connector - 1].status != status:
            assert waited < ms, (status, self.story())
            self.run(50)
            waited += 50
        return waited

    def card(self, digits="04A1B2C3", ms=400, reader=0):
        """A card is held to the reader for a moment, or the button pressed that stands for one."""
        if not self.charger.readers:
            self.charger.pressed = True
            self.run(ms)
            self.charger.pressed = False
            return self.run(500)
        self.charger.hold(digits, reader)
        self.run(ms)
        self.charger.hold(None, reader)
        self.run(1500)

    def ask(self, action, payload, ms=3000):
        """CALL the station; its answer: dict or CallError; None: not answered within `ms`."""
        self.csms._count += 1
        id = "c%d" % self.csms._count
        self.connection.far.send(json.dumps([2, id, action, payload]))
        while ms > 0 and id not in self.csms.results:
            self.run(50)
            ms -= 50
        return self.csms.results.get(id)

    def story(self):
        c = self.connector
        e = self.board.evses[0]
        return c.status, e.controller, e.errors, self.csms.sent()[-6:]


def shipped():
    """Names of the boards with pins."""
    names = []
    for name in sorted(os.listdir("boards")):
        try:
            with open("boards/%s/board.json" % name) as file:
                if json.load(file).get("port") != "unix":
                    names.append(name)
        except OSError:
            pass
    return names


__all__ = ("Firmware", "configured", "machine", "shipped", "simtime")


def charging(board="esp32_devkitc", attach=None, **parts):
    """The firmware of a board with a car that charges."""
    f = Firmware(board, attach=attach, **parts)
    f.run(2500)
    f.outlet.plug("C", 10)
    f.run(500)
    f.card()
    f.until("Charging")
    f.run(1000)
    assert f.outlet.closed, f.story()
    return f
