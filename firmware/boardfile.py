"""Board files: `NAME/board.json` and the facts of its chip, `chips/CHIP.json`, wherever modules
are found. Read while a configuration is checked, and by host tools."""

import json
import os
import sys

_KEYS = (
    "name title chip port flash_mb psram wifi network pins model hardware heap phases voltage_v"
    " max_current_a without"
)


class BoardError(Exception):
    """A board file that can't be used. The text names it."""


def names():
    """Names of the boards in this build."""
    found = []
    for folder in _folders():
        for name in _listed(folder):
            if name not in found and _is_file("%s/%s/board.json" % (folder, name)):
                found.append(name)
    return sorted(found)


def board(name):
    """The board of that name, checked as far as the rest relies on it. BoardError."""
    data = _read(name + "/board.json")
    if not isinstance(data, dict):
        raise BoardError("board %s: not an object" % name)
    for key in data:
        if key not in _KEYS.split():
            raise BoardError("board %s: unknown key %s" % (name, key))
    if data.get("name") != name:
        raise BoardError("board %s: its name is %r" % (name, data.get("name")))
    for key in ("pins", "hardware"):
        if not isinstance(data.get(key, {}), dict):
            raise BoardError("board %s: %s is not an object" % (name, key))
    if data.get("port") != "unix" and not ("chip" in data and "pins" in data):
        raise BoardError("board %s: chip or pins are missing" % name)
    return data


def chip(name):
    """The facts of a chip. BoardError."""
    return _read("chips/%s.json" % name)


def _read(path):
    for folder in _folders():
        if _is_file(folder + "/" + path):
            try:
                with open(folder + "/" + path) as file:
                    return json.load(file)
            except (ValueError, OSError) as e:
                raise BoardError("%s can't be read: %s" % (path, e)) from None
    raise BoardError("there is no %s" % path)


def _folders():
    return [folder or "." for folder in sys.path]


def _listed(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []  # .frozen is no folder


def _is_file(path):
    try:
        return os.stat(path)[0] & 0x8000 != 0
    except OSError:
        return False
