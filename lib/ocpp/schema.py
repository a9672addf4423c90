"""Checks a payload against a compact schema, in place, and says what is wrong and where.

A compact schema is a tuple that `tools/schemac.py` makes from the official JSON schemas. One
tuple describes one object; what its first entry cannot hold in a character stands behind it.

    (b"2,idTag:S1,expiry:d,status:E2,", 20, b"|Blocked|Accepted|")

    text    = count [flag] "," { name ":" spec "," }
    count   : how many fields are required, as the character chr(48 + number)
    flag    : "+" the field `customData` is allowed too (OCPP 2.x), "*" any further field is
    spec    : a letter, upper case where the field is required, and its parameters
    k       : a parameter chr(48 + k): entry k of the tuple

    s  or sk    string; entry k: maximum number of characters
    ek          string out of a list; entry k: b"|value|value|"
    i  or ik    integer; entry k: (minimum, maximum), None where there is no limit
    j  or jk    the same for schemas since draft 06, where 1.0 is an integer: stored as int
    n  or nk    number; entry k as above
    m           number, a multiple of 0.1, judged in decimal: 21.4 is one on any float
    b           boolean
    d           date and time (RFC 3339, read as leniently as `clock.from_iso`)
    u           absolute URI, judged by its scheme; no blanks
    ok          object; entry k: its schema
    alhSPEC     array of SPEC; l: chr(48 + fewest items), h: entry of the most items, "-" no limit
    x           anything

Names and list values are sorted by length. So the first place where `find` meets one is its own,
and a check needs neither a parsed schema nor a copy of a name.

Kinds of violation, and the code a CALLERROR gives them (OCPP-J 1.6 table 7, with the spelling
its errata keep; OCPP 2.0.1 part 4 table 8). Cardinality is what the specifications call
occurrence, so a missing field belongs there. A value out of a list is named by the 1.6 errata
(3.24); length, range and format go with it as constraints on a property's value.

    kind                          1.6                            2.0.1, 2.1
    payload  not an object        FormationViolation             FormatViolation
    extra    unknown field        FormationViolation             FormatViolation
    missing  required field       OccurenceConstraintViolation   OccurrenceConstraintViolation
    items    too few, too many    OccurenceConstraintViolation   OccurrenceConstraintViolation
    type     JSON type            TypeConstraintViolation        TypeConstraintViolation
    enum     not in the list      PropertyConstraintViolation    PropertyConstraintViolation
    length   too many characters  PropertyConstraintViolation    PropertyConstraintViolation
    range    number, multiple     PropertyConstraintViolation    PropertyConstraintViolation
    format   date and time, URI   PropertyConstraintViolation    PropertyConstraintViolation
"""

from ocpp.iso import from_iso

_ZERO = const(48)
_COMMA = const(44)
_DASH = const(45)
_PLUS = const(43)
_STAR = const(42)
_BAR = const(124)
_LOWER = const(97)

_A = const(97)
_B = const(98)
_D = const(100)
_E = const(101)
_I = const(105)
_J = const(106)
_M = const(109)
_N = const(110)
_O = const(111)
_S = const(115)
_U = const(117)
_X = const(120)

_SCHEME = const(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.")

# Further properties are explicitly allowed here (OCPP 2.0.1 part 4 §9).
_CUSTOM_DATA = const((b"1*,vendorId:S1,", 255))

# How far the nearest float may be off a decimal number, as a part of it: single or double floats.
_PRECISION = 1e-6 if 1.0 + 1e-9 == 1.0 else 1e-15


class Violation(Exception):
    """`kind` (see the module's header) and `path`, as `chargingSchedule.period[0].limit`."""

    def __init__(self, kind, path):
        super().__init__(kind, path)
        self.kind = kind
        self.path = path


def check(schema, payload, lenient=False):
    """Raise `Violation` if `payload`, any parsed JSON value, does not match the compact `schema`.

    `lenient` accepts unknown fields and null in optional ones, as some CSMS send in CALLRESULTs.
    A float with an integer's value is replaced by the int where the schema's draft or `lenient`
    allows it.
    """
    if type(payload) is not dict:
        raise Violation("payload", "")
    try:
        _object(schema, payload, lenient)
    except Violation as e:
        e.path = e.path[1:]
        raise


def code16(kind):
    """The error code of OCPP 1.6 for a kind of violation."""
    if kind in ("payload", "extra"):
        return "FormationViolation"
    if kind in ("missing", "items"):
        return "OccurenceConstraintViolation"
    return _common_code(kind)


def code2(kind):
    """The error code of OCPP 2.0.1 and 2.1 for a kind of violation."""
    if kind in ("payload", "extra"):
        return "FormatViolation"
    if kind in ("missing", "items"):
        return "OccurrenceConstraintViolation"
    return _common_code(kind)


def load(package, action):
    """The generated module (`REQ`, `CONF`) of an action, None if the version has no such action.

    `package`: `"ocpp.v16.schema"` or `"ocpp.v2.schema"`; `action` may come from the network.
    A module takes more RAM than the schemas in it: keep those and let the module go.
    """
    if not _is_member(__import__(package, None, None, ("ACTIONS",)).ACTIONS, action):
        return None
    return __import__(package + "." + module_name(action), None, None, ("REQ",))


def module_name(action):
    """The module of an action: of `NotifyEVChargingNeeds` it is `notify_ev_charging_needs`."""
    out = []
    for i in range(len(action)):
        if i and action[i].isupper():
            if not action[i - 1].isupper() or action[i + 1 : i + 2].islower():
                out.append("_")
        out.append(action[i].lower())
    return "".join(out)


def _common_code(kind):
    return "TypeConstraintViolation" if kind == "type" else "PropertyConstraintViolation"


def _object(schema, value, lenient):
    text = schema[0]
    missing = text[0] - _ZERO
    for name in value:
        key = name.encode()  # shares the characters
        at = text.find(key)
        end = at + len(key)
        # The last test is for a name that contains ":".
        if at < 2 or text[at - 1] != _COMMA or text.find(b":", at) != end:
            _further(text, name, value[name], lenient)
            continue
        code = text[end + 1]
        if code < _LOWER:
            missing -= 1
            code += 32
        elif lenient and value[name] is None:
            continue
        kind = _wrong(schema, code, end + 2, value, name, lenient)
        if kind:
            raise Violation(kind, "." + name)
    if missing:
        raise Violation("missing", "." + _first_missing(text, value))


def _further(text, name, value, lenient):
    """A field that the text does not name."""
    flag = text[1]
    if flag == _PLUS and name == "customData":
        if lenient and value is None:
            return
        if type(value) is not dict:
            raise Violation("type", ".customData")
        _below(name, _CUSTOM_DATA, value, lenient)
    elif flag != _STAR and not lenient:
        raise Violation("extra", "." + name)


def _first_missing(text, value):
    for field in text.split(b",")[1:]:
        name, spec = field.split(b":")
        name = name.decode()
        if spec[0] < _LOWER and name not in value:
            return name


def _wrong(schema, code, at, box, key, lenient):
    """The kind of violation of `box[key]` itself, or None. Raises for what lies within it.

    `at`: index of the parameters of the spec in `schema[0]`.
    """
    value = box[key]
    if code in (_S, _E):
        if type(value) is not str:
            return "type"
        k = schema[0][at]
        if code == _E:
            return None if _is_member(schema[k - _ZERO], value) else "enum"
        return None if k == _COMMA or len(value) <= schema[k - _ZERO] else "length"
    if code in (_D, _U):
        if type(value) is not str:
            return "type"
        return None if (_is_date_time if code == _D else _is_uri)(value) else "format"
    if code == _O:
        if type(value) is not dict:
            return "type"
        _below(key, schema[schema[0][at] - _ZERO], value, lenient)
    elif code == _A:
        return _array(schema, at, key, value, lenient)
    elif code != _X:
        return _scalar(schema, code, at, box, key, lenient)


def _below(key, schema, value, lenient):
    """Check the object `value`, which is the field or the element `key`."""
    try:
        _object(schema, value, lenient)
    except Violation as e:
        e.path = _step(key) + e.path
        raise


def _array(schema, at, key, value, lenient):
    if type(value) is not list and not hasattr(value, "marks"):  # strictjson.Objects
        return "type"
    text = schema[0]
    most = text[at + 1]
    if len(value) < text[at] - _ZERO or (most != _DASH and len(value) > schema[most - _ZERO]):
        return "items"
    code = text[at + 2]
    try:
        for i in range(len(value)):
            kind = _wrong(schema, code, at + 3, value, i, lenient)
            if kind:
                raise Violation(kind, _step(i))
    except Violation as e:
        e.path = _step(key) + e.path
        raise


def _step(key):
    return "." + key if type(key) is str else "[%d]" % key


def _scalar(schema, code, at, box, key, lenient):
    """The same for a boolean or a number."""
    value = box[key]
    if code == _B:
        return None if type(value) is bool else "type"
    if type(value) is float:
        if (code == _J or (code == _I and lenient)) and value - value == 0 and value == int(value):
            value = box[key] = int(value)
        elif code < _M:  # an integer
            return "type"
        elif value - value != 0:  # 1e999 is JSON, but no number that can be worked with
            return "range"
        elif code == _M:
            return None if _is_tenths(value) else "range"
    elif type(value) is not int:
        return "type"
    k = schema[0][at]
    if k != _COMMA:
        low, high = schema[k - _ZERO]
        if (low is not None and value < low) or (high is not None and value > high):
            return "range"


def _is_tenths(value):
    # From 2**53 on every float is an integer.
    return abs(value) > 9e15 or abs(round(value * 10) / 10 - value) <= abs(value) * _PRECISION


def _is_member(names, text):
    key = text.encode()
    at = names.find(key)
    return at > 0 and names[at - 1] == _BAR and names.find(b"|", at) == at + len(key)


def _is_date_time(text):
    try:
        from_iso(text)
    except ValueError:
        return False
    return True


def _is_uri(text):
    """Scheme, colon and something behind it, no blanks (RFC 3986 §3.1)."""
    scheme, _, rest = text.partition(":")
    if not rest or " " in text or not scheme[:1].isalpha():
        return False
    for c in scheme.encode():
        if c not in _SCHEME:
            return False
    return True
