"""Patterns for JSON values, and the variables `${name}` of a scenario.

A mapping fits a mapping that has at least its fields; a list fits a list that holds something
fitting for each of its items; anything else must be equal. A mapping with one field that begins
with `$` is a condition: see `CONDITIONS`.
"""

import re
from datetime import datetime, timedelta, timezone

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_NOW = re.compile(r"now(?:([+-]\d+))?")


class Missing:
    """What is not there."""

    def __repr__(self):
        return "nothing"


MISSING = Missing()


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")  # compares with nothing


CONDITIONS = {
    "$min": lambda wanted, seen: _number(seen) >= _number(wanted),
    "$max": lambda wanted, seen: _number(seen) <= _number(wanted),
    "$not": lambda wanted, seen: not fits(wanted, seen),
    "$in": lambda wanted, seen: any(fits(w, seen) for w in wanted),
    "$like": lambda wanted, seen: isinstance(seen, str) and bool(re.search(wanted, seen)),
    "$absent": lambda wanted, seen: (seen is MISSING) == wanted,
    "$length": lambda wanted, seen: isinstance(seen, (list, str, dict)) and len(seen) == wanted,
    "$every": lambda wanted, seen: isinstance(seen, list) and all(fits(wanted, s) for s in seen),
    "$all": lambda wanted, seen: all(fits(w, seen) for w in wanted),
}


def fits(wanted, seen):
    """Does the value fit the pattern? Raises ValueError for an unknown condition."""
    if isinstance(wanted, dict):
        condition = next((k for k in wanted if k.startswith("$")), None)
        if condition is not None:
            if condition not in CONDITIONS or len(wanted) != 1:
                known = ", ".join(CONDITIONS)
                raise ValueError("%s: a condition is one of %s" % (condition, known))
            return CONDITIONS[condition](wanted[condition], seen)
        if not isinstance(seen, dict):
            return False
        return all(fits(w, seen.get(name, MISSING)) for name, w in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(seen, list) or (not wanted and seen):
            return False
        return all(any(fits(w, s) for s in seen) for w in wanted)
    # 1 is not True
    return wanted == seen and isinstance(wanted, bool) == isinstance(seen, bool)


def look_up(value, path):
    """The part of a value behind a dotted path (`idTagInfo.status`, `items.0.x`); KeyError."""
    for name in path.split("."):
        if isinstance(value, list) and name.lstrip("-").isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            raise KeyError(path)
    return value


def filled(value, variables, now):
    """The value with its variables. `now()`: the charger's time, for `${now}`, `${now+60}` (s).
    Raises KeyError with the name of an unknown variable."""
    if isinstance(value, dict):
        made = {k: filled(v, variables, now) for k, v in value.items()}
        return made
    if isinstance(value, list):
        return [filled(v, variables, now) for v in value]
    if not isinstance(value, str):
        return value
    whole = _VARIABLE.fullmatch(value)
    if whole:
        return _variable(whole[1], variables, now)
    return _VARIABLE.sub(lambda m: str(_variable(m[1], variables, now)), value)


def _variable(name, variables, now):
    moment = _NOW.fullmatch(name)
    if moment:
        time = datetime.strptime(now(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        time += timedelta(seconds=int(moment[1] or 0))
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return variables[name]
