"""Many simulated stations in one process: `micropython stations.py FILE`, run by `tools/fleet`.

Each has a board, an `App` and a folder of its own, and lives by a dice of its own: cars come,
cards are held, cars pause and leave. FILE: JSON with `stations`, a list of [folder, configuration,
seed], `speed` and `stagger` (real seconds from start to start). A line of JSON a second tells what
they do; it ends when standard input does.
"""

import asyncio
import gc
import json
import os
import sys
import time

import config
from app import App
from sim.board import Board

from ocpp.clock import Timer

_IDLE_MS = const(5)
_TELL_MS = const(1000)
_BOOT_MS = const(2000)  # simulated time that a restart takes
_MS = const(1000)
_TAGS = ("DEADBEEF", "CAFEBABE", "FEEDC0DE")
_BUSY = ("Charging", "SuspendedEV", "SuspendedEVSE", "Occupied")
# Simulated seconds, least and most
_AWAY = (10, 120)
_BEFORE_CARD = (2, 15)
_STAY = (60, 600)
_PAUSE = (10, 60)


class Dice:
    """Chance that repeats itself."""

    def __init__(self, seed):
        self._state = seed * 7919 + 17

    def roll(self, low, high):
        """A whole number from `low` to `high`."""
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return low + (self._state >> 8) % (high - low + 1)


class Visitor:
    """Who comes to one connector: a job that yields the simulated seconds until its next act."""

    def __init__(self, station, evse, dice, clock):
        self._station = station
        self._evse = evse
        self._dice = dice
        self._timer = Timer(clock)
        self._timer.start(0)
        self._life = self._live()

    def step(self):
        if self._timer.due():
            self._timer.start(next(self._life) * _MS)

    def _live(self):
        roll = self._dice.roll
        while True:
            yield roll(*_AWAY)
            self._evse.plug("C", 6 + roll(0, 26), 3 if roll(0, 1) else 1, roll(5, 80))
            yield roll(*_BEFORE_CARD)
            tag = _TAGS[roll(0, len(_TAGS) - 1)]
            self._station().present(tag, self._evse.id)
            yield roll(*_STAY)
            if roll(0, 2) == 0:
                self._evse.set_ev("B")
                yield roll(*_PAUSE)
                self._evse.set_ev("C")
                yield roll(*_PAUSE)
            if roll(0, 1):
                self._station().present(tag, self._evse.id)
                yield roll(*_BEFORE_CARD)
            self._evse.unplug()


class Member:
    """One station with its board and its visitors."""

    def __init__(self, folder, found, seed, speed):
        self._found = config.check(found, ("sim",), lambda path: False)
        self._folder = folder
        self.board = Board(self._found, folder + ".world", speed)
        self.sessions = self.frames = self.restarts = 0
        self._clock = self.board.clock()
        self._boot = Timer(self._clock)
        self._reason = "PowerUp"
        dice = Dice(seed)
        self.app = None
        self._start()
        self._visitors = [
            Visitor(lambda: self.app.station, e, dice, self._clock) for e in self.board.evses
        ]

    def _start(self):
        self.app = App(self.board, self._found, self._folder, self._reason, self._framed)
        self.app.station.on("StartTx", self._count)

    def _count(self, event, connector):
        self.sessions += 1

    def _framed(self, direction, text):
        self.frames += 1

    def step(self):
        """One turn of everything; never blocks."""
        self.board.step()
        if self._boot.running:
            if self._boot.due():
                self._boot.stop()
                self._start()
            return
        self.app.step()
        for visitor in self._visitors:
            visitor.step()
        if self.app.reset:
            self.restarts += 1
            self._reason = "RemoteReset"
            self.app.station.stop()
            self._boot.start(_BOOT_MS)

    def close(self):
        self.app.station.stop()
        self.app.station.loop()
        self.board.close()


def told(members):
    """What they do, as a dict of sums."""
    sums = {"stations": len(members), "online": 0, "charging": 0, "power_w": 0, "energy_wh": 0}
    for name in ("sessions", "frames", "restarts"):
        sums[name] = sum(getattr(m, name) for m in members)
    for m in members:
        sums["online"] += bool(m.app.station.online)
        for connector, evse in zip(m.app.station.connectors, m.board.evses):
            sums["charging"] += connector.status in _BUSY
            sums["power_w"] += int(evse.power_w)
            sums["energy_wh"] += evse.energy_wh
    return sums


class Fleet:
    """All stations of this process, started one after the other."""

    def __init__(self, wanted):
        self._waiting = list(wanted["stations"])
        self._speed = wanted["speed"]
        self._stagger_ms = int(wanted["stagger"] * _MS)
        self.members = []
        self.stopping = False

    async def run(self):
        """Until `stopping`. On the way out the contactors open and the connections are closed."""
        started = spoke = time.ticks_ms()
        try:
            while not self.stopping:
                now = time.ticks_ms()
                if self._waiting and time.ticks_diff(now, started) >= 0:
                    started = time.ticks_add(now, self._stagger_ms)
                    self._begin(*self._waiting.pop(0))
                for member in self.members:
                    member.step()
                if time.ticks_diff(now, spoke) >= _TELL_MS:
                    spoke = now
                    print(json.dumps(told(self.members)))
                await asyncio.sleep_ms(_IDLE_MS)
        finally:
            for member in self.members:
                member.close()
            print(json.dumps(told(self.members)))

    def _begin(self, folder, found, seed):
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there
        self.members.append(Member(folder, found, seed, self._speed))


async def main(path):
    with open(path) as file:
        fleet = Fleet(json.load(file))

    async def watch():
        await asyncio.StreamReader(sys.stdin.buffer).read(1)
        fleet.stopping = True

    watcher = asyncio.create_task(watch())
    await fleet.run()
    watcher.cancel()


if __name__ == "__main__":
    gc.threshold(65536)
    asyncio.run(main(sys.argv[1]))
