"""Heap of a station on 32-bit MicroPython, run by `heap.mjs`.

That port collects garbage only between calls from JavaScript, so `collect()` and `step()` are
called in turn. `live` is the highest heap in between: what is needed at least. `peak` is the
highest after a `step()`: all that lived plus all that this one `loop()` allocated, as if it had
freed nothing on its way; an upper bound of what a board needs.
"""

import gc
import json
import sys

import scenario
import wasmport

IDLE = 500  # steps
highest = {}  # name -> [bytes, what went before]
bench = None
link = None
script = None


def collect():
    gc.collect()


def allocated():
    return gc.mem_alloc()


def prepare():
    wasmport.prepare("/data", "/flash")


def start():
    """Make the station and its script."""
    global bench, script
    bench = scenario.Bench("/flash")
    script = play()


def play():
    yield from bench.idle(IDLE * 10)  # booted, connected, nothing plugged
    yield from bench.core()


def around():
    """The world's and the script's part of a step. False at the script's end."""
    try:
        next(script)
    except StopIteration:
        return False
    bench.around()
    return True


def step():
    """One loop, between two looks at the heap."""
    phase = "session" if bench.in_session else "core"
    note("live_" + phase)
    bench.step()
    note("peak_" + phase)


def note(name):
    now = gc.mem_alloc()
    if now > highest.get(name, (0,))[0]:
        highest[name] = (now, json.dumps([bench.central.counts, bench.central.question]))


def figures():
    return json.dumps(highest)


def load(name):
    """Import one module."""
    __import__(name)


def rest():
    """One loop with nothing to do."""
    bench.around()
    bench.step()


def make_link():
    """The WebSocket client and its supervision, on top of everything else."""
    global link
    sys.modules["socket"] = wasmport.Socket
    sys.modules["select"] = wasmport.Select
    sys.modules["hashlib"] = wasmport.Hashlib
    from ocpp.connection import Supervisor
    from wsclient import Link, join

    def open_link():
        url = join("ws://127.0.0.1/ocpp", "cp001")
        return Link(url, ["ocpp1.6"], [], bench.clock)

    link = Supervisor(bench.clock, open_link, bench.station.settings)


def step_link():
    """One loop of it, and of the station beside it. -> whether it is open"""
    link.step()
    rest()
    return link.connected
