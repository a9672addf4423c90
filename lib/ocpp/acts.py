"""What a host or the central system asks of a station now and then. See `Host`."""

from ocpp.clock import Timer
from ocpp.log import log
from ocpp.station.connector import Error
from ocpp.station.identity import ACCEPTED, checked, same

_FLASH = const("FlashFull")  # vendor code of the warning
_DAMAGED = const("FlashDamaged")  # vendor code of the warning
_PROBE_S = const(60)  # a full flash is tried again that often
_ENDING_S = const(15)  # longest wait for a transaction to end, and for the lock to open


def begin(station, connector, id_token, kind, authorized, parent):
    """See `Session.begin`."""
    from ocpp.station.tokens import Grant

    grant = Grant(checked(id_token, station.dialect.id_max), kind, parent)
    if not connector.free or station.tokens.barred(connector, id_token, parent, authorized):
        return False
    if authorized:
        connector.accept(grant)
    else:
        station.tokens.authorize(connector, grant)
    return True


def end(station, connector, id_token, reason):
    """End a session for an identifier that did not begin it, if it is of the same group."""

    def judged(info):
        session = connector.tx or connector.grant
        if info.status == ACCEPTED and session and same(session.parent, info.parent):
            connector.end(id_token, reason, True)
        else:
            station.tokens.rejected(id_token, info, connector)

    station.tokens.ask(checked(id_token, station.dialect.id_max), "", judged)


def call(station, action, payload, done=None, timeout_ms=None):
    """Send any operation; `done(result, error)`: the CALLRESULT and None, or None and a CallError,
    of which `local` ones never got an answer ("Timeout", "Offline", "Dropped"). `payload`: dict,
    or a function that makes it when it is sent. Waits while there is no link; of more than 16 the
    oldest is dropped. TypeError for anything else."""
    if not isinstance(action, str):
        raise TypeError("action is a text, not %r" % (action,))
    if not isinstance(payload, dict) and not callable(payload):
        raise TypeError("payload is a dict or a function, not %r" % (payload,))
    station.rpc.call(action, payload, done, timeout_ms=timeout_ms)


def change_availability(station, number, operative):
    """ChangeAvailability as the central system's (OCPP 1.6 §5.2); number 0: the whole station.
    Returns "Accepted", "Scheduled" or "Rejected"; ValueError for a number that is none."""
    if number != 0:
        station.connector(number)
    return station.part("availability").change(number, operative)


def reset(station, kind):
    """A reset, "Soft" or "Hard" (2.x: "Immediate", "OnIdle"): transactions are ended and told,
    then `on_reset(kind)` is called (OCPP 1.6 §5.14). False if it can't be, or `reset_allowed`
    forbids it."""
    allowed = station.reset_allowed
    if station.on_reset is None or (allowed and allowed(kind) is False):
        return False
    station.part("reset").request(kind)
    return True


def set_error(station, code, info="", vendor_id="", vendor_code="", faulted=True):
    """An error of the station as a whole; see `Connector.set_error`."""
    error = Error(code, info, vendor_id, vendor_code, faulted)
    if error not in station.errors:
        station.errors = [e for e in station.errors if e.code != code] + [error]


def security_event(station, type, info="", critical=None):
    """Something happened to the security of the station (whitepaper §8): it is logged and told.
    `critical`: told even if that takes a restart; None: as the whitepaper has it."""
    station.part("security").event(type, info, critical)


def check_flash(station):
    """The flash takes nothing any more, or takes it again: told as a warning, charging goes on."""
    if station.probe.due():
        station.store.probe()
        station.log.retry()
    full = station.log.full or station.store.full
    if full:
        station.probe.start_s(_PROBE_S)
    else:
        station.probe.stop()
    if full != station.full:
        station.full = full
        station.errors = [e for e in station.errors if e.vendor_code != _FLASH]
        if full:
            error = Error("InternalError", "flash full or broken", "", _FLASH, False)
            station.errors.append(error)
            security_event(station, "MemoryExhaustion", "flash full or broken")


def report_damage(station):
    """Data on flash can't be read: told as a warning until the next start."""
    station.damage = station.damaged()
    info = []
    damaged = station.store.damaged + (["transaction log"] if station.log.damaged else [])
    if damaged:
        info.append("damaged on flash: " + ", ".join(damaged))
    newer = station.store.newer + station.log.foreign
    if newer:
        info.append("of newer firmware, kept: " + ", ".join(newer))
    station.errors = [e for e in station.errors if e.vendor_code != _DAMAGED]
    station.errors.append(Error("InternalError", "; ".join(info), "", _DAMAGED, False))


def clear_error(station, code=None):
    """An error of the station is gone; None: all of them."""
    station.errors = [e for e in station.errors if code is not None and e.code != code]


def unlock(station, connector, done):
    """Open the lock of a connector, its transaction is ended first, unless nobody is authorized
    for that. `done(status)`: see `Connector.unlock`."""
    if station.on_unlock is None:
        return done("NotSupported")
    if connector.authorized is not None:
        connector.end(None, "UnlockCommand")
    station.jobs.append(_unlocking(station, connector, done, Timer(station.clock)))


def _unlocking(station, connector, done, timer):
    timer.start_s(_ENDING_S)
    while _charges(connector) and not timer.due():
        yield
    if not _charges(connector):
        connector.release_lock()
    while not _charges(connector):  # never under a transaction, nor one that began since
        try:
            state = station.on_unlock(connector)
        except Exception as e:
            log.error("lock", "can't be opened:", repr(e))
            state = False
        if state:
            return done("Unlocked")
        if state is not None or timer.due():
            break
        yield
    done("UnlockFailed")


def _charges(connector):
    tx = connector.tx
    return bool(tx and (tx.authorized or tx.ending))


def data_transfer(station, vendor, message, data):
    """Result of an incoming DataTransfer (OCPP 1.6 §5.6)."""
    handlers = station.data_handlers
    fn = handlers.get((vendor, message)) or handlers.get((vendor, None))
    if fn is None:
        known = any(v == vendor for v, _ in handlers)
        return {"status": "UnknownMessageId" if known else "UnknownVendorId"}
    status, data = fn(data)
    return {"status": status} if data is None else {"status": status, "data": data}
