"""A board with pins as the firmware sees it, the like of `sim.board.Board`.

Contactors are off before anything else is made, and on every way out. The safety tick of all
outlets runs from one timer. A part that can't be made, dies or talks nonsense is told, and the
rest works: without pilot, contactor or a monitor the connector is out of order, without a meter
nothing is billed, without a reader the others still read.
"""

import gc
import os
import sys
import time

from ocpp.clock import Clock
from ocpp.log import log
from ocpp.store import Store

_TICK_MS = const(10)  # as `evse.timing.TICK_MS`, which this need not keep
_SILENT_MS = const(250)  # without a tick
_STALL_MS = const(50)  # between two looks at the main loop alone
_EVSE_MS = const(20)  # between two steps of an outlet's state machine
_GRACE_MS = const(10000)  # a part may take so long to answer the first time
_LOOK_MS = const(500)  # between two looks at how the parts are
_DONE = ("assembly", "build", "front")  # not needed after the start
_EPOCH_2000 = const(946684800)


class Board:
    """`config`: checked, with "hardware", which is taken out of it: it is needed no more.
    `folder`: where meters keep their registers."""

    speed = 1  # how much faster than real time it runs
    online = True  # the network is not taken away
    frames_file = None  # flash is not for that

    def __init__(self, config, folder):

        from hardware.assembly import Assembly

        self._clock = Clock()
        self._look_at = self._stepped = self._clock.ticks()
        self._young = True  # parts are not yet expected to have answered
        self._store = Store(_made(folder + "/meters"))
        self._event = None  # of the button, not yet taken
        plan = config.pop("hardware")
        made = Assembly(plan, self._clock, self._store)
        self._mains = made.mains  # `Switch` of each contactor, None without one
        self.evses = made.evses
        self.readers = made.readers
        self.parts = made.parts  # (name, number of its connector, object): what is stepped
        self._jumps = made.jumps  # name of a meter: its jumps when its offset was kept
        self.button, self.buzzer, self.display = made.button, made.buzzer, made.display
        self._id_tag = made.id_tag  # that the button stands for
        self._guards = tuple([evse.guard for evse in made.evses])
        made = Assembly = None
        package = sys.modules["hardware"]
        for name in _DONE:
            if sys.modules.pop("hardware." + name, None):
                delattr(package, name)
        gc.collect()
        self._chip = plan["chip"]
        self._timers = self._start()

    def _start(self):
        """The safety tick, in an interrupt of its own where the port has that for all it does;
        where it has not, a second one for the deadline of the main loop, if the port can."""
        from machine import Timer

        number = self._chip["timer"]
        made = Timer(number)
        if self._chip["hard_irq"]:
            if _ring(made, _TICK_MS, self._tick, True):
                return (made,)
            log.warn("board", "this MicroPython has no hard timers: use 1.26 or later")
        _ring(made, _TICK_MS, self._tick, False)
        try:
            second = Timer(number + (number >= 0))
            if _ring(second, _STALL_MS, self._deadline, True):
                return (made, second)
        except ValueError:  # there is no second one
            pass
        return (made,)

    def _tick(self, _timer):  # these two may be hard interrupts: they allocate nothing
        try:
            for guard in self._guards:
                guard.tick()
        except RuntimeError:
            pass  # the stack is too deep for it just now; `_watch` sees if that goes on

    def _watch(self):
        """The main loop looks after the tick, as the tick does after the main loop."""
        for guard in self._guards:
            if guard.silent_ms > _SILENT_MS:
                log.error("board", "the safety tick had stopped for ms:", guard.silent_ms)
                for timer in self._timers:
                    timer.deinit()
                self._timers = self._start()
                guard.tick()
                if guard.phases:
                    guard.open("Stalled")

    def _deadline(self, _timer):
        for guard in self._guards:
            guard.deadline()

    # -- for the firmware ------------------------------------------------------------------------

    def clock(self):
        """A clock for one start of the firmware. It does not know the time."""
        return Clock()

    def rtc(self):
        """Unix time of the chip's own clock, which the firmware does not rely on."""
        seconds = int(time.time())
        return seconds + _EPOCH_2000 if time.gmtime(0)[0] == 2000 else seconds

    def step(self):
        """One round of everything; never waits. A part that raises does not stop the others."""
        for name, number, part in self.parts:
            try:
                part.step()
            except Exception as e:
                self._note(name, number, _words(e))
        due = self._clock.since(self._stepped) >= _EVSE_MS
        if due:
            self._stepped = self._clock.ticks()
            self._watch()
        for evse in self.evses:
            if due or evse.relay is not None:  # talking to a foreign controller takes many steps
                self._step_evse(evse)
        self._step_front()
        if self._clock.since(self._look_at) >= _LOOK_MS:
            self._look()

    def _step_evse(self, evse):
        try:
            evse.step()
        except Exception as e:  # its guard is not fed then, and opens
            log.error("connector %d" % evse.id, "failed:", repr(e))
        if evse.lights is not None:
            evse.lights.step()

    def _step_front(self):
        if self.button is not None:
            self.button.step()
            event = self.button.take()
            if event is not None:
                self._event = event
        if self.buzzer is not None:
            self.buzzer.step()
        if self.display is not None:
            self.display.step()

    def take_card(self):
        """(idTag, number of its connector or None) of a card that was held to a reader, or of the
        button that stands for one; None."""
        for reader in self.readers:
            tag = reader.take()
            if tag:
                self.sound("card")
                return tag, reader.connector
        if self._id_tag and self._event == "short":
            self._event = None
            return self._id_tag, None
        return None

    def take_press(self):
        """ "short", "long" or "stuck" once for each press of the button; None."""
        event, self._event = self._event, None
        return event

    def show(self, number, state):
        """The state of a connector ("Available", ...), or "offline", for lights and display."""
        evse = self.evses[number - 1]
        if state == evse.shown:
            return
        evse.shown = state
        if evse.lights is not None:
            evse.lights.show(_LOOKS.get(state) or state.lower())

    def sound(self, name):
        """ "accepted", "rejected", "card" or "error"."""
        if self.buzzer is not None:
            self.buzzer.play(name)

    def off(self):
        """The firmware's software is not there: every contactor opens."""
        for evse in self.evses:
            evse.off()
        for evse in self.evses:
            self.show(evse.id, "booting")

    def close(self):
        """For good: contactors open, the pilot offers nothing, the tick ends."""
        self.off()
        for timer in self._timers:
            timer.deinit()
        for main in self._mains:
            if main is not None:
                main.set(False)
                if main.second is not None:
                    main.second.set(False)
        for evse in self.evses:
            guard = evse.guard
            if hasattr(guard, "set_pilot"):
                guard.set_pilot(10000)
            if hasattr(evse.meter, "flush"):
                evse.meter.flush()

        for evse in self.evses:
            if evse.lights is not None:
                self._dark(evse.lights)

    def _dark(self, lights):
        try:
            lights.show("off")
            lights.step()
        except Exception as e:  # of an expander that does not answer; the contactors are open
            log.error("hardware", "Lights:", _words(e))

    # -- how the parts are -----------------------------------------------------------------------

    def _look(self):
        self._look_at = self._clock.ticks()
        if self._clock.uptime() * 1000 >= _GRACE_MS:
            self._young = False
        for name, number, part in self.parts:
            words = part.error
            if name == "Meter":
                self._keep("meter%d" % number, part)
                if hasattr(part, "age_ms") and not part.stale:
                    words = None  # one answer that did not come
            if not (words and self._young):
                self._note(name, number, words)
        if self.display is not None:
            self._text()

    def _note(self, name, number, words):
        """A part is in trouble, or well (None)."""
        troubles = self.evses[number - 1].troubles
        if troubles.get(name) == words:
            return
        if words:
            log.warn("connector %d" % number, name + ":", words)
            troubles[name] = words
        else:
            log.info("connector %d" % number, name, "is well")
            troubles.pop(name, None)
        self.evses[number - 1].tell()

    def _keep(self, name, meter):
        """The register of a meter that was replaced goes on where the old one was."""
        if name in self._jumps and meter.register.jumps != self._jumps[name]:
            if self._store.save(name, [meter.register.offset_wh]):
                self._jumps[name] = meter.register.jumps

    def _text(self):
        evse = self.evses[0]
        self.display.text(0, evse.shown)
        wh = evse.energy_wh
        self.display.text(2, "no meter" if wh is None else "%d.%03d kWh" % (wh // 1000, wh % 1000))
        self.display.text(4, evse.errors[0][0] if evse.errors else "")


_LOOKS = {"SuspendedEV": "suspended", "SuspendedEVSE": "suspended"}


def _made(folder):
    """`folder`, and those above it that are missing."""
    path = ""
    for name in folder.split("/"):
        path += name
        if name:
            try:
                os.mkdir(path)
            except OSError:
                pass  # it is there; if it can't be, the store says so
        path += "/"
    return folder


def _words(error):
    return str(error) or type(error).__name__


def _ring(timer, ms, callback, hard):
    """Have a timer call every so often. False: the port knows no hard interrupts of timers."""
    options = {"hard": True} if hard else {}
    try:
        timer.init(mode=timer.PERIODIC, period=ms, callback=callback, **options)
        return True
    except TypeError:
        if not hard:
            raise
        return False
