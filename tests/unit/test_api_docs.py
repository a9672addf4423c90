"""docs/api.md and docs/configuration.md name what the code has, neither more nor less."""

import json

import composition
import config
import netconfig
from support import raises

from ocpp import wiring

# Functions of `acts`, `hosting` and `wiring` that others than hosts call, or that connectors are
# asked for.
_INTERNAL = (
    "data_transfer", "begin", "end", "bind", "measure", "unlock", "check_flash", "report_damage"
)  # fmt: skip


def section(document, start, end):
    """The part of a document from one text to another; None: to its end."""
    with open("docs/" + document) as file:
        text = file.read()
    at = text.index(start)
    return text[at : text.index(end, at + len(start))] if end else text[at:]


def first_column(part):
    """The words in code style of a table's first column."""
    words = []
    for row in part.split("\n"):
        if row.startswith("| `"):
            words += row.split("|")[1].split("`")[1::2]
    return words


def functions(module):
    """Public functions of a module's own."""
    with open("lib/ocpp/%s.py" % module) as file:
        lines = [line for line in file if line.startswith("def ") and line[4] != "_"]
    return [line[4 : line.index("(")] for line in lines]


def test_every_function_of_the_facade_and_the_station():
    facade = section("api.md", "## Module", "### `Station")
    for name in functions("__init__"):
        assert "`%s(" % name in facade, name
    station = section("api.md", "## Station", "## Settings")
    for name in functions("acts") + functions("hosting") + functions("wiring"):
        if name not in _INTERNAL:
            assert "`%s(" % name in station or "`%s`" % name in station, name


def test_the_inputs_and_the_events():
    known = str(raises(ValueError, wiring.on, None, "?", len)).split("but ")[1].split(",")
    told = first_column(section("api.md", "**Events**", "**Operations**"))
    assert sorted(told) == sorted(known) and len(told) > 10
    known = str(raises(ValueError, wiring.bind, None, None, "?", len)).split("but ")[1].split(",")
    told = first_column(section("api.md", "**Inputs**", "`measure("))
    assert sorted(told) == sorted(known) and len(told) == 9


def test_the_configuration_shown_is_accepted():
    text = section("configuration.md", "```json", "\n```\n")
    checked = config.check(json.loads(text[7:]), ["sim"], lambda file: True)
    assert checked["ocpp"]["version"] == ["2.0.1", "1.6"] and checked["connectors"] == 2


def test_the_keys_of_the_configuration_file():
    for start, end, table in (
        ("Only `ocpp`", "## `charge_point`", set(config._TOP) | set(composition.KEYS)),
        ("## `charge_point`", "## `ocpp`", config._CHARGE_POINT),
        ("## `ocpp`", "## `network`", config._OCPP),
        ("## `network`", "## `settings`", netconfig._RULES),
        ("## `console`", None, config._CONSOLE),
    ):
        told = first_column(section("configuration.md", start, end))
        assert sorted(told) == sorted(table), (told, table)
