"""Times of `loop()`, as multiples of an empty function call of the same run. Unix port:
`loops.py FLASH RUNS`; prints JSON.

The session is played RUNS times; the time of its n-th loop is the shortest of the n-th loops, so
that what the machine did meanwhile does not count. Garbage is collected between loops, but not
between any two: that would empty the machine's caches. Time in the file system is told apart, see
`timeddisk.py`, and so is the time of loading modules; what else such a loop does counts.
"""

import builtins
import gc
import json
import os
import sys
import time

import micropython
import scenario
import timeddisk

_BATCH = const(500)  # calls timed together: 2.5 s of the station's time
_BATCHES = const(60)
_COLLECT = const(200)  # loops between two collections
_STEP_MS = const(5)  # a host sleeps that long between idle loops

importing = 0  # ns spent in loading modules so far
_import = builtins.__import__
_depth = 0


def spy(*a):
    global importing, _depth
    if _depth or a[0] in sys.modules:
        return _import(*a)
    _depth = 1
    start = time.time_ns()
    try:
        return _import(*a)
    finally:
        importing += time.time_ns() - start
        _depth = 0


def empty():
    pass


def time_batch(fn, clock):
    """ns of a batch of calls, with the clock moved on before each; `fn` None: without calls."""
    gc.collect()
    start = time.time_ns()
    if fn is None:
        for _ in range(_BATCH):
            clock.now += _STEP_MS
    else:
        for _ in range(_BATCH):
            clock.now += _STEP_MS
            fn()
    return time.time_ns() - start


def idle(root):
    """(ns of an empty call, ns of an idle loop, whether the idle loop allocates). The shortest of
    many batches, taken in turn, so that what the machine does meanwhile does not count."""
    bench = booted(root)
    best = [None, None, None]
    for _ in range(_BATCHES):
        for i, fn in enumerate((None, empty, bench.station.loop)):
            gone = time_batch(fn, bench.clock)
            best[i] = gone if best[i] is None else min(best[i], gone)
    nothing, call, loop = best
    return (call - nothing) / _BATCH, (loop - nothing) / _BATCH, allocates(booted(root + "b"))


def booted(root):
    os.mkdir(root)
    bench = scenario.Bench(root)
    for _ in bench.idle(5000):
        bench.around()
        bench.step()
    return bench


def allocates(bench):
    """Whether 1,000 idle loops (5 s) need the heap."""
    clock, loop = bench.clock, bench.station.loop
    gc.collect()
    micropython.heap_lock()
    try:
        for _ in range(1000):
            clock.now += _STEP_MS
            loop()
        return False
    except MemoryError:
        return True
    finally:
        micropython.heap_unlock()


def session(root, best, run):
    """Play the script; best[n] = [ns without files and imports, ns of files, of imports]."""
    os.mkdir(root)
    gc.collect()  # what the last run left lengthens every search for free memory
    bench = scenario.Bench(root)
    for n, _ in enumerate(bench.core()):
        bench.around()
        if (n + 7 * run) % _COLLECT == 0:  # another loop suffers from it in each run
            gc.collect()
        files, imports = timeddisk.spent, importing
        start = time.time_ns()
        bench.step()
        gone = time.time_ns() - start
        files, imports = timeddisk.spent - files, importing - imports
        now = [gone - files - imports, files, imports]
        if n == len(best):
            best.append(now)
        else:
            best[n] = [min(a, b) for a, b in zip(best[n], now)]


def frames(root, wanted):
    """What went over the wire in the wanted loops: {n: [direction and frame, ...]}."""
    os.mkdir(root)
    bench = scenario.Bench(root)
    seen = []
    bench.station.listen(lambda direction, text: seen.append(direction + " " + text[:60]))
    found = {}
    for n, _ in enumerate(bench.core()):
        bench.around()
        seen.clear()
        bench.step()
        if n in wanted:
            found[n] = list(seen)
    return found


def longest(best, with_import):
    """The five longest: [(ns, ns of files, n)]. `with_import`: including the imports."""
    chosen = [(b[0] + b[2] * with_import, b[1], n) for n, b in enumerate(best)]
    return sorted(chosen)[-5:][::-1]


def main(folder, runs):
    timeddisk.prepare(folder, "/flash")
    call, loop, dirty = idle("/flash/idle")
    builtins.__import__ = spy
    best = []
    for run in range(runs):
        session("/flash/%d" % run, best, run)
    result = {"call_ns": call, "idle": loop / call, "idle_allocates": dirty}
    for name, with_import in (("longest", False), ("longest_import", True)):
        top = longest(best, with_import)
        what = frames("/flash/" + name, [n for _, _, n in top])
        result[name] = [(ns / call, files / call, what.get(n)) for ns, files, n in top]
    print(json.dumps(result))


main(sys.argv[1], int(sys.argv[2]))
