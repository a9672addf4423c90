"""Keeps a chip on its network: Wi-Fi with several networks to choose from, Ethernet.

What an interface says of itself ("connected") only counts against it. For it counts what has come
from the central system: while nothing has for long, the link is taken down and made anew, then the
interface, at last the chip, and that only while no transaction runs.

| nothing heard for | what is done |
| --- | --- |
| `_LINK_S` | leave the network and join it, or the next one, anew |
| `_RESET_S` | switch the interface off and on |
| `_REBOOT_S`, no transaction | restart the chip, if anything was heard since its last start |

Each is done once until something is heard: a central system that is down for long must not have
the charger restart every hour.
"""

from ocpp.clock import Timer
from ocpp.log import log

_TAG = "network"
_LOOK_MS = const(500)
_JOIN_S = const(20)  # for joining a network
_PAUSE_S = const(5)  # between tries
_BROKEN_S = const(60)  # between tries if the interface fails altogether
_STUBBORN = const(10)  # tries in vain: the interface is switched off and on
_LINK_S = const(180)
_RESET_S = const(600)
_REBOOT_S = const(3600)

_OFF = const(0)  # not switched on, or broken
_IDLE = const(1)  # waits for the next try
_JOINING = const(2)
_UP = const(3)


class Network:
    """`open()` -> an interface of MicroPython's `network` module, not active yet; it may raise.
    `networks`: [(ssid, password)] in order of preference; empty: nothing has to be joined
    (Ethernet). `heard()` -> ticks of the last bytes from the central system or None;
    `on_change(name server or None)`: the network is there, is gone; `reboot()`: restart if no
    transaction runs, -> False if not now. `name`: for the log."""

    def __init__(self, name, open, networks, clock, heard, on_change, reboot):
        self.name = name
        self.address = None  # our own, while up
        self.error = None  # why there is no network, in words
        self.ssid = None  # joined or being joined
        self._open = open
        self._networks = networks
        self._clock = clock
        self._heard = heard
        self._on_change = on_change
        self._reboot = reboot
        self._interface = None
        self._state = _OFF
        self._next = 0  # index of the network to try
        self._look = Timer(clock)
        self._look.start(0)
        self._until = Timer(clock)  # end of a try, or of a pause
        self._until.start(0)
        self._rung = 0  # of the ladder: what was done since something was heard
        self._silent = Timer(clock)  # due: the next rung
        self._last = None  # `heard()` at the last look

    @property
    def up(self):
        return self._state == _UP

    @property
    def rssi(self):
        """Strength of the Wi-Fi signal in dBm, or None."""
        try:
            return self._interface.status("rssi") if self.up and self.ssid else None
        except Exception:  # each port has its own ideas
            return None

    def step(self):
        """Once a loop. Never raises: without a network the charger charges on."""
        if not self._look.due():
            return
        self._look.start(_LOOK_MS)
        try:
            self._work()
        except Exception as e:
            self._broken(e)

    def off(self):
        """Switch it off."""
        self._down("switched off")
        self._state = _OFF
        self._until.stop()
        try:
            if self._interface:
                self._interface.active(False)
        except Exception as e:
            log.warn(_TAG, self.name, "does not switch off:", repr(e))

    # -- inside -----------------------------------------------------------------------------------

    def _work(self):
        if self._state != _UP and self._silent.expired():
            self._climb(False)
        if self._state == _OFF:
            if self._until.expired():
                self._start()
        elif self._state == _IDLE:
            if self._until.expired():
                self._join()
        elif self._state == _JOINING:
            self._wait()
        else:
            self._watch()

    def _start(self):
        if self._interface is None:
            self._interface = self._open()
        self._interface.active(True)
        self._state = _IDLE
        self._join()

    def _join(self):
        self._state = _JOINING
        self._until.start_s(_JOIN_S)
        if self._networks:
            self.ssid, password = self._networks[self._next % len(self._networks)]
            log.info(_TAG, "joining", self.ssid)
            self._interface.connect(self.ssid, password or None)

    def _wait(self):
        """For the network that is being joined."""
        address, server = self._addresses()
        if address:
            self.address = address
            self.error = None
            self._state = _UP
            self._until.stop()
            self._last = self._heard()
            self._plan()
            log.info(_TAG, self.name, "up:", address)
            return self._on_change(server)
        if self._until.expired():
            what = 'Wi-Fi "%s"' % self.ssid if self._networks else self.name
            self._down("%s not reached in %d s" % (what, _JOIN_S))
            self._leave()
            self._next += 1
            if self._next % _STUBBORN == 0:
                self._renew()

    def _renew(self):
        """Switch the interface off, and on after a pause."""
        self._leave()
        self._interface.active(False)
        self._state = _OFF

    def _addresses(self):
        """(our address, name server) or (None, None)."""
        if not self._interface.isconnected():
            return None, None
        found = self._interface.ifconfig()
        return (found[0], found[3]) if found[0] not in ("", "0.0.0.0") else (None, None)

    def _watch(self):
        address, server = self._addresses()
        if not address:
            self._down("%s has lost its link" % self.name)
            return self._leave()
        if address != self.address:
            log.info(_TAG, "new address:", address)
            self.address = address
            self._on_change(None)
            self._on_change(server)
        heard = self._heard()
        if heard != self._last:
            self._last = heard
            self._rung = 0
            self._plan()
        elif self._silent.expired():
            self._climb(True)

    def _plan(self):
        waits = (_LINK_S, _RESET_S - _LINK_S, _REBOOT_S - _RESET_S)
        self._silent.start_s(waits[min(self._rung, 2)])

    def _climb(self, up):
        """Nothing was heard for too long. `up`: though the network seems to be there; without it
        all but the last is being tried anyway."""
        rung, self._rung = self._rung, min(self._rung + 1, 3)
        self._plan()
        if rung < 2 and up:
            waited = (_LINK_S, _RESET_S)[rung]
            self._down("up, but nothing was heard in %d s" % waited)
            self._next += 1
            if rung == 0:
                self._leave()
            else:
                self._renew()
        elif rung == 2 and self._last is not None and not self._reboot():
            self._rung = 2

    def _leave(self):
        """Leave what is left of the network; try again after a pause."""
        self._state = _IDLE
        self._until.start_s(_PAUSE_S)
        if self._networks:
            self._interface.disconnect()

    def _down(self, why):
        """There is no network any more."""
        was = self._state == _UP
        if was:
            self._state = _IDLE
        self.address = None
        if why != self.error:
            log.warn(_TAG, why)
        self.error = why
        if was:
            self._on_change(None)

    def _broken(self, e):
        """The interface fails."""
        self._down("%s fails: %r" % (self.name, e))
        self._state = _OFF
        self._until.start_s(_BROKEN_S)
