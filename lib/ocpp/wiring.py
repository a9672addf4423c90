"""What a host tells its station as it starts: functions to call, inputs, measurands. See
`Host`."""

_INPUTS = const(
    "plugged,ev_ready,evse_ready,occupied,start_ready,stop_ready,energy_wh,phases_in_use,cable_ma"
)
_EVENTS = const(
    "Accepted,TimeSet,Status,Authorized,AuthorizationRejected,AuthorizationTimeout,NoConnector,"
    "Reserved,ReservationConflict,ReservationEnded,ConnectionTimeout,Aborted,RemoteStart,RemoteStop,StartTx,StopTx,DeAuthorized,Parked,Limit"
)


def on(station, event, fn):
    """Call `fn(event, connector or None)` at each `event`; docs/api.md tells when which comes.
    ValueError: no such event."""
    _one_of(_EVENTS, "event", event)
    station.events.setdefault(event, []).append(_function(fn))


def handle(station, action, fn):
    """Have `fn(request)` answer an incoming operation, instead of the built-in answer or where
    there is none; None: the built-in one again. See `incoming.Request`; the payload has passed its
    schema, where the running version has one."""
    if fn is None:
        station.handlers.pop(_text("action", action), None)
    else:
        station.handlers[_text("action", action)] = _function(fn)


def on_data(station, vendor, message, fn):
    """Have `fn(data)` answer DataTransfer of a vendor and message, None: any other (OCPP 1.6
    §5.6). It returns (status, data or None)."""
    if message is not None:
        _text("message", message)
    station.data_handlers[(_text("vendor", vendor), message)] = _function(fn)


def observe(station, action, fn):
    """Call `fn(event, payload)` for an operation of either side. `event`: "received" and
    "answered" for calls that come in; "sent", "result" and "error" (the payload is a CallError)
    for ours."""
    station.rpc.observers.setdefault(_text("action", action), []).append(_function(fn))


def listen(station, fn):
    """Call `fn("in" | "out", text)` for each frame."""
    station.rpc.listeners.append(_function(fn))


def publish(station, line, fn):
    """A variable of the host's own in the device model of OCPP 2.x, read only: `fn()` -> its
    value, None while there is none. `line` as in `station/settings_table.py`, but with the EVSE it
    belongs to in the first field, or nothing: `@1|TemperatureSensor.Temperature|decimal|Celsius|-
    ||r|`. With flag "watch" it can be monitored. ValueError if malformed."""
    from ocpp.station import settings_rules

    at = line.partition("|")[0]
    if at and not (at[0] == "@" and at[1:].replace(".", "", 1).isdigit()):
        raise ValueError("not an EVSE: " + at)
    settings_rules.check_definition(line[len(at) :])
    station.variables += ((line, _function(fn)),)


def bind(station, connector, name, fn):
    """See `Connector.bind`."""
    _one_of(_INPUTS, "input", name)
    connector.take(name, _function(fn))


def measure(station, connector, measurand, fn, unit, phase, location):
    """See `Connector.measure`."""
    from ocpp.station import measurands

    _one_of(measurands.NAMES, "measurand", measurand)
    if phase is not None:
        _one_of(measurands.PHASES, "phase", phase)
    if unit is not None:
        _one_of(measurands.UNITS, "unit", unit)
    _one_of(measurands.LOCATIONS, "location", location)
    connector.measures.append((measurand, phase, unit, location, _function(fn)))


def _function(fn):
    if not callable(fn):
        raise TypeError("a function is wanted, not %r" % (fn,))
    return fn


def _text(what, value):
    if not isinstance(value, str):
        raise TypeError("%s is a text, not %r" % (what, value))
    if not value:
        raise ValueError("%s is empty" % what)
    return value


def _one_of(names, what, name):
    if _text(what, name) not in names.split(","):
        raise ValueError("there is no %s %s, but %s" % (what, name, names))
