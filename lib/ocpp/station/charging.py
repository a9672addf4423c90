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
_DEAUTHORIZED = const("DeAuthorized")


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
        self.remote_start_id = None  # number given by a remote start, or None
        self.profile = None  # charging profile that came with its start, until it is installed
        self.key_told = False  # the meter's public key went along with a signed value
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


def start(c):
    """The transaction that `c.grant` waits for begins. Nothing flows without its record."""
    grant, c.grant = c.grant, None
    try:
        _begin(c, grant)
    except Exception:
        c.tx = None
        c.grant = grant
        raise
    if grant.reservation is not None and c.station.reservations:
        c.station.reservations.used(grant.reservation)
    c.station.metering.begin(c)
    c._log("transaction started for", grant.id_token, "at", c.tx.start_wh, "Wh")
    c.station.emit("StartTx", c)


def _begin(c, grant):
    station = c.station
    wh = c.read_energy()
    tx = Transaction(station.log.new_key(), c, grant.id_token, grant.kind, grant.parent, wh)
    tx.remote_start_id = grant.remote_start_id
    station.limits.begin(tx, grant.profile)
    tx.id = station.dialect.transaction_id(tx.key)
    data = {"connector": c.id, "id": grant.id_token, "wh": wh, "trigger": grant.trigger}
    if grant.kind:
        data["kind"] = grant.kind
    if grant.parent:
        data["parent"] = grant.parent
    if grant.remote_start_id is not None:
        data["remote"] = grant.remote_start_id
    if grant.reservation is not None:
        data["reservation"] = grant.reservation
    c.tx = tx
    c._timer.stop()
    c._settle.start(_SETTLE_MS)
    c._second.start(1000)
    c.finishing = False
    c.lock_wanted = True
    c.lock_holder = None
    if station.dialect.tracks_states:
        data["state"] = tx.state = charging_state(c)
        wanted = station.settings.get("SampledDataCtrlr.TxStartedMeasurands")
        data["values"] = station.metering.samples(c, wanted, "Transaction.Begin", wh)
    station.record(txlog.START, tx, data)


def resume(c, tx):
    """Go on with a transaction that a restart interrupted."""
    if c.grant:  # somebody was quicker: the connector is not free after all
        c.revoke()
    c.tx = tx
    c.finishing = False
    tx.id = c.station.dialect.transaction_id(tx.key, tx.id)
    c.station.limits.begin(tx, None)
    c._was_plugged = c.plugged
    c._second.start(1000)
    c.lock_wanted = True
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
        return c.stop(None, _fault_reason(c))
    c.station.metering.step(c)
    if c._second.due():
        c._second.start(1000)
        _save(c, register(c))
        if c.station.dialect.tracks_states:
            _track(c)
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
    state = c.state()
    return state if state in _TRANSFER else _CONNECTED


def _track(c):
    """Write down a change of the charging state. Called once a second: cars may be restless."""
    before, state = c.tx.state, charging_state(c)
    if state == before:
        return
    c.tx.state = state
    trigger = "ChargingStateChanged"
    if state == _IDLE:
        trigger = "EVCommunicationLost"
    elif before == _IDLE:
        trigger = "CablePluggedIn"
    _update(c, {"state": state, "trigger": trigger})


def record_samples(c, samples, trigger=None):
    """Write down meter values of the running transaction. `trigger`: why, if asked for."""
    data = {"values": samples}
    if trigger:
        data["trigger"] = trigger
        data["state"] = charging_state(c)
    _update(c, data)


def _update(c, data):
    data["connector"] = c.id
    data["wh"] = wh = register(c)
    c.station.record(txlog.UPDATE, c.tx, data)
    c.tx.saved(wh)


def _fault_reason(c):
    for e in c.errors + c.station.errors:
        if e.vendor_code in ("CX008", "EmergencyStop") or e.code == "EmergencyStop":
            return "EmergencyStop"
    return "Other"


def unplugged(c):
    """StopTransactionOnEVSideDisconnect, UnlockConnectorOnEVSideDisconnect (OCPP 1.6 §4.9, §4.10):
    as long as the transaction runs, the lock stays shut."""
    if c.tx.ending:
        return
    settings = c.station.settings
    c.info = "EV side disconnected"
    if not settings.get("StopTransactionOnEVSideDisconnect"):
        return
    if settings.get("UnlockConnectorOnEVSideDisconnect"):
        c.lock_wanted = False
    else:
        c.lock_holder = (c.tx.id_token, c.tx.parent)
    c.stop(None, _EV_DISCONNECTED)


def deauthorize(c):
    """The energy that is still given: MaxEnergyOnInvalidId."""
    share = c.station.settings.get("MaxEnergyOnInvalidId") or 0
    log.info("connector %d" % c.id, "identifier not accepted; energy still given:", share, "Wh")
    c.station.emit("DeAuthorized", c)
    if share > 0:
        c.tx.energy_end_wh = register(c) + share
    else:
        withhold(c)


def withhold(c):
    """No more energy for whom the central system does not accept; perhaps the end."""
    c.tx.suspended = True
    if c.station.settings.get("StopTransactionOnInvalidId"):
        c.lock_holder = (c.tx.id_token, c.tx.parent)
        c.stop(None, _DEAUTHORIZED)


def _finish(c):
    tx = c.tx
    station = c.station
    wh = register(c)
    data = {"wh": wh, "why": tx.ending}
    if tx.end_token:
        data["id"] = tx.end_token
        if tx.kind and same(tx.end_token, tx.id_token):
            data["kind"] = tx.kind
    if station.dialect.tracks_states:
        data["connector"] = c.id
        data["state"] = _CONNECTED if c.plugged else _IDLE
    values = station.metering.end(c)
    if values:
        data["values"] = values
    station.record(txlog.END, tx, data)
    c.tx = None
    c.finishing = c.plugged or c.occupied or tx.ending == _EV_DISCONNECTED
    if tx.ending == _EV_DISCONNECTED:
        c._was_plugged = False  # a car that is there now is another one
    c.scheduled = not c.operative or not station.operative
    c._opening.stop()
    if c.lock_holder is None:
        c.lock_wanted = False
    log.info("connector %d" % c.id, "transaction ended:", tx.ending, wh - tx.start_wh, "Wh")
    station.emit("StopTx", c)
