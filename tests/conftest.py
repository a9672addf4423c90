"""Unit test files run on MicroPython (see `mpunit.py`), everything else is plain pytest."""

import mpunit


def pytest_pycollect_makemodule(module_path, parent):
    if mpunit.UNIT in module_path.parents:
        return mpunit.UnitFile.from_parent(parent, path=module_path)
    return None
