"""What a charger on a chip has besides board and station: the network, the second clock source,
and the note that this start was a good one. One step a loop, as a chore of the runner."""

import sys

from net import Network

from ocpp.clock import FLOOR, Timer
from ocpp.log import log

_SOUND_S = const(60)  # a start that has lasted so long was a good one
_LOOK_MS = const(1000)
_NTP_S = const(15)  # of a network without the central system's time: ask for it
_NTP_AGAIN_S = const(600)
_NTP = "pool.ntp.org"
_LOOKUP_MS = const(10000)


class Services:
    """`port`: see boards/port.py; `starts`: a `Starts`; `wired`: what `board.json` says of its
    network."""

    def __init__(self, runner, port, starts, wired=None):
        self._runner = runner
        self._port = port
        self._starts = starts
        self._clock = clock = runner.board.clock()
        self._app = None  # the one that knows how the network is
        self._sets = 0  # `clock.sets` of the station when the chip's calendar was set last
        self._asking = None  # the generator that asks for the time
        self.nameserver = None
        self._sound = Timer(clock)
        self._sound.start_s(_SOUND_S)
        self._look = Timer(clock)
        self._look.start(0)
        self._ntp = Timer(clock)
        self._wanted = runner.config["network"]
        self.networks = self._networks(wired or {}, clock)

    @property
    def online(self):
        return self.nameserver is not None

    def step(self):
        """Never raises, never waits."""
        for network in self.networks:
            network.step()
        if self._asking:
            self._listen()
        if self._look.due():
            self._look.start(_LOOK_MS)
            self._tend()

    # -- the network ------------------------------------------------------------------------------

    def _networks(self, wired, clock):
        """Ethernet first, where there is any."""
        found = []
        if wired.get("kind", "wifi") != "wifi":
            found.append(("Ethernet", lambda: self._port.lan(wired), []))
        wifi = [(n["ssid"], n["password"]) for n in self._wanted["wifi"]]
        if wifi:
            found.append(("Wi-Fi", self._wifi, wifi))
        if not found:
            log.warn("network", "no network is configured: charging offline")
        made = []
        for name, open_, wifi in found:
            made.append(
                Network(name, open_, wifi, clock, self._heard, self._changed, self._reboot)
            )
        return made

    def _wifi(self):
        if self._wanted["country"]:
            self._port.country(self._wanted["country"])
        if self._wanted["hostname"]:
            self._port.hostname(self._wanted["hostname"])
        return self._port.wifi()

    def _heard(self):
        """Ticks of the last bytes from the central system."""
        app = self._runner.app
        return app.station.connection.last_rx if app else None

    def _changed(self, server):
        """A network is up, with this name server, or gone."""
        up = [n for n in self.networks if n.up]
        self.nameserver = (server or self.nameserver or "") if up else None
        self._tell()
        if up:
            self._ntp.start_s(_NTP_S)

    def _tell(self):
        """The station learns how the network is."""
        self._runner.board.online = self.online  # for an App that starts
        self._app = app = self._runner.app
        if app:
            from wsclient import link

            link.nameserver = self.nameserver
            app.station.set_online(self.online)

    def _reboot(self):
        """Restart the chip for the network's sake, unless a car is being charged."""
        app = self._runner.app
        if app and any([c.transaction for c in app.station.connectors]):
            return False
        log.warn("network", "nothing else helped: restarting")
        self._runner.restart("Watchdog", True)
        return True

    # -- time -------------------------------------------------------------------------------------

    def _tend(self):
        app = self._runner.app
        if app is not self._app:
            self._tell()
        if self._sound.expired():
            self._starts.sound()
        if not app:
            return
        clock = app.clock
        if clock.sets != self._sets:
            self._sets = clock.sets
            self._calendar(clock.unix())
        if self._ntp.due() and self.online and clock.unix() is None:
            self._ntp.start_s(_NTP_AGAIN_S)
            self._ask()

    def _calendar(self, unix):
        try:
            self._port.set_time(unix)
        except Exception as e:
            log.warn("clock", "the chip's calendar can't be set:", repr(e))

    def _ask(self):
        from ntp import ask

        host = self._wanted["ntp"] or _NTP
        self._asking = ask(host, self._clock, self._lookup)

    def _lookup(self, host, port):
        from wsclient.dial import Dial

        return Dial(None, None, self._clock, None, _LOOKUP_MS).lookup(host, port)

    def _listen(self):
        """For an answer with the time."""
        unix = None
        try:
            next(self._asking)
            return
        except StopIteration as e:
            unix = e.value
        except Exception as e:
            log.warn("clock", "NTP:", e)
        self._asking = None
        sys.modules.pop("ntp", None)
        app = self._runner.app
        if unix and unix >= FLOOR and app and app.clock.unix() is None:
            log.info("clock", "set by NTP")
            app.station.registration.set_time(unix)
