"""Records a run of the simulator: what comes from outside is written down turn by turn, so that
the same firmware does the same again at virtual time (`replay.py`).

A recording is a file of lines, each a JSON array, in the order of what happened:

    ["rtc", s]                      Unix time of the board's own clock at the start
    ["t", ms, ms, ...]              turns of the loop, and how much later each began than the one
                                    before; within a turn time stands still
    ["act", method, path, body]     a request to the control API that changes something
    ["ready"]                       the firmware was started at once, as a request asked for it
    ["rnd", hex]                    random bytes were drawn
    ["link", n, news, call]         of the n-th connection: attributes that have changed with this
                                    call of a method; "refused": it took nothing
    ["in", n, text]                 a message came
    ["cert", n, depth, hex]         TLS has shown a certificate of the other side's, in DER
    ["far", n, what, data]          of the n-th generator whose course comes from outside (a file
                                    transfer, a look at the network): "value" that a step yielded,
                                    "state" of a transfer that has changed, "data" in Base64 of the
                                    file that has come, "raise" [class, arguments], "end"
    ["out", text]                   a message went, to be compared
    ["status", {...}]               status at the end, to be compared

What comes after a line of turns happened in the last one of them. `tools/charger` writes a line
before all this, with what was on flash and beside it.
"""

import binascii
import json
import os
import sys

from sim.board import Pace

_TURNS = const(200)  # in one line
_PIECE = const(768)  # bytes of a file in one line
_SEEN = ("state", "failure", "error", "subprotocol", "pong_seen", "last_rx", "busy")


class Drawn:
    """Takes the place of the module `os`, with random numbers of another kind."""

    def __init__(self, urandom):
        self._real = os
        self.urandom = urandom

    def __getattr__(self, name):
        return getattr(self._real, name)


class FarTransfers:
    """The transfers `made` by way of `record`, a Recorder or a `replay.Player`."""

    def __init__(self, record, made):
        self._record = record
        self._made = made

    def get(self, url, path, limit, state):
        steps = self._made.get(url, path, limit, state)
        return self._record.far(steps, state, path)

    def put(self, url, name, path):
        return self._record.far(self._made.put(url, name, path))


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
        news = {}
        for seen in _SEEN:
            value = getattr(self._link, seen)
            if getattr(self, seen) != value:
                news[seen] = value
                setattr(self, seen, value)
        if name == "send" and not found:
            news["refused"] = True
        if news:
            self._log.write("link", self._n, news, name)
        return found


class Recorder:
    """Writes a recording to the end of the file `path`."""

    def __init__(self, path):
        self._file = open(path, "a")
        self._turns = []
        self._links = 0
        self._far = 0  # generators
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

    def link(self, make, tls):
        """A link that `make()` makes; `tls`: what it makes it with, or None."""
        self._links += 1
        n = self._links
        watch = tls and tls.get("watch")
        if watch:

            def seen(depth, der):
                self.write("cert", n, depth, bytes(der).hex())
                return watch(depth, der)

            tls["watch"] = seen
        self.inside = True
        try:
            link = make()
        finally:
            self.inside = False
        return RecordedLink(self, link, n)

    def transfers(self, made):
        return FarTransfers(self, made)

    def far(self, steps, state=None, path=None):
        """The generator `steps`, written down. `state`: a dict it may change; `path`: the file
        that is there once it has ended well."""
        self._far += 1
        return self._followed(self._far, steps, state, path)

    def _followed(self, n, steps, state, path):
        known = dict(state or {})
        try:
            while True:
                value = end = failure = None
                self.inside = True
                try:
                    value = next(steps)
                except StopIteration:
                    end = True
                except Exception as e:
                    failure = e
                self.inside = False
                if known != (state or {}):
                    known = dict(state)
                    self.write("far", n, "state", known)
                if failure:
                    self.write("far", n, "raise", [type(failure).__name__, list(failure.args)])
                    raise failure
                if end:
                    if path:
                        self._content(n, path)
                    self.write("far", n, "end", None)
                    return
                if value is not None:
                    self.write("far", n, "value", value)
                yield value
        finally:
            steps.close()

    def _content(self, n, path):
        with open(path, "rb") as file:
            while True:
                piece = file.read(_PIECE)
                if not piece:
                    return
                data = binascii.b2a_base64(piece).decode().strip()
                self.write("far", n, "data", data)

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
