"""Unit test files run on MicroPython (see `mpunit.py`), everything else is plain pytest."""

import mpunit


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
