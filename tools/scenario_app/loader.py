"""Reads a scenario: YAML, checked before anything starts, so that each mistake is told with its
line.

Every mapping remembers its line (`Node.line`). Unlike YAML 1.1, `on`, `off`, `yes`, `no` are texts
and so are dates: frames hold texts, and the misbehaviour of the CSMS has a field `on`.
"""

import difflib
import re

import yaml

from scenario_app import vocabulary


class ScenarioError(Exception):
    """A mistake in the file. The text names file and line."""


class Node(dict):
    """A mapping of the file."""

    line = 0  # counts from 1
    lines = {}  # field -> its line


class Items(list):
    """A list of the file."""

    lines = ()  # of the items


class _Loader(yaml.SafeLoader):
    def construct_node(self, node):
        made = Node()
        made.line = node.start_mark.line + 1
        made.lines = {}
        for key, _ in node.value:
            if key.value in made.lines:
                text = "%s: is there twice" % key.value
                raise yaml.constructor.ConstructorError(None, None, text, key.start_mark)
            made.lines[key.value] = key.start_mark.line + 1
        yield made
        made.update(self.construct_mapping(node, deep=True))

    def construct_items(self, node):
        made = Items()
        made.lines = [n.start_mark.line + 1 for n in node.value]
        yield made
        made.extend(self.construct_sequence(node, deep=True))


_Loader.add_constructor("tag:yaml.org,2002:seq", _Loader.construct_items)
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_node)
_KEPT = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
_Loader.yaml_implicit_resolvers = {
    first: [r for r in resolvers if r[0] not in _KEPT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _word in ("true", "false"):
    _Loader.add_implicit_resolver(
        "tag:yaml.org,2002:bool", yaml.resolver.re.compile("^(?:true|false)$"), _word[0]
    )


class Scenario:
    """A checked file; its attributes are the words of `vocabulary.TOP`."""

    def __init__(self, path, top):
        self.path = path
        self.name = top["name"]
        self.about = top.get("about", "")
        self.speed = top.get("speed", 10)
        self.station = top.get("station", {})
        self.charger = top.get("charger", {})
        self.chargers = top.get("chargers", {})  # besides: name -> what it has of its own
        self.csms = top.get("csms", {})
        self.files = top.get("files", {})
        self.log = top.get("log", {})
        self.at_once = top.get("at_once", False)
        self.steps = top["steps"]


def load(path):
    """The Scenario in a file. Raises ScenarioError, OSError."""
    with open(path, encoding="utf-8") as file:
        try:
            text = file.read()
        except UnicodeDecodeError as e:
            raise ScenarioError("%s: not UTF-8: %s" % (path, e.reason)) from None
    return parse(text, str(path))


def parse(text, path):
    """The Scenario of a text; `path` is for messages."""
    try:
        top = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        raise ScenarioError("%s:%d: %s" % (path, mark.line + 1, e.problem)) from None
    except (yaml.YAMLError, ValueError) as e:
        raise ScenarioError("%s:1: %s" % (path, " ".join(str(e).split()))) from None
    if not isinstance(top, Node):
        raise ScenarioError("%s:1: must be a mapping with name and steps" % path)
    _check_fields(path, top, vocabulary.TOP, "the scenario")
    for name in ("name", "steps"):
        if name not in top:
            raise ScenarioError("%s:%d: %s: is missing" % (path, top.line, name))
    chargers = top.get("chargers", {})
    for name in chargers:
        if not re.fullmatch("[A-Za-z0-9]{1,20}", str(name)):
            text = "%s:%d: chargers: %.40r: a name is letters and digits, up to 20"
            raise ScenarioError(text % (path, chargers.lines.get(name, top.line), name))
    _check_steps(path, top["steps"], top.line, chargers)
    return Scenario(path, top)


def kind_of(step):
    """The step's first word, which says what it does."""
    return next(iter(step))


def _check_steps(path, steps, line, chargers):
    if not isinstance(steps, list) or not steps:
        raise ScenarioError("%s:%d: steps: must be a list of steps" % (path, line))
    for step, line in zip(steps, steps.lines):
        if not isinstance(step, Node) or not step:
            raise ScenarioError(
                "%s:%d: %.60r is no step; a step is `word: value`" % (path, line, step)
            )
        kind = kind_of(step)
        if kind not in vocabulary.STEPS:
            raise ScenarioError(
                "%s:%d: %s: unknown step; %s" % (path, line, kind, _near(kind, vocabulary.STEPS))
            )
        value, *more = vocabulary.STEPS[kind]
        known = {kind: value, "note": "text"}
        known.update(m for m in vocabulary.FIELDS.items() if m[0] in more)
        _check_fields(path, step, known, kind)
        if kind == "at" and step[kind] not in chargers:
            names = ", ".join(chargers) or "none"
            text = "%s:%d: at: no charger %s; those of `chargers`: %s"
            raise ScenarioError(text % (path, line, step[kind], names))
        for name in ("steps", "of"):
            if name in more:
                _check_steps(path, step.get(name), line, chargers)


def _check_fields(path, node, known, where):
    for name, value in node.items():
        if name not in known:
            text = "%s:%s: %s: unknown in %s; %s"
            line = node.lines.get(name, node.line)
            raise ScenarioError(text % (path, line, name, where, _near(name, known)))
        accepted = known[name]
        if not vocabulary.fits(accepted, value):
            text = "%s:%d: %s: %.60r is not accepted; accepted: %s"
            line = node.lines.get(name, node.line)
            raise ScenarioError(text % (path, line, name, value, accepted))


def _near(name, known):
    close = difflib.get_close_matches(str(name), known, 1)
    return "did you mean %s?" % close[0] if close else "known: %s" % ", ".join(known)
