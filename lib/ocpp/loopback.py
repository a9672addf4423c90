"""A connection without a network: for tests, and for hosts that bring their own transport.

`Loopback()` is the station's end, its `far` the other one; both have the connection's duck type
(docs/architecture.md), so that an RPC can sit on either. Three things can happen to it:

    near.connect("ocpp1.6")   the link comes up
    near.disconnect("text")   the link goes down, both ends know
    near.online = False       what is sent is lost, neither end knows (a half-open link)
"""


class Loopback:
    """One end. `clock` (optional) gives `last_rx` its ticks."""

    def __init__(self, clock=None, far=None):
        self._clock = clock
        self._inbox = []
        self._closed = False  # by `close()`: `connect()` does nothing any more
        self.online = True  # False at either end: messages vanish
        self.connected = False
        self.epoch = 0
        self.subprotocol = None
        self.busy = False  # something waits in `recv()`
        self.last_rx = None
        self.error = None
        self.code = None  # close code this end was given by the other
        self.far = far or Loopback(clock, self)

    def connect(self, subprotocol="ocpp1.6"):
        """Open the link at both ends. Nothing of an earlier one is left."""
        if self._closed or self.far._closed:
            return
        for end in (self, self.far):
            end._inbox.clear()
            end.busy = False
            end.error = None
            end.code = None
            end.subprotocol = subprotocol
            end.connected = True
            end.epoch += 1

    def disconnect(self, error="loopback: disconnected"):
        """Cut the link at both ends; what was under way is lost."""
        for end in (self, self.far):
            end._inbox.clear()
            end.busy = False
            end.connected = False
            end.error = error

    def set_online(self, online):
        """The network goes (False: link down), comes back (True: link up at once)."""
        if online:
            self.connect(self.subprotocol or "ocpp1.6")
        else:
            self.disconnect("loopback: network down")

    def step(self):
        """Nothing to do: messages arrive when they are sent."""

    def send(self, text):
        """True if taken. TypeError for anything but text."""
        if not isinstance(text, str):
            raise TypeError("text expected")
        if not self.connected:
            return False
        if self.online and self.far.online:
            self.far._deliver(text)
        return True

    def recv(self):
        """The next message, or None."""
        if not self._inbox:
            return None
        text = self._inbox.pop(0)
        self.busy = bool(self._inbox)
        return text

    def drop(self, delay_ms=None):
        """End this link; the test decides when `connect()` follows."""
        self.far.code = 1000
        self.disconnect("loopback: dropped")

    reconnect = drop

    def close(self, code=1000, reason=""):
        """End for good."""
        self.far.code = code
        self.disconnect("loopback: closed, %d %s" % (code, reason))
        self._closed = True

    def _deliver(self, text):
        self._inbox.append(text)
        self.busy = True
        if self._clock:
            self.last_rx = self._clock.ticks()
