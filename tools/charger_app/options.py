"""Command line of `tools/charger`."""

import argparse
import json
import re
from pathlib import Path

from .build import ROOT

SIM = ROOT / "boards" / "sim"
_HEAP = re.compile(r"(\d+)([kKmM]?)")
_LOGS = ("error", "warn", "info", "debug")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, "charger: %s\n" % message)


def parse(words):
    """The options. A wrong one ends the process: status 2 and one line."""
    parser = Parser(
        prog="charger",
        description="Run the charger firmware on the MicroPython unix port.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--config",
        metavar="FILE",
        type=Path,
        default=SIM / "config.json",
        help="configuration, copied onto the flash (default: boards/sim/config.json)",
    )
    add("--flash", metavar="DIR", type=Path, help="the charger's flash (default: temporary)")
    add(
        "--api",
        metavar="HOST:PORT",
        type=address,
        default=("127.0.0.1", 8080),
        help="control API and web console; port 0: a free one (default: 127.0.0.1:8080)",
    )
    add(
        "--world",
        choices=("fresh", "keep"),
        default="fresh",
        help="car, cable and faults: none, or as the last process left them (default: fresh)",
    )
    add(
        "--heap",
        metavar="SIZE",
        type=heap,
        default=_default_heap(),
        help="MicroPython heap, twice what a 32-bit board needs (default: %(default)s)",
    )
    add("--speed", metavar="N", type=speed, default="1", help="time runs N times faster")
    add(
        "--record",
        metavar="FILE",
        type=Path,
        help="record this run for tools/replay: it holds all that is on flash, secrets too",
    )
    add("--log", metavar="LEVEL", choices=_LOGS, default="warn", help=", ".join(_LOGS))
    return parser.parse_args(words)


def _default_heap():
    return json.loads((SIM / "board.json").read_text())["heap"]


def address(text):
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError("%r; accepted: HOST:PORT, port 0 to 65535" % text)
    return host.strip("[]"), int(port)


def heap(text):
    found = _HEAP.fullmatch(text)
    size = int(found[1]) * {"": 1, "k": 1024, "m": 1024**2}[found[2].lower()] if found else 0
    if not 64 * 1024 <= size <= 1024**3:
        raise argparse.ArgumentTypeError("%r; accepted: a size from 64K to 1024M" % text)
    return text


def speed(text):
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0.001 <= number <= 10000:
        raise argparse.ArgumentTypeError("%r; accepted: a number from 0.001 to 10000" % text)
    return text
