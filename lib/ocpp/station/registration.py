"""Registration with the central system, its clock, and the heartbeat (OCPP 1.6 §4.2, §4.6)."""

from ocpp import calls
from ocpp.clock import Timer
from ocpp.log import log

ACCEPTED = "Accepted"
_PENDING = const("Pending")
_REJECTED = const("Rejected")

_OWN_INTERVAL_S = const(60)  # where the answer names none
_FAILED_S = const(30)  # after silence or a CALLERROR
_DAY_S = const(86400)
_JUMP_S = const(10)  # the clock was set, not only kept right


class Registration:
    def __init__(self, station):
        self._station = station
        self.status = None  # None before the first answer, "Accepted", "Pending", "Rejected"
        self._beaten_by = 0  # uptime by which the heartbeat sent last has its answer, 0: it has
        self._retry = Timer(station.clock)
        self._retry.start(0)
        self._heartbeat = Timer(station.clock)
        self._daily = Timer(station.clock)  # the clock is compared at least once a day

    @property
    def accepted(self):
        return self.status == ACCEPTED

    def may_send(self, klass):
        """What may be sent in the present state (OCPP 1.6 §4.2)."""
        if self.status == ACCEPTED or klass == calls.BOOT:
            return True
        return self.status == _PENDING and klass == calls.TRIGGERED

    def step(self):
        if self.status != ACCEPTED:
            station = self._station
            if self._retry.due() and station.connection.connected:
                sent = getattr(station.rpc, "sent", None)
                if sent is None or sent.klass != calls.BOOT:  # one at a time
                    self.boot()
        elif self._heartbeat.due() or self._daily.due():
            self._beat()

    def boot(self):
        """Send BootNotification now."""
        station = self._station
        station.rpc.forget(calls.BOOT)
        # Again should no answer and no failure be told, for whatever reason: not before the RPC
        # has given up (`Clock.least_ms`), or there would be two of them.
        late = (station.settings.get("MessageTimeout") + _OWN_INTERVAL_S) * 1000
        self._retry.start(late + station.clock.least_ms)
        station.dialect.boot(self._booted)

    def reconnected(self):
        """A new connection: who was not answered on the last one asks again at once."""
        if self.status is None:
            self._retry.start(0)

    def restart(self):
        """The station changes version or server: register anew."""
        self.status = None
        self._retry.start(0)

    def answered(self):
        """An answer came: the link works, the next heartbeat may wait (OCPP 1.6 §4.6)."""
        if self.status == ACCEPTED:
            self.plan_heartbeat()

    def set_time(self, unix):
        """Take over the central system's time."""
        clock = self._station.clock
        mine = clock.unix()
        if mine is None or abs(unix - mine) > 1:
            try:
                clock.set_unix(unix)
            except ValueError:
                return log.warn("clock", "the central system's time is not believed:", unix)
            self._station.time_changed(mine is None)
            if mine is not None and abs(clock.unix() - mine) > _JUMP_S:
                self._station.part("security").event("SettingSystemTime")

    def _booted(self, status, interval, unix):
        """`status` None: no usable answer."""
        if status is None:
            self._retry.start_s(_FAILED_S)
            return
        log.info("registration", status, "interval", interval)
        first = self.status != ACCEPTED
        self.status = status
        if status != _REJECTED and unix is not None:
            self.set_time(unix)
        if status == ACCEPTED:
            if interval > 0:
                self._station.settings.adopt("HeartbeatInterval", interval)
            self.plan_heartbeat()
            self._daily.start_s(_DAY_S)
            if first:
                self._station.accepted()
        else:
            self._retry.start_s(interval if interval > 0 else _OWN_INTERVAL_S)
        self._station.rpc.wake = True

    def _beat(self):
        self.plan_heartbeat()
        self._daily.start_s(_DAY_S)
        station = self._station
        now = station.clock.uptime()
        if station.connection.connected and now >= self._beaten_by:
            self._beaten_by = now + station.settings.get("MessageTimeout") + _OWN_INTERVAL_S
            station.dialect.heartbeat(self._beaten)

    def _beaten(self, unix):
        self._beaten_by = 0
        if unix is not None:
            self.set_time(unix)

    def plan_heartbeat(self):
        """The next one is due an interval from now."""
        seconds = self._station.settings.get("HeartbeatInterval")
        if seconds > 0:
            self._heartbeat.start_s(seconds)
        else:
            self._heartbeat.stop()
