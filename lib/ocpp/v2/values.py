"""Values of the live variables of the device model that change with what happens; see
`v2/live.py`. In memory while they are read, and while they are monitored."""

from ocpp.station.connector import is_fault


def of(station, source, c):
    """The value as text, None: there is none. `source`: as in `v2/live.py`; `c`: the connector,
    None: the station."""
    kind, _, what = source.partition(" ")
    if kind == "set":
        return text(setting(station, what))
    if c:
        return text(_of_connector(c, kind, what))
    if kind == "state":
        return station.dialect.status_word(station.state())
    return text(is_fault(station.errors))


def read(station, source, component, variable):
    """The same by the address of the component, `EVSE@1`; also variables of the host."""
    name, _, at = component.partition("@")
    try:
        if source and source[0] != "@":
            return of(station, source, station.connector(int(at.split(".")[0])) if at else None)
    except (KeyError, ValueError):  # of another firmware or configuration
        return None
    for line, fn in station.variables:
        if line.startswith("%s|%s.%s|" % (source, name, variable)):
            return text(fn())
    return None


def setting(station, name):
    """The value of a setting, in memory from now on: it is looked at each second."""
    settings = station.settings
    value = settings.get(name)
    settings.assume(name, value)
    return value


def text(value):
    if value is True or value is False:
        return "true" if value else "false"
    return None if value is None else str(value)


def _of_connector(c, kind, what):
    station = c.station
    if kind == "state":
        return c.status
    if kind in ("problem", "error"):
        return c.faulted if kind == "problem" else any(e.code == what for e in c.errors)
    if kind == "one":
        return _measured(c, what)
    if kind == "sum":
        return _measured(c, what) or 0
    if kind == "register":
        return c.read_energy()
    if kind == "on":
        return bool(c.charging_permitted if c.evse_ready is None else c.evse_ready)
    if kind == "locked":
        return c.lock_wanted if station.on_unlock else None
    if kind == "reset":
        return station.on_evse_reset is not None
    if kind == "wired":
        return _rotation(station.settings.get("ConnectorPhaseRotation"), c.id)
    raise ValueError(kind)


def _rotation(text, number):
    for item in text.split(","):
        at, _, rotation = item.partition(".")
        if at == str(number) and len(rotation) == 3:
            return rotation
    return None


def _measured(c, measurand):
    """The sum over the phases of what is measured; None: nothing is."""
    found = [m for m in c.measures if m[0] == measurand]
    found = [m for m in found if m[1] is None] or found
    values = [(m[4](), m[2]) for m in found]
    values = [value * (1000 if unit == "kW" else 1) for value, unit in values if value is not None]
    if not values:
        return None
    total = round(sum(values) * 10)
    return total // 10 if total % 10 == 0 else total / 10
