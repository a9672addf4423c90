"""What stands in the place of a guard, or of all that can't be used."""

from evse.stopwatch import Stopwatch
from evse.timing import STALL_MS, WITHDRAW_MS


class Relay:
    """The own contactor, if there is one, beside a foreign controller that has the pilot: closed
    while energy may flow and the device is heard; open at the latest 6 s after it may no longer.
    `tick` as that of `Guard`: opens it when the main loop stands still."""

    def __init__(self, main, controller, clock):
        # Longest time between two ticks. There is to be room: an interrupt sets it.
        self.worst_ms = 0
        self._main = main
        self._controller = controller
        self._clock = clock
        self._fed = self._last = clock.ticks()
        self._since = Stopwatch(clock, True)  # energy may no longer flow
        self.phases = 0
        self.open()

    def step(self):
        controller = self._controller
        if controller.permit:
            self._since.start()
        flows = controller.permit or (controller.ev_ready and self._since.ms() < WITHDRAW_MS)
        bad = [f for f in controller.faults if f.faulted]
        self.phases = 1 if flows and not bad else 0
        self._command()
        self._fed = self._clock.ticks()

    def open(self, _reason=""):
        self.phases = 0
        self._command()

    def _command(self):
        main = self._main
        if main is not None:
            main.set(self.phases > 0)
            if main.second is not None:
                main.second.set(self.phases > 0)

    @property
    def silent_ms(self):
        """Time since the last tick."""
        return self._clock.diff(self._clock.ticks(), self._last)

    def tick(self, _=None):
        self.worst_ms = max(self.worst_ms, self.silent_ms)
        self._last = self._clock.ticks()
        self.deadline()
        self._command()

    def deadline(self, _=None):
        if self.phases and self._clock.diff(self._clock.ticks(), self._fed) > STALL_MS:
            self.open()


class Nothing:
    """Stands for a controller whose hardware can't be used: nothing is ever offered."""

    plugged = ev_ready = offering = False
    phases = 0
    worst_ms = silent_ms = 0

    def __init__(self, words, main=None):
        from evse.faults import Fault

        self._main = main
        self.faults = (Fault("Hardware", words),)

    def step(self):
        self.open()

    def open(self, _reason=""):
        if self._main is not None:
            self._main.set(False)

    def tick(self, _=None):
        self.open()

    deadline = tick
