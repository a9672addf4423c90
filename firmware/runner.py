"""Runs the station's software and starts it anew, while board, control API and frame log go on.

A restart leaves nothing behind: the old `App` is dropped and every module of `lib/ocpp`,
`lib/wsclient` and the application is loaded again.
"""

import asyncio
import binascii
import gc
import sys

from frames import Frames
from logbook import Logbook

from ocpp.clock import Clock, Timer
from ocpp.log import log

_BOOT_MS = const(500)  # time that a start takes
_CLOSING_MS = const(1000)  # longest wait for the goodbye of a closed connection, real time
_MAX_PAUSE_S = const(60)  # between tries to start, if the application fails again and again
_SOUND_S = const(60)  # after so long a run an earlier failure is forgotten
_IDLE_MS = const(5)
_RELOADED = (
    "ocpp pki wsclient transfer app wire transfers slots bundles seals crash doctor".split()
)
_REASONS = {"OnIdle": "ScheduledReset", "Firmware": "FirmwareUpdate"}
_KEPT = ("ocpp.clock", "ocpp.log")  # without state, and in use by what goes on


class Runner:
    """`app` is None while the firmware restarts. `damaged`: names of what was found damaged on
    flash before there was a station to tell it. On a chip also: `reason`: why it has started;
    `program`: (folder, version) of the slot that was chosen by who has started this;
    `leave(reason)`: a restart is one of the chip, by this. `record`: a `recording.Recorder` or
    `Player`, if this run is recorded or replayed."""

    def __init__(
        self,
        board,
        config,
        folder,
        damaged=(),
        reason="PowerUp",
        program=None,
        leave=None,
        record=None,
    ):
        import os  # here, as it may be another one while it is recorded

        # Tells one process from the next: numbers of frames begin anew
        self.process = binascii.hexlify(os.urandom(4)).decode()
        self.board = board
        self.config = config
        self.record = record
        self.frames = Frames(board.frames_file, self.time, Clock().ticks)  # in real time
        self.chores = []  # objects whose step() has its turn once a loop
        self.watchdog = None  # object with feed()
        self.program = program
        self._doctor = None  # the last one
        self.book = Logbook(folder, board.clock(), self.time)
        log.book = self.book.add
        self._history = None
        if hasattr(board, "world"):
            self.history(True)
        self.app = None
        self.folder = folder
        self._damaged = list(damaged)
        self._reason = reason
        self._restarts = leave
        self._closing = None  # the connection of the last App while it says goodbye
        self._boot = Timer(board.clock())
        self._boot.start(0)
        self._patience = 0  # steps left for `_closing`
        self._failures = 0  # in a row
        self._stopping = False
        self._started = False  # before

    def time(self):
        """Unix seconds: the station's time, or the board's while the station has none."""
        unix = self.app.clock.unix() if self.app else None
        return self.board.rtc() if unix is None else unix

    async def run(self):
        """Until `stop()`. On the way out, whatever the reason, the contactors open."""
        try:
            while not self._stopping:
                self.turn()
                if self.watchdog:
                    self.watchdog.feed()  # the one place
                await asyncio.sleep_ms(0 if self.app and self.app.busy else _IDLE_MS)
            if self.record:
                import report

                self.record.end(report.status(self))
            self._leave(True)
            while self._closing:
                self._say_goodbye()
                await asyncio.sleep_ms(_IDLE_MS)
        finally:
            self.board.close()

    def stop(self):
        """Stop for good: the connection is closed, no transaction is ended."""
        self._stopping = True

    def restart(self, reason, polite=False):
        """Restart the firmware now. `reason`: its next boot reason. `polite`: with a closing
        handshake; without, the connection is gone like after a power cut."""
        log.info("firmware", "restarts:", reason)
        self._reason = reason
        self._leave(polite)
        self._boot.start(_BOOT_MS)

    def ready(self):
        """The App, started at once if it was about to start. None if it can't be."""
        if self.app is None and not self._failures:
            if self.record:
                self.record.made_ready()
            self._closing = None
            self._start()
        return self.app

    def history(self, always=False):
        """The `History` of power and limit, which begins when it is first asked for."""
        if self._history is None:
            from history import History

            self._history = History(self.board, self.chores, always)
        return self._history

    def examine(self):
        """Have `doctor` look at the way to the central system, unless it does already."""
        if self._doctor is None or not self._doctor.running:
            from doctor import Doctor

            self._doctor = Doctor(self.app, self.time)

    def findings(self):
        """What it has found, as a dict for JSON."""
        doctor = self._doctor
        steps = [{"step": s[0], "ok": s[1], "text": s[2]} for s in doctor.steps] if doctor else []
        return {
            "running": bool(doctor and doctor.running),
            "ok": doctor.ok if doctor else None,
            "steps": steps,
        }

    def turn(self):
        """One turn of everything; never blocks."""
        self.board.step()
        self.book.step()
        for chore in self.chores:
            chore.step()
        if self._doctor and self._doctor.running:
            self._doctor.step()
            if not self._doctor.running:
                sys.modules.pop("doctor", None)
        if self._closing:
            self._say_goodbye()
        elif self.app is None:
            if self._boot.due():
                self._start()
        else:
            try:
                self.app.step()
            except Exception as e:
                self._failed(e)
                return
            if self._failures and self.app.clock.uptime() >= _SOUND_S:
                self._failures = 0
            if self.app.reset:
                self.restart(_REASONS.get(self.app.reset, "RemoteReset"), True)

    # -- inside -----------------------------------------------------------------------------------

    def _start(self):
        self._boot.stop()
        if self._started and self._restarts:
            return self._restarts(self._reason)
        self._started = True
        try:
            version = self._choose()
            module = __import__("app")
            self.app = module.App(
                self.board,
                self.config,
                self.folder,
                self._reason,
                self._framed,
                version,
                self._diagnostics,
            )
            if self.record:
                self.app.record = self.record
                self.app.station.few = 9999  # all: other modules are loaded when it is replayed
            self.app.station.store.damaged += self._damaged
        except Exception as e:
            self._failed(e)

    def _framed(self, direction, text):
        self.frames.add(direction, text)
        if self.record:
            self.record.frame(direction, text)

    def _failed(self, error):
        """The application has a fault: start it anew, each time after a longer pause."""
        log.error("firmware", "failed:", repr(error))
        log.trace(error)
        import crash

        uptime = self.app.clock.uptime() if self.app else 0
        crash.crashed(self.folder, error, self.time(), uptime, self._reason)
        self._failures += 1
        pause = min(2**self._failures, _MAX_PAUSE_S)
        self.restart("Watchdog")
        self._slots().revert(repr(error))
        self._forget()
        self._boot.start_s(pause)

    def _leave(self, polite):
        """Drop the App and all that was loaded for it."""
        self.board.off()
        app = self.app
        self.app = None
        if self._doctor:
            self._doctor.close()
            self._doctor = None  # it is code of what is let go
        if app:
            if polite:
                app.station.stop()
                self._closing = app.station.connection
                self._patience = _CLOSING_MS // _IDLE_MS
            else:
                app.station.set_online(False)
        app = None
        self._forget()
        self.book.write()

    def _forget(self):
        """Whatever is imported next is loaded anew."""
        for name in list(sys.modules):
            if name.split(".")[0] in _RELOADED and name not in _KEPT:
                del sys.modules[name]
        gc.collect()

    def _slots(self):
        """The slots, by the code that the board was delivered with."""
        import slots

        slots.use(None)
        return slots.Slots(self.folder, delivered=self.config["charge_point"]["firmware"])

    def _choose(self):
        """Have the application imported from the slot whose turn it is; -> its version or None."""
        if self.program:
            return self.program[1]
        path, version = self._slots().start()
        from slots import use

        use(path)
        self._forget()
        return version

    def _diagnostics(self, oldest, latest):
        self.book.write()
        from crash import lines

        return lines(self.folder, self.frames, oldest, latest)

    def _say_goodbye(self):
        self._closing.step()
        self._patience -= 1
        if self._patience <= 0 or not self._closing.connected:
            self._closing = None
            gc.collect()
