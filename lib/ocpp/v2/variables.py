"""The device model (OCPP 2.0.1 B05 to B08): all variables of the station, found and described.

A row is (component, variable, definition, text or None); component and variable carry their
addresses: `EVSE@1`, `Connector@1.1`, `MessageTimeout[Default]`. A definition is a line of
`station/settings_table.py` or `v2/live.py`, cut at its bars; first in it is where the value comes
from, of settings `set NAME`. Both are imported while rows are
made, which takes a job; nothing of them stays.
"""

from ocpp.modules import unload

_KIND = const(2)
_UNIT = const(3)
_LIMITS = const(5)
ACCESS = const(6)
_FLAGS = const(7)
# As in `station/settings_rows.py`
_PARTS = const("settings_core settings_extra settings_prices settings_table")
_SLICE = const(6)  # rows looked at in one go
_LONGEST = const(500)  # characters of a list

_TYPES = (
    " bool boolean int integer decimal decimal str string time dateTime enum OptionList"
    " seq SequenceList "  # others: MemberList
)
# Units of ours -> of part 2 appendices §2
_UNITS = {"%": "Percent", "times": None, "characters": None}
_WORDS = {"rw": "ReadWrite", "r": "ReadOnly", "w": "WriteOnly"}


def rows(station, start=(0, 0)):
    """A generator of all rows from a place on: each as (place behind it, row); None: a pause. What
    is live comes first, then what the host publishes, then the settings part by part."""
    names = ["v2.live", None] + _PARTS.split() + [None]
    for k in range(start[0], len(names)):
        lines = _lines(station, k, names)
        for i in range(start[1] if k == start[0] else 0, len(lines)):
            for row in _rows(station, k, lines[i]):
                yield (k, i + 1), row
            if i % _SLICE == 0:
                yield None
        lines = None
        if names[k]:
            unload("ocpp." + names[k] if k == 0 else "ocpp.station." + names[k])
            yield None


def _lines(station, k, names):
    """Those of the k-th source."""
    if k == 1:
        return station.variables
    if k == len(names) - 1:
        return station.settings._declared
    package = "ocpp." if k == 0 else "ocpp.station."
    return __import__(package + names[k], None, None, ("TABLE",)).TABLE


def _rows(station, k, line):
    """The rows of a line."""
    if k == 0:
        from ocpp.v2 import live

        yield from live.rows(station, line)
    elif k == 1:
        line, fn = line
        d = line.split("|")
        component, _, variable = d[1].partition(".")
        from ocpp.v2 import values

        yield component + d[0], variable, d, values.text(fn())
    else:
        from ocpp.station import settings_rows

        d, text = settings_rows.detail(station.settings, line)
        component, _, variable = d[1].partition(".")
        if variable and "live" not in d[_FLAGS]:
            if "fixed2" in d[_FLAGS]:
                d[ACCESS] = "r"
            d[0] = "set " + (d[0] or d[1])
            if d[ACCESS] != "w":
                d[_FLAGS] += " watch"
            yield component, variable, d, text


def component_of(text):
    """ComponentType of `EVSE@1`, `Connector@1.1`, `Name[instance]`."""
    text, _, at = text.partition("@")
    out = variable_of(text)
    if at:
        evse, _, connector = at.partition(".")
        out["evse"] = {"id": int(evse)}
        if connector:
            out["evse"]["connectorId"] = int(connector)
    return out


def variable_of(text):
    """VariableType of `Name[instance]`."""
    name, _, instance = text.partition("[")
    return {"name": name, "instance": instance[:-1]} if instance else {"name": name}


def attribute(d, text):
    """VariableAttributeType."""
    access = d[ACCESS]
    out = {"type": "Actual", "mutability": _WORDS[access]}
    if text is not None:
        out["value"] = text
    if access == "r":
        out["persistent"] = False
        out["constant"] = "const" in d[_FLAGS]
    else:
        out["persistent"] = True
        out["constant"] = False
    return out


def characteristics(d, measurands, text):
    """VariableCharacteristicsType. `measurands`: those the station can measure, as a list. `text`:
    the value, which is what a list without a definition of its members holds."""
    kind = d[_KIND]
    at = _TYPES.find(" " + kind + " ")
    out = {"supportsMonitoring": "watch" in d[_FLAGS]}
    out["dataType"] = _TYPES[at + len(kind) + 2 :].split(" ")[0] if at >= 0 else "MemberList"
    unit = _UNITS.get(d[_UNIT], d[_UNIT])
    if unit:
        out["unit"] = unit
    limits = d[_LIMITS]
    if kind in ("int", "decimal", "str"):
        least, _, most = limits.partition("..")
        if least and kind != "str":
            out["minLimit"] = float(least) if "." in least else int(least)
        if most:
            out["maxLimit"] = float(most) if "." in most else int(most)
    elif out["dataType"][-4:] == "List":
        out["valuesList"] = measurands if kind == "measurands" else limits or text or ""
        if kind != "enum":
            out["maxLimit"] = _LONGEST
    return out


def measurable(station):
    """The measurands this station can tell, as a list."""
    found = ["Current.Offered", "Energy.Active.Import.Register"]
    for c in station.connectors:
        for m in c.measures:
            if m[0] not in found:
                found.append(m[0])
    return ",".join(sorted(found))
