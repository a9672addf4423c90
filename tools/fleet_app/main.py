"""Command line of `tools/fleet`: N simulated stations in some processes, and what they do."""

import argparse
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from charger_app import build
from scenario_app.processes import ROOT, Csms, ProgramError, waits

_STATIONS = Path(__file__).parent / "stations.py"
_HEAP_KB, _HEAP_EACH_KB = 4096, 640
_EACH = 25  # stations a process takes
_STOP_S = 10


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, "fleet: %s\n" % message)


def main(words):
    """Run the fleet until SIGINT, SIGTERM or `--for`. Exit status 0; 1 if a process died."""
    wanted = _options(words)
    with (
        tempfile.TemporaryDirectory(prefix="ocppy-fleet-") as folder,
        contextlib.ExitStack() as on,
    ):
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, _interrupt)
            if wanted.csms:
                wanted.url = on.enter_context(_csms(Path(folder)))
            fleet = on.enter_context(_fleet(wanted, Path(folder)))
            fleet.watch(wanted.seconds)
        except KeyboardInterrupt:
            print("fleet: stops", file=sys.stderr)
        except (ProgramError, build.BuildError, OSError) as e:
            print("fleet: %s" % e, file=sys.stderr)
            return 1
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # what follows is short
        on.close()
    return 1 if fleet.died else 0


def _interrupt(*_):
    raise KeyboardInterrupt


def _options(words):
    parser = _Parser(
        prog="fleet",
        description="Run N simulated chargers against a CSMS; docs/scenarios.md.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    whole, number = _range(int, 1, 1000), _range(float, 0, 100000)
    add("count", metavar="N", type=whole, help="how many, 1 to 1000")
    add("--url", default="ws://127.0.0.1:9000/", help="of the CSMS (default: %(default)s)")
    add("--csms", action="store_true", help="start a CSMS for them")
    add("--version", choices=("1.6", "2.0.1"), default="1.6", help="of OCPP (default: 1.6)")
    add("--connectors", type=_range(int, 1, 16), default=2, help="of each (default: 2)")
    add("--prefix", default="fleet-", help="of the identities (default: fleet-)")
    add("--processes", type=_range(int, 1, 64), help="default: one for %d stations" % _EACH)
    add("--speed", type=_range(float, 0.1, 100), default=1, help="of time (default: 1)")
    add("--stagger", type=number, default=0.2, help="seconds from start to start (default: 0.2)")
    add("--seed", type=_range(int, 0, 10**6), default=1, help="of the dice (default: 1)")
    add("--for", dest="seconds", type=number, help="end after so many seconds")
    return parser.parse_args(words)


def _range(kind, low, high):
    def check(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError("%r; accepted: %g to %g" % (text, low, high))
        return value

    return check


@contextlib.contextmanager
def _csms(folder):
    """Yields the URL of a CSMS of the fleet's own."""
    csms = Csms(folder)
    try:
        print("fleet: csms %s page http://%s/" % (csms.url, csms.address), flush=True)
        yield csms.url
    finally:
        csms.stop()


@contextlib.contextmanager
def _fleet(wanted, folder):
    code = build.build()
    count = min(wanted.count, wanted.processes or (wanted.count + _EACH - 1) // _EACH)
    members = [_member(wanted, folder, i + 1) for i in range(wanted.count)]
    fleet = Fleet()
    try:
        for n in range(count):
            plan = {"stations": members[n::count], "speed": wanted.speed}
            plan["stagger"] = wanted.stagger * count
            file = folder / ("process-%d.json" % n)
            file.write_text(json.dumps(plan))
            fleet.start(file, code, len(plan["stations"]))
        yield fleet
    finally:
        fleet.stop()


def _member(wanted, folder, number):
    id = "%s%03d" % (wanted.prefix, number)
    config = {
        "connectors": wanted.connectors,
        "charge_point": {"vendor": "ocppy", "model": "Fleet", "serial": "%04d" % number},
        "ocpp": {"url": wanted.url, "id": id, "version": wanted.version},
        "settings": {"MeterValueSampleInterval": "60", **waits(wanted.speed)},
    }
    return [str(folder / ("station-%d" % number)), config, wanted.seed * 1000 + number]


class Fleet:
    """Processes, each with some stations, and the last line each has told."""

    def __init__(self):
        self._processes = []
        self._told = {}  # pid -> dict
        self._selector = selectors.DefaultSelector()
        self._lines = 0
        self.died = False

    def start(self, file, code, count):
        """Start one process for `count` stations."""
        heap = "%dK" % (_HEAP_KB + count * _HEAP_EACH_KB)
        micropython = str(ROOT / ".venv" / "bin" / "micropython")
        process = subprocess.Popen(
            [micropython, "-X", "heapsize=" + heap, str(_STATIONS), str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "MICROPYPATH": ".frozen:%s" % code},
            start_new_session=True,  # Ctrl-C is for this program
        )
        self._processes.append(process)
        self._selector.register(process.stdout, selectors.EVENT_READ, process)

    def watch(self, seconds=None):
        """Show what they do, until a process dies or time is up."""
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            for key, _ in self._selector.select(0.2):
                line = key.fileobj.readline()
                if not line:
                    self.died = True
                    print("\nfleet: a process ended: %s" % key.data.wait(_STOP_S), file=sys.stderr)
                    return
                if line.startswith(b"{"):
                    self._take(key.data.pid, json.loads(line))
                else:
                    print(line.decode(errors="replace"), end="", file=sys.stderr)

    def _take(self, pid, told):
        self._told[pid] = told
        self._lines += 1
        if self._lines % len(self._processes) == 0:
            self.show()

    def show(self):
        """One line: over the last one on a terminal, below it in a file."""
        sums = {}
        for told in self._told.values():
            for name, value in told.items():
                sums[name] = sums.get(name, 0) + value
        text = "fleet: %(online)d of %(stations)d online, %(charging)d charging"
        text += ", %(sessions)d sessions, %(power_w)d W, %(energy_wh)d Wh, %(frames)d frames"
        text += ", %(restarts)d restarts"
        end, start = ("", "\r\x1b[K") if sys.stdout.isatty() else ("\n", "")
        if sums:
            print(start + text % sums, end=end, flush=True)

    def stop(self):
        """Close their connections and end them."""
        for process in self._processes:
            with contextlib.suppress(OSError):
                process.stdin.close()
        for process in self._processes:
            try:
                rest, _ = _rest(process)
                if process.returncode != 0:
                    self.died = True
                for line in rest.splitlines()[-1:]:
                    self._told[process.pid] = json.loads(line)
            except (subprocess.TimeoutExpired, ValueError):
                self.died = True
                process.kill()
                process.wait()
        self._selector.close()
        self.show()
        if sys.stdout.isatty():
            print()


def _rest(process):
    """What it still says, and its end."""
    process.stdin = None  # closed before
    return process.communicate(timeout=_STOP_S)
