"""The compact schemas and their checker, held against the official JSON schemas.

Judge is the package `jsonschema` with the draft each file declares. Every payload goes to both;
the verdicts must agree, and what the checker complains of must be among the judge's errors.

Where the files leave room, the judge is told what is meant:
* `multipleOf 0.1` is judged in decimal (in binary 0.3 is no multiple of 0.1).
* `format` is checked. date-time: RFC 3339, but the zone, its colon and the seconds may be missing,
  T may be a blank. uri: scheme, colon, something without blanks.
* A lenient check also passes over a whole number written as 1.0 where draft 4 wants an integer.
* `additionalProperties` within a string's enum means nothing, as the drafts say.
Numbers that no float can hold (1e999) are left out: the checker refuses them.
"""

import copy
import datetime
import importlib.util
import json
import random
import re
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft4Validator, Draft6Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from mpunit import ROOT, micropython, micropython_env
from patience import patient

import ocpp

OFFICIAL = Path(ocpp.__file__).parent
VERSIONS = {"v16": ("ocpp.v16.schema", ""), "v201": ("ocpp.v2.schema", "Request")}

# Reads [action, 0 for CONF or 1 for REQ, lenient, payload] a line, answers [kind, path] or null.
_RUNNER = """
import json, sys
from ocpp.schema import Violation, check, load
package, path = sys.argv[1:]
action = module = None
with open(path) as lines:
    for line in lines:
        case = json.loads(line)
        if case[0] != action:
            action = case[0]
            module = load(package, action)
        try:
            check(module.REQ if case[1] else module.CONF, case[3], case[2])
            print("null")
        except Violation as e:
            print(json.dumps([e.kind, e.path]))
"""

formats = FormatChecker(formats=())
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d)(:\d\d)?([.,]\d+)?([Zz]|[+-]\d\d(:?\d\d)?)?"
)


@formats.checks("date-time")
def _is_date_time(text):
    if not isinstance(text, str):
        return True
    match = _DATE_TIME.fullmatch(text)
    try:
        datetime.date.fromisoformat(match.group(1))
    except (AttributeError, ValueError):
        return False
    hour, minute, second = (
        int(match.group(2)),
        int(match.group(3)),
        int((match.group(4) or ":0")[1:]),
    )
    return hour < 24 and minute < 60 and second <= 60


@formats.checks("uri")
def _is_uri(text):
    return (
        not isinstance(text, str)
        or re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^ ]+", text) is not None
    )


def _multiple_of(validator, step, value, _):
    if validator.is_type(value, "number") and Decimal(repr(value)) % Decimal(repr(step)):
        yield ValidationError("%r is not a multiple of %r" % (value, step))


JUDGES = {
    "draft-04": extend(Draft4Validator, {"multipleOf": _multiple_of}),
    "draft-06": extend(Draft6Validator, {"multipleOf": _multiple_of}),
}
_KINDS = {
    "type": "type", "enum": "enum", "maxLength": "length", "format": "format", "minItems": "items",
    "maxItems": "items", "minimum": "range", "maximum": "range", "multipleOf": "range",
}  # fmt: skip


class Official:
    """One official schema: judges payloads and makes them."""

    def __init__(self, path):
        self.document = json.loads(path.read_text(encoding="utf-8-sig"))
        draft = re.search("draft-0[46]", self.document["$schema"]).group()
        self._judge = JUDGES[draft](self.document, format_checker=formats)
        self.places = list(self._walk(self.document, ()))

    def errors(self, payload, lenient=False):
        """The set of (kind, path) that is wrong."""
        if lenient:
            payload = self._forgiven(self.document, payload)
        found = set()
        for error in self._judge.iter_errors(payload):
            path = list(error.absolute_path)
            if error.validator == "required":
                names = set(error.validator_value) - set(error.instance)
                found |= {("missing", _text(path + [n])) for n in names}
            elif error.validator == "additionalProperties":
                names = set(error.instance) - set(error.schema.get("properties", ()))
                found |= {("extra", _text(path + [n])) for n in names}
            else:
                found.add((_KINDS[error.validator] if path else "payload", _text(path)))
        return found

    def node(self, node):
        while "$ref" in node:
            node = self.document["definitions"][node["$ref"].rpartition("/")[2]]
        return node

    def _walk(self, node, path):
        """(path, node) of every place a payload can have, one element an array."""
        node = self.node(node)
        yield path, node
        for name, inner in node.get("properties", {}).items():
            yield from self._walk(inner, path + (name,))
        if "items" in node:
            yield from self._walk(node["items"], path + (0,))

    def _forgiven(self, node, value):
        """`value` without what a lenient check passes over."""
        node = self.node(node)
        if isinstance(value, list) and "items" in node:
            return [self._forgiven(node["items"], v) for v in value]
        if node.get("type") == "integer" and isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, dict) or node.get("type") != "object":
            return value
        fields = node.get("properties", {})
        kept = {}
        for name, inner in value.items():
            if name not in fields:
                if node.get("additionalProperties") is not False:
                    kept[name] = inner
            elif inner is not None or name in node.get("required", ()):
                kept[name] = self._forgiven(fields[name], inner)
        return kept

    def make(self, node, rng, also=(), share=0.0):
        """A valid value with what is required, the path `also` and a share of other fields."""
        node = self.node(node)
        kind = node.get("type")
        if kind == "object":
            return {
                name: self.make(inner, rng, also[1:] if also[:1] == (name,) else (), share)
                for name, inner in node.get("properties", {}).items()
                if name in node.get("required", ()) or also[:1] == (name,) or rng.random() < share
            }
        if kind == "array":
            low = max(node.get("minItems", 0), 1 if also else 0)
            high = min(node.get("maxItems", 3), 3) if share else low
            number = rng.randint(low, max(low, high))
            return [self.make(node["items"], rng, also[1:], share) for _ in range(number)]
        return rng.choice(valid_values(node, rng))


def valid_values(node, rng):
    """Values of a place that is no object or array, those at the limits among them."""
    kind = node.get("type")
    if "enum" in node:
        return node["enum"]
    if kind == "string":
        if node.get("format") == "date-time":
            return ["2026-11-21T03:00:00Z", "2028-02-29T23:59:60.123+01:00", "2026-11-21T03:00:00"]
        if node.get("format") == "uri":
            return ["ftp://user:password@example.org/a?b", "http://x", "file:a"]
        longest = node.get("maxLength", 40)
        mixed = "".join(rng.choice('ab,|:"\\ä€😀\n') for _ in range(longest))
        return ["", "x", "x" * longest, mixed]
    if kind in ("integer", "number"):
        low, high = node.get("minimum", -(2**33)), node.get("maximum", 2**63)
        whole = [int(low), int(high), rng.randint(int(low), int(high)), max(1, int(low))]
        return whole + ([0.5, 21.4, 0.3, 6.0] if kind == "number" else [])
    return [True, False] if kind == "boolean" else [None, 5, "x", [1, {"a": None}], {"b": 2.5}]


def wrong_values(node, rng, official):
    """Values that are mostly wrong for a place; the judge says which."""
    yield from (None, True, False, 0, 7, -1, 1.0, 1.5, "", "x", "5", [], {}, [None], {"": None})
    kind = node.get("type")
    if "enum" in node:
        for value in node["enum"]:
            yield from (
                value.lower(),
                value + "x",
                value[:-1],
                value[1:],
                value + "|",
                "|" + value,
            )
        yield "|".join(sorted(node["enum"], key=lambda v: (len(v), v)))
    elif kind == "string":
        longest = node.get("maxLength", 40)
        yield from ("x" * (longest + 1), "€" * (longest + 1), "€" * longest)
        yield from ("2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "a b:c", "1:a", "http:")
    elif kind in ("integer", "number"):
        low, high = int(node.get("minimum", 0)), int(node.get("maximum", 0))
        yield from (low - 1, high + 1, low - 0.5, high + 0.5, 2**64, 1e20, 4.11, 0.25, 0.1, -0.7)
    elif kind == "array":
        for number in (node.get("minItems", 1) - 1, 1, 2, *_around(node.get("maxItems"))):
            yield [official.make(node["items"], rng) for _ in range(number)]
    elif kind == "object":
        yield from wrong_objects(node, rng, official)


def _around(limit):
    return () if limit is None else (limit, limit + 1)


def wrong_objects(node, rng, official):
    right = official.make(node, rng)
    fields = list(node.get("properties", ()))
    for name in right:
        yield {n: v for n, v in right.items() if n != name}
    for name in fields:
        yield {**right, name: None}
    names = ["", "x", "customdata", "ünï", "a,b", ":", "0", *(n[1:] for n in fields[:3])]
    names += [fields[0] + ":", ",".join(fields), fields[0].upper()] if fields else []
    for name in names:
        yield {**right, name: rng.choice((1, "x", None))}


def cases_of(official, rng, thorough):
    """Payloads for one schema."""
    document = official.document
    yield from (None, True, 5, 1.5, "", "x", [], [{}], {})
    for share in [0.0, 1.0] + [0.5] * (12 if thorough else 2):
        yield official.make(document, rng, share=share)
    places = (
        official.places if thorough else rng.sample(official.places, min(4, len(official.places)))
    )
    for path, node in places:
        values = list(wrong_values(node, rng, official))
        if node.get("type") not in ("object", "array"):
            values += valid_values(node, rng)
        for value in values if thorough else rng.sample(values, min(6, len(values))):
            yield with_value(official, path, value, rng)
    for _ in range(20 if thorough else 1):
        payload = official.make(document, rng, share=0.4)
        for path, node in rng.sample(official.places, min(2, len(official.places))):
            put(payload, path, rng.choice(list(wrong_values(node, rng, official))))
        yield payload


def with_value(official, path, value, rng):
    """A payload that is right but for `value` at `path`."""
    payload = official.make(official.document, rng, also=path)
    return put(payload, path, value) if path else value


def put(payload, path, value):
    """Set what is at `path`, if the payload reaches as far."""
    try:
        inner = payload
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = copy.deepcopy(value)
    except (IndexError, KeyError, TypeError):
        pass
    return payload


def _text(path):
    return "".join("[%d]" % p if isinstance(p, int) else "." + p for p in path)[1:]


def ask_checker(package, cases, folder):
    """What the checker says to each case, on MicroPython."""
    path = folder / "cases"
    path.write_text(
        "".join(json.dumps(c, ensure_ascii=False) + "\n" for c in cases), encoding="utf-8"
    )
    done = subprocess.run(
        [micropython(), "-X", "heapsize=8M", "-c", _RUNNER, package, str(path)],
        cwd=ROOT,
        env=micropython_env(),
        capture_output=True,
        timeout=patient(120),
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


@pytest.mark.parametrize("version", VERSIONS)
def test_sample(version, tmp_path):
    compare(version, tmp_path, thorough=False)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_every_place(version, tmp_path):
    compare(version, tmp_path, thorough=True)


def compare(version, folder, thorough):
    package, request = VERSIONS[version]
    rng = random.Random(16)
    cases, wanted = [], []
    for path in sorted((OFFICIAL / version / "schemas").glob("*Response.json")):
        action = path.stem[: -len("Response")]
        for is_request, file in ((1, path.with_name(action + request + ".json")), (0, path)):
            official = Official(file)
            for n, payload in enumerate(cases_of(official, rng, thorough)):
                lenient = n % 4 == 3
                cases.append([action, is_request, lenient, payload])
                wanted.append(official.errors(payload, lenient))
    verdicts = ask_checker(package, cases, folder)
    assert len(verdicts) == len(cases)
    disagree = [
        "%s\n  official: %s\n  checker: %s" % (json.dumps(case)[:600], sorted(errors), verdict)
        for case, errors, verdict in zip(cases, wanted, verdicts)
        if (tuple(verdict) not in errors if verdict else errors)
    ]
    right = sum(not errors for errors in wanted)
    kinds = {kind for errors in wanted for kind, _ in errors}
    print("%s: %d payloads, %d of them right" % (version, len(cases), right))
    assert not disagree, "%d of %d differ\n%s" % (
        len(disagree),
        len(cases),
        "\n".join(disagree[:20]),
    )
    # The payloads were worth comparing: a good part right, and every kind of wrong among the rest.
    assert right > len(cases) // 10
    rare = set() if thorough else {"range"}
    assert kinds >= {"payload", "missing", "extra", *_KINDS.values()} - rare


def schemac():
    """The module tools/schemac.py."""
    spec = importlib.util.spec_from_file_location("schemac", ROOT / "tools" / "schemac.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_checked_in_modules_are_what_the_compiler_writes(tmp_path):
    compiler = schemac()
    for version, request, package in compiler.VERSIONS:
        files = compiler.generate(OFFICIAL / version / "schemas", request)
        assert compiler.differences(ROOT / package, files) == ([], [])
        assert compiler.differences(tmp_path, files) == (sorted(files), [])
    name, other = sorted(files)[:2]
    (tmp_path / name).write_text(files[name])
    (tmp_path / other).write_text(files[other] + "\n")
    (tmp_path / "left_over.py").write_text("")
    assert compiler.differences(tmp_path, files) == (sorted(set(files) - {name}), ["left_over.py"])


@pytest.mark.parametrize(
    "change",
    [
        {"properties": {"a": {"type": "string", "pattern": "x"}}},
        {"properties": {"a": {"type": "string", "minLength": 1}}},
        {"properties": {"a": {"type": ["string", "null"]}}},
        {"properties": {"a": {"type": "number", "multipleOf": 0.5}}},
        {"properties": {"a": {"type": "integer", "exclusiveMinimum": 1}}},
        {"properties": {"a": {"type": "string", "enum": ["b|c"]}}},
        {"properties": {"a:b": {"type": "string"}}},
        {"required": ["b"]},
        {"patternProperties": {}},
    ],
)
def test_compiler_refuses_what_it_has_no_word_for(change):
    compiler = schemac()
    document = {
        "$schema": "http://json-schema.org/draft-06/schema#",
        "type": "object",
        "additionalProperties": False,
        "properties": {"a": {"type": "string", "maxLength": 5}},
    }
    assert compiler.Compiler(document, {}).compile() == (b"0,a:s1,", 5)
    with pytest.raises(compiler.SchemaError):
        compiler.Compiler({**document, **change}, {}).compile()
