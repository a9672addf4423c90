"""Connection supervision: dials, dials again, finds links that are dead without saying so.

The back-off is that of OCPP 2.0.1 Part 4 §5.3, for 1.6 too: `RetryBackOffWaitMinimum` seconds,
doubled with each further failure up to `RetryBackOffRepeatTimes` times, and each time a new random
part of at most `RetryBackOffRandomRange` seconds. It starts anew after a connection that lasted.
Tries are never given up.

Every `WebSocketPingInterval` seconds (0: never) a ping goes out. If nothing at all arrives until
its deadline, the link is half-open: it is dropped and dialled anew. A change of a setting acts at
once.
"""

import os

from ocpp.clock import Timer
from ocpp.log import log

_TAG = "connection"
_LOOK_MS = const(5)  # between two looks when nothing is going on
_LASTED_MS = const(10000)  # a connection that lasted: at least so long, and as the wait before it
_MAX_WAIT_S = const(86400)


class Supervisor:
    """The connection of a station (duck type: docs/architecture.md).

    `open_link()` makes a fresh link for each dial; it may raise ValueError or OSError with the
    reason why not. `settings.get(name)` gives an integer, `settings.watch(name, fn)` calls
    `fn(value)` after each change. `pong_ms`: deadline of a ping's answer.
    """

    def __init__(self, clock, open_link, settings, pong_ms=10000, random=os.urandom):
        self._clock = clock
        self._open_link = open_link
        self._settings = settings
        self._pong_ms = max(pong_ms, clock.least_ms)
        self._random = random
        self._link = None
        self._looked = 0  # ticks of the last look
        self._dial = Timer(clock)  # due: dial
        self._dial.start(0)
        self._leaving = False  # the link is being closed on purpose, `_dial` is set already
        self._failures = 0  # in a row, for the back-off
        self._wait_ms = 0  # the last wait
        self._lasted = Timer(clock)  # due: the connection has lasted
        self._ping = Timer(clock)  # due: send a ping
        self._pong = Timer(clock)  # due: its answer is missing
        self._heard = None  # (pongs, ticks of the last bytes) when it was sent
        self.online = True  # what `set_online` was told last
        self._said = None  # the last failure logged: the same one is not repeated
        self.on_failed = None  # fn(kind, text, repeated): a dial failed
        self.closed = False  # `close()` was called
        self.connected = False
        self.epoch = 0
        self.subprotocol = None
        self.last_rx = None  # ticks of the last bytes received, on this link or the one before
        self.error = None  # the last failure in words, None while connected
        self.busy = False
        self._interval = settings.get("WebSocketPingInterval")  # s
        settings.watch("WebSocketPingInterval", self._plan_ping)

    def step(self):
        """Do what is due: dial, read, write, ping. Never blocks; cheap when nothing is going
        on."""
        now = self._clock.ticks()
        if not self.busy and 0 <= now - self._looked < _LOOK_MS:
            return
        self._looked = now
        link = self._link
        if link is None:
            if self._dial.due() and self.online and not self.closed:
                self._start()
            return
        try:
            link.step()
        except Exception as e:  # a fault of ours, or no memory: this link is lost, not the station
            log.trace(e)
            link.abort("closed", "failed: %r" % (e,))
        self.busy = link.busy
        if link.last_rx is not None:
            self.last_rx = link.last_rx
        if link.state == "open":
            if not self.connected:
                self._opened(link)
            self._supervise(link)
        elif link.state != "connecting":
            self.connected = False
            if link.state == "closed":
                self._ended(link.error)

    def recv(self):
        """The next text message, or None."""
        text = self._link.recv() if self.connected else None
        if text is not None:
            self.busy = True
        return text

    def send(self, text):
        """Hand over one message. False if not now: offline, or the last one is still on its
        way."""
        if not self.connected or not self._link.send(text):
            return False
        self.busy = True
        return True

    def close(self, code=1000, reason=""):
        """End for good, with a goodbye that further steps complete."""
        self.closed = True
        self._leave(code, reason)

    def drop(self, delay_ms=None):
        """End this link with a goodbye and dial anew after `delay_ms`; None: as after a
        failure."""
        self._dial.start(self._back_off() if delay_ms is None else delay_ms)
        self._leave(1000, "")

    def reconnect(self, after_ms=0):
        """End this link with a goodbye and dial anew, for example with other credentials."""
        self._failures = 0
        self.drop(after_ms)

    def set_online(self, online):
        """The network is gone (False): the link is dead, nothing is dialled. It is back (True):
        dial at once."""
        if online == self.online:
            return
        self.online = online
        if online:
            self._failures = 0
            self._dial.start(0)
        elif self._link:
            link = self._link
            link.abort("closed", "network down")
            self._ended(link.error)
        else:
            self.error = "network down"
        self._looked = -_LOOK_MS

    def _start(self):
        self.busy = True
        try:
            self._link = self._open_link()
        except (ValueError, OSError, MemoryError) as e:
            self._ended(str(e) or "out of memory")

    def _opened(self, link):
        self.connected = True
        self.epoch += 1
        self.subprotocol = link.subprotocol
        self.error = self._said = None
        self._lasted.start(max(_LASTED_MS, self._wait_ms))
        self._pong.stop()
        self._plan_ping(self._interval)
        log.info(_TAG, link.url, "open,", link.subprotocol)

    def _supervise(self, link):
        """Pings and their answers. Bytes of any kind are a sign of life."""
        if self._lasted.expired():
            self._failures = 0
        if self._pong.running:
            if self._heard != (link.pong_seen, link.last_rx):
                self._pong.stop()
            elif self._pong.due():
                link.abort("timeout", "no answer to a ping in %d s" % (self._pong_ms // 1000))
                return self._ended(link.error)
        if self._ping.due():
            self._plan_ping(self._interval)
            if not self._pong.running:
                self._heard = (link.pong_seen, link.last_rx)
                self._pong.start(self._pong_ms)
            link.ping()
            self.busy = True

    def _plan_ping(self, interval):
        """The next ping is due in `interval` s; 0: never."""
        self._interval = interval
        self._ping.stop()
        if interval:
            self._ping.start_s(interval)

    def _ended(self, text):
        """The link is closed, or could not be made: log why, and set the next dial."""
        link = self._link
        self._link = None
        self.connected = self.busy = False
        self._lasted.stop()
        if self._leaving or self.closed:
            self._leaving = False
            return
        self.error = text = text or "closed"
        wait = self._back_off()
        self._dial.start(wait)
        again = "; next try in %d s" % ((wait + 999) // 1000) if self.online else ""
        say = log.debug if text == self._said else log.warn
        say(_TAG, text + again)
        repeated = text == self._said
        self._said = text
        if self.on_failed and (link is None or link.last_rx is None):
            self.on_failed((link and link.failure) or "setup", text, repeated)

    def _leave(self, code, reason):
        self.connected = False
        self._looked = -_LOOK_MS
        if self._link:
            self._leaving = self.busy = True
            self._link.close(code, reason)

    def _back_off(self):
        """ms until the next dial; counts a failure."""
        least = max(1, self._settings.get("RetryBackOffWaitMinimum"))
        repeats = min(self._failures, self._settings.get("RetryBackOffRepeatTimes"), 16)
        spread = min(self._settings.get("RetryBackOffRandomRange"), _MAX_WAIT_S) * 1000
        share = int.from_bytes(self._random(2), "little")
        self._failures += 1
        self._wait_ms = min(least << repeats, _MAX_WAIT_S) * 1000 + spread * share // 65535
        return self._wait_ms
