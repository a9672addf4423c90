"""The WebSocket endpoint: handshake, Basic authentication, TLS, one `Link` a connection."""

import asyncio
import http
import logging
import ssl
import tempfile
import urllib.parse

import websockets
from websockets.asyncio.server import serve

from csms_app import auth, protocol, summary
from csms_app.misbehaviour import Mischief
from csms_app.rpc import RPC, Offline

log = logging.getLogger("csms")

_MAX_IDENTITY = 48  # OCPP 2.x identifierString[48]
_CLOSE_TIMEOUT_S = 2


class Link:
    """One WebSocket connection of a station. `rpc`: the conversation on it."""

    def __init__(self, csms, station, socket, version):
        self.socket = socket
        self.version = version
        host, port = (socket.remote_address or ("?", 0))[:2]
        self.remote = "%s:%s" % (host, port)
        self.certificate = next(iter(_certificate_names(socket)), None)
        self._csms = csms
        self._station = station
        self._summary = summary.Summary()
        self.rpc = RPC(version, self._send, self._on_call, self._on_frame, self._on_flaw)
        self.rpc.mischief = self._mischief = Mischief(
            csms.misbehaviour, station.id, self.rpc, self._drop, self._freeze, self._misbehaved
        )

    async def run(self):
        """Converse until the connection ends."""
        self.rpc.start()
        try:
            async for message in self.socket:
                if self._mischief.frozen:
                    continue
                if isinstance(message, bytes):
                    self._on_flaw("binary message of %d bytes" % len(message))
                    await self.socket.close(1003, "OCPP messages are text")
                    break
                await self.rpc.receive(message)
                await asyncio.sleep(0)  # a flood must not keep the others waiting
        except (websockets.ConnectionClosed, Offline):
            pass
        finally:
            self._mischief.stop()
            await self.rpc.close()

    async def _drop(self):
        await self.socket.close(1011, "misbehaviour on request")

    async def _freeze(self):
        """Half open: the TCP connection stands, and nobody is there any more."""
        if self.socket.keepalive_task is not None:
            self.socket.keepalive_task.cancel()
        self.socket.transport.pause_reading()

    def _misbehaved(self, text):
        log.info("%s %s", protocol.printable(self._station.id), text)
        self._csms.publish("misbehaviour", station=self._station.id, text=text)

    async def _send(self, text):
        try:
            await self.socket.send(text)
        except websockets.ConnectionClosed as e:
            raise ConnectionError(str(e)) from None

    async def _on_call(self, action, payload):
        return await self._csms.handle(self._station, action, payload)

    def _on_frame(self, direction, text, frame):
        line = self._summary.line(direction, frame)
        if line:
            arrow = "<-" if direction == "in" else "->"
            log.info("%s %s %s", protocol.printable(self._station.id), arrow, line)
        self._csms.frame(self._station, direction, text, frame)

    def _on_flaw(self, text):
        self._csms.flaw(self._station, text)


class Endpoint:
    """Accepts stations."""

    def __init__(self, csms, tls=None):
        self.csms = csms
        self._tls = tls  # SSL context
        self._closing = set()  # tasks that close replaced connections

    async def listen(self, host, port):
        """Start; returns the `websockets` server. Raises OSError."""
        config = self.csms.config
        interval = config["ping_interval"] or None
        return await serve(
            self._run,
            host,
            port,
            ssl=self._tls,
            process_request=self._admit,
            select_subprotocol=self._select,
            max_size=config["message_bytes"],
            max_queue=4,
            ping_interval=interval,
            ping_timeout=interval,
            close_timeout=_CLOSE_TIMEOUT_S,
            logger=_quiet_logger(),
        )

    async def _admit(self, socket, request):
        """None to go on with the handshake, else the HTTP response that refuses it."""
        id = identity(request.path)
        if id is None:
            return self._refuse(socket, 404, "no charging station identity at the end of the path")
        if not self.csms.admits(id):
            return self._refuse(socket, 404, "unknown charging station", id)
        names = _certificate_names(socket)
        if names and not self._belongs(_certificate(socket), names, id):
            return self._refuse(socket, 403, "the certificate is another station's", id)
        # A client certificate takes the place of a password (security profile 3).
        station = self.csms.stations.get(id)
        if station and station.password is not None and not names:
            header = request.headers.get_all("Authorization")
            if not await _authorized(station, header[0] if len(header) == 1 else None):
                refusal = self._refuse(socket, 401, "wrong or missing password", id)
                refusal.headers["WWW-Authenticate"] = 'Basic realm="OCPP"'
                return refusal
        return None

    def _belongs(self, certificate, names, id):
        """False for a certificate that another station was given."""
        owner = self.csms.store.owner(int(certificate["serialNumber"], 16))
        if owner is not None:
            return owner == id
        return id in names or not self.csms.config["tls"]["match_identity"]

    def _refuse(self, socket, status, reason, id=""):
        text = "%s ! refused: %d %s"
        log.warning(text, protocol.printable(id or socket.request.path), status, reason)
        return socket.respond(http.HTTPStatus(status), reason + "\n")

    def _select(self, socket, offered):
        """The first of the client's offers that we speak. None: see _run()."""
        for name in offered:
            if protocol.version_of(name) in self.csms.versions:
                return name
        return None

    async def _run(self, socket):
        id = identity(socket.request.path)
        if socket.subprotocol is None:
            await self._no_subprotocol(socket, id)
            return
        station = self.csms.station(id)
        link = Link(self.csms, station, socket, protocol.version_of(socket.subprotocol))
        self._replace(station, link)
        try:
            await link.run()
        finally:
            self._ended(station, link)

    async def _no_subprotocol(self, socket, id):
        """Opened without subprotocol, closed at once: OCPP-J 1.6 §3.2, 2.x part 4 §3.2."""
        offers = ", ".join(socket.request.headers.get_all("Sec-WebSocket-Protocol")) or "none"
        speak = ", ".join(protocol.subprotocol(v) for v in self.csms.versions)
        offers = protocol.printable(offers, 40).encode("ascii", "replace").decode()
        reason = "no common subprotocol: offered %s, known %s" % (offers, speak)
        log.warning("%s ! %s", protocol.printable(id), reason)
        await socket.close(1002, reason)

    def _replace(self, station, link):
        old = self.csms.attach(station, link)
        if old is not None:
            self.csms.flaw(station, "connects again: the older connection is closed")
            task = asyncio.ensure_future(self._drop(old))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        log.info("%s connected, %s", protocol.printable(station.id), link.socket.subprotocol)

    async def _drop(self, link):
        await link.rpc.close()
        await link.socket.close(1008, "the station has connected again")

    def _ended(self, station, link):
        if station.link is link:
            log.info("%s disconnected", protocol.printable(station.id))
            self.csms.detach(station, link)


def identity(path):
    """Station identity out of a request path: its last segment, percent-decoded; or None."""
    segment = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    try:
        id = urllib.parse.unquote(segment, errors="strict")
    except UnicodeDecodeError:
        return None
    return id if 0 < len(id) <= _MAX_IDENTITY and id.isprintable() else None


async def _authorized(station, header):
    pair = auth.basic(header)
    if pair is None or pair[0] != station.id.encode():
        return False
    return await asyncio.to_thread(auth.matches, station.password, pair[1])


def _certificate(socket):
    """The verified client certificate as `ssl` shows it, or None."""
    secure = socket.transport.get_extra_info("ssl_object")
    return secure.getpeercert() if secure else None


def _certificate_names(socket):
    """Common names of the verified client certificate, empty without one."""
    certificate = _certificate(socket)
    if not certificate:
        return ()
    rdns = certificate.get("subject", ())
    return [value for rdn in rdns for key, value in rdn if key == "commonName"] or [""]


def tls_context(tls, authority):
    """SSL context for the `tls` part of the configuration, None without. `authority`: the CSMS's
    own, which vouches for it where `hosts` are named. Raises OSError."""
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if "hosts" in tls:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # ssl reads from files only
            file.writelines(authority.server(tls["hosts"]))
            file.flush()
            context.load_cert_chain(file.name)
        context.load_verify_locations(cadata=authority.root())
    else:
        context.load_cert_chain(tls["cert_file"], tls["key_file"])
    if "ca_file" in tls:
        context.load_verify_locations(tls["ca_file"])
    modes = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
    context.verify_mode = modes[tls["client_certs"]]
    return context


def _quiet_logger():
    """Of the library only what is an error of ours: broken handshakes are everyday business."""
    logger = logging.getLogger("csms.websockets")
    logger.setLevel(logging.CRITICAL)
    return logger
