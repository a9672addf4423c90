"""A scripted server in the same process, for the tests of `transfer`: each connection is answered
by the next script."""

import errno
import time

from support import FakeClock
from ws_server import Server


class Scripted:
    """`scripts`: one list a connection, of what is done in turn: bytes or str to send; a bytes
    pattern in a tuple to wait for; "close"; "stall": nothing more comes. A connection whose list
    is used up is closed."""

    def __init__(self, *scripts):
        self.server = Server()
        self.server.listener.setblocking(False)
        self.scripts = [list(s) for s in scripts]
        self.seen = []  # what each connection sent
        self.clock = FakeClock()
        self._open = []  # [connection, script, index in seen]

    @property
    def port(self):
        return self.server.port

    def url(self, path="/f.bin", scheme="http"):
        return "%s://127.0.0.1:%d%s" % (scheme, self.port, path)

    def run(self, job, limit_ms=4000, tick=1):
        """Step `job` to its end, `tick` ms of the fake clock each time; -> number of steps."""
        end = time.ticks_add(time.ticks_ms(), limit_ms)
        steps = 0
        try:
            while True:
                assert time.ticks_diff(end, time.ticks_ms()) > 0, self.seen
                next(job)
                steps += 1
                self.clock.advance(tick)
                self._serve()
        except StopIteration:
            return steps

    def _serve(self):
        try:
            conn = self.server.listener.accept()[0]
            conn.setblocking(False)
            self.seen.append(b"")
            self._open.append([conn, self.scripts.pop(0), len(self.seen) - 1])
        except OSError as e:
            assert e.errno == errno.EAGAIN
        for entry in list(self._open):
            self._turn(entry)

    def _turn(self, entry):
        conn, script, i = entry
        try:
            self.seen[i] += conn.read(4096) or b""
            if script and isinstance(script[0], tuple):
                if script[0][0] in self.seen[i]:
                    script.pop(0)
                return
            if script and script[0] == "stall":
                return
            if script and script[0] != "close":
                data = script[0].encode() if isinstance(script[0], str) else script[0]
                n = conn.write(data) or 0
                script[0] = data[n:]
                if not script[0]:
                    script.pop(0)
                return
        except OSError:
            pass  # the other side has gone
        conn.close()
        self._open.remove(entry)

    def end(self):
        for conn, _, _ in self._open:
            conn.close()
        self.server.end()
