"""A CSMS for tests, built on the packages `ocpp` and `websockets`.

What it answers of itself comes from the message routing of `ocpp` (`ocpp_defaults.py`); any answer
can be replaced, and it misbehaves when told to. It runs in a thread of its own; all public methods
are for the test's thread. See README.md beside this file.
"""

import asyncio
import base64
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from urllib.parse import unquote

from ocpp_check import CALL, Frame
from ocpp_defaults import Facts
from ocpp_link import Connection
from patience import patient
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

_TOLD_S = 1  # longest wait for the report of a status, which need not come


class OcppCsms:
    """The CSMS as a test sees it. Everything seen is in `frames`, oldest first."""

    def __init__(self, tls=None):
        self.facts = Facts()  # tokens, boot status, interval, ... of the default answers
        self.frames = []
        self.connections = []  # open ones, oldest first
        self.opened = 0  # connections opened so far
        self.handshakes = []  # (path, headers) of every request, also refused ones
        self.subprotocols = ["ocpp1.6", "ocpp2.0.1"]  # what is accepted; [] refuses all
        self.password = None  # Basic auth is demanded with the station's id and this
        self.port = 0
        self._tls = tls
        self._refuse = None
        self._frozen = False
        self._behaviours = {}  # action -> list of [behaviour, times left or None]
        self._tolerated = {}  # "csms" / "charger" -> reason
        self._faults = []
        self._taken = set()  # numbers of the frames that wait_for() has given out
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = None
        self._old = []  # servers that accept no more
        self.listen()

    # -- the record ------------------------------------------------------------------------

    @property
    def url(self):
        """What a charger's `ocpp.url` is to be; it appends its id."""
        return "%s://127.0.0.1:%d/ocpp/" % ("wss" if self._tls else "ws", self.port)

    def calls(self, action=None, station=None):
        """Payloads of the charger's CALLs so far."""
        return [f.payload for f in self._calls(action, station)]

    def mark(self):
        """The number of frames so far, for `since=`."""
        with self._changed:
            return len(self.frames)

    def wait_for(self, action, where=None, timeout=15, since=0, station=None):
        """The oldest CALL `action` of the charger that no earlier `wait_for()` returned, whose
        payload satisfies `where` and that came after mark `since`. Waits up to `timeout` s.
        Returns its payload; AssertionError with the frames of that time if there is none."""
        found = []

        def look():
            for frame in self._calls(action, station):
                if frame.n >= since and frame.n not in self._taken:
                    if where is None or where(frame.payload):
                        self._taken.add(frame.n)
                        found.append(frame.payload)
                        return True
            return False

        self._wait(look, timeout, "a matching %s" % action)
        return found[0]

    def wait_connected(self, timeout=15, opened=1):
        """Wait for an open connection; `opened`: with so many opened since the beginning."""
        self._wait(
            lambda: self.connections and self.opened >= opened, timeout, "%dth connection" % opened
        )

    def wait_disconnected(self, timeout=15):
        self._wait(lambda: not self.connections, timeout, "the connection's end")

    def wait_handshakes(self, count, timeout=15):
        """Wait until `count` handshakes were begun in all."""
        self._wait(lambda: len(self.handshakes) >= count, timeout, "%d handshakes" % count)

    def wait_told(self, number, status):
        """Give the report of a connector's status time to come, if one does: a state that has not
        lasted until it could be told is told no more (OCPP 1.6)."""

        def told():
            for frame in reversed(self.frames):
                if frame.action == "StatusNotification" and frame.sender == "charger":
                    if frame.payload.get("connectorId") == number:
                        return frame.payload.get("status") == status
            return False

        end = time.monotonic() + _TOLD_S
        with self._changed:
            while len(self.connections) == 1 and self.connections[0].version == "1.6":
                left = end - time.monotonic()
                if left <= 0 or told() or self.connections[0].conversation.mute():
                    return
                self._changed.wait(left)

    # -- what it does ----------------------------------------------------------------------

    def on(self, action, behaviour, times=None):
        """Answer the charger's `action` by `behaviour`: a payload, a function of the request's
        payload, a `CallError`, `SILENCE`, `CLOSE`, `Later(s, ...)`, or None for the default.
        `times`: only so often, then as before."""
        with self._changed:
            self._behaviours.setdefault(action, []).append([behaviour, times])

    def send_call(self, action, payload=None, check=True, station=None):
        """Send a CALL; returns a Future of the answer's payload (or its `CallError`). `check`
        False: request and answer may break the schema."""
        future = Future()
        self._do(self._connection(station).call(action, payload or {}, check, future))
        return future

    def call(self, action, payload=None, timeout=None, check=True, station=None):
        """Send a CALL and wait: the answer's payload. Raises `CallError`, TimeoutError.
        `timeout`: s in which no answer is to come."""
        future = self.send_call(action, payload, check, station)
        try:
            return future.result(timeout or patient(15))
        except FutureTimeout:
            future.forget()
            raise TimeoutError("no answer to %s" % action) from None

    def send_text(self, message, station=None):
        """Send any message: str as text, bytes as binary, a list of either as fragments."""
        connection = self._connection(station)
        if isinstance(message, str):
            self._do(connection.send(message))
        else:
            self._do(connection.websocket.send(message))

    def send_bytes(self, raw, station=None):
        """Put raw bytes on the socket, past the WebSocket layer."""
        self._loop.call_soon_threadsafe(self._connection(station).websocket.transport.write, raw)

    def close(self, code=1000, reason="", station=None):
        self._do(self._connection(station).websocket.close(code, reason))

    def drop(self, station=None):
        """Cut the TCP connection without a goodbye."""
        self._loop.call_soon_threadsafe(self._connection(station).websocket.transport.abort)

    def freeze(self, frozen=True):
        """Half open: sockets stay, nothing is read, answered or accepted any more."""
        self._do(self._set_frozen(frozen))

    def refuse(self, status):
        """Answer handshakes with this HTTP status; None: accept again."""
        self._refuse = status

    def unlisten(self):
        """Go away: nobody listens on the port, connections are closed (1001)."""
        self._do(self._close_server())

    def listen(self):
        """Listen (again), on the same port as before."""
        self._do(self._open_server())

    def turn_over(self, tls):
        """From now on new connections by this TLS context (None: without), on the same port; those
        that are open stay: a station that leaves finds the new at once."""
        self._do(self._turn_over(tls))

    def tolerate(self, sender, reason):
        """The frames of `sender` ("csms" or "charger") break rules on purpose in this test."""
        assert sender in ("csms", "charger") and len(reason) > 5
        self._tolerated[sender] = reason

    def problems(self):
        """Broken rules that are not tolerated, and faults of the test's own handlers."""
        found = list(self._faults)
        for frame in self.frames:
            if frame.sender not in self._tolerated:
                found += ["%s\n    in %s" % (v, frame) for v in frame.violations]
        return found

    def stop(self):
        self.freeze(False)
        self.unlisten()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(patient(5))

    # -- for the connections, and inside ---------------------------------------------------

    def _calls(self, action, station):
        with self._changed:
            frames = list(self.frames)
        for f in frames:
            if f.sender == "charger" and f.type == CALL:
                if action in (None, f.action) and station in (None, f.station):
                    yield f

    def _wait(self, ready, timeout, what):
        start = self.mark()
        end = time.monotonic() + patient(timeout)
        with self._changed:
            while not ready():
                left = end - time.monotonic()
                if left <= 0:
                    seen = "\n  ".join(str(f) for f in self.frames[start:][-30:]) or "nothing"
                    raise AssertionError("no %s in %s s; seen:\n  %s" % (what, timeout, seen))
                self._changed.wait(left)

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(patient(15))

    def _connection(self, station=None):
        with self._changed:
            mine = [c for c in self.connections if station in (None, c.station)]
        assert mine, "no station is connected"
        return mine[-1]

    def behaviour(self, action):
        with self._changed:
            while self._behaviours.get(action):
                rule = self._behaviours[action][-1]
                if rule[1] is None:
                    return rule[0]
                rule[1] -= 1
                if rule[1] >= 0:
                    return rule[0]
                self._behaviours[action].pop()
        return None

    def record(self, connection, sender, text, check=True):
        with self._changed:
            frame = Frame(len(self.frames), time.monotonic(), connection.station, sender, text)
            connection.conversation.seen(frame, check)
            self.frames.append(frame)
            self._changed.notify_all()
        return frame

    def fault(self, text):
        with self._changed:
            self._faults.append(text)

    async def _open_server(self):
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            ssl=self._tls,
            process_request=self._handshake,
            select_subprotocol=self._subprotocol,
            ping_interval=None,
            max_size=None,
            compression=None,
            close_timeout=1,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close_server(self):
        servers, self._server, self._old = [self._server, *self._old], None, []
        for server in servers:
            if server is not None:
                server.close()
                for connection in list(server.connections):  # it may have been closed before
                    await connection.close(1001)
                await server.wait_closed()

    async def _turn_over(self, tls):
        self._server.close(close_connections=False)
        await asyncio.sleep(0)  # now it listens no more
        self._old.append(self._server)
        self._tls = tls
        await self._open_server()

    async def _set_frozen(self, frozen):
        self._frozen = frozen
        for connection in self.connections:
            transport = connection.websocket.transport
            (transport.pause_reading if frozen else transport.resume_reading)()

    async def _handshake(self, websocket, request):
        with self._changed:
            self.handshakes.append((request.path, request.headers))
            self._changed.notify_all()
        while self._frozen:
            await asyncio.sleep(0.05)
        websocket.ocpp_id = unquote(request.path.rsplit("/", 1)[1])
        if self._refuse:
            return websocket.respond(self._refuse, "refused on purpose\n")
        if self.password is not None:
            login = "%s:%s" % (websocket.ocpp_id, self.password)
            wanted = "Basic " + base64.b64encode(login.encode()).decode()
            if request.headers.get("Authorization") != wanted:
                return websocket.respond(401, "wrong password\n")
        return None

    def _subprotocol(self, websocket, offered):
        # The station's order of preference counts. None: accepted without a subprotocol.
        return next((p for p in offered if p in self.subprotocols), None)

    async def _serve(self, websocket):
        if websocket.subprotocol is None:
            return await websocket.wait_closed()
        connection = Connection(self, websocket)
        with self._changed:
            self.connections.append(connection)
            self.opened += 1
            self._changed.notify_all()
        try:
            await connection.run()
        except ConnectionClosed:
            pass
        finally:
            connection.lost()
            with self._changed:
                self.connections.remove(connection)
                self._changed.notify_all()
        return None
