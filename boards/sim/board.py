"""The board `sim`: a station that is all software, on the MicroPython unix port.

A board gives the firmware `evses` (see `sim/evse.py` for what each one offers), `clock()` for a
new start of the firmware, `rtc()`, `step()`, `take_card()`, `show()`, `sound()`,
`off()` and `close()` (see `hardware/board.py`).
"""

import time

from sim.world import World

from ocpp.clock import Clock

_MASK = const(0x1FFFFFFF)


class SimClock(Clock):
    """A clock that runs `speed` times as fast as the host's. `wall_time(told)`: what to make of
    the time the central system tells."""

    def __init__(self, speed=1, wall_time=None):
        self._wall_time = wall_time
        self._per_mille = int(speed * 1000)  # integers: no float is made by a look at the clock
        self._start = time.ticks_ms()
        super().__init__()

    def ticks(self):
        return time.ticks_diff(time.ticks_ms(), self._start) * self._per_mille // 1000 & _MASK

    def set_unix(self, seconds):
        super().set_unix(self._wall_time(seconds) if self._wall_time else seconds)


class Board:
    """`folder`, `keep`: see `World`. `speed`: how many times faster than real time."""

    def __init__(self, config, folder, speed=1, keep=False):
        self.speed = speed
        self.world = World(config["connectors"], config["connector_lock"], folder, keep)
        self.evses = self.world.evses
        self.frames_file = folder + "/frames"  # where the last OCPP frames are kept
        self._clock = SimClock(speed)
        self._last = self._clock.ticks()
        self._wall = None  # simulated Unix time at the board's start, once it was told
        serial = config.get("charge_point", {}).get("meter_serial") or "0"
        for evse in self.evses:
            path = "%s/meter-%d.key" % (folder, evse.id)
            evse.meter = (path, "%s-%d" % (serial, evse.id), self.rtc)
        self._rtc = int(time.time())  # Unix time at the start: the unix port counts from 1970

    @property
    def online(self):
        """The network is there."""
        return self.world.online

    def take_card(self):
        """The control API presents cards itself."""

    def show(self, number, state):
        """No lights."""

    def sound(self, name):
        """No buzzer."""

    def clock(self):
        """A clock for one start of the firmware. It does not know the time."""
        return SimClock(self.speed, self._wall_time)

    def _wall_time(self, told):
        """Where time runs at its own speed, only the first telling counts: the central system's
        clock goes at another pace."""
        if self.speed == 1:
            return told
        if self._wall is None:
            self._wall = told - self._clock.uptime()
        return self._wall + self._clock.uptime()

    def rtc(self):
        """Unix time of the board's own clock, which the firmware does not rely on."""
        return self._rtc + self._clock.uptime()

    def step(self):
        now = self._clock.ticks()
        self.world.step(self._clock.diff(now, self._last))
        self._last = now
        self._clock.uptime()

    def off(self):
        self.world.off()

    def close(self):
        self.world.off()
        self.world.close()
