"""Measurands: lists of them, their units, and values as text.

A sample is a tuple (value, context, measurand, phase, location, unit) of texts, None where the
default of OCPP applies or nothing does; `full` puts the defaults in.
"""

ENERGY = "Energy.Active.Import.Register"
OFFERED = "Current.Offered"

_PHASES = const(("L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"))
# By the beginning of a measurand. None: a number without unit, or (Hertz, RPM) with none in 1.6.
_UNITS = (
    ("Energy.Active", "Wh"),
    ("Energy.Reactive", "varh"),
    ("Power.Factor", None),
    ("Power.Reactive", "var"),
    ("Power", "W"),
    ("Current", "A"),
    ("Voltage", "V"),
    ("SoC", "Percent"),
    ("Temperature", "Celsius"),
)


def parse(text):
    """The (measurand, phase) of each item of a list like `Voltage.L1,Current.Import`; phase None:
    all there are (OCPP 1.6 §9.1.17, §3.16.3)."""
    items = []
    for item in text.split(",") if text else ():
        name, phase = item.strip(), None
        at = name.rfind(".")
        if at > 0 and name[at + 1 :] in _PHASES:
            name, phase = name[:at], name[at + 1 :]
        items.append((name, phase))
    return items


def covers(wanted, phase):
    """True if a request for the phase `wanted` (None: any) takes a value of `phase` in:
    L1 also stands for L1-N, as voltage meters have it."""
    return wanted is None or phase == wanted or phase == wanted + "-N"


def number(value):
    """A number as text without exponent or float noise, at most 3 decimals. None if there is no
    number: None, infinite, not a number."""
    if isinstance(value, int):
        return str(value)
    if value is None or not -1e9 < value < 1e9:  # also false for nan
        return None
    size = abs(value)
    text = ("%.3f" if size < 10 else "%.2f" if size < 1000 else "%.1f") % value
    text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def unit_of(measurand):
    """The usual unit of a measurand, or None."""
    for start, unit in _UNITS:
        if measurand.startswith(start):
            return unit
    return None


def sample(value, context, measurand, phase, location, unit):
    """A sample, or None if there is no value."""
    text = number(value)
    if text is None:
        return None
    return (
        text,
        None if context == "Sample.Periodic" else context,
        None if measurand == ENERGY else measurand,
        phase,
        None if location == "Outlet" else location,
        None if unit == "Wh" and measurand == ENERGY else unit,
    )


def full(sample):
    """The same with the defaults in words; unit None: there is none."""
    value, context, measurand, phase, location, unit = sample
    if measurand is None:
        measurand = ENERGY
        unit = unit or "Wh"
    return value, context or "Sample.Periodic", measurand, phase, location or "Outlet", unit


def dated(station, record):
    """(Unix s, samples) of what an END tells of its transaction: in order of time and within the
    transaction, however the clock was set meanwhile."""
    chain = station.log.chains.get(record.key)
    at = station.log.stamp_unix(chain.begun) if chain else None
    for stamp, samples in record.data.get("values") or ():
        unix = station.unix_of(stamp)
        if unix is not None and samples:
            at = min(unix if at is None else max(at, unix), record.stamp)
            yield at, samples
