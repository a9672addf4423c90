"""The collector of the unit tests: what must fail fails, case by case."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from mpunit import ROOT
from patience import patient

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mpunit")]

BAD = """\
# heap: 256K
# timeout: 3
import os
from skips import skip
calls = []
def setup(): calls.append("setup")
def teardown(): calls.append("teardown")
def test_ok():
    print("no newline", end="")
    assert os.getenv("TMPDIR") and calls == ["setup"]
def test_around(): assert calls == ["setup", "teardown", "setup"]
def test_skipped(): skip("for this reason")
def test_skip_without_reason(): skip("")
def test_wrong():
    one = 1
    assert one == 2
def test_exits(): raise SystemExit(0)
def test_small_heap(): bytearray(300000)
def test_endless():
    while True: pass
def test_after(): pass
"""
CRASH = """\
import uctypes
def test_before(): pass
def test_crash(): uctypes.bytearray_at(1, 8)[0] = 1
def test_after(): pass
"""
COPIED = (
    "pyproject.toml",
    "tests/conftest.py",
    "tests/mpunit.py",
    "tests/patience.py",
    "tests/unit/run.py",
    "tests/unit/skips.py",
    "tools/charger_app/__init__.py",
    "tools/charger_app/build.py",
    "tools/charger_app/trim.py",
    "tools/console.py",
    "lib/evse/__init__.py",
    "lib/evse/hal.py",
)
FILES = {
    "test_bad.py": BAD,
    "test_crash.py": CRASH,
    "test_import.py": "import nonesuch\ndef test_x(): pass\n",
    "test_none.py": "def check_x(): pass\n",
    "test_twice.py": "def test_x(): pass\ndef test_x(): pass\n",
    "test_argument.py": "def test_x(fixture): pass\n",
    "test_emit.py": "# emit: sounds\ndef test_x(): pass\n",
    "test_lib.py": "from evse import hal\ndef test_x(): assert hal.__file__.endswith('.mpy')\n",
    "test_native.py": "# emit: native\nfrom evse import hal\ndef test_x(): assert hal.Hal\n",
}
WANTED = {
    "test_bad.py::test_ok": "PASSED",
    "test_bad.py::test_around": "PASSED",
    "test_bad.py::test_skipped": "SKIPPED",
    "test_bad.py::test_skip_without_reason": "FAILED",
    "test_bad.py::test_wrong": "FAILED",
    "test_bad.py::test_exits": "FAILED",
    "test_bad.py::test_small_heap": "FAILED",
    "test_bad.py::test_endless": "FAILED",
    "test_bad.py::test_after": "FAILED",
    "test_crash.py::test_before": "PASSED",
    "test_crash.py::test_crash": "FAILED",
    "test_crash.py::test_after": "FAILED",
    "test_import.py::test_x": "FAILED",
    "test_none.py": "ERROR",
    "test_twice.py": "ERROR",
    "test_argument.py": "ERROR",
    "test_emit.py": "ERROR",
    "test_lib.py::test_x": "PASSED",
    "test_native.py::test_x": "PASSED",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What pytest says of those files."""
    root = tmp_path_factory.mktemp("project")
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name, text in FILES.items():
        (root / "tests" / "unit" / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"]
    command += ["--continue-on-collection-errors"]
    return subprocess.run(
        command,
        cwd=root,
        env={**os.environ, "PATIENCE": "1"},  # for the file that does not end
        capture_output=True,
        text=True,
        timeout=patient(60),
    )


def test_every_case_has_its_own_outcome(report):
    lines = re.findall(r"^tests/unit/(\S+) (PASSED|FAILED|SKIPPED)", report.stdout, re.M)
    lines += [(n, "ERROR") for n in re.findall(r"^ERROR tests/unit/(\S+)", report.stdout, re.M)]
    assert dict(lines) == WANTED, report.stdout
    assert report.returncode == 1


@pytest.mark.parametrize(
    "text",
    [
        "for this reason",
        "assert one == 2",  # the source of the failing line
        "did not finish within 3 s, in this case",
        "did not finish within 3 s, in test_endless",
        "no module named 'nonesuch'",
        "no test_...() in it",
        "bad heap, timeout or emit directive",
        "two test_x()",
        "test_x must be a plain function without arguments",
    ],
)
def test_the_reason_is_told(report, text):
    assert text in report.stdout


def test_a_crash_of_the_interpreter_is_told(report):
    assert re.search(r"the interpreter ended with status -\d+, in this case", report.stdout)


def test_a_file_stays_in_one_worker():
    files = [
        "tests/unit/test_clock.py",
        "tests/unit/test_loopback.py",
        "tests/unit/test_strictjson.py",
    ]
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout
    workers = {}
    for worker, file in re.findall(r"^\[(gw\d)\].* (tests/\S+)::", done.stdout, re.M):
        workers.setdefault(file, set()).add(worker)
    assert sorted(workers) == files and all(len(w) == 1 for w in workers.values()), workers
