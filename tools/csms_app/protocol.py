"""OCPP-J frames: text to `Frame` and back, the error codes of each version, masking of secrets.

Nothing here does I/O. OCPP-J 1.6 §4, OCPP 2.0.1 and 2.1 part 4 §4.
"""

import copy
import json
import math

VERSIONS = ("2.1", "2.0.1", "1.6")

CALL = 2
CALLRESULT = 3
CALLERROR = 4
CALLRESULTERROR = 5  # 2.1
SEND = 6  # 2.1

NO_ID = "-1"  # answers a frame whose message id cannot be read

_LENGTHS = {CALL: 4, CALLRESULT: 3, CALLERROR: 5, CALLRESULTERROR: 5, SEND: 4}
_MAX_ID = 36
_MAX_DESCRIPTION = 255

# What went wrong, in the spelling of 1.6 (whose errata keep the typing errors) and of 2.x.
_CODES = {
    "formation": ("FormationViolation", "FormatViolation"),
    "type": ("TypeConstraintViolation", "TypeConstraintViolation"),
    "property": ("PropertyConstraintViolation", "PropertyConstraintViolation"),
    "occurrence": ("OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
    "framework": ("ProtocolError", "RpcFrameworkError"),
}


class CallError(Exception):
    """A call that failed: goes out, or came in, as CALLERROR."""

    def __init__(self, code, description="", details=None):
        super().__init__("%s: %s" % (code, description))
        self.code = code
        self.description = description
        self.details = {} if details is None else details


class FrameError(CallError):
    """A text that is no valid frame. `id`: its message id, "-1" if unreadable."""

    def __init__(self, code, description, id=NO_ID, ignore=False):
        super().__init__(code, description)
        self.id = id
        self.ignore = ignore  # the version says: do not answer


class Frame:
    """One message. `payload`: object of a CALL, CALLRESULT or SEND, details of an error."""

    def __init__(self, type, id, payload, action=None, code=None, description=None):
        self.type = type
        self.id = id
        self.payload = payload
        self.action = action
        self.code = code
        self.description = description

    def to_list(self):
        if self.type in (CALL, SEND):
            return [self.type, self.id, self.action, self.payload]
        if self.type == CALLRESULT:
            return [self.type, self.id, self.payload]
        return [self.type, self.id, self.code, self.description, self.payload]


def subprotocol(version):
    """WebSocket subprotocol of an OCPP version."""
    return "ocpp" + version


def version_of(name):
    """OCPP version of a WebSocket subprotocol, None if it is not one of ours."""
    version = name[4:]
    return version if name.startswith("ocpp") and version in VERSIONS else None


def error_code(kind, version):
    """CALLERROR code of a kind of violation (`formation`, `type`, `property`, `occurrence`)."""
    return _CODES[kind][0 if version == "1.6" else 1]


def encode(frame):
    """Text of a frame, ASCII only. Raises ValueError for a number JSON cannot carry."""
    return json.dumps(frame.to_list(), separators=(",", ":"), allow_nan=False)


def error_frame(id, error):
    """The CALLERROR frame for a `CallError`."""
    text = error.description[:_MAX_DESCRIPTION]
    return Frame(CALLERROR, id, error.details, code=error.code, description=text)


def parse_json(text):
    """Parse strict JSON: no NaN, no infinite numbers, no lone surrogates. Raises ValueError."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def parse(text, version):
    """Parse one message. Raises FrameError, which says how to answer."""
    try:
        value = parse_json(text)
    except ValueError as e:
        raise FrameError(_framework(version, "formation"), "not JSON: %s" % e) from None
    if not isinstance(value, list) or len(value) < 2:
        raise FrameError(_framework(version, "formation"), "not an array of an OCPP message")
    id = _message_id(value, version)
    type = value[0]
    known = tuple(_LENGTHS) if version == "2.1" else (CALL, CALLRESULT, CALLERROR)
    if isinstance(type, bool) or type not in known:
        # 2.0.1 answers, 1.6 and 2.1 ignore (part 4 §4.4, OCPP-J 1.6 §4.1.3).
        text = "message type %r" % (type,)
        raise FrameError("MessageTypeNotSupported", text[:80], id, ignore=version != "2.0.1")
    return _frame(type, id, value, version)


def _message_id(value, version):
    id = value[1]
    if not isinstance(id, str) or not id or len(id) > _MAX_ID:
        text = "message id is not a string of 1 to %d characters" % _MAX_ID
        raise FrameError(error_code("framework", version), text, ignore=_is_answer(value[0]))
    return id


def _frame(type, id, value, version):
    answer = _is_answer(type)
    if len(value) != _LENGTHS[type]:
        text = "%d elements instead of %d" % (len(value), _LENGTHS[type])
        raise FrameError(error_code("formation", version), text, id, ignore=answer)
    payload = value[-1]
    if not isinstance(payload, dict):
        raise FrameError(error_code("formation", version), "payload is no object", id, answer)
    if type == CALLRESULT:
        return Frame(type, id, payload)
    if type in (CALL, SEND):
        if not isinstance(value[2], str):
            raise FrameError(error_code("formation", version), "action is no string", id)
        return Frame(type, id, payload, action=value[2])
    if not isinstance(value[2], str) or not isinstance(value[3], str):
        text = "error code or description is no string"
        raise FrameError(error_code("formation", version), text, id, ignore=True)
    return Frame(type, id, payload, code=value[2], description=value[3])


def _is_answer(type):
    """True for what must not be answered: two sides would exchange errors for ever."""
    return type in (CALLRESULT, CALLERROR, CALLRESULTERROR, SEND)


def _framework(version, kind):
    return error_code(kind, version) if version == "1.6" else "RpcFrameworkError"


def _refuse(name):
    raise ValueError("%s is no JSON number" % name)


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def printable(text, limit=80):
    """Text of a station made safe for a log line: no control characters, bounded."""
    text = "".join(c if c.isprintable() else "?" for c in str(text)[: limit + 1])
    return text if len(text) <= limit else text[: limit - 3] + "..."


def redact(frame):
    """The frame (a list) with passwords replaced by "***", for logs and the message store."""
    if len(frame) != 4 or frame[2] not in _SECRETS or not isinstance(frame[3], dict):
        return frame
    frame = copy.deepcopy(frame)
    _SECRETS[frame[2]](frame[3])
    return frame


def _hide_key(payload):
    if str(payload.get("key", "")).lower() == "authorizationkey":
        payload["value"] = "***"


def _hide_variable(payload):
    for item in payload.get("setVariableData") or []:
        name = item.get("variable", {}).get("name", "")
        if str(name).lower() == "basicauthpassword":
            item["attributeValue"] = "***"


def _hide_profile(payload):
    data = payload.get("connectionData") or {}
    for holder, key in ((data, "basicAuthPassword"), (data.get("apn") or {}, "apnPassword")):
        if key in holder:
            holder[key] = "***"
    if "password" in (data.get("vpn") or {}):
        data["vpn"]["password"] = "***"


_SECRETS = {
    "ChangeConfiguration": _hide_key,
    "SetVariables": _hide_variable,
    "SetNetworkProfile": _hide_profile,
}
