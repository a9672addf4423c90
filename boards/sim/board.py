"""The board `sim`: a station that is all software, on the MicroPython unix port.

A board gives the firmware `evses` (see `sim/evse.py` for what each one offers), `clock()` for a
new start of the firmware, `rtc()`, `step()`, `take_card()`, `show()`, `sound()`,
`off()` and `close()` (see `hardware/board.py`).
"""

import time

from sim.world import World

from ocpp.clock import Clock

_MASK = const(0x1FFFFFFF)
_LEAP_MS = const(30)  # of real time from turn to turn that count, where time runs faster


class Pace:
    """How simulated time goes on: `speed` times as fast as the host's. Faster than that it does
    not leap when the host gives this process no time for a while: a second lost would be a minute
    in which the station has done nothing."""

    def __init__(self, speed=1):
        self._us = 0  # simulated us at `_since`
        self._per_mille = 0
        self._since = time.ticks_ms()
        self.set(speed)

    def set(self, speed):
        """From now on it runs at this speed."""
        self._rest()
        self.speed = speed
        self._per_mille = int(speed * 1000)  # integers: no float is made by a look at the clock

    def ms(self):
        """Simulated ms since this was made."""
        return (self._us + self._gone(time.ticks_ms())) // 1000

    def turn(self):
        """The firmware begins a turn of its loop."""
        self._rest()

    def _rest(self):
        now = time.ticks_ms()
        self._us += self._gone(now)
        self._since = now

    def _gone(self, now):
        """Simulated us since `_since`."""
        gone = time.ticks_diff(now, self._since)
        if gone > _LEAP_MS and self._per_mille > 1000:
            gone = _LEAP_MS
        return gone * self._per_mille


class SimClock(Clock):
    """A clock that keeps to `pace`. `wall_time(told)`: what to make of the time the central system
    tells."""

    def __init__(self, pace, wall_time=None):
        self._wall_time = wall_time
        self._pace = pace
        self._start = pace.ms()
        super().__init__()

    def ticks(self):
        return (self._pace.ms() - self._start) & _MASK

    def set_unix(self, seconds):
        super().set_unix(self._wall_time(seconds) if self._wall_time else seconds)


class Board:
    """`folder`, `keep`: see `World`. `pace`: a `Pace`, or how many times faster than real time.
    `rtc`: Unix time of the board's own clock at its start, None: the host's."""

    def __init__(self, config, folder, pace=1, keep=False, rtc=None):
        self.pace = pace if hasattr(pace, "turn") else Pace(pace)
        self.world = World(config["connectors"], config["connector_lock"], folder, keep)
        self.evses = self.world.evses
        self.frames_file = folder + "/frames"  # where the last OCPP frames are kept
        self._clock = SimClock(self.pace)
        self._last = self._clock.ticks()
        self._wall = None  # simulated Unix time at the board's start, once it was told
        self._own_speed = self.pace.speed != 1  # time has run at another speed than the host's
        serial = config.get("charge_point", {}).get("meter_serial") or "0"
        for evse in self.evses:
            path = "%s/meter-%d.key" % (folder, evse.id)
            evse.meter = (path, "%s-%d" % (serial, evse.id), self.rtc)
        # The unix port counts from 1970
        self.rtc_start = int(time.time()) if rtc is None else rtc

    @property
    def speed(self):
        """How many times faster than real time."""
        return self.pace.speed

    def set_speed(self, speed):
        self.pace.set(speed)
        self._own_speed = self._own_speed or speed != 1

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
        return SimClock(self.pace, self._wall_time)

    def _wall_time(self, told):
        """Where time has run at its own speed, only the first telling counts: the central system's
        clock goes at another pace."""
        if self._wall is None or not self._own_speed:
            self._wall = told - self._clock.uptime()
        return self._wall + self._clock.uptime()

    def rtc(self):
        """Unix time of the board's own clock, which the firmware does not rely on."""
        return self.rtc_start + self._clock.uptime()

    def step(self):
        self.pace.turn()
        now = self._clock.ticks()
        self.world.step(self._clock.diff(now, self._last))
        self._last = now
        self._clock.uptime()

    def off(self):
        self.world.off()

    def close(self):
        self.world.off()
        self.world.close()
