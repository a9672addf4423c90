"""Collects `tests/unit/test_*.py` as cases that run on MicroPython, one line a case.

A file is run by `tests/unit/run.py` in one process of its own, the first time one of its cases is
asked for. Comment lines at the head of a file direct that process:

    # heap: 256K      heap of the interpreter (default 1M)
    # timeout: 120    seconds for the whole file on a quiet machine (default 60, see patience.py)
    # marks: slow     pytest markers of all its cases
    # emit: native    machine code instead of bytecode where that is to be had, for what computes
                      for minutes: twice as fast, but tracebacks tell no lines

With `SHORT_NAMES=1` in the environment the code is that of a chip (`tools/device.py`).

Cases get an empty folder for their files in the environment variable `TMPDIR`.
"""

import ast
import functools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from patience import patient

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from charger_app import build  # noqa: E402

UNIT = ROOT / "tests" / "unit"
_EMITTERS = ("bytecode", "native")
_DIRECTIVE = re.compile(r"^# (heap|timeout|marks|emit):\s*(\S.*?)\s*$", re.M)


def micropython():
    """Path of the interpreter: $MICROPYTHON, else the one beside this Python, else from PATH."""
    beside = Path(sys.executable).parent / "micropython"
    return os.environ.get("MICROPYTHON") or (
        str(beside) if beside.exists() else shutil.which("micropython") or "micropython"
    )


@functools.cache
def _compiled():
    return build.build_for_tests(UNIT if os.environ.get("SHORT_NAMES") else None)


def micropython_env(sources=False, **more):
    """Environment in which on-device modules are found: compiled, but for an interpreter of the
    user's own, or if `sources` are asked for."""
    if sources or os.environ.get("MICROPYTHON"):
        folders = [ROOT / "lib", ROOT / "boards", ROOT / "firmware"]
    else:
        folders = [_compiled()]
    path = ":".join([".frozen"] + [str(f) for f in [*folders, UNIT]])
    return {**os.environ, "MICROPYPATH": path, **more}


class UnitFile(pytest.File):
    """One unit test file, run once."""

    _results = None  # case name -> result dict, once the file was run

    def collect(self):
        source = self.path.read_text()
        self.options, self.timeout, marks = directives(source, self.path)
        cases = _cases(source, self.path)
        for name, line in cases:
            item = UnitCase.from_parent(self, name=name)
            item.line = line
            for mark in marks:
                item.add_marker(mark)
            # Parallel runs keep a file together, because it is run once.
            item.add_marker(pytest.mark.xdist_group(self.path.name))
            # The first case waits for the whole file; its process has a limit of its own.
            item.add_marker(pytest.mark.timeout(patient(self.timeout) + 60))
            yield item

    def result(self, name):
        if self._results is None:
            mine = [i.name for i in self.session.items if i.parent is self]
            self._results = run(self.path, mine, self.options, self.timeout)
        return self._results[name]


class UnitCase(pytest.Item):
    def runtest(self):
        result = self.parent.result(self.name)
        if result["printed"]:
            self.add_report_section("call", "stdout", result["printed"])
            if self.get_closest_marker("proof"):
                self.user_properties.append(("counts", result["printed"]))
        if result["outcome"] == "skip":
            pytest.skip(result["text"])
        if result["outcome"] != "ok":
            raise UnitFailure(result["text"])

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, UnitFailure):
            return _with_source(str(excinfo.value))
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, self.line, self.name


class UnitFailure(Exception):
    """A case failed on MicroPython; the text is its traceback."""


def directives(source, path):
    """-> options of the interpreter, time limit in s, marks"""
    head = source.split("\ndef ", 1)[0]
    found = dict(_DIRECTIVE.findall(head))
    heap = found.get("heap", "1M")
    timeout = found.get("timeout", "60")
    emit = found.get("emit", "bytecode")
    if not re.fullmatch(r"\d+[KkMm]?", heap) or not timeout.isdigit() or emit not in _EMITTERS:
        raise pytest.Collector.CollectError("%s: bad heap, timeout or emit directive" % path)
    options = ["-X", "heapsize=" + heap]
    if emit == "native" and platform.machine() == "x86_64":
        options += ["-X", "emit=native"]
    return options, int(timeout), found.get("marks", "").split()


def _cases(source, path):
    """(name, line) of each case; refuses files whose cases would be lost in silence."""
    cases = {}
    for node in ast.parse(source, str(path)).body:
        if not getattr(node, "name", "").startswith("test_"):
            continue
        if not isinstance(node, ast.FunctionDef) or node.args.args:
            raise pytest.Collector.CollectError(
                "%s: %s must be a plain function without arguments" % (path, node.name)
            )
        if node.name in cases:
            raise pytest.Collector.CollectError("%s: two %s()" % (path, node.name))
        cases[node.name] = node.lineno - 1
    if not cases:
        raise pytest.Collector.CollectError("%s: no test_...() in it" % path)
    return cases.items()


def run(path, names, options, timeout, **more):
    """Run the named cases of a file in one process, with these options of the interpreter, and
    `more` in its environment. Returns {name: result}."""
    command = [micropython(), *options, str(UNIT / "run.py"), str(path), *names]
    native = "emit=native" in options  # applies to what is compiled by the interpreter
    folder = tempfile.mkdtemp(prefix="ocppy-unit-")
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=micropython_env(native, TMPDIR=folder, **more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patient(timeout),
        )
        out, err = done.stdout, done.stderr
        ending = "the interpreter ended with status %d" % done.returncode
        if done.returncode == 0:
            ending += " without telling the outcome"
    except subprocess.TimeoutExpired as e:
        out, err = e.stdout or b"", e.stderr or b""
        ending = "the file did not finish within %d s" % patient(timeout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _read(names, out.decode(errors="replace"), err.decode(errors="replace"), ending)


def _read(names, out, err, ending):
    """Results out of what the runner printed. A case it says nothing of has failed."""
    results, running, printed = {}, None, []
    for line in out.splitlines():
        if line.startswith("@run "):
            running, printed = line[5:], []
        elif line.startswith("@case "):
            result = json.loads(line[6:])
            results[result["case"]] = dict(result, printed="\n".join(printed).strip())
            running = None
        else:
            printed.append(line)
    for name in names:
        if name in results:
            continue
        where = "in this case" if name == running else "in %s" % (running or "the import")
        text = "%s, %s\n%s" % (ending, where, err)
        shown = "\n".join(printed).strip()
        results[name] = {"outcome": "fail", "text": text, "printed": shown}
    return results


def _with_source(text):
    """A traceback of MicroPython names lines only: the error first, and each line's source."""
    lines = text.rstrip().splitlines()
    if lines and lines[0].startswith("Traceback"):
        lines.insert(0, lines[-1])
    shown = []
    for line in lines:
        shown.append(line)
        at = re.match(r'\s+File "(.+)", line (\d+)', line)
        if at and Path(at.group(1)).is_file():
            source = Path(at.group(1)).read_text().splitlines()
            shown.append("    " + source[int(at.group(2)) - 1].strip())
    return "\n".join(shown)
