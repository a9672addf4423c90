"""Unit test files run on MicroPython (see `mpunit.py`), everything else is plain pytest."""

import os

import mpunit

# The tools are started a thousand times: what they are compiled to is kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_pycollect_makemodule(module_path, parent):
    if mpunit.UNIT in module_path.parents:
        return mpunit.UnitFile.from_parent(parent, path=module_path)
    return None


def pytest_terminal_summary(terminalreporter):
    """What the long proofs counted is told, though they passed."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, text in report.user_properties:
            if name == "counts":
                terminalreporter.write_line(
                    report.nodeid + "\n    " + text.replace("\n", "\n    ")
                )
