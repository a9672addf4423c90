"""The course of one connector from plug or card to the end of its transaction.

`step()` is called about every 50 ms. The order inside matters: first what the inputs did, then,
one step later, what follows from it, so that each state is seen, and reported, before the next.
"""

from ocpp.log import log
from ocpp.station.identity import same

# Longest wait for the contactor to open before the last meter value is taken.
_OPENING_S = const(5)

_AUTHORIZED = const("Authorized")

_GLITCH = const(10)  # steps in a row that may fail
_DOUBT_S = const(10)  # without energy after more of them

FIRMWARE = "firmware"  # vendor code of errors that the firmware itself reports


class Session:
    """The part of a Connector that moves."""

    # -- for host and dialects
    # ---------------------------------------------------------------------

    def begin(self, id_token, kind="", authorized=False, parent=None):
        """Begin a session for an identifier of the type `kind`, once it is authorized.
        `authorized` True:
        nobody is asked; its group is `parent` then. Returns False if this connector can't be used
        now.
        ValueError for an identifier that is none."""
        return self.station.begin(self, id_token, kind, authorized, parent)

    def end(self, id_token=None, reason="Local", authorized=False):
        """End the transaction (`reason`: OCPP 1.6 §7.36), or an authorization that waits. Another
        `id_token` than the one that began it must be of the same group, which is asked for, unless
        `authorized` says that it may end it. Returns False if there is nothing to end."""
        if self.tx is None and self.grant is None:
            return False
        if not authorized and id_token is not None and not same(self.authorized, id_token):
            self.station.end(self, id_token, reason)
        elif self.tx:
            self.stop(id_token, reason, "", reason not in ("Local", "Remote"))
        else:
            self.revoke()
        return True

    def stop(self, id_token=None, reason="Local", kind="", last=False):
        """Energy stops now. The transaction ends when the contactor is open, unless the conditions
        of its end (`stops` of the dialect) say otherwise, and this is not its `last` moment for
        sure. `id_token`, of the type `kind`: who stopped it."""
        tx = self.tx
        if tx.ending:
            return
        if not last and self.station.dialect.tracks_states:
            if _points().goes_on(self, id_token, reason, kind):
                return
        self.finish(reason, None, id_token, kind)

    def finish(self, reason, trigger=None, id_token=None, kind=""):
        """The transaction ends as soon as the contactor is open. `trigger`: what brings its end,
        where that is not the `reason`."""
        tx = self.tx
        self._before_end = self.state()
        tx.ending = reason
        tx.end_trigger = trigger
        tx.end_token = id_token
        tx.end_kind = kind
        self._opening.start_s(_OPENING_S)
        self._log("ending:", reason)

    @property
    def free(self):
        """True if a session may begin: operative, no fault, nobody charging or authorized."""
        tx = self.tx
        return (
            (tx is None or not (tx.authorized or tx.ending))
            and self.grant is None
            and not self.faulted
            and self.operative
            and self.station.operative
            and not self.station.resetting
            and not self.station.installing
            and self.station.may_begin
        )

    def accept(self, grant):
        """`grant` may charge here: the transaction begins once the rest is ready."""
        part = self.station.reservations
        grant.reservation = (
            part.claim(self, grant.id_token, grant.parent) if part else self.reservation
        )
        self.finishing = self._waiting = False
        self.info = ""
        self.languages = grant.languages
        if self.tx:
            _points().authorize(self, grant)
            return self.station.emit("Authorized", self)
        self.grant = grant
        if grant.remote_start_id is not None:
            grant.trigger = "RemoteStart"
        elif grant.trigger is None:
            known = self.plugged or _AUTHORIZED in self.station.dialect.starts
            grant.trigger = _AUTHORIZED if known else "CablePluggedIn"
        if self.plugged:
            self._timer.stop()
        else:
            self._wait()
        self._log("authorized for", grant.id_token)
        self.station.emit("Authorized", self)

    def revoke(self):
        """The waiting authorization is withdrawn."""
        self.grant = None
        self._timer.stop()
        self.finishing = self.plugged or self.occupied

    def deauthorize(self):
        """The central system does not accept whom this transaction runs for (OCPP 1.6 §3.5.4,
        §9.1:
        StopTransactionOnInvalidId, MaxEnergyOnInvalidId)."""
        tx = self.tx
        if tx is None or tx.suspended or tx.energy_end_wh is not None or tx.ending:
            return
        if not tx.authorized:
            return
        _charging().deauthorize(self)

    # -- the loop
    # ----------------------------------------------------------------------------------

    def step(self):
        fault = None
        for name, fn in self._bound:
            try:
                setattr(self, name, fn())
            except Exception as e:
                fault = e
        self._move()
        if fault:
            self.failed(fault)
        elif self._failures:
            self._failures = 0
        if self._doubt.expired():
            self.clear_error("InternalError", FIRMWARE)

    def failed(self, e):
        """An input could not be read, or a step not be done. After a second of it no energy flows
        for a
        while: nobody watches over it."""
        self._failures += 1
        if self._failures < _GLITCH:
            return
        if not self._doubt.running:
            log.error("connector %d" % self.id, "inputs or work fail:", repr(e))
            self.set_error("InternalError", "inputs or work fail", "", FIRMWARE, False)
        self._doubt.start_s(_DOUBT_S)

    def _move(self):
        if self.plugged != self._was_plugged:
            if self.plugged:
                self._plugged_in()
            else:
                self._unplugged()
            self._was_plugged = self.plugged
        elif self.occupied != self._was_occupied:
            self._bay()
        elif self.tx:
            _charging().step(self)
        elif self.grant:
            self._step_grant()
        elif self._begins and self.free and not self.station.recovering and self.metered():
            _charging().start(self, self._begins)
        elif self._waiting and self.free:
            self._welcome()
        elif (
            self.finishing and not self.plugged and not self.occupied and self.lock_holder is None
        ):
            self.finishing = False
            self.info = ""
        if self._timer.expired():
            self._timed_out()

    def _plugged_in(self):
        self._log("plugged in")
        self.finishing = False  # a new usage (OCPP 1.6 §4.9 F2)
        self.info = ""
        if self.tx:
            if self.station.dialect.tracks_states:
                _points().plugged(self)
        elif self.grant:
            self._timer.stop()
        elif self.free:
            self._welcome()
        else:
            self._waiting = True

    def _welcome(self):
        self._waiting = False
        dialect = self.station.dialect
        if not dialect.tracks_states:
            self._wait()
        elif "EVConnected" in dialect.starts:
            self._begins = "CablePluggedIn"
        self.station.tokens.plugged(self)

    def _bay(self):
        """A car comes to, or leaves, the parking bay."""
        self._was_occupied = self.occupied
        dialect = self.station.dialect
        if self.tx:
            if dialect.tracks_states:
                _points().bay(self)
        elif self.occupied and "ParkingBayOccupancy" in dialect.starts:
            self._begins = "EVDetected"
        elif self._begins == "EVDetected":
            self._begins = None

    def _unplugged(self):
        self._log("unplugged")
        self._waiting = False
        if self._begins == "CablePluggedIn":
            self._begins = None
        if self.tx:
            return _charging().unplugged(self)
        self._timer.stop()
        self.info = ""
        if self.grant:
            self.grant = None
            self.station.emit("Aborted", self)
        unlock = self.station.settings.get("UnlockConnectorOnEVSideDisconnect")
        if unlock or self.lock_holder is None:
            self.finishing = False
            self.release_lock()

    def release_lock(self):
        self.lock_holder = None
        self.lock_wanted = False

    def _wait(self):
        seconds = self.station.settings.get("ConnectionTimeOut")
        if seconds:
            self._timer.start_s(seconds)

    def _timed_out(self):
        """OCPP 1.6 §4.9 B1 (no plug came) and B6 (no card came)."""
        if self.grant:
            self._log("no cable in time")
            self.revoke()
            self.station.emit("ConnectionTimeout", self)
        elif self.tx:
            if not self.plugged:
                self._log("no cable in time")
                self.stop(None, "Timeout")
                self.station.emit("ConnectionTimeout", self)
        elif self.plugged:
            self._log("nobody authorized in time")
            self.finishing = True

    def _step_grant(self):
        grant = self.grant
        if not grant.seen:
            grant.seen = True
        elif (
            not self.faulted
            and self.operative
            and self.station.operative
            and self._may_begin(grant)
            and self.metered()
        ):
            if grant.due:
                return _charging().start(self)
            grant.due = True
            self.station.jobs.append(self.station.tidying())

    def _may_begin(self, grant):
        """True if the transaction of a grant begins now, as the conditions of its start say; at
        the latest when a car is connected, or energy would flow without one."""
        starts = self.station.dialect.starts
        if _AUTHORIZED in starts:
            return True
        if not (self.plugged and self.start_ready):
            return False
        if grant.profile or not _at_energy(starts):  # a profile needs its transaction
            return True
        if not grant.offered:
            if not self.station.limits.settled:
                return False
            grant.wh = self.read_energy()
            grant.offered = True
        ready = self.charging_permitted if self.evse_ready is None else self.evse_ready
        return ready and self.ev_ready


def _at_energy(starts):
    """True if nothing but the flow of energy begins a transaction of whom is authorized."""
    if "EnergyTransfer" not in starts:
        return False
    return not ("PowerPathClosed" in starts or "EVConnected" in starts or "DataSigned" in starts)


def _charging():
    """The module of the transaction itself, there while one runs."""
    from ocpp.station import charging

    return charging


def _points():
    """The module of transactions that begin and end as their start and stop points say."""
    from ocpp.station import points

    return points
