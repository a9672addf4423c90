"""The words of a scenario, and what may stand behind each."""

PROCESS = ("kill", "stop", "start")  # what can be done to the CSMS's process

_CHECKS = {
    "text": lambda v: isinstance(v, str) and v != "",
    "number": lambda v: _is_number(v) and v >= 0,
    "number above 0": lambda v: _is_number(v) and v > 0,
    "whole number": lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
    "mapping": lambda v: isinstance(v, dict),
    "list": lambda v: isinstance(v, list),
    "nothing": lambda v: v is None,
    "on or off": lambda v: v in ("on", "off"),
    "charger or csms": lambda v: v in ("charger", "csms"),
    "true or false": lambda v: isinstance(v, bool),
    "mapping of mappings": lambda v: (
        isinstance(v, dict) and all(isinstance(x, dict) for x in v.values())
    ),
    "word of kill, stop, start": lambda v: v in PROCESS,
    "METHOD /path": lambda v: isinstance(v, str) and len(v.split(" ")) == 2,
    "anything": lambda v: True,
}
_OR = " or a "

TOP = {
    "name": "text",
    "about": "text",
    "speed": "number above 0",
    "station": "mapping",
    "charger": "mapping",
    "chargers": "mapping of mappings",
    "csms": "mapping",
    "files": "mapping",
    "log": "mapping",
    "at_once": "true or false",
    "steps": "list",
}

# What may stand beside the first word of a step.
FIELDS = {
    "answer": "anything",
    "body": "anything",
    "check": "true or false",
    "error": "text",
    "for": "number",
    "from": "charger or csms",
    "http": "whole number",
    "is": "anything",
    "of": "list",
    "payload": "mapping",
    "save": "mapping",
    "seed": "whole number",
    "steps": "list",
    "where": "anything",
    "within": "number above 0",
}

_CONNECTOR = "whole number or a mapping"

_CSMS = "METHOD /path or a word of kill, stop, start"

# Word -> what it takes, then the fields it knows.
STEPS = {
    # The world of the charger
    "plug": (_CONNECTOR,),
    "unplug": (_CONNECTOR, "http"),
    "ev": ("mapping",),
    "card": ("text or a mapping",),
    "fault": ("mapping",),
    "network": ("on or off",),
    "power": ("on or off",),
    "reboot": ("text",),
    "settings": ("mapping",),
    "charger": ("METHOD /path", "body", "http", "answer", "save", "within"),
    # The central system
    "csms": (_CSMS, "body", "http", "answer", "save", "within"),
    "call": ("text", "payload", "answer", "error", "http", "save", "check"),
    "token": ("mapping",),
    "misbehave": ("list", "seed"),
    # What is to be seen
    "expect": ("text", "where", "answer", "error", "from", "within", "save"),
    "never": ("text", "where", "from", "for"),
    "count": ("text", "where", "from", "is"),
    "order": ("list",),
    "forget": ("nothing",),
    "connector": ("whole number", "is", "within", "save"),
    "status": ("mapping", "within", "save"),
    "uploaded": ("text", "within"),
    "check": ("anything", "is"),
    # Time, chance and place
    "wait": ("number above 0",),
    "delivered": ("nothing", "within"),
    "repeat": ("whole number", "steps"),
    "chance": ("whole number", "seed", "of"),
    "at": ("text", "steps"),
}


def fits(accepted, value):
    """Is the value one of what is accepted (words of `_CHECKS`, joined by "or a")?"""
    if accepted in _CHECKS:
        return _CHECKS[accepted](value) or _is_variable(value)
    return any(_CHECKS[one](value) for one in accepted.split(_OR)) or _is_variable(value)


def _is_variable(value):
    return isinstance(value, str) and value.startswith("${") and value.endswith("}")


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)
