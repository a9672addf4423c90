"""The rows of the table of settings with their values, read part by part: the whole of it is not
in memory at once."""

from ocpp.modules import unload

PARTS = const("settings_core settings_extra settings_prices settings_table")
_DEFAULT = const(4)
_ACCESS = const(6)


def part(name):
    """The lines of a part of the table."""
    return __import__("ocpp.station." + name, None, None, ("TABLE",)).TABLE


def lines(declared):
    """All definitions, in table order, then the host's own."""
    for name in PARTS.split():
        yield from part(name)
        unload("ocpp.station." + name)
    yield from declared


def default(s, name):
    """The value the table gives a setting, by its canonical name; None: none. KeyError."""
    start = name + "|" if "." not in name else "|" + name + "|"
    for line in lines(s._declared):
        if line.startswith(start):
            _, _, kind, _, text, _, _, _ = line.split("|")
            if text == "-":
                return None
            if kind == "bool":
                return text == "true"
            if kind == "int":
                return int(text)
            return float(text) if kind == "decimal" else text
    raise KeyError(name)


def details(s):
    """(definition, text) of all settings; the text None while one is absent, and always if it is
    write-only. What the station computes is read-only."""
    for line in lines(s._declared):
        yield detail(s, line)


def detail(s, line):
    """The same of one line."""
    d = line.split("|")
    name = d[0] or d[1]
    if name in s._fixed:
        d[_ACCESS] = "r"
    if d[_ACCESS] == "w":
        return d, None
    value = s._values.__dict__.get(name, s)  # asked for an attribute, its name would stay for ever
    if value is s:
        default = None if d[_DEFAULT] == "-" else d[_DEFAULT]
        value = s._installed.get(name, default)
    return d, text_of(value)


def text_of(value):
    """A value as text."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        text = "%.3f" % value
        return text.rstrip("0").rstrip(".")
    return value if value is None else str(value)
