"""Judges OCPP-J frames by the official JSON schemas (package `ocpp`) and the rules of the RPC.

One `Conversation` a connection. Frames of both sides go through `seen()`; what breaks a rule is
told as a sentence.
"""

import decimal
import json
import re
from dataclasses import dataclass, field

from jsonschema import Draft4Validator, FormatChecker

from ocpp.messages import get_validator

CALL, RESULT, ERROR = 2, 3, 4
VERSIONS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1"}

# OCPP-J 1.6 §4.2.3 table 7, spelling included.
_ERRORS_16 = set(
    "NotImplemented NotSupported InternalError ProtocolError SecurityError FormationViolation"
    " PropertyConstraintViolation OccurenceConstraintViolation TypeConstraintViolation"
    " GenericError".split()
)
# OCPP-J 2.0.1 §4.3
_ERRORS_2 = set(
    "FormatViolation GenericError InternalError MessageTypeNotSupported NotImplemented"
    " NotSupported OccurrenceConstraintViolation PropertyConstraintViolation ProtocolError"
    " RpcFrameworkError SecurityError TypeConstraintViolation".split()
)
_PATIENCE = 0.9  # s: nobody gives up waiting for an answer sooner
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")

_formats = FormatChecker(formats=())


@_formats.checks("date-time")
def _is_date_time(text):
    return not isinstance(text, str) or _DATE_TIME.match(text) is not None


@dataclass
class Frame:
    """One message as it went over the wire, and what it means."""

    n: int  # number in the record of the CSMS, from 0
    at: float  # s, time.monotonic()
    station: str
    sender: str  # "charger" or "csms"
    text: object  # str, or bytes of a binary message
    type: int = 0  # CALL, RESULT, ERROR, or 0 for what is no OCPP frame
    id: str = ""
    action: str = ""  # of an answer: the action it answers
    payload: object = None  # of an ERROR: {"code", "description", "details"}
    violations: list = field(default_factory=list)

    def __str__(self):
        kind = {CALL: "", RESULT: " answer", ERROR: " error"}.get(self.type, " garbage")
        what = self.text if self.type == 0 else json.dumps(self.payload)
        return "%s %s: %s%s %s" % (self.station, self.sender, self.action, kind, str(what)[:500])


class Conversation:
    """The exchange over one connection, with what is outstanding on each side."""

    def __init__(self, version):
        self.version = version
        self._open = {"charger": {}, "csms": {}}  # not answered: id -> (action, checked, at)
        self._used = {"charger": set(), "csms": set()}
        self._silent = set()  # ids of CALLs that will not be answered, on purpose

    def seen(self, frame, check=True):
        """Fill in what `frame.text` means and `frame.violations`. `check` False: this CALL and its
        answer are not held against the schema and the list of actions."""
        try:
            parts = json.loads(frame.text) if isinstance(frame.text, str) else None
        except ValueError:
            parts = None
        lengths = {CALL: 4, RESULT: 3, ERROR: 5}
        kind = parts[0] if isinstance(parts, list) and parts else None
        if not isinstance(kind, int) or len(parts) != lengths.get(kind):
            return frame.violations.append("not an OCPP-J frame: %r" % frame.text[:200])
        frame.type, frame.id = kind, str(parts[1])
        if kind == CALL:
            self._call(frame, parts, check)
        else:
            self._answer(frame, parts)

    def _call(self, frame, parts, check):
        frame.action, frame.payload = parts[2], parts[3]
        if not isinstance(parts[1], str) or not 1 <= len(parts[1]) <= 36:
            frame.violations.append("message id %r is not 1 to 36 characters" % (parts[1],))
        mine = self._open[frame.sender]
        waiting = ", ".join(
            action
            for id, (action, _, at) in mine.items()
            if id not in self._silent or frame.at - at < _PATIENCE
        )
        if waiting:
            frame.violations.append("%s sent while %s is unanswered" % (frame.action, waiting))
        if frame.id in self._used[frame.sender]:
            frame.violations.append("message id %s used twice" % frame.id)
        self._used[frame.sender].add(frame.id)
        mine[frame.id] = (frame.action, check, frame.at)
        if check:
            self._schema(frame)

    def _answer(self, frame, parts):
        other = "csms" if frame.sender == "charger" else "charger"
        action, check, _ = self._open[other].pop(frame.id, (None, True, 0))
        if action is None and not (frame.type == ERROR and frame.id == "-1"):
            frame.violations.append("answer to no open CALL, id %s" % frame.id)
            check = False
        frame.action = action or ""
        if frame.type == ERROR:
            code, description, details = parts[2:]
            frame.payload = {"code": code, "description": description, "details": details}
            codes = _ERRORS_16 if self.version == "1.6" else _ERRORS_2
            if code not in codes:
                frame.violations.append("error code %r is not one of %s" % (code, self.version))
            if not isinstance(description, str) or len(description) > 255:
                frame.violations.append("error description is not a text of up to 255 characters")
            if not isinstance(details, dict):
                frame.violations.append("error details are not an object")
        else:
            frame.payload = parts[2]
            if check and action:
                self._schema(frame)

    def forget(self, message_id):
        """The CSMS stops waiting for an answer (its own timeout)."""
        self._open["csms"].pop(message_id, None)

    def silence(self, message_id):
        """A CALL of the charger stays unanswered on purpose: it may give up after a while."""
        self._silent.add(message_id)

    def mute(self):
        """True while the charger may have to wait for an answer that never comes."""
        return any(id in self._silent for id in self._open["charger"])

    def _schema(self, frame):
        # Both sides as Decimal: `multipleOf 0.1` fails for binary floats.
        try:
            schema = get_validator(
                frame.type, frame.action, self.version, parse_float=decimal.Decimal
            ).schema
        except OSError:
            return frame.violations.append("no such action: %s" % frame.action)
        payload = json.loads(json.dumps(frame.payload), parse_float=decimal.Decimal)
        for error in Draft4Validator(schema, format_checker=_formats).iter_errors(payload):
            where = "/".join(str(p) for p in error.absolute_path)
            frame.violations.append("%s %s: %s" % (frame.action, where, error.message))
