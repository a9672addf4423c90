"""The HTTP API. Every body and every answer is a JSON object; errors are {"error": "..."}."""

import asyncio
import ipaddress
import json
import pathlib
import urllib.parse

from aiohttp import web

from csms_app import (
    central,
    config,
    csms,
    files,
    machine,
    metering,
    protocol,
    rpc,
    schemas,
    server,
    tokens,
)

_PAGE = pathlib.Path(__file__).parent / "page"
_SCRIPTS = "app charts dom form kept model schedule testing".split()
_PAGE_FILES = {
    "/": "index.html",
    "/style.css": "style.css",
    **{"/%s.js" % name: name + ".js" for name in _SCRIPTS},
}
_MAX_BODY = 2**20
_KEEPALIVE_S = 15
_MAX_TIMEOUT_S = 600
_MAX_MESSAGES = 10_000
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'",
}


class ApiError(Exception):
    """Ends a request with a status and {"error": text}."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Rest:
    """The application on top of a `csms.CSMS`."""

    def __init__(self, csms, loopback, folder):
        self.csms = csms
        self.files = files.Files(folder)
        self._loopback = loopback  # listens on this machine only
        self.app = web.Application(middlewares=[self._guard], client_max_size=_MAX_BODY)
        self.app.on_shutdown.append(self._end_events)
        self.app.add_routes(
            [
                web.get("/api/stations", self.stations),
                web.get("/api/stations/{id}", self.station),
                web.put("/api/stations/{id}", self.put_station),
                web.post("/api/stations/{id}/call/{action}", self.call),
                web.get("/api/stations/{id}/messages", self.messages),
                web.get("/api/transactions", self.transactions),
                web.get("/api/transactions/{id}", self.transaction),
                web.get("/api/tokens", self.tokens),
                web.get("/api/tokens/{id}", self.token),
                web.put("/api/tokens/{id}", self.put_token),
                web.delete("/api/tokens/{id}", self.delete_token),
                web.get("/api/misbehaviour", self.misbehaviour),
                web.put("/api/misbehaviour", self.put_misbehaviour),
                web.delete("/api/misbehaviour", self.delete_misbehaviour),
                web.get("/api/actions/{version}", self.actions),
                web.get("/api/schemas/{version}/{action}", self.schema),
                web.get("/api/certificates", self.certificates),
                web.get("/api/files", self.list_files),
                web.get("/files/{name}", self.get_file),
                web.put("/files/{name}", self.put_file),
                web.post("/files/{name}", self.put_file),
                web.delete("/files/{name}", self.delete_file),
                web.get("/api/events", self.events),
            ]
        )
        self.app.add_routes([web.get(path, _page) for path in _PAGE_FILES])

    @web.middleware
    async def _guard(self, request, handler):
        try:
            self._check_origin(request)
            response = await handler(request)
        except ApiError as e:
            response = web.json_response({"error": str(e)}, status=e.status)
        except web.HTTPException as e:
            response = web.json_response({"error": e.reason}, status=e.status)
            if "Allow" in e.headers:
                response.headers["Allow"] = e.headers["Allow"]
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    def _check_origin(self, request):
        """Other web pages must not act through the browser of somebody on this machine."""
        origin = request.headers.get("Origin")
        if origin and urllib.parse.urlsplit(origin).netloc != request.host:
            raise ApiError(403, "requests from other web pages are refused")
        if self._loopback and not _is_local(request.host):
            raise ApiError(403, "Host: this is not the name of this machine")

    # Stations

    async def stations(self, request):
        brief = "brief" in request.query
        active = {}
        for tx in self.csms.store.transactions.all(active=True):
            active.setdefault(tx["station"], []).append(metering.to_dict(tx))
        shown = []
        for id in sorted(self.csms.stations):
            station = self.csms.stations[id].to_dict(brief)
            shown.append(dict(station, transactions=active.get(id, [])))
        return web.json_response({"stations": shown})

    async def station(self, request):
        return self._show(self._station(request))

    async def put_station(self, request):
        id = request.match_info["id"]
        if server.identity("/" + urllib.parse.quote(id, safe="")) != id:
            raise ApiError(400, "station identity: 1 to 48 printable characters")
        try:
            fields = config.station_fields(await _body(request))
        except config.ConfigError as e:
            raise ApiError(400, str(e)) from None
        return self._show(self.csms.register(id, fields))

    async def messages(self, request):
        station = self._station(request)
        after = _number(request, "after", None)
        limit = _number(request, "limit", 1000)
        shown = self.csms.store.frames(station.id, after, min(limit, _MAX_MESSAGES))
        return web.json_response({"messages": shown})

    async def call(self, request):
        station = self._station(request)
        payload = await _body(request)
        timeout = _timeout(request)
        check = request.query.get("check", "1") != "0"
        action = request.match_info["action"]
        try:
            result = await self.csms.call(station, action, payload, timeout, check)
        except protocol.CallError as e:
            error = {"code": e.code, "description": e.description, "details": e.details}
            return web.json_response({"error": error})
        except central.BadPayload as e:
            raise ApiError(400, str(e)) from None
        except schemas.UnknownAction:
            raise ApiError(404, _no_action(station.version, action)) from None
        except rpc.Busy as e:
            raise ApiError(409, "busy: %s" % e) from None
        except machine.NotAllowed as e:
            raise ApiError(409, "not allowed: %s; ?check=0 sends it" % e) from None
        except rpc.Offline as e:
            raise ApiError(503, "offline: %s" % e) from None
        except asyncio.TimeoutError:
            raise ApiError(504, "no answer to %s" % action) from None
        return web.json_response({"result": result})

    def _station(self, request):
        station = self.csms.stations.get(request.match_info["id"])
        if station is None:
            raise ApiError(404, "no station %s" % request.match_info["id"])
        return station

    def _show(self, station):
        rows = self.csms.store.transactions.all(station.id, active=True)
        transactions = [metering.to_dict(tx) for tx in rows]
        return web.json_response(dict(station.to_dict(), transactions=transactions))

    # Transactions

    async def transactions(self, request):
        query = request.query
        active = {"1": True, "true": True, "0": False, "false": False}.get(query.get("active"))
        limit = _number(request, "limit", -1)
        rows = self.csms.store.transactions.all(query.get("station"), active, limit)
        show = metering.to_dict if "brief" in query else self._with_details
        return web.json_response({"transactions": [show(tx) for tx in rows]})

    async def transaction(self, request):
        id = request.match_info["id"]
        tx = self.csms.store.transactions.get(id, request.query.get("station"))
        if tx is None:
            raise ApiError(404, "no transaction %s" % id)
        return web.json_response(self._with_details(tx))

    def _with_details(self, tx):
        values, events = self.csms.store.transactions.details(tx["id"])
        return dict(metering.to_dict(tx), meter_values=values, events=events)

    # Tokens

    async def tokens(self, request):
        return web.json_response({"tokens": self.csms.store.tokens()})

    async def token(self, request):
        token = self.csms.store.token(request.match_info["id"])
        if token is None:
            raise ApiError(404, "no token %s" % request.match_info["id"])
        return web.json_response(token)

    async def put_token(self, request):
        try:
            token = tokens.checked(request.match_info["id"], await _body(request))
        except ValueError as e:
            raise ApiError(400, str(e)) from None
        self.csms.store.put_token(token)
        self.csms.publish("token", id=token["idTag"], token=token)
        return web.json_response(token)

    async def delete_token(self, request):
        id = request.match_info["id"]
        if not self.csms.store.delete_token(id):
            raise ApiError(404, "no token %s" % id)
        self.csms.publish("token", id=id, token=None)
        return web.json_response({})

    # Misbehaviour

    async def misbehaviour(self, request):
        return web.json_response(self.csms.misbehaviour.to_dict())

    async def put_misbehaviour(self, request):
        try:
            self.csms.misbehaviour.set(await _body(request))
        except ValueError as e:
            raise ApiError(400, str(e)) from None
        return await self.misbehaviour(request)

    async def delete_misbehaviour(self, request):
        self.csms.misbehaviour.set({})
        return web.json_response({})

    # Certificates and files

    async def certificates(self, request):
        root = self.csms.authority.root()
        issued = self.csms.store.certificates()
        return web.json_response({"authority": root, "certificates": issued})

    async def list_files(self, request):
        return web.json_response({"files": self.files.list()})

    async def get_file(self, request):
        path = self._path(request)
        if not path.is_file():
            raise ApiError(404, "no file %s" % path.name)
        return web.FileResponse(path, headers={"Content-Type": "application/octet-stream"})

    async def put_file(self, request):
        try:
            size = await self.files.write(
                request.match_info["name"], request.content.iter_chunked(2**16)
            )
        except files.BadFile as e:
            raise ApiError(400, str(e)) from None
        return web.json_response({"name": request.match_info["name"], "bytes": size})

    async def delete_file(self, request):
        path = self._path(request)
        if not self.files.delete(path.name):
            raise ApiError(404, "no file %s" % path.name)
        return web.json_response({})

    def _path(self, request):
        try:
            return self.files.path(request.match_info["name"])
        except files.BadFile as e:
            raise ApiError(400, str(e)) from None

    # The page

    async def schema(self, request):
        version, action = request.match_info["version"], request.match_info["action"]
        if version not in self.csms.versions:
            raise ApiError(404, "no version %s" % version)
        try:
            return web.json_response({"schema": schemas.request_schema(version, action)})
        except schemas.UnknownAction:
            raise ApiError(404, _no_action(version, action)) from None

    async def actions(self, request):
        """What the CSMS may send in a version, each with an example of its required fields."""
        version = request.match_info["version"]
        if version not in self.csms.versions:
            raise ApiError(404, "no version %s" % version)
        names = schemas.actions(version) - (csms.HANDLERS[version].keys() - {"DataTransfer"})
        examples = {n: schemas.skeleton(version, n) for n in sorted(names)}
        return web.json_response({"actions": examples})

    async def events(self, request):
        """Server-sent events: frames, station, transaction and token changes."""
        headers = dict(_HEADERS, **{"Content-Type": "text/event-stream"})
        response = web.StreamResponse(headers=headers)
        queue = self.csms.subscribe()
        try:
            await response.prepare(request)
            await response.write(b"retry: 2000\n\n")
            while await _pump(queue, response):
                pass
        except ConnectionResetError:
            pass
        finally:
            self.csms.unsubscribe(queue)
        return response

    async def _end_events(self, app):
        self.csms.publish("end")


async def _pump(queue, response):
    """Pass one event on. False after the last."""
    try:
        event = await asyncio.wait_for(queue.get(), _KEEPALIVE_S)
    except asyncio.TimeoutError:
        await response.write(b":\n\n")
        return True
    if queue.lost:
        queue.lost = False
        await response.write(b'data: {"type":"lost"}\n\n')
    await response.write(b"data: %s\n\n" % json.dumps(event).encode())
    return event["type"] != "end"


async def _page(request):
    name = _PAGE_FILES[request.path]
    types = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
    text = (_PAGE / name).read_text(encoding="utf-8")
    return web.Response(text=text, content_type=types[name.rpartition(".")[2]])


async def _body(request):
    """The object in the body, {} for an empty one."""
    data = await request.read()
    if not data.strip():
        return {}
    try:
        body = protocol.parse_json(data.decode("utf-8"))
    except ValueError as e:
        raise ApiError(400, "body is not JSON: %s" % e) from None
    if not isinstance(body, dict):
        raise ApiError(400, "body must be a JSON object")
    return body


def _number(request, name, default):
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ApiError(400, "%s: must be a whole number from 0, not %.40r" % (name, text))
    return int(text)


def _timeout(request):
    text = request.query.get("timeout")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _MAX_TIMEOUT_S:
        raise ApiError(
            400, "timeout: must be seconds up to %d, not %.40r" % (_MAX_TIMEOUT_S, text)
        )
    return seconds


def _no_action(version, action):
    near = schemas.nearest(version, action)
    hint = "; did you mean %s?" % near if near else ""
    return "no action %s in OCPP %s%s" % (action, version, hint)


def _is_local(host):
    name = urllib.parse.urlsplit("//" + host).hostname or ""
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return name == "localhost"
