"""Runs one `wsclient.Link` on MicroPython as the JSON on stdin says; prints what happened as JSON.

{"link": arguments of Link (files instead of bytes in "tls"), "do": [[act, ...], ...], "limit_ms":
10000} Acts: ["send", text] ["recv"] ["echo", n] ["ping"] ["close", code, reason] ["abort"] ["run",
ms]; then it steps until closed.
"""

import gc
import json
import sys
import time

from ocpp.clock import Clock
from wsclient import Link


class Driver:
    def __init__(self, job):
        self.clock = Clock()
        self.limit = job.get("limit_ms", 10000)
        options = job["link"]
        if options.get("tls"):
            for key in ("cadata", "cert", "key"):
                if key in options["tls"]:
                    with open(options["tls"][key], "rb") as f:
                        options["tls"][key] = f.read()
        self.begun = time.ticks_ms()
        self.link = Link(clock=self.clock, **options)
        self.states = []
        self.got = []
        self.steps = 0
        self.longest_us = 0
        self.peak = 0

    def step(self):
        """One step; sleeps as the firmware does when nothing is going on. False once closed or out
        of time."""
        link = self.link
        t = time.ticks_us()
        link.step()
        self.longest_us = max(self.longest_us, time.ticks_diff(time.ticks_us(), t))
        self.steps += 1
        self.peak = max(self.peak, gc.mem_alloc())
        if not self.states or self.states[-1] != link.state:
            self.states.append(link.state)
        if link.state == "closed":
            return False
        if time.ticks_diff(time.ticks_ms(), self.begun) > self.limit:
            self.states.append("limit")
            return False
        if not link.busy:
            time.sleep_ms(2)
        return True

    def recv(self):
        while self.step():
            text = self.link.recv()
            if text is not None:
                self.got.append(text if len(text) <= 100 else len(text))
                return text
        return None

    def send(self, text):
        while not self.link.send(text):
            if not self.step():
                return False
        return True

    def act(self, name, *args):
        getattr(self, "do_" + name)(*args)

    def do_send(self, text):
        self.send(text)

    def do_recv(self):
        self.recv()

    def do_echo(self, n):
        for _ in range(n):
            text = self.recv()
            if text is None or not self.send(text):
                return

    def do_ping(self):
        before = self.link.pong_seen
        self.link.ping(b"hello")
        while self.link.pong_seen == before and self.step():
            pass

    def do_close(self, code, reason):
        self.link.close(code, reason)

    def do_abort(self):
        self.link.abort()

    def do_run(self, ms):
        end = time.ticks_add(time.ticks_ms(), ms)
        while time.ticks_diff(end, time.ticks_ms()) > 0 and self.step():
            pass

    def run(self, acts):
        while self.link.state == "connecting" and self.step():
            pass
        for act in acts:
            if self.link.state == "open":
                self.act(*act)
        while self.step():
            if self.link.recv() is not None:
                self.got.append("late")


gc.collect()
used = gc.mem_alloc()
job = json.load(sys.stdin)
driver = Driver(job)
driver.run(job.get("do", []))
link = driver.link
result = {
    "states": driver.states,
    "failure": link.failure,
    "error": link.error,
    "subprotocol": link.subprotocol,
    "got": driver.got,
    "pongs": link.pong_seen,
    "steps": driver.steps,
    "longest_ms": driver.longest_us // 1000,
    "ms": time.ticks_diff(time.ticks_ms(), driver.begun),
    "heap": driver.peak - used,
}
print(json.dumps(result))
