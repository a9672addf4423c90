"""Installs what is missing into `.venv`: `python3 tools/setup.py run|dev`.

`run` is what `tools/charger` and `tools/csms` need, `dev` what tests, lint and benches need on
top. Does nothing when the requirement files have not changed since. Any Python 3 may run this.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
FILES = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}
OLDEST, NEWEST = (3, 10), (3, 13)


def main(what):
    if what == "dev":
        find_chromium()
    if installed(what):
        return
    base = find_python()
    if not usable_venv():
        make_venv(base)
    name = FILES[what][-1]
    print("setup: installing %s into .venv" % name, flush=True)
    command = pip() + ["install", "--quiet", "--disable-pip-version-check"]
    if subprocess.call(command + ["-r", os.path.join(ROOT, name)]) != 0:
        fail("pip could not install %s, see above (is the network up?)" % name)
    for done in ["run", what]:
        with open(stamp(done), "w") as file:
            file.write(wanted(done))


def find_chromium():
    """The tests of the web pages need a browser; without one they are skipped, and say so."""
    if shutil.which("chromium"):
        return
    hint = "the tests of the web pages are skipped: apt-get install chromium"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print("setup: there is no chromium, " + hint, flush=True)
        return
    print("setup: installing chromium", flush=True)
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": dict(os.environ, DEBIAN_FRONTEND="noninteractive"),
    }
    subprocess.call(["apt-get", "update", "-qq"], **quiet)
    if subprocess.call(["apt-get", "install", "-y", "-qq", "chromium"], **quiet) != 0:
        print("setup: chromium could not be installed, " + hint, flush=True)


def stamp(what):
    return os.path.join(VENV, "installed-" + what)


def wanted(what):
    """What the stamp says when all is up to date. A moved folder needs a new environment."""
    digest = hashlib.sha256()
    for name in FILES[what]:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return "%s %s\n" % (ROOT, digest.hexdigest())


def installed(what):
    try:
        with open(stamp(what)) as file:
            return file.read() == wanted(what) and runs(PYTHON)
    except OSError:
        return False


def runs(python):
    """Whether this interpreter starts and is of a version we have packages for."""
    code = "import sys; sys.exit(not %r <= sys.version_info[:2] <= %r)" % (OLDEST, NEWEST)
    try:
        return subprocess.call([python, "-c", code], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def find_python():
    names = [sys.executable, "python3", "python3.12", "python3.11", "python3.10"]
    for name in names:
        if name and runs(name):
            return name
    fail(
        "Python 3.10 to 3.13 is needed; this is %d.%d. On Debian: apt install python3"
        % sys.version_info[:2]
    )


def usable_venv():
    """Whether `.venv` was made here, for this folder, and still works."""
    try:
        with open(stamp("run")) as file:
            here = file.read().startswith(ROOT + " ")
    except OSError:
        here = False
    return here and runs(PYTHON)


def make_venv(base):
    """Make `.venv` by the first means this machine has."""
    print("setup: making .venv", flush=True)
    if os.path.islink(VENV):
        os.unlink(VENV)
    shutil.rmtree(VENV, ignore_errors=True)
    means = [
        [base, "-m", "venv", VENV],  # Debian: not without the package python3-venv
        [base, "-m", "virtualenv", "--quiet", VENV],
        ["virtualenv", "--quiet", "--python", base, VENV],
    ]
    if system_pip(base):
        means.append([base, "-m", "venv", "--without-pip", VENV])
    for command in means:
        try:
            done = subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            continue
        if done == 0 and runs(PYTHON):
            return
        shutil.rmtree(VENV, ignore_errors=True)
    fail("cannot make a virtual environment. On Debian: apt install python3-venv")


def system_pip(base):
    """Whether the pip of `base` can install into another environment (pip 22.3 and later)."""
    command = [base, "-m", "pip", "--python", base, "--version"]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def pip():
    if os.path.exists(os.path.join(VENV, "bin", "pip")):
        return [PYTHON, "-m", "pip"]
    return [find_python(), "-m", "pip", "--python", PYTHON]


def fail(text):
    sys.exit("setup: " + text)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in FILES:
        sys.exit("usage: python3 tools/setup.py run|dev")
    main(sys.argv[1])
