"""The files of a board's flash: {path on it: bytes}.

/boot.py and /main.py are sources, because MicroPython runs them as they are; everything else is
compiled and in /lib; /data holds the configuration with the files that it names.
"""

import json
from pathlib import Path

from charger_app import build, flash
from charger_app.build import BOARDS, ROOT, BuildError

from . import features, pack

_START = ("boot", "main")
_MPY = ".mpy"
NOT_ON_CHIPS = ("unix", "recording", "replay", "simulate")  # of the simulator
_VERSIONS = {"v16": {"1.6"}, "v2": {"2.0.1", "2.1"}}  # packages of lib/ocpp
_SMALL = 1024 * 1024  # a file system of fewer bytes does not hold all versions
_PACKED = 3 * _SMALL  # in one of no more than that, modules are in one file: see `pack`


def of(board, config=None, size=None, frozen=False, everything=False, readable=False):
    """The files for `board`. `config`: file of the configuration, or None; `size`: bytes of the
    file system; `frozen`: our modules are in MicroPython; `everything`: nothing is left out;
    `readable`: tracebacks tell lines and names as in the source. BuildError, flash.BadConfig:
    what is wrong, in words."""
    return collected(board, config, size, frozen, everything, readable)[0]


def collected(board, config=None, size=None, frozen=False, everything=False, readable=False):
    """(files, what is left out: (names as in `features.rows` and versions of OCPP, number of
    modules, bytes)). Without a configuration nobody knows what will be asked for: only versions
    that have no room are left out then."""
    facts = build.facts(board)
    data = flash.read_config(config) if config else None
    found = None
    if config:
        if isinstance(data, dict):
            _check_board(data, board)
        found = features.checked(data, Path(config).resolve().parent)
    folder = build.build(board=board, readable=readable)
    gone, without = _left_out(facts, found, size, everything or frozen)
    files, left = {}, []
    for name in _START:
        files["/%s.py" % name] = (ROOT / "firmware" / (name + ".py")).read_bytes()
    for path in sorted(folder.rglob("*" + _MPY)):
        name = str(path.relative_to(folder).with_suffix(""))
        if name.split("/")[0] in _START + NOT_ON_CHIPS or (frozen and _is_frozen(name, board)):
            continue
        if name in gone:
            left.append(path.stat().st_size)
        else:
            files["/lib/" + name + _MPY] = path.read_bytes()
    for path in sorted((folder / "www").glob("*.gz")):  # the web console
        if "console" in without:
            left.append(path.stat().st_size)
        else:
            files["/lib/www/" + path.name] = path.read_bytes()
    files["/lib/%s/board.json" % board] = _compact(BOARDS / board / "board.json", without)
    chip = facts["chip"]["name"]
    files["/lib/chips/%s.json" % chip] = _compact(BOARDS / "chips" / (chip + ".json"))
    if config:
        files.update(_configured(data, config))
    files = _packed(files) if (size or _PACKED) <= _PACKED and not frozen else files
    return files, (without, len(left), sum(left))


def _left_out(facts, config, size, everything):
    """(modules that are left out, names of what they are for). `config`: as the firmware sees it,
    or None."""
    if everything:
        return set(), []
    modules = build.sources(facts["name"])
    for name in NOT_ON_CHIPS:
        modules.pop(name)
    gone, without = set(), set()
    if config:
        gone, without = features.left_out(modules, features.wanted(config, facts["network"]))
    versions = _versions(config, size or _SMALL)
    for package, spoken in _VERSIONS.items():
        if not spoken & versions:
            without |= spoken
            gone |= {name for name in modules if name.startswith("ocpp/%s/" % package)}
    return gone, sorted(without)


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


def _versions(config, size):
    """Versions of OCPP that are asked for; all that have room if nothing is."""
    if config is None:
        return {"1.6"} if size < _SMALL else {"1.6", "2.0.1", "2.1"}
    return set(config["ocpp"]["version"])


def _compact(path, without=()):
    data = json.loads(path.read_text())
    if without:
        data["without"] = without
    return json.dumps(data, separators=(",", ":")).encode()


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
