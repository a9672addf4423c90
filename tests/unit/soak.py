"""Random soak: a station with two connectors lives through days of users, faults, a moody central
system, resets and power cuts; then all must have been told (`soak_court.py`).

    stats = soak(seed)              one life; the same seed gives the same life. Violation if the
                                    station broke a rule

The loop is called every 100 ms while anything moves, in longer steps while nothing does.
"""

import gc
import json
import sys

from powercut import PowerCut
from soak_acts import act, plug, present, soothe, unplug
from soak_court import check, judge
from soak_csms import GOOD
from soak_world import Life, Restart, World

from ocpp.log import log

# Bytes that the heap may differ from one calm hour to another: settings decide which parts stay
_HEAP = const(32000)
_HOUR = const(3600000)
_GAPS = (
    (500, 5000),
    (1000, 60000),
    (1000, 60000),
    (60000, 600000),
    (60000, 900000),
    (600000, 3600000),
)


class Course(World):
    """What becomes of the station."""

    # -- power --

    def boot(self):
        """The station comes up; power may go again meanwhile."""
        while True:
            self.count("boots")
            try:
                self.tell("boot")
                self.life = Life(self)
                self.life.station.boot_reason = self.reason
                break
            except PowerCut:
                pass
            except OSError as e:
                check(self.flash.dead, "boot failed:", repr(e))
            self.power_fails("PowerUp")
        self.dial_at = None
        self.news()

    def power_fails(self, reason):
        """No power for a while, or the watchdog bites: what a boot finds then."""
        self.count("power cuts" if reason == "PowerUp" else "reboots")
        for socket, session in self.began:
            session.limbo = True
            socket.session = session
            socket.sessions.append(session)
        for socket in self.sockets:
            socket.power_gone(self.ms)
            socket.session_over()
            if socket.session:
                socket.session.open = socket.session.open and self.resumes
        self.tell("power fails" if reason == "PowerUp" else reason)
        self._off(reason, self.dice.pick((1000, 20000, 7200000)) if reason == "PowerUp" else 2000)

    def restart(self):
        """The reset the station asked for; it has ended all transactions before."""
        self.count("resets")
        for c, socket in zip(self.life.station.connectors, self.sockets):
            check(not c.tx and not socket.closed, "reset in a transaction at", c.id)
        self.life.station.stop()
        self._off("RemoteReset", 10000)

    def _off(self, reason, most_ms):
        self.wish = None
        self.began.clear()
        self.unheard()
        if self.life:
            self.life.station.tidy()  # a real boot finds nothing in memory
        self.life = None
        self.reason = reason
        self.flash.restore()
        self.flash.umount()
        self.flash.mount()  # raises if the file system is not readable
        self.ms += self.dice.between(500, most_ms)
        for socket in self.sockets:
            if self.dice.chance(20):
                socket.car = socket.ready = not socket.car

    def arm(self):
        """Power goes at one of the next block operations, or later without one."""
        self.armed += 1
        mine = self.armed
        self.flash.cut(self.dice.between(1, self.dice.pick((6, 20, 60))), self.dice.chance(50))

        def fall():
            if mine == self.armed and self.flash.cut_at:
                self.flash.dead = True

        self.soon(self.dice.between(5000, 600000), fall)

    # -- life --

    def live(self, hours):
        """Anything may happen."""
        end = self.ms + hours * _HOUR
        while self.ms < end:
            try:
                if self.life is None:
                    self.boot()
                act(self)
                self.run(self.dice.between(*self.dice.pick(_GAPS)))
            except PowerCut:
                self.power_fails("PowerUp")
            except Restart:
                self.restart()

    def rest(self, ms):
        """Time goes by without power cuts."""
        end = self.ms + ms
        while self.ms < end:
            if self.life is None:
                self.boot()
            try:
                self.run(end - self.ms)
            except Restart:
                self.restart()

    def calm_down(self):
        """All is well again: an hour later nothing waits any more."""
        self.tell("calm")
        self.flash.restore()
        self.due.clear()
        if self.life is None:
            self.boot()
        soothe(self)
        self.rest(10000)
        for c in self.life.station.connectors:
            c.end()  # where it goes on though the car has left
        self.rest(_HOUR)
        station = self.life.station
        check(station.log.pending() == 0, "still pending:", station.log.pending())
        if station.log.parked():
            self.count("put aside", station.log.parked())
            self.resending = True
            station.log.resend()
            self.rest(_HOUR // 4)
            self.resending = False
        check(station.log.parked() == 0, "still put aside:", station.log.parked())
        for number in (0, 1, 2):
            self.csms.call("ChangeAvailability", {"connectorId": number, "type": "Operative"})
            self.rest(5000)
        for number in (1, 2):  # cables that are kept for somebody
            self.csms.call("UnlockConnector", {"connectorId": number})
            self.rest(20000)
        self.operative = True
        for socket in self.sockets:
            socket.operative = True
            self._prove(socket)
        for _ in range(30):  # meter values by the clock may just be under way
            if self.life.station.busy:
                self.rest(1000)
        self._check_calm()

    def _prove(self, socket):
        """Each connector still works, from plug to stop."""
        number = socket.number
        plug(self, socket)
        tag = self.dice.pick(GOOD)
        self.rest(2000)
        present(self, tag, number)
        self.rest(60000)
        check(socket.closed, "no energy at %d after an hour's rest" % number)
        present(self, tag, number)
        self.rest(10000)
        unplug(self, socket)
        self.rest(30000)

    def _check_calm(self):
        station = self.life.station
        log = station.log
        check(log.pending() == 0 and log.parked() == 0, "pending after a session:", log.pending())
        check(station.registration.accepted and not station.resetting, "not in service")
        check(not station.jobs and not station.rpc.busy, "still at work")
        check(not log.full and not station.store.full, "flash full")
        for c in station.connectors:
            told = self.csms.statuses.get(c.id)
            check(c.status == told == "Available", "state", c.status, "told", told, "at", c.id)
            check(c.tx is None and c.grant is None and not c.errors, "left over at", c.id)

    def heap(self):
        """Bytes in use, with nothing but the calm station and its world."""
        self.csms.open_books()
        for socket in self.sockets:
            socket.open_books()
        self.swallowed = False
        self.credits.clear()
        self.csms.forget()
        self.life.station.tidy()
        gc.collect()
        return gc.mem_alloc()


def soak(seed, hours=48, parts=3, story=None):
    """One life of about `hours` in `parts`, with an hour of calm and a judgement after each.
    -> what happened: {name: how often}, "ms": the time it was, "transactions": how many were
    told."""
    world = Course(seed, story)
    before = None
    try:
        for _ in range(parts):
            world.live(hours // parts)
            world.calm_down()
            world.count("transactions", judge(world))
            heap = world.heap()
            check(before is None or heap - before < _HEAP, "heap from", before, "to", heap)
            before = before or heap
    finally:
        log.sink = None
    world.flash.umount()
    world.count("hours", world.ms // _HOUR)
    return world.stats


def main(seed, story=False):
    """One life for `tools/soak.py`: prints what happened as JSON. SystemExit(1) if it failed."""
    try:
        print(json.dumps(soak(seed, story=print if story else None)))
    except Exception as e:
        sys.print_exception(e)
        raise SystemExit(1)
