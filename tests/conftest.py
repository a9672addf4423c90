"""Unit test files run on MicroPython (see `mpunit.py`), everything else is plain pytest."""

import os
import re

import mpunit
import pytest

_GROUP = re.compile(r'xdist_group\("(\w+)"\)')

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `--dist loadgroup`: a unit test file stays in one worker, as it is run once, and so do
    the files with a mark `xdist_group`. pytest-xdist 3.8 tells groups by the ids of the cases,
    which it can't change any more since pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        known = {}  # file -> its group

        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            if file not in self.known:
                path = config.rootpath / file
                found = _GROUP.search(path.read_text())
                mine = file if mpunit.UNIT in path.parents else None
                self.known[file] = found.group(1) if found else mine
            return self.known[file] or nodeid

    return Groups(config, log) if config.getvalue("dist") == "loadgroup" else None
