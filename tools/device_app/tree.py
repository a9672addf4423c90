"""The files of a board's flash: {path on it: bytes}.

/boot.py and /main.py are sources, because MicroPython runs them as they are; everything else is
compiled and in /lib; /data holds the configuration with the files that it names.
"""

import json
from pathlib import Path

from charger_app import build, flash
from charger_app.build import BOARDS, ROOT, BuildError

from . import pack

_START = ("boot", "main")
_MPY = ".mpy"
_NOT_ON_CHIPS = ("unix", "recording", "replay", "simulate")  # of the simulator
_VERSIONS = {"v16": {"1.6"}, "v2": {"2.0.1", "2.1"}}  # packages of lib/ocpp
_SMALL = 1024 * 1024  # a file system of fewer bytes does not hold all versions
_PACKED = 2 * _SMALL  # in one of no more than that, modules are in one file: see `pack`


def of(board, config=None, size=None, frozen=False, readable=False):
    """The files for `board`. `config`: file of the configuration, or None; `size`: bytes of the
    file system; `frozen`: our modules are in MicroPython; `readable`: tracebacks tell lines and
    names as in the source. BuildError, flash.BadConfig: what is wrong, in words."""
    facts = build.facts(board)
    data = flash.read_config(config) if config else None
    if isinstance(data, dict):
        _check_board(data, board)
    folder = build.build(board=board, readable=readable)
    versions = _versions(data, size or _SMALL)
    files = {}
    for name in _START:
        files["/%s.py" % name] = (ROOT / "firmware" / (name + ".py")).read_bytes()
    for path in sorted(folder.rglob("*" + _MPY)):
        name = str(path.relative_to(folder))
        if _wanted(name[: -len(_MPY)], versions) and not (frozen and _is_frozen(name, board)):
            files["/lib/" + name] = path.read_bytes()
    files["/lib/%s/board.json" % board] = _compact(BOARDS / board / "board.json")
    for path in sorted((folder / "www").glob("*.gz")):  # the web console
        files["/lib/www/" + path.name] = path.read_bytes()
    chip = facts["chip"]["name"]
    files["/lib/chips/%s.json" % chip] = _compact(BOARDS / "chips" / (chip + ".json"))
    if config:
        files.update(_configured(data, config))
    return _packed(files) if (size or _PACKED) <= _PACKED and not frozen else files


def _is_frozen(name, board):
    """Whether the board's manifest.py freezes it."""
    return name.split("/")[0] not in ("microdot", board)


def _packed(files):
    """The same with all of /lib in one file: a block for each does not fit."""
    inside = {path[5:]: data for path, data in files.items() if path.startswith("/lib/")}
    outside = {path: data for path, data in files.items() if not path.startswith("/lib/")}
    return {**outside, "/pack.mpy": inside.pop("pack.mpy"), "/lib.pack": pack.make(inside)}


def _check_board(data, board):
    """A configuration without a board is for this one."""
    if data.setdefault("board", board) != board:
        raise BuildError("the configuration is for board %s, not %s" % (data["board"], board))


def _versions(data, size):
    """Versions of OCPP that are asked for; all that have room if nothing is."""
    told = data.get("ocpp") if isinstance(data, dict) else None
    if not isinstance(told, dict):
        return {"1.6"} if size < _SMALL else {"1.6", "2.0.1", "2.1"}
    told = told.get("version", "1.6")
    return set(told if isinstance(told, list) else [told])


def _wanted(name, versions):
    parts = name.split("/")
    if parts[0] in _START or parts[0] in _NOT_ON_CHIPS:
        return False
    if parts[0] == "ocpp" and len(parts) > 1 and parts[1] in _VERSIONS:
        return bool(_VERSIONS[parts[1]] & versions)
    return True


def _compact(path):
    return json.dumps(json.loads(path.read_text()), separators=(",", ":")).encode()


def _configured(data, config):
    """The configuration and the files that it names, as they are on the flash."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        flash.put_data(data, Path(config).parent, Path(folder))
        found = {}
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                name = str(path.relative_to(folder))
                found["/data/" + name.replace("config.new", "config.json")] = path.read_bytes()
    return found
