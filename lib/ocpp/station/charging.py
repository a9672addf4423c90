"""A transaction of a connector from its start to its end: the part of `Session` that is in memory
only
while there is one. The functions take the Connector and may use its private parts."""

from ocpp import txlog
from ocpp.log import log
from ocpp.station.identity import same

_SETTLE_MS = const(1000)  # time for contactor and EV after a start, before "suspended" is said
_SAVE_S = const(55)  # the register is written down that often, or
_SAVE_WH = const(98)  # before more energy than that is in doubt

_IDLE = const("Idle")
_CONNECTED = const("EVConnected")
_TRANSFER = const(("Charging", "SuspendedEV", "SuspendedEVSE"))
_EV_DISCONNECTED = const("EVDisconnected")
_LOST = const("EVCommunicationLost")
_DEAUTHORIZED = const("DeAuthorized")
# Errors with a word of their own for why a transaction ended
_FAULTS = {"GroundFailure": "GroundFault", "OverCurrentFailure": "OvercurrentFault"}


class Transaction:
    """What is remembered of one in memory. Its history is in the log on flash."""

    def __init__(self, key, connector, id_token, kind, parent, start_wh):
        self.key = key  # local key, unique for ever
        self.connector = connector  # the Connector
        self.id = None  # the central system's id once known: any integer, or a text
        self.id_token = id_token
        self.kind = kind  # type of the token, "" where it has none
        self.parent = parent  # group identifier or None
        self.start_wh = start_wh
        self.last_wh = start_wh  # highest register value seen: a meter never counts down
        self.seen_wh = start_wh  # register at the last look, a second ago
        self.started = connector.station.clock.uptime()  # s; negative after a resume over a reboot
        self.stamp = None  # when it began, after such a resume, until `started` says so
        self.saved_wh = start_wh  # register value last written to flash
        self.saved_at = 0  # `seconds` at that time
        self.state = None  # charging state last written down, None: none was
        self.suspended = False  # True: de-authorized, no energy until it ends
        self.energy_end_wh = None  # register value at which a de-authorized EV has had its share
        self.ending = None  # reason once it is to end
        self.end_token = None  # identifier that ended it
        self.end_kind = ""  # type of that
        self.end_trigger = None  # what brings its end, None: the reason says it
        self.authorized = True  # False: nobody is yet, or not any more
        self.stopped = None  # why nobody is any more, while it goes on
        self.floating = False  # True: at which connector is not known yet
        self.cable = False  # True: a cable is in, also while there is no car
        self.charged = 0  # s of energy transfer, None: not known
        self.remote_start_id = None  # number given by a remote start, or None
        self.profile = None  # charging profile that came with its start, until it is installed
        self.key_told = False  # the meter's public key went along with a signed value
        self.lag = (
            None  # s from its start until somebody was authorized and a car there, see `view`
        )
        self.held = False  # True: no energy yet, its limit is not worked out

    def saved(self, wh):
        self.saved_wh = wh
        self.saved_at = self.seconds

    @property
    def energy_wh(self):
        return self.last_wh - self.start_wh

    @property
    def seconds(self):
        return self.connector.station.clock.uptime() - self.started


def start(c, trigger=None):
    """The transaction that `c.grant` waits for begins, or without one that of whom `trigger`
    announces. Nothing flows without its record, or is lost."""
    grant, c.grant = c.grant, None
    c._begins = None
    try:
        _begin(c, grant, trigger)
    except Exception:
        c.tx = None
        c.grant = grant
        c._begins = trigger
        raise
    if grant and grant.reservation is not None and c.station.reservations:
        c.station.reservations.used(grant.reservation)
    if not c.tx.floating:
        c.station.metering.begin(c)
    c._log("transaction started for", c.tx.id_token, "at", c.tx.start_wh, "Wh")
    c.station.emit("StartTx", c)


def _begin(c, grant, trigger):
    station = c.station
    wh = c.read_energy()
    if grant is None:
        tx = Transaction(station.log.new_key(), c, None, "", None, wh)
        tx.authorized = False
        data = {}
    else:
        wh = wh if grant.wh is None else grant.wh
        tx = Transaction(station.log.new_key(), c, grant.id_token, grant.kind, grant.parent, wh)
        tx.remote_start_id = grant.remote_start_id
        station.limits.begin(tx, grant.profile, grant.offered)
        trigger = grant.trigger
        data = granted(grant)
    tx.id = station.dialect.transaction_id(tx.key)
    data.update({"connector": c.id, "wh": wh, "trigger": trigger})
    c.tx = tx
    if c.plugged or not station.dialect.tracks_states:
        c._timer.stop()
    c._settle.start(_SETTLE_MS)
    c._second.start(1000)
    c.finishing = False
    c.lock_wanted = tx.authorized
    c.lock_holder = None
    if station.dialect.tracks_states:
        from ocpp.station import points

        points.started(c, grant, data)
    station.append(txlog.START, tx.key, data)


def granted(grant):
    """What a record tells of a grant."""
    data = {"id": grant.id_token}
    if grant.kind:
        data["kind"] = grant.kind
    if grant.parent:
        data["parent"] = grant.parent
    if grant.remote_start_id is not None:
        data["remote"] = grant.remote_start_id
    if grant.reservation is not None:
        data["reservation"] = grant.reservation
    if grant.extra:
        data["extra"] = grant.extra
    return data


def resume(c, tx):
    """Go on with a transaction that a restart interrupted."""
    if c.grant:  # somebody was quicker: the connector is not free after all
        c.revoke()
    c.tx = tx
    c._begins = None
    c.finishing = False
    tx.cable = c.plugged
    tx.charged = None
    tx.lag = 0
    tx.id = c.station.dialect.transaction_id(tx.key, tx.id)
    c.station.limits.begin(tx, None)
    c._was_plugged = c.plugged
    c._second.start(1000)
    c.lock_wanted = tx.authorized
    c.station.metering.begin(c, resumed=True)


def register(c):
    """Register value for this transaction: never lower than before."""
    tx = c.tx
    value = c.read_energy()
    if value > tx.last_wh:
        tx.last_wh = value
    return tx.last_wh


def step(c):
    """One step of the running transaction."""
    tx = c.tx
    if tx.ending:
        if c.stop_ready and (not c.evse_ready or c._opening.due()):
            _finish(c)
        return
    if c.faulted:
        return c.finish(_fault_reason(c))
    if not tx.floating:
        c.station.metering.step(c)
    if c._second.due():
        c._second.start(1000)
        if not tx.floating:
            _save(c, register(c))
        if c.station.dialect.tracks_states:
            from ocpp.station import points

            points.track(c)
        if tx.energy_end_wh is not None and tx.last_wh >= tx.energy_end_wh and not tx.suspended:
            withhold(c)


def _save(c, wh):
    """Keep the register on flash, so that a power cut puts little in doubt."""
    tx = c.tx
    seconds = tx.seconds - tx.saved_at
    doubt = wh - tx.saved_wh
    # What flows until the next look is taken to be as much as since the last one.
    if doubt and (doubt + wh - tx.seen_wh >= _SAVE_WH or seconds >= _SAVE_S):
        c.station.log.checkpoint(tx.key, wh)
        tx.saved(wh)
    tx.seen_wh = wh


def charging_state(c):
    """What goes on between car and station: "Idle" (no car), "EVConnected", or the state of the
    energy transfer: "Charging", "SuspendedEV", "SuspendedEVSE"."""
    if not c.plugged:
        return _IDLE
    if not c.tx.authorized:
        return _CONNECTED
    state = c.state()
    return state if state in _TRANSFER else _CONNECTED


def record_samples(c, samples, trigger=None, stamp=None):
    """Write down meter values of the running transaction. `trigger`: why, if asked for. `stamp`:
    when they were taken, if not now."""
    data = {"values": samples}
    if trigger:
        data["trigger"] = trigger
        data["state"] = charging_state(c)
    update(c, data, stamp)


def update(c, data, stamp=None):
    """Write down what became of the running transaction."""
    data["connector"] = c.id
    if c.tx.floating:
        data["floating"] = True
    data["wh"] = wh = register(c)
    c.station.append(txlog.UPDATE, c.tx.key, data, stamp)
    c.tx.saved(wh)


def _fault_reason(c):
    for e in c.errors + c.station.errors:
        if e.vendor_code in ("CX008", "EmergencyStop") or e.code == "EmergencyStop":
            return "EmergencyStop"
        if e.faulted and e.code in _FAULTS:
            return _FAULTS[e.code]
    return "Other"


def unplugged(c):
    """StopTransactionOnEVSideDisconnect, UnlockConnectorOnEVSideDisconnect (OCPP 1.6 §4.9, §4.10):
    as long as the transaction runs, the lock stays shut."""
    tx = c.tx
    if tx.ending:
        return
    stop = c.station.settings.get("StopTransactionOnEVSideDisconnect")
    c.info = "EV side disconnected"
    if c.station.dialect.tracks_states:
        from ocpp.station import points

        stop = points.unplugged(c, stop)
    if stop:
        release(c, not tx.authorized)
        c.finish(tx.stopped or _EV_DISCONNECTED, _LOST)


def release(c, anyhow=False):
    """The cable may be taken now that the car is gone; or, if it is to stay locked, by whom it
    was for. `anyhow`: nobody's any more."""
    settings = c.station.settings
    if anyhow or not c.station.locks or settings.get("UnlockConnectorOnEVSideDisconnect"):
        c.lock_wanted = False
    else:
        _keep_shut(c)


def _keep_shut(c):
    """The cable stays locked until its user comes; without a lock nobody has to."""
    if c.station.config.get("connector_lock") is not False:
        c.lock_holder = (c.tx.id_token, c.tx.parent)


def deauthorize(c):
    """The energy that is still given: MaxEnergyOnInvalidId."""
    share = c.station.settings.get("MaxEnergyOnInvalidId") or 0
    log.info("connector %d" % c.id, "identifier not accepted; energy still given:", share, "Wh")
    c.station.emit("DeAuthorized", c)
    if share > 0:
        _denied(c)
        c.tx.energy_end_wh = register(c) + share
    else:
        withhold(c)


def withhold(c):
    """No more energy for whom the central system does not accept; perhaps the end."""
    c.tx.suspended = True
    if c.station.settings.get("StopTransactionOnInvalidId"):
        if c.station.locks:
            _keep_shut(c)
        c.stop(None, _DEAUTHORIZED)
    else:
        _denied(c)


def _denied(c):
    """It goes on although it is known that its identifier is not valid: so after a restart."""
    if c.station.dialect.tracks_states:
        c.station.log.note(c.tx.key, "denied", True)


def _finish(c):
    tx = c.tx
    station = c.station
    wh = register(c)
    data = {"wh": wh, "why": tx.ending}
    if tx.end_token:
        data["id"] = tx.end_token
        kind = tx.end_kind or (tx.kind if same(tx.end_token, tx.id_token) else "")
        if kind:
            data["kind"] = kind
    if station.dialect.tracks_states:
        from ocpp.station import points

        points.ended(c, data)
    values = station.metering.end(c)
    if values:
        data["values"] = values
    station.append(txlog.END, tx.key, data)
    c.tx = None
    gone = tx.ending == _EV_DISCONNECTED or tx.end_trigger == _LOST
    c.finishing = c.plugged or c.occupied or gone
    if gone:
        c._was_plugged = False  # a car that is there now is another one
    c.scheduled = not c.operative or not station.operative
    c._opening.stop()
    c._timer.stop()
    if c.lock_holder is None:
        c.lock_wanted = False
    log.info("connector %d" % c.id, "transaction ended:", tx.ending, wh - tx.start_wh, "Wh")
    station.emit("StopTx", c)
