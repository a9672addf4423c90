"""Heap of a station on 32-bit MicroPython, run by `heap.mjs`.

That port collects garbage only as a call from JavaScript begins: `around()` asks for it, unless
hardly anything was allocated since. `live` is the highest heap then: what is needed at least.
`peak` is the highest after a `step()`: all that lived plus all that this one `loop()` allocated,
as if it had freed nothing on its way; an upper bound of what a board needs.
"""

import gc
import json
import sys

import scenario
import wasmport

IDLE = 500  # steps
_LITTLE = const(256)  # bytes that need not be collected
highest = {}  # name -> [bytes, what went before]
bench = None
link = None
script = None
_before = 0  # heap after the last collection


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
    if gc.mem_alloc() > _before + _LITTLE:
        gc.collect()
    return True


def step():
    """One loop, between two looks at the heap."""
    global _before
    now = gc.mem_alloc()
    if now < _before or now > _before + _LITTLE:
        _before = now
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


def forget(name):
    """The opposite."""
    del sys.modules[name]


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
