"""The control API: shows the station and drives it, and the simulated world, over HTTP with JSON;
and the web console, which is a page that uses it.

A request is looked up in the tables of `routes.py`, its body checked there, and handed to the
method or function named there. Nothing here waits for the station or the central system. The API
outlives a restart of the firmware: it asks the runner for the station anew each time.
"""

import asyncio
import gc
import json
import sys

import report
from microdot import HTTPException
from web import Server, abort, answer, number

from ocpp.log import log

_MAX_LISTENERS = const(4)  # of /api/events
_LOOK_MS = const(100)  # how often a listener looks for news
_CALM_MS = const(500)  # the same with `?every=S`
_SILENCE_MS = const(15000)  # without news, before a sign of life is sent
_ACCESS = "Authorization"
_INDEX = "Control API of the charger: see GET /api/status\n"


def _message_pieces(frames, after, limit):
    yield '{"messages": ['
    n = max(after + 1, frames.first)
    newest = min(frames.last, n + limit - 1)
    mark = b""
    while n <= newest:
        yield mark
        yield from frames.pieces(n)
        mark = b", "
        n = max(n + 1, frames.first)
    yield "]}"


class Events:
    """Server-sent events until the client leaves: `message` for a frame, `status` when it has
    changed, and every so many seconds if `every` is not 0. An asynchronous iterator, as microdot
    wants it for an answer that is made while it is written."""

    def __init__(self, runner, after, every, ended):
        self._look_ms = _CALM_MS if every else _LOOK_MS
        self._pieces = _event_pieces(runner, after, every * 1000 // _CALM_MS, self._look_ms)
        self._ended = ended  # fn() -> True once the client has left

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._ended():
            piece = next(self._pieces)
            if piece:
                return piece
            await asyncio.sleep_ms(self._look_ms)
        raise StopAsyncIteration


def _event_pieces(runner, after, repeat, look_ms):
    """Without end; None: there are no news now. `repeat`: looks between two statuses, 0: any
    number."""
    frames = runner.frames
    seen = None
    quiet = since = 0
    while True:
        quiet += look_ms
        since += 1
        while after < frames.last:
            after = max(after + 1, frames.first)
            quiet = 0
            yield "id: %d\nevent: message\ndata: " % after
            yield from frames.pieces(after)
            yield "\n\n"
        now = report.signature(runner)
        if now != seen or 0 < repeat <= since:
            seen = now
            quiet = since = 0
            yield "event: status\ndata: %s\n\n" % json.dumps(report.status(runner))
        if quiet >= _SILENCE_MS:
            quiet = 0
            yield ":\n\n"
        yield None


class Api:
    """`serve` is what `asyncio.start_server` calls. `door`: the `Door` it is behind, or None."""

    def __init__(self, runner, door=None):
        self.runner = runner
        self.door = door
        self.world = getattr(runner.board, "world", None)  # None: on a real board
        self._console = runner.config["console"]
        self._server = Server(self._respond)
        self.serve = self._server.handle_request

    @property
    def listeners(self):
        """How many are listening to events."""
        return self._server.endless

    def _respond(self, request):
        """Called by the server for each request."""
        try:
            refusal = self._refusal(request)
            if refusal:
                return refusal
            return self._answer("GET" if request.method == "HEAD" else request.method, request)
        except HTTPException:
            raise
        except (ValueError, NotImplementedError) as e:
            abort(400, str(e) or "not possible")
        except MemoryError:
            gc.collect()
            abort(503, "out of memory")
        except Exception as e:
            log.error("api", request.method, request.path, repr(e))
            log.trace(e)
            abort(500, "internal error: %r" % e)

    def _refusal(self, request):
        """Why this client is not served, as an answer; or None. Without a password only a
        simulation serves anybody."""
        password = self._console["password"]
        if self.world is None and not self._shown():
            abort(404, "the web console is switched off")
        if self.world is None and not password:
            abort(403, "console.password is not set in the configuration of this charger")
        if password and not _borrowed("console", "admits", password, _header(request, _ACCESS)):
            found = answer({"error": "a password is needed"}, 401)
            found.headers["WWW-Authenticate"] = 'Basic realm="charger", charset="UTF-8"'
            return found
        origin = _header(request, "Origin")
        if origin and origin.partition("://")[2] != _header(request, "Host"):
            abort(403, "this comes from a page of another site")
        return None

    def _answer(self, method, request):
        if method == "GET" and request.path[:5] != "/api/":
            return self._page(request)
        evse, name, fields = self._find(method, request.path)
        if fields == ["-"]:
            if name == "status" and self.runner.record:
                self.runner.record.act(method, request.path, None)  # what it loads is let go later
            return self._call(evse, name, request)
        try:
            body = _borrowed("fields", "parsed", request.body, fields)
        finally:
            sys.modules.pop("rules", None)
        if self.runner.record:
            self.runner.record.act(method, request.path, body)
        self._act(evse, name, body)
        return answer({})

    def perform(self, method, path, body):
        """Do once more what was recorded of an earlier run."""
        evse, name, _ = self._find(method, path)
        self._act(evse, name, body)

    def _act(self, evse, name, body):
        self._call(evse, name, body)
        if self.world:
            self.world.save()

    def _call(self, evse, name, argument):
        """What the table names: a method, or a function of a module."""
        arguments = (argument,) if evse is None else (evse, argument)
        module, _, name = name.rpartition(".")
        if module:
            return _borrowed(module, name, self, *arguments)
        return getattr(self, name)(*arguments)

    def _page(self, request):
        """A file of the web console."""
        found = None
        if self._shown():
            known = _header(request, "If-None-Match")
            found = _borrowed("console", "served", request.path, known)
        if found is None and request.path == "/":
            return answer(_INDEX, kind="text/plain")
        if found is None:
            abort(404, "no such path: " + request.path)
        return found

    def _shown(self):
        """True unless the web console is switched off, in the configuration or by the setting
        ConsoleEnabled."""
        app = self.runner.app
        return self._console["enabled"] and not (
            app and app.station.settings.get("ConsoleEnabled") is False
        )

    def _find(self, method, path):
        """(EVSE or None, name of the method here, fields) for a request."""
        parts = path.split("/")
        number = None
        if parts[:3] == ["", "api", "connectors"] and len(parts) == 5:
            number = parts[3]
            parts[3] = "N"
        path_of = "/".join(parts[2:])
        world = bool(self.world)
        found = _borrowed("routes", "find", path_of, world) if parts[:2] == ["", "api"] else None
        if not found:
            abort(404, "no such path: " + path)
        evse = None if number is None else self.evse(number)
        if method not in found:
            abort(405, "%s takes %s" % (path, " and ".join(found)))
        return evse, found[method][0], found[method][1]

    def evse(self, number):
        """The EVSE of a number, or of a text from a path."""
        evses = self.runner.board.evses
        if isinstance(number, str):
            number = int(number) if number.isdigit() and len(number) < 4 else 0
        if not 1 <= number <= len(evses):
            abort(404, "no such connector; there are 1 to %d" % len(evses))
        return evses[number - 1]

    def station(self):
        """The running station; the firmware is started at once if it was about to."""
        app = self.runner.ready()
        if app is None:
            abort(503, "the firmware does not start")
        return app.station

    # -- showing ----------------------------------------------------------------------------------

    def status(self, req):
        return answer(report.status(self.runner))

    def messages(self, req):
        frames = self.runner.frames
        after = number(req, "after", 0)
        return answer(_message_pieces(frames, after, number(req, "limit", frames.last)))

    def events(self, req):
        if self.listeners >= _MAX_LISTENERS:
            abort(503, "at most %d listeners" % _MAX_LISTENERS)
        after = number(req, "after", self.runner.frames.last)
        every = number(req, "every", 0)
        events = Events(self.runner, after, min(every, 3600), req.sock[0].ended)
        found = answer(events, kind="text/event-stream")
        found.endless = True
        return found


def _header(request, name):
    return request.headers.get(name)


def _borrowed(module, name, *arguments):
    """Call a function of a module that is in memory only meanwhile."""
    try:
        return getattr(__import__(module), name)(*arguments)
    finally:
        sys.modules.pop(module, None)
