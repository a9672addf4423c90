"""What the bodies of requests may hold. In memory only while one is checked.

A field is `name:rule`, with `!` before it if it must be there; `?` after a rule: or null.

| rule | accepts |
| --- | --- |
| `bool` `list` | a value of that type |
| `s40` `s1-40` | a string of at most 40 characters; of 1 to 40 |
| `i0..9` `n0..9` | an integer, a number, from 0 to 9 |
| `a|b` `#1|2` | one of these strings, one of these integers |
| `CODE` `TIME` | an error code (see `sim.faults`), an ISO 8601 time |
| `TOKEN` `AUTH` `SRC` | a kind of identifier, a status of an authorization, whose limit it is |
"""

import json

from rules import fits, nearest, words

_NAMED = {
    "bool": bool,
    "list": list,
    "SRC": "EMS|SO|Other",
    "TOKEN": "Central|DirectPayment|eMAID|EVCCID|ISO14443|ISO15693|KeyCode|Local|MacAddress"
    "|NoAuthorization|VIN",
    "AUTH": "Accepted|Blocked|ConcurrentTx|Expired|Invalid|NoCredit|NotAllowedTypeEVSE"
    "|NotAtThisLocation|NotAtThisTime|Unknown",
}
_VALUE = (None, 2500)  # of a setting


def parsed(data, fields):
    """The JSON object of a request body that keeps to its fields; {} if there is none.
    ValueError."""
    from ocpp.strictjson import loads  # only while it is needed: `lib/ocpp` lets it go

    try:
        text = data.decode().strip()
        value = loads(text) if text else {}
    except (ValueError, UnicodeError):
        raise ValueError("the body is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("the body is not a JSON object")
    return checked(value, fields)


def checked(body, fields):
    """`body` if it keeps to its fields. ValueError names the field, its value and what is
    accepted."""
    if fields == ["*"]:
        for name in body:
            _check(name, body[name], _VALUE)
        return body
    rules = {}
    for field in fields:
        name, _, rule = field.partition(":")
        if name[0] == "!":
            name = name[1:]
            if name not in body:
                raise ValueError("%s is missing; accepted: %s" % (name, _words(_rule(rule))))
        rules[name] = rule
    for name in body:
        if name not in rules:
            near = nearest(name, rules)
            raise ValueError(
                "unknown field %s%s" % (name, '; did you mean "%s"?' % near if near else "")
            )
        _check(name, body[name], _rule(rules[name]))
    return body


def _check(name, value, rule):
    if not _fits(value, rule):
        shown = json.dumps(value)
        if len(shown) > 60:
            shown = shown[:57] + "..."
        raise ValueError("%s is %s; accepted: %s" % (name, shown, _words(rule)))


def _rule(text):
    """The rule (see `rules.py`, or "CODE" or "TIME") that `text` stands for."""
    if text[-1] == "?":
        return (None, _rule(text[:-1]))
    text = _NAMED.get(text, text)
    if not isinstance(text, str) or text in ("CODE", "TIME"):
        return text
    if text[0] == "#":
        return tuple([int(item) for item in text[1:].split("|")])
    if ".." in text:
        low, _, high = text[1:].partition("..")
        return range(int(low), int(high) + 1) if text[0] == "i" else [float(low), int(high)]
    if text[0] == "s" and text[-1].isdigit():
        least, _, most = text[1:].rpartition("-")
        return -int(most) if least else int(most)
    return tuple(text.split("|"))


def _fits(value, rule):
    if isinstance(rule, tuple) and rule[0] is None:
        return value is None or _fits(value, rule[1])
    if rule == "CODE":
        from sim import faults  # not there on a board with pins, whose table has no codes

        return isinstance(value, str) and faults.known(value)
    if rule == "TIME":
        from ocpp.iso import from_iso

        try:
            return from_iso(value) is not None
        except ValueError:
            return False
    return fits(value, rule)


def _words(rule):
    if isinstance(rule, tuple) and rule[0] is None:
        return _words(rule[1]) + " or null"
    if rule == "CODE":
        from sim import faults

        return "an OCPP 1.6 error code (%s) or CX001 to CX026" % ", ".join(faults.CODES)
    if rule == "TIME":
        return "a time like 2026-11-21T03:00:00Z"
    return words(rule)
