"""The control API: drives the simulated world and shows the station, over HTTP with JSON.

A request is looked up in the tables of `routes.py`, its body checked there, and handed to the
method named there. Nothing here waits for the station or the central system. The API outlives a
restart of the firmware: it asks the runner for the station anew each time.
"""

import asyncio
import gc
import json
import sys

import report
import routes
from microdot import abort
from microdot.microdot import HTTPException
from web import Server, answer

from ocpp.log import log

_MAX_LISTENERS = const(4)  # of /api/events
_LOOK_MS = const(100)  # how often a listener looks for news
_SILENCE = const(150)  # looks without news before a sign of life is sent
_INDEX = "Control API of the charger: see GET /api/status\n"


def _message_pieces(frames, after):
    yield '{"messages": ['
    newest = frames.last
    n = max(after + 1, frames.first)
    mark = b""
    while n <= newest:
        yield mark
        yield from frames.pieces(n)
        mark = b", "
        n = max(n + 1, frames.first)
    yield "]}"


def _parked_pieces(parked):
    mark = '{"parked": ['
    for record in parked:
        yield mark + json.dumps(record)
        mark = ", "
    yield "]}" if mark == ", " else mark + "]}"


def _setting_pieces(settings):
    mark = "{"
    for name, text in settings.items():
        yield "%s%s: %s" % (mark, json.dumps(name), json.dumps(text))
        mark = ", "
    yield "}"


class Events:
    """Server-sent events until the client leaves: `message` for a frame, `status` when it has
    changed. An asynchronous iterator, as microdot wants it for an answer that is made while it is
    written."""

    def __init__(self, runner, after, ended):
        self._pieces = _event_pieces(runner, after)
        self._ended = ended  # fn() -> True once the client has left

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._ended():
            piece = next(self._pieces)
            if piece:
                return piece
            await asyncio.sleep_ms(_LOOK_MS)
        raise StopAsyncIteration


def _event_pieces(runner, after):
    """Without end; None: there are no news now."""
    frames = runner.frames
    seen = None
    quiet = 0
    while True:
        quiet += 1
        while after < frames.last:
            after = max(after + 1, frames.first)
            quiet = 0
            yield "id: %d\nevent: message\ndata: " % after
            yield from frames.pieces(after)
            yield "\n\n"
        now = report.signature(runner)
        if now != seen:
            seen = now
            quiet = 0
            yield "event: status\ndata: %s\n\n" % json.dumps(report.status(runner))
        if quiet >= _SILENCE:
            quiet = 0
            yield ":\n\n"
        yield None


class Api:
    """`serve` is what `asyncio.start_server` calls."""

    def __init__(self, runner):
        self.runner = runner
        self._server = Server(self._respond)
        self.serve = self._server.handle_request

    def _respond(self, request):
        """Called by the server for each request."""
        try:
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

    def _answer(self, method, request):
        if request.path == "/" and method == "GET":
            return answer(_INDEX, kind="text/plain")
        evse, name, fields = self._find(method, request.path)
        act = getattr(self, name)
        if fields == ["-"]:
            return act(request) if evse is None else act(evse, request)
        body = _checked(request.body, fields)
        if evse is None:
            act(body)
        else:
            act(evse, body)
        self.runner.board.world.save()
        return answer({})

    def _find(self, method, path):
        """(EVSE or None, name of the method here, fields) for a request."""
        parts = path.split("/")
        number = None
        if parts[:3] == ["", "api", "connectors"] and len(parts) == 5:
            number = parts[3]
            parts[3] = "N"
        found = routes.find("/".join(parts[2:])) if parts[:2] == ["", "api"] else None
        if not found:
            abort(404, "no such path: " + path)
        evse = None if number is None else self._evse(number)
        if method not in found:
            abort(405, "%s takes %s" % (path, " and ".join(found)))
        return evse, found[method][0], found[method][1]

    def _evse(self, number):
        evses = self.runner.board.evses
        if isinstance(number, str):
            number = int(number) if number.isdigit() and len(number) < 4 else 0
        if not 1 <= number <= len(evses):
            abort(404, "no such connector; there are 1 to %d" % len(evses))
        return evses[number - 1]

    def _station(self):
        app = self.runner.ready()
        if app is None:
            abort(503, "the firmware does not start")
        return app.station

    # -- showing ----------------------------------------------------------------------------------

    def status(self, req):
        return answer(report.status(self.runner))

    def messages(self, req):
        return answer(_message_pieces(self.runner.frames, _after(req, 0)))

    def events(self, req):
        if self._server.endless >= _MAX_LISTENERS:
            abort(503, "at most %d listeners" % _MAX_LISTENERS)
        after = _after(req, self.runner.frames.last)
        found = answer(Events(self.runner, after, req.sock[0].ended), kind="text/event-stream")
        found.endless = True
        return found

    def settings(self, req):
        return answer(_setting_pieces(self._station().settings))

    def explain(self, evse, req):
        return answer(self._explained(evse.id))

    def explain_all(self, req):
        return answer(self._explained(0))

    def _explained(self, number):
        """See `acts.explain`; times as text."""
        from ocpp.iso import to_iso

        found = self._station().explain(number)
        coming = found["next"]
        if coming and coming["at"] is not None:
            coming["at"] = to_iso(coming["at"])
        return found

    def parked(self, req):
        return answer(_parked_pieces(self._station().parked()))

    def doctor(self, req):
        return answer(self.runner.findings())

    # -- the world --------------------------------------------------------------------------------

    def plug(self, evse, body):
        evse.plug(**body)

    def unplug(self, evse, body):
        if not evse.unplug(body.get("side") == "station"):
            abort(409, "the connector is locked")

    def ev(self, evse, body):
        evse.set_ev(**body)

    def fault(self, evse, body):
        evse.set_fault(**body)

    def clear_fault(self, evse, body):
        evse.clear_fault(body.get("code"))

    def pilot(self, evse, body):
        evse.set_pilot(body.get("state", evse.pilot), body.get("diode", evse.diode))

    def lock(self, evse, body):
        evse.set_jam(body["jam"])

    def meter(self, evse, body):
        if "energy_wh" in body:
            evse.register = (int(body["energy_wh"]), 0)
        evse.signed = body.get("signed", evse.signed)

    def parking(self, evse, body):
        evse.occupied = body["occupied"]

    def limit(self, evse, body):
        self._limit(evse.id, body)

    def limit_all(self, body):
        self._limit(0, body)

    def _limit(self, number, body):
        amperes = body["current_a"]
        current = None if amperes is None else int(amperes * 1000)
        self._station().set_limit(number, current, "api", body.get("seconds"))

    def network(self, body):
        self.runner.board.world.online = body["online"]
        if self.runner.app:
            self.runner.app.station.set_online(body["online"])

    # -- the station ------------------------------------------------------------------------------

    def present(self, body):
        """A card or another means; while the firmware restarts nobody looks."""
        connector = body.get("connector")
        if connector is not None:
            self._evse(connector)
        if self.runner.app:
            station = self.runner.app.station
            station.present(body["idTag"], connector, body.get("type", "ISO14443"))

    def change_settings(self, body):
        settings = self._station().settings
        for name in body:
            if settings.lookup(name) is None:
                abort(400, "unknown setting " + name)
        for name in body:
            try:
                settings.force(name, body[name])
            except (ValueError, OSError) as e:
                abort(400, "%s is %s: %s" % (name, json.dumps(body[name]), e))

    def examine(self, body):
        self._station()
        self.runner.examine()

    def resend(self, body):
        self._station().resend()

    def auth_cache(self, body):
        self._station().auth_cache_put(body)

    def clear_auth_cache(self, body):
        self._station().auth_cache_clear()

    def local_list(self, body):
        self._able("local_list_install")(body["version"], body["entries"])

    def security_event(self, body):
        self._able("security_event")(body["type"], body.get("info", ""))

    def reboot(self, body):
        self.runner.restart(body.get("reason", "PowerUp"), body.get("reason") == "LocalReset")

    def _able(self, name):
        act = getattr(self._station(), name, None)
        if act is None:
            raise NotImplementedError("this station can't do that")
        return act


def _checked(body, fields):
    """The JSON object of a request body, which keeps to its fields. The code that looks at it is
    in memory only meanwhile."""
    value = _object(body)
    try:
        from fields import checked

        return checked(value, fields)
    finally:
        for name in ("fields", "rules"):
            sys.modules.pop(name, None)


def _object(body):
    """The JSON object of a request body; {} if there is none."""
    from ocpp.strictjson import loads  # only while it is needed: `lib/ocpp` lets it go

    try:
        text = body.decode().strip()
        value = loads(text) if text else {}
    except (ValueError, UnicodeError):
        abort(400, "the body is not JSON")
    if not isinstance(value, dict):
        abort(400, "the body is not a JSON object")
    return value


def _after(req, default):
    """The number in `?after=N`."""
    text = req.args.get("after")
    if text is None:
        return default
    if not text.isdigit() or len(text) > 15:
        abort(400, "after is %s; accepted: a number" % json.dumps(text))
    return int(text)
