"""What a setting's definition means: finding one, checking a text against it.

A definition is a line of `settings_table` cut at its bars. Like the table this module is imported
when needed and let go afterwards (see `settings.Settings`).
"""

from ocpp.station import settings_rows

_NAME16 = const(0)
NAME2 = const(1)
TYPE = const(2)
_UNIT = const(3)
DEFAULT = const(4)
_LIMITS = const(5)
ACCESS = const(6)
FLAGS = const(7)

_LONGEST = const(500)  # characters of a value: what OCPP 1.6 can carry (§6.9)
_MOST = const(2147483647)

_ROTATIONS = const(("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"))

_FORM = {
    "bool": "true or false",
    "measurands": "a list of OCPP measurands",
    "rotation": "a list of connector.rotation, as 1.RST",
}


def definitions(declared):
    """All definitions, in table order, then the host's own."""
    for line in settings_rows.lines(declared):
        yield line.split("|")


def name_of(d):
    """Canonical name: the 1.6 name if there is one, else `Component.Variable`."""
    return d[_NAME16] or d[NAME2]


def find(declared, spelling):
    """The definition of a setting in either spelling, upper or lower case; None if unknown."""
    low = spelling.lower() + "|"
    size = len(low)
    second = "." in low
    for name in settings_rows.PARTS.split() + [None]:
        for line in settings_rows.part(name) if name else declared:
            at = line.find("|") + 1 if second else 0
            if line[at : at + size].lower() == low and size > 1:
                return line.split("|")
    return None


def default(d):
    """The value the table gives, or None."""
    return None if d[DEFAULT] == "-" else value(d, d[DEFAULT])


def value(d, text, most=None):
    """The typed value of `text`. ValueError with what is accepted. `most`: items of a list."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ValueError(accepted(d, most))
    try:
        kind = d[TYPE]
        if kind == "bool":
            return ("false", "true").index(text.lower()) == 1
        if kind == "int":
            return _int(d[_LIMITS], text)
        if kind == "decimal":
            return _decimal(d[_LIMITS], text)
        if kind == "str":
            return _str(d[_LIMITS], text)
        if kind == "enum":
            return _member(d[_LIMITS], text)
        return _list(d, text, most)
    except ValueError:
        raise ValueError(accepted(d, most)) from None


def accepted(d, most=None):
    """What a setting accepts, in words."""
    kind, limits = d[TYPE], d[_LIMITS]
    if kind == "int":
        text = "a whole number" + _range(limits, "0")
    elif kind == "decimal":
        text = "a number" + _range(limits, "")
    elif kind == "str":
        least, longest = _bounds(limits, 0, _LONGEST)
        text = "text of %s to %s characters" % (least, longest)
    elif kind == "enum":
        text = "one of " + limits
    elif kind in ("csl", "seq"):
        text = "a list" + (" out of " + limits if limits else "")
    else:
        text = _FORM[kind]
    return text if most is None else "%s, at most %d" % (text, most)


def nearest(declared, spelling):
    """The known name most like `spelling`."""
    low = spelling.lower()
    best, least = "", 1000
    for d in definitions(declared):
        for name in (d[_NAME16], d[NAME2]):
            distance = _distance(low, name.lower()) if name else 1000
            if distance < least:
                best, least = name, distance
    return best


def check_definition(line):
    """The definition in a host's line. ValueError if it is not one."""
    d = line.split("|")
    if len(d) != 8:
        raise ValueError("a setting has 8 fields, this has %d: %s" % (len(d), line))
    types = ("bool", "int", "decimal", "str", "enum", "csl", "seq", "measurands", "rotation")
    named = d[_NAME16] or d[NAME2]
    if not named or "." in d[_NAME16] or (d[NAME2] and "." not in d[NAME2]):
        raise ValueError("a setting is named Key or Component.Variable: " + line)
    if d[TYPE] not in types or d[ACCESS] not in ("rw", "r", "w"):
        raise ValueError("unknown type or access: " + line)
    default(d)
    return d


def _bounds(limits, least, most):
    if limits:
        low, high = limits.split("..")
        least, most = low or least, high or most
    return least, most


def _range(limits, least):
    least, most = _bounds(limits, least, "")
    if not least and not most:
        return ""
    return " from %s to %s" % (least, most) if most else " from " + least


def _int(limits, text):
    digits = text[1:] if text[:1] == "-" else text
    least, most = _bounds(limits, 0, _MOST)
    if not digits.isdigit() or len(digits) > 10 or not int(least) <= int(text) <= int(most):
        raise ValueError
    return int(text)


def _decimal(limits, text):
    digits = text[1:] if text[:1] == "-" else text
    whole, dot, part = digits.partition(".")
    if not whole.isdigit() or len(whole) > 10 or (dot and not part.isdigit()):
        raise ValueError
    number = float(text)
    least, most = _bounds(limits, number, number)
    if not float(least) <= number <= float(most):
        raise ValueError
    return number


def _str(limits, text):
    least, most = _bounds(limits, 0, _LONGEST)
    if not int(least) <= len(text) <= int(most):
        raise ValueError
    for char in text:
        if ord(char) < 32 or ord(char) == 127:
            raise ValueError
    return text


def _member(members, text):
    low = text.lower()
    for member in members.split(","):
        if member.lower() == low:
            return member
    raise ValueError


def _list(d, text, most):
    """A list as text: items in the spelling of the standard, no blanks, nothing twice."""
    items = []
    for item in text.split(",") if text.strip() else ():
        item = _item(d, item.strip())
        if item not in items:
            items.append(item)
    if most is not None and len(items) > most:
        raise ValueError
    return ",".join(items)


def _item(d, text):
    kind = d[TYPE]
    if not text:
        raise ValueError
    if kind == "measurands":
        return _measurand(text)
    if kind == "rotation":
        number, _, rotation = text.partition(".")
        if not number.isdigit() or rotation not in _ROTATIONS:
            raise ValueError
        return "%d.%s" % (int(number), rotation)
    return _member(d[_LIMITS], text) if d[_LIMITS] else text


def _measurand(text):
    """`Voltage` or with a phase, `Voltage.L1` (OCPP 1.6 §9.1.17)."""
    from ocpp.station.measurands import NAMES, PHASES

    try:
        return _member(NAMES, text)
    except ValueError:
        at = text.rfind(".")
        if at < 0:
            raise
        return _member(NAMES, text[:at]) + "." + _member(PHASES, text[at + 1 :])


def _distance(a, b):
    """Number of letters to change, add or leave out to get from `a` to `b`."""
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        corner, row[0] = row[0], i + 1
        for j in range(len(b)):
            cost = corner + (a[i] != b[j])
            corner = row[j + 1]
            row[j + 1] = min(cost, corner + 1, row[j] + 1)
    return row[len(b)]
