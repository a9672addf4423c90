"""Runs one transfer on MicroPython as the JSON on stdin says; prints what happened as JSON.

{"kind": "download" | "upload", "url": ..., "path": ..., "name": ..., "ca": file, "state": {},
"stall_ms": ..., "limit": ...}
"""

import gc
import json
import sys
import time

import transfer.ftp
import transfer.http

from ocpp.clock import Clock


def main():
    job = json.loads(sys.stdin.read())
    tls = {}
    if job.get("ca"):
        with open(job["ca"], "rb") as f:
            tls["cadata"] = f.read()
    clock = Clock()
    stall = job.get("stall_ms", 5000)
    state = job.get("state", {})
    if job["kind"] == "download":
        limit = job.get("limit", 1000000)
        steps = transfer.download(job["url"], job["path"], clock, tls, limit, stall, state)
    else:
        steps = transfer.upload(job["url"], job["name"], job["path"], clock, tls, stall)
    longest = peak = 0
    error = None
    gc.collect()
    before = gc.mem_alloc()
    try:
        while True:
            t = time.ticks_us()
            next(steps)
            longest = max(longest, time.ticks_diff(time.ticks_us(), t))
            gc.collect()
            peak = max(peak, gc.mem_alloc() - before)
    except StopIteration:
        pass
    except transfer.TransferError as e:
        error = list(e.args)
    except OSError as e:
        error = ["disk", str(e)]
    print(json.dumps({"error": error, "state": state, "longest_us": longest, "heap": peak}))


main()
