"""The official JSON schemas, as shipped in the PyPI package `ocpp`.

`check()` tells what is wrong with a payload first: the kind of violation and the field.
"""

import datetime
import difflib
import functools
import importlib.util
import json
import pathlib
import re

import jsonschema

from csms_app.protocol import VERSIONS

_FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
_KINDS = {
    "type": "type",
    "additionalProperties": "formation",
    "required": "occurrence",
    "minItems": "occurrence",
    "maxItems": "occurrence",
}
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d))?\Z",
    re.ASCII,
)


class Violation(Exception):
    """A payload against its schema. `kind`: `formation`, `type`, `property`, `occurrence`."""

    def __init__(self, kind, path, text):
        super().__init__("%s: %s" % (path or "payload", text))
        self.kind = kind
        self.path = path


class UnknownAction(Exception):
    """No such action in this version."""


def folder(version):
    """Folder of a version's schemas; None if the installed `ocpp` package lacks the version."""
    spec = importlib.util.find_spec("ocpp")
    if spec is None:
        return None
    path = pathlib.Path(spec.submodule_search_locations[0], _FOLDERS[version], "schemas")
    return path if path.is_dir() else None


def versions():
    """OCPP versions whose schemas are installed."""
    return [v for v in VERSIONS if folder(v)]


@functools.lru_cache(None)
def actions(version):
    """Names of all actions of a version, whichever side sends them."""
    names = [p.stem for p in folder(version).glob("*.json")]
    names = {n[:-8] if n.endswith("Response") else n for n in names}
    if version != "1.6":
        names = {n[:-7] if n.endswith("Request") else n for n in names}
    return frozenset(names)


def nearest(version, action):
    """The known action most like this one, or None."""
    lower = {a.lower(): a for a in actions(version)}
    found = difflib.get_close_matches(action.lower(), lower, 1)
    return lower[found[0]] if found else None


def check(version, action, is_request, payload):
    """Raises Violation for the first thing wrong with a payload, UnknownAction."""
    if not isinstance(payload, dict):
        raise Violation("formation", "", "not an object")
    validator = _validator(version, action, is_request)
    error = next(validator.iter_errors(payload), None)
    if error is not None:
        raise Violation(_KINDS.get(error.validator, "property"), _path(error), _text(error))


def skeleton(version, action):
    """A payload with the required fields of a request, to be filled in by a person."""
    root = _validator(version, action, True).schema
    return _example(root, root)


def request_schema(version, action):
    """The JSON schema of a request. Raises UnknownAction."""
    return _validator(version, action, True).schema


def parse_time(text, zone=True):
    """Aware datetime (UTC) of an ISO 8601 text; `zone`: must name one. Raises ValueError."""
    match = _TIME.match(text)
    if not match or (zone and not (match[8] or match[9])):
        raise ValueError("not a date-time: %r" % text[:40])
    year, month, day, hour, minute, second = (int(g) for g in match.groups()[:6])
    micros = int((match[7] or "0")[:6].ljust(6, "0"))
    offset = datetime.timedelta()
    if match[9]:
        offset = datetime.timedelta(hours=int(match[10]), minutes=int(match[11]))
        offset = -offset if match[9] == "-" else offset
    second = min(second, 59) if second == 60 else second  # a leap second
    try:
        utc = datetime.timezone.utc
        at = datetime.datetime(year, month, day, hour, minute, second, micros, utc)
        return at - offset
    except OverflowError:
        raise ValueError("date out of range") from None


@functools.lru_cache(None)
def is_confirmed(version, action):
    """False for an action that is sent as SEND and has no answer (2.1)."""
    return (folder(version) / (action + "Response.json")).exists()


@functools.lru_cache(None)
def _validator(version, action, is_request):
    if action not in actions(version):
        raise UnknownAction(action)
    suffix = "Response" if not is_request else "" if version == "1.6" else "Request"
    path = folder(version) / (action + suffix + ".json")
    if is_request and not path.exists():
        path = folder(version) / (action + ".json")  # NotifyPeriodicEventStream of 2.1
    if not path.exists():
        raise UnknownAction("%s has no response" % action)
    schema = json.loads(path.read_text(encoding="utf-8-sig"))
    base = jsonschema.validators.validator_for(schema, jsonschema.Draft6Validator)
    return _class(base)(schema, format_checker=_checker(version))


@functools.lru_cache(None)
def _class(base):
    return jsonschema.validators.extend(base, {"multipleOf": _multiple_of})


def _multiple_of(validator, step, value, schema):
    """As the schema means it: 4.1 is a multiple of 0.1, whatever binary floats say."""
    if validator.is_type(value, "number") and abs(value / step - round(value / step)) > 1e-6:
        yield jsonschema.ValidationError("%r is not a multiple of %r" % (value, step))


@functools.lru_cache(None)
def _checker(version):
    checker = jsonschema.FormatChecker(formats=())

    @checker.checks("date-time", raises=ValueError)
    def date_time(value):
        # 1.6 asks for ISO 8601 only: no zone means UTC. 2.x asks for RFC 3339.
        return not isinstance(value, str) or bool(parse_time(value, version != "1.6"))

    return checker


def _path(error):
    parts = list(error.absolute_path)
    if error.validator == "required":
        parts.append(next(n for n in error.validator_value if n not in error.instance))
    elif error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        parts.append(next(n for n in error.instance if n not in known))
    text = ""
    for part in parts:
        text += "[%d]" % part if isinstance(part, int) else ("." if text else "") + str(part)
    return text[:200]


def _text(error):
    value = error.validator_value
    if error.validator == "required":
        return "is missing"
    if error.validator == "additionalProperties":
        return "is not a field of this message"
    shown = repr(error.instance)
    shown = shown if len(shown) < 60 else shown[:57] + "..."
    if error.validator == "type":
        return "%s is not of type %s" % (shown, value)
    if error.validator == "enum":
        return "%s is not one of %s" % (shown, ", ".join(str(v) for v in value))
    return "%s violates %s %s" % (shown, error.validator, value)


def _example(schema, root):
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if "enum" in schema:
        return schema["enum"][0]
    type = schema.get("type")
    if type == "object":
        fields = schema.get("properties", {})
        return {n: _example(fields[n], root) for n in schema.get("required", []) if n in fields}
    if type == "array":
        return [_example(schema["items"], root)] if schema.get("items") else []
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if schema.get("format") == "date-time":
        return now
    least = int(schema.get("minimum", 0))
    return {"integer": least, "number": least, "boolean": False}.get(type, "")
