"""A supervisor over links and settings that the test moves by hand."""

from support import FakeClock

from ocpp.connection import Supervisor
from ocpp.log import log


class Link:
    """What `wsclient.Link` is to a supervisor."""

    url = "ws://csms/cp1"

    def __init__(self, clock):
        self.clock = clock
        self.state = "connecting"
        self.failure = self.error = self.subprotocol = self.last_rx = None
        self.busy = False
        self.pong_seen = 0
        self.pings = 0
        self.steps = 0
        self.sent = []
        self.inbox = []
        self.full = False
        self.said = None  # (code, reason) of the goodbye; "abort" without one

    def step(self):
        self.steps += 1

    def recv(self):
        return self.inbox.pop(0) if self.inbox else None

    def send(self, text):
        if not self.full:
            self.sent.append(text)
        return not self.full

    def ping(self, payload=b""):
        self.pings += 1

    def close(self, code, reason):
        self.said = (code, reason)
        self.state = "closed" if self.state == "connecting" else "closing"

    def abort(self, failure=None, text=None):
        self.said = self.said or "abort"
        self.end(failure, text)

    # the test's side

    def open(self, subprotocol="ocpp1.6"):
        self.state = "open"
        self.subprotocol = subprotocol
        self.last_rx = self.clock.ticks()

    def end(self, failure, text):
        self.state = "closed"
        if failure and not self.failure:
            self.failure = failure
            self.error = "%s: %s" % (self.url, text)


class Settings:
    def __init__(self, **values):
        self.values = values
        self.watchers = {}

    def get(self, name):
        return self.values.get(name)

    def watch(self, name, fn):
        self.watchers[name] = fn

    def set(self, name, value):
        self.values[name] = value
        self.watchers[name](value)


class Bench:
    """A supervisor whose links are in `links`. `random`: share of the random range, 0 to 65535."""

    def __init__(self, random=0, minimum=4, range=0, repeats=3, ping=30, **options):
        self.clock = FakeClock()
        self.settings = Settings(
            RetryBackOffWaitMinimum=minimum,
            RetryBackOffRandomRange=range,
            RetryBackOffRepeatTimes=repeats,
            WebSocketPingInterval=ping,
        )
        self.links = []
        self.refusal = None
        self.lines = []
        self.log = log.level, log.sink
        log.level = 2
        log.sink = lambda level, line: self.lines.append((level, line))
        self.sv = Supervisor(
            self.clock,
            self.open_link,
            self.settings,
            random=lambda n: random.to_bytes(n, "little"),
            **options,
        )

    def end(self):
        log.level, log.sink = self.log

    def open_link(self):
        if self.refusal:
            raise self.refusal
        self.links.append(Link(self.clock))
        return self.links[-1]

    def run(self, ms, step=10):
        """Let time pass."""
        for _ in range(max(1, ms // step)):
            self.clock.advance(step)
            self.sv.step()

    def wait(self):
        """ms until the next dial."""
        count = len(self.links)
        ms = 0
        while len(self.links) == count:
            self.run(100, 100)
            ms += 100
            assert ms < 10000000, "never dials"
        return ms

    def fail(self):
        self.links[-1].end("tcp", "connection refused")
        self.run(10)

    def opened(self):
        """Dial and open a link."""
        if not self.links or self.links[-1].state == "closed":
            self.wait()
        self.links[-1].open()
        self.run(20)
        assert self.sv.connected
        return self.links[-1]
