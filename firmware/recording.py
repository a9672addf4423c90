"""Records a run of the simulator: what comes from outside is written down turn by turn, so that
the same firmware does the same again at virtual time (`replay.py`).

A recording is a file of lines, each a JSON array, in the order of what happened:

    ["rtc", s]                      Unix time of the board's own clock at the start
    ["t", ms, ms, ...]              turns of the loop, and how much later each began than the one
                                    before; within a turn time stands still
    ["act", method, path, body]     a request to the control API that changes something
    ["ready"]                       the firmware was started at once, as a request asked for it
    ["rnd", hex]                    random bytes were drawn
    ["link", n, news]               of the n-th connection: attributes that have changed
    ["in", n, text]                 a message came
    ["out", text]                   a message went, to be compared
    ["status", {...}]               status at the end, to be compared

What comes after a line of turns happened in the last one of them. `tools/charger` writes a line
before all this, with what was on flash and beside it. What passes through other connections (file
transfers) is not recorded, nor what TLS tells of certificates.
"""

import json
import os
import sys

from sim.board import Pace

_TURNS = const(200)  # in one line
_SEEN = ("state", "failure", "error", "subprotocol", "pong_seen", "last_rx", "busy")


class Drawn:
    """Takes the place of the module `os`, with random numbers of another kind."""

    def __init__(self, urandom):
        self._real = os
        self.urandom = urandom

    def __getattr__(self, name):
        return getattr(self._real, name)


class StillPace(Pace):
    """Time that stands still within a turn. `turned(ms)` is called as one begins."""

    def __init__(self, speed, turned):
        self._turned = turned
        self._now = None
        super().__init__(speed)
        self._now = 0

    def ms(self):
        return super().ms() if self._now is None else self._now

    def set(self, speed):
        now, self._now = self._now, None
        super().set(speed)
        self._now = now

    def turn(self):
        super().turn()
        before, self._now = self._now, None
        self._now = max(before, self.ms())
        self._turned(self._now - before)


class RecordedLink:
    """A link as `connection.Supervisor` uses it. `n`: the how manieth."""

    def __init__(self, log, link, n):
        self._log = log
        self._link = link
        self._n = n
        self.url = link.url
        for name in _SEEN:
            setattr(self, name, getattr(link, name))

    def step(self):
        self._call("step")

    def recv(self):
        text = self._call("recv")
        if text is not None:
            self._log.write("in", self._n, text)
        return text

    def send(self, text):
        return self._call("send", text)

    def ping(self, payload=b""):
        self._call("ping", payload)

    def close(self, code=1000, reason=""):
        self._call("close", code, reason)

    def abort(self, failure=None, text=None):
        self._call("abort", failure, text)

    def _call(self, name, *arguments):
        self._log.inside = True
        try:
            found = getattr(self._link, name)(*arguments)
        finally:
            self._log.inside = False
        self.busy = self._link.busy
        news = {}
        for name in _SEEN[:-1]:
            value = getattr(self._link, name)
            if getattr(self, name) != value:
                news[name] = value
                setattr(self, name, value)
        if news:
            self._log.write("link", self._n, news)
        return found


class Recorder:
    """Writes a recording to the end of the file `path`."""

    def __init__(self, path):
        self._file = open(path, "a")
        self._turns = []
        self._links = 0
        self.inside = False  # a link is at work: what is random there shows in its news
        sys.modules["os"] = Drawn(self._drawn)

    def pace(self, speed):
        return StillPace(speed, self._turned)

    def begin(self, board):
        self.write("rtc", board.rtc_start)

    def act(self, method, path, body):
        self.write("act", method, path, body)

    def made_ready(self):
        self.write("ready")

    def link(self, make):
        """A link that `make()` makes."""
        self.inside = True
        try:
            link = make()
        finally:
            self.inside = False
        self._links += 1
        return RecordedLink(self, link, self._links)

    def frame(self, direction, text):
        if direction == "out":
            self.write("out", text)

    def end(self, status):
        """The last line."""
        self.write("status", status)
        self._file.close()
        self._file = None

    def write(self, *words):
        if self._file is None:
            return  # what follows is the goodbye
        if self._turns and words[0] != "t":
            self._flush()
        self._file.write(json.dumps(words) + "\n")

    def _turned(self, ms):
        self._turns.append(ms)
        if len(self._turns) >= _TURNS:
            self._flush()

    def _flush(self):
        turns, self._turns = self._turns, []
        self.write("t", *turns)

    def _drawn(self, size):
        data = os.urandom(size)
        if not self.inside:
            self.write("rnd", data.hex())
        return data
