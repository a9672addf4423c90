"""Short names for a chip: what may be renamed is, and the code does the same."""

import io
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from charger_app import build  # noqa: E402
from charger_app.compact import Known  # noqa: E402

SOURCE = """
_LEAST = const(5)
_table = {"first": 1}
_count = 0


class _Counter:
    _kept = 2

    def add(self, amount, times=_LEAST):
        global _count
        _count += amount * times
        return [amount for amount in (amount, self._kept)]


def _first(wanted):
    return lambda other: _table[wanted] + other


def public(number, *, option=3, **more):
    def inner(number):
        return number + 1

    return inner(number) + option + _first("first")(1) + sum(more.values())


def total():
    return _count
"""


def made(text):
    scope = {"const": lambda value: value}
    exec(compile(text, "x", "exec"), scope)
    return scope


def known(*sources):
    found = Known()
    for text in sources:
        found.read(text)
    return found


def test_names_become_short_and_the_code_does_the_same():
    text, short = known(SOURCE).compact(SOURCE)
    assert sorted(short.values()) == ["_Counter", "_count", "_first", "_table"]
    assert not any(name in text for name in short.values())
    assert "amount" not in text and "wanted" not in text and "other" not in text
    before, after = made(SOURCE), made(text)
    counter = {name: key for key, name in short.items()}["_Counter"]
    for scope, name in ((before, "_Counter"), (after, counter)):
        assert scope[name]().add(3, 2) == [3, 2]
        assert scope["public"](1, option=4, extra=5) == 2 + 4 + 2 + 5
        assert scope["total"]() == 6


@pytest.mark.parametrize(
    "user, name",
    [
        ("from counting import _first", "_first"),
        ("import counting\ncounting._first(1)", "_first"),
        ("getattr(counting, '_first')", "_first"),
        ("counter.add(amount=3)", "amount"),
    ],
)
def test_a_name_that_something_else_uses_stays(user, name):
    assert name in known(SOURCE, user).compact(SOURCE)[0]


def test_what_cannot_be_renamed_stays():
    text = known(SOURCE).compact(SOURCE)[0]
    assert "_kept" in text  # an attribute
    assert "*, option=3, **more" in text  # given by name only
    assert "_LEAST = const(5)" in text and "=_LEAST" in text  # the compiler folds it by its name


def test_a_name_of_the_documentation_stays():
    found = known(SOURCE)
    found.read_page("Give `add(amount)` a number of wanted things.")
    text = found.compact(SOURCE)[0]
    assert "amount" in text and "wanted" not in text


def test_a_class_keeps_what_is_also_its_own():
    source = "_x = 1\nclass A:\n    _x = 2\n    y = _x\n"
    assert made(known(source).compact(source)[0])["A"].y == 2


def words(text):
    """Everything but names; names are told apart from the rest only."""
    found = tokenize.generate_tokens(io.StringIO(text).readline)
    return [t.type if t.type == tokenize.NAME else (t.type, t.string) for t in found]


def test_of_every_module_of_a_board_only_names_differ():
    sources = build.sources("pico_w")
    found = Known()
    for path in sources.values():
        found.read(path.read_text())
    changed = 0
    for path in sources.values():
        before = path.read_text()
        after, short = found.compact(before)
        assert words(after) == words(before), path
        assert all(new.startswith("_") and len(new) < len(old) for new, old in short.items())
        changed += after != before
    assert changed > 100
