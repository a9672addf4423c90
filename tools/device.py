#!/usr/bin/env python3
"""Puts ocppy onto a chip: `.venv/bin/python tools/device.py COMMAND ...`.

    tree    BOARD [--config FILE]             compile; the files of the flash, with their sizes
    image   BOARD [--config FILE] [--out DIR] an image of the file system, for esptool or as UF2
    deploy  BOARD --port PORT [--config FILE] copy what has changed to a board with MicroPython
    flash   BOARD --port PORT --firmware FILE MicroPython and the image; PORT may be a UF2 drive
    monitor --port PORT                       the console
    names   BOARD [MODULE]                    what the short names in tracebacks are in the source

Code goes onto a chip without line numbers and with short names, which leaves more of heap and
flash free; `--readable` leaves both as they are.
docs/flashing.md leads from an empty board to a charger.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import bundle
from charger_app import build, flash
from charger_app.build import BuildError
from device_app import image, layout, tree, uf2, write

_STATE = 128 * 1024  # bytes for the state: transaction log, logs, lists, certificates
_HEAD = 4096  # of a bundle, and blocks that are not full
OUT = build.ROOT / "build" / "images"
_ERRORS = (BuildError, flash.BadConfig, write.WriteError, OSError)


def main(words):
    wanted = _parse(words)
    try:
        return wanted.act(wanted)
    except _ERRORS as e:
        print("device: %s" % e, file=sys.stderr)
        return 2


def _parse(words):
    parser = argparse.ArgumentParser(prog="device.py", description=__doc__.splitlines()[0])
    acts = parser.add_subparsers(required=True)
    for name in ("tree", "image", "deploy", "flash", "monitor"):
        act = acts.add_parser(name)
        act.set_defaults(act=globals()["_" + name])
        if name != "monitor":
            act.add_argument("board")
            act.add_argument("--config", type=Path, help="configuration, goes onto the flash")
            act.add_argument(
                "--frozen", action="store_true", help="our modules are in MicroPython"
            )
            act.add_argument(
                "--all",
                action="store_true",
                help="leave nothing out: the configuration may ask for more later",
            )
            act.add_argument("--storage", type=int, help="bytes of an RP2 build's file system")
            act.add_argument(
                "--readable", action="store_true", help="tracebacks as in the source; larger"
            )
        if name == "image":
            act.add_argument("--out", type=Path, default=OUT, help="folder of the images")
        if name in ("deploy", "flash", "monitor"):
            act.add_argument(
                "--port", required=True, help="serial port, or the drive of a UF2 board"
            )
        if name == "flash":
            act.add_argument(
                "--firmware", type=Path, required=True, help="MicroPython, .bin or .uf2"
            )
    act = acts.add_parser("names")
    act.set_defaults(act=_names)
    act.add_argument("board")
    act.add_argument("module", nargs="?", help="only this one, as a traceback tells it")
    return parser.parse_args(words)


def _files(wanted):
    """(layout, files) of the board; tells what is left out."""
    where = layout.of(build.facts(wanted.board), wanted.storage)
    files, (names, count, size) = tree.collected(
        wanted.board, wanted.config, where.size, wanted.frozen, wanted.all, wanted.readable
    )
    if names:
        print("left out, %d files, %d bytes: %s" % (count, size, " ".join(names)))
        print("(a configuration that asks for one of these is refused; --all leaves nothing out)")
    return where, files


def _tree(wanted):
    where, files = _files(wanted)
    rooms = {}
    for path, data in files.items():
        count, size = rooms.get(_room(path), (0, 0))
        rooms[_room(path)] = count + 1, size + len(data)
    for room, (count, size) in sorted(rooms.items()):
        print("%-18s %4d files %8d bytes" % (room, count, size))
    used = image.make(files, where)[1]
    size = sum(len(data) for data in files.values())
    line = "%s: %d files, %d bytes, %d of %d on flash"
    print(line % (wanted.board, len(files), size, used, where.size))
    if not wanted.frozen:
        print(_updates(wanted, where.size - used))
    return 0


def _updates(wanted, free):
    """What is to be known of updates without a cable, with so many bytes of flash free."""
    made = bundle.modules(wanted.board, None if wanted.all else wanted.config)
    size = sum(len(data) for data in made.values())
    file = size + _HEAD
    free -= _STATE
    text = "an update by tools/bundle.py takes %d + %d bytes, beside %d of state %d are free: "
    text %= file, size, _STATE, max(free, 0)
    if free < file + size:
        return text + "no room for a slot, the charger can't be updated without a cable"
    if free < file + 2 * size:
        return (
            text + "there is room for one; the next one needs a cable, or fewer modules (--config)"
        )
    return text + "there is room"


def _room(path):
    parts = path.strip("/").split("/")
    if parts[0] == "lib" and len(parts) > 2:
        return "/".join(parts[:3] if parts[1] == "ocpp" and len(parts) > 3 else parts[:2])
    return parts[0]


def _image(wanted):
    where, files = _files(wanted)
    data, used = image.make(files, where)
    wanted.out.mkdir(parents=True, exist_ok=True)
    path = wanted.out / (wanted.board + ".img")
    path.write_bytes(data)
    print("%s: %d files, %d of %d bytes used" % (path, len(files), used, where.size))
    if where.uf2:
        path = path.with_suffix(".uf2")
        path.write_bytes(uf2.pack(data, *where.uf2))
        print("%s: copy it onto the drive that the board shows in its boot mode" % path)
    else:
        command = "esptool --chip %s write-flash 0x%x %s"
        print(command % (build.facts(wanted.board)["chip"]["name"], where.start, path))
    return 0


def _deploy(wanted):
    return write.deploy(wanted.port, _files(wanted)[1])


def _flash(wanted):
    where, files = _files(wanted)
    facts = build.facts(wanted.board)
    data = image.make(files, where)[0]
    return write.flash(wanted.port, facts["chip"]["name"], wanted.firmware, where, data)


def _names(wanted):
    found = build.short_names(wanted.board)
    if wanted.module:
        found = {wanted.module: found.get(wanted.module, {})}
    for module, names in found.items():
        for short, name in names.items():
            print("%-32s %-4s %s" % (module, short, name))
        if not names:
            print("%s: no short names" % module)
    return 0


def _monitor(wanted):
    return subprocess.call([*write.MPREMOTE, "connect", wanted.port, "repl"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
