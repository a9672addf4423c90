"""The charger without the call layer: somebody else's RPC carries the messages.

    micropython foreign_rpc.py FOLDER

Here it is no WebSocket at all but a function in the same process, as a gateway or a local
controller would be: `central(action, payload)` -> the answer. ocppy's station does all the rest;
`ocpp.rpc` is not even loaded.
"""

import sys

import ocpp
from ocpp.calls import LAST, CallError, Unanswered


class Request:
    """A call for the station. Answered at once, or later through `reply` or `fail`."""

    def __init__(self, action, payload, done):
        self.id = "1"
        self.action = action
        self.payload = payload
        self._done = done

    def reply(self, result):
        self._done(result, None)

    def fail(self, code, description="", details=None):
        self._done(None, CallError(code, description, details))


class Direct:
    """An RPC as `Station(remote=...)` wants it (docs/api.md), which is its own connection, too."""

    busy = False
    subprotocol = "ocpp1.6"
    last_rx = None
    error = None

    def __init__(self, central):
        self.connection = self
        self.connected = False
        self.epoch = 0  # +1 with each opening
        self.timeout_ms = 0  # told by the station; nothing takes time here
        self.wake = False  # set by the station when there may be something to send
        self.observers = {}
        self.listeners = []
        # Told by the station
        self.on_call = self.on_garbage = self.on_answer = self.may_send = self.check = None
        self._central = central
        self._sources = []
        self._queue = []  # [action, payload, done, klass]
        self._order = 0

    # -- the connection --------------------------------------------------------------------------

    def set_online(self, online):
        if online and not self.connected:
            self.epoch += 1
        self.connected = online

    def close(self, code, reason):
        self.connected = False

    # -- the RPC ---------------------------------------------------------------------------------

    def next_order(self):
        self._order += 1
        return self._order

    def add_source(self, source):
        self._sources.append(source)

    def call(self, action, payload, done=None, klass=2, timeout_ms=None):
        self._queue.append((action, payload, done, klass))
        self.wake = True

    def forget(self, klass):
        self._queue = [c for c in self._queue if c[3] != klass]

    def step(self):
        """At most one call of the station's."""
        if not self.connected or not self.wake:
            return
        self.wake = False
        for entry in self._queue:
            if self.may_send(entry[3]):
                self._queue.remove(entry)
                return self._carry(entry[0], entry[1], entry[2])
        heads = [(s.head(), s) for s in self._sources if self.may_send(s.klass)]
        heads = [h for h in heads if h[0] is not None and h[0] <= LAST]
        if heads:
            call = min(heads, key=lambda h: h[0])[1].take()
            self._carry(call.action, call.payload, call.finish)

    def _carry(self, action, payload, done):
        self.wake = True
        payload = payload() if callable(payload) else payload
        result = error = None
        if payload is None:
            error = Unanswered("Dropped")
        else:
            try:
                result = self._central(action, payload)
                self.on_answer()
            except CallError as e:
                error = e
        if done:
            done(result, error)

    def ask(self, action, payload, done):
        """The central system asks the station. `done(result, error)`."""
        request = Request(action, payload, done)
        try:
            result = self.on_call(request)
        except CallError as e:
            return done(None, e)
        if result is not None:
            request.reply(result)


def central(action, payload):
    """A central system of four lines."""
    print(action)
    if action == "BootNotification":
        return {"status": "Accepted", "interval": 300, "currentTime": "2026-11-21T03:00:00Z"}
    if action == "StartTransaction":
        return {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
    return {"idTagInfo": {"status": "Accepted"}} if action == "Authorize" else {}


def main(folder):
    import time

    remote = Direct(central)
    config = {"connectors": 1, "charge_point": {"vendor": "Example", "model": "Direct"}}
    station = ocpp.Station(config, folder, remote=remote)
    connector = station.connector(1)

    def run(ms):
        for _ in range(ms // 5):
            station.loop()
            time.sleep_ms(5)

    remote.set_online(True)
    run(300)
    connector.plugged = connector.ev_ready = True
    station.present("DEADBEEF")
    run(500)
    connector.energy_wh = 250
    remote.ask("RemoteStopTransaction", {"transactionId": 1}, lambda result, error: print(result))
    run(500)
    assert "ocpp.rpc" not in sys.modules


if __name__ == "__main__":
    main(sys.argv[1])
