"""The course of one connector from plug or card to the end of its transaction.

`step()` is called about every 50 ms. The order inside matters: first what the inputs did, then,
one step later, what follows from it, so that each state is seen, and reported, before the next.
"""

from ocpp.log import log
from ocpp.station.identity import same

# Longest wait for the contactor to open before the last meter value is taken.
_OPENING_S = const(5)

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
        if self.authorized is None:
            return False
        if not authorized and id_token is not None and not same(self.authorized, id_token):
            self.station.end(self, id_token, reason)
        elif self.tx:
            self.stop(id_token, reason)
        else:
            self.revoke()
        return True

    def stop(self, id_token=None, reason="Local"):
        """Energy stops now; the transaction ends when the contactor is open. `id_token`: who
        stopped it."""
        tx = self.tx
        if tx.ending:
            return
        self._before_end = self.state()
        tx.ending = reason
        tx.end_token = id_token
        self._opening.start_s(_OPENING_S)
        self._log("ending:", reason)

    @property
    def free(self):
        """True if a session may begin: operative, no fault, nobody charging or authorized."""
        return (
            self.tx is None
            and self.grant is None
            and not self.faulted
            and self.operative
            and self.station.operative
            and not self.station.resetting
            and not self.station.installing
        )

    def accept(self, grant):
        """`grant` may charge here: the transaction begins once the rest is ready."""
        part = self.station.reservations
        grant.reservation = (
            part.claim(self, grant.id_token, grant.parent) if part else self.reservation
        )
        self.grant = grant
        self.finishing = self._waiting = False
        self.info = ""
        if grant.remote_start_id is not None:
            grant.trigger = "RemoteStart"
        elif grant.trigger is None:
            grant.trigger = "Authorized" if self.plugged else "CablePluggedIn"
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
        elif self.tx:
            _charging().step(self)
        elif self.grant:
            self._step_grant()
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
            return
        if self.grant:
            self._timer.stop()
        elif self.free:
            self._welcome()
        else:
            self._waiting = True

    def _welcome(self):
        self._waiting = False
        self._wait()
        self.station.tokens.plugged(self)

    def _unplugged(self):
        self._log("unplugged")
        self._waiting = False
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
        elif self.plugged and not self.tx:
            self._log("nobody authorized in time")
            self.finishing = True

    def _step_grant(self):
        if not self.grant.seen:
            self.grant.seen = True
        elif (
            self.plugged
            and self.start_ready
            and not self.faulted
            and self.operative
            and self.station.operative
            and self.metered()
        ):
            if self.grant.due:
                return _charging().start(self)
            self.grant.due = True
            self.station.jobs.append(self.station.tidying())


def _charging():
    """The module of the transaction itself, there while one runs."""
    from ocpp.station import charging

    return charging
