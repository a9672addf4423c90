"""Runs one unit test file on MicroPython: `micropython tests/unit/run.py FILE [CASE...]`.

Every `test_...()` of the file is a case, in the order of the file. `setup()` and `teardown()`, if
the file has them, run before and after every case. One line a case, read by `tests/conftest.py`:

    @case {"case": "test_x", "outcome": "ok"|"fail"|"skip", "text": "...", "ms": 3}

`@run test_x` before it tells which case was running when the interpreter itself died. The exit
status is 0 if no case failed, 1 if one did, 2 if the file has no cases or cannot be imported.
"""

import gc
import io
import json
import sys
import time

from skips import Skipped


def names_in(path):
    """Names of the cases in a file, in its order."""
    names = []
    with open(path) as file:
        for line in file:
            if line.startswith("def test_"):
                names.append(line[4 : line.index("(")])
    return names


def load(path):
    """Import the file at `path`, its folder first on the path."""
    at = path.rfind("/")
    sys.path.insert(0, path[:at] if at >= 0 else ".")
    return __import__(path[at + 1 : -3])


def traceback(error):
    out = io.StringIO()
    sys.print_exception(error, out)
    return out.getvalue()


def run_case(module, name):
    """Outcome and text of one case."""
    try:
        try:
            if hasattr(module, "setup"):
                module.setup()
            getattr(module, name)()
        finally:
            if hasattr(module, "teardown"):
                module.teardown()
    except Skipped as reason:
        return "skip", str(reason)
    except (Exception, SystemExit) as e:  # a case that calls exit() has failed, not the runner
        return "fail", traceback(e)
    return "ok", ""


def main(path, wanted):
    names = wanted or names_in(path)
    if not names:
        print("no test_...() in", path, file=sys.stderr)
        return 2
    try:
        module = load(path)
    except (Exception, SystemExit) as e:
        sys.print_exception(e, sys.stderr)
        return 2
    failed = 0
    for name in names:
        gc.collect()
        print("@run", name)
        start = time.ticks_ms()
        outcome, text = run_case(module, name)
        failed += outcome == "fail"
        ms = time.ticks_diff(time.ticks_ms(), start)
        # A line of its own, whatever the case has printed.
        print("\n@case", json.dumps({"case": name, "outcome": outcome, "text": text, "ms": ms}))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("usage: micropython tests/unit/run.py FILE [CASE...]", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
