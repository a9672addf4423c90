"""The tables of requirements and tests in `docs/`: the tests they name are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [p for kind in ("unit", "integration") for p in (ROOT / "tests" / kind).glob("test_*.py")]
NAMES = {m for p in FILES for m in re.findall(r"^def (test_\w+)", p.read_text(), re.MULTILINE)}


def is_there(name):
    if name.endswith("..."):
        return any(known.startswith(name[:-3]) for known in NAMES)
    return name in NAMES or any(p.name == name for p in FILES)


@pytest.mark.parametrize("table", ["ocpp16.md", "ocpp201.md"])
def test_named_tests_are_there(table):
    text = (ROOT / "docs" / table).read_text()
    named = re.findall(r"`(test_[\w.]+)`", text)
    assert len(named) > 100
    assert [name for name in named if not is_there(name)] == []
    assert not re.search(r"\|\s*later", text)
