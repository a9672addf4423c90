"""A thousand sessions in simulated time. Unix port: `cycles.py FLASH COUNT`; prints JSON: bytes of
heap after the hundredth, when caches and tables have their size, and after the last, and bytes on
the flash at both."""

import gc
import json
import os
import sys

import scenario

_FIRST = const(100)


def flash_bytes(path):
    total = 0
    for entry in os.ilistdir(path):
        name = path + "/" + entry[0]
        if entry[1] == 0x4000:
            total += flash_bytes(name)
        else:
            total += os.stat(name)[6]
    return total


def settled():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def play(bench, script):
    for _ in script:
        bench.around()
        bench.step()


def main(root, count):
    bench = scenario.Bench(root)
    play(bench, bench.idle(5000))
    heap = {}
    for n in range(count + 1):
        play(bench, bench.session(1 + n % 2, 2))
        if n in (_FIRST, count):
            heap[n] = (settled(), flash_bytes(root))
    done = bench.central.counts["StopTransaction"]
    if done != count + 1:
        raise RuntimeError("bench: %d sessions, %d stops" % (count + 1, done))
    first, last = heap[_FIRST], heap[count]
    print(json.dumps({"heap": [first[0], last[0]], "flash": [first[1], last[1]]}))


main(sys.argv[1], int(sys.argv[2]))
