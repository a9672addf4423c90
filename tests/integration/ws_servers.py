"""Servers for the WebSocket client's tests: raw sockets that misbehave, certificates that are
wrong."""

import base64
import contextlib
import datetime
import hashlib
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

from patience import patient
from websockets.sync.server import serve

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from mpunit import micropython, micropython_env  # noqa: E402

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def drive(url, do=(), limit_ms=10000, heap="256K", **link):
    """Run the client in a process of its own (see ws_driver.py); returns what it reports."""
    link = {"url": url, "protocols": ["ocpp2.0.1", "ocpp1.6"], "headers": [], **link}
    job = json.dumps({"link": link, "do": list(do), "limit_ms": int(patient(limit_ms))})
    driver = str(ROOT / "tests" / "integration" / "ws_driver.py")
    done = subprocess.run(
        [micropython(), "-X", "heapsize=" + heap, driver],
        input=job,
        env=micropython_env(),
        capture_output=True,
        text=True,
        timeout=patient(limit_ms / 1000 + 20),
    )
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return json.loads(done.stdout)


class Peer:
    """One accepted connection of `RawServer`."""

    def __init__(self, sock):
        self.sock = sock
        self.request = b""

    def read_request(self):
        while b"\r\n\r\n" not in self.request:
            part = self.sock.recv(4096)
            if not part:
                raise OSError("closed in the request")
            self.request += part
        return self.request

    def accept_key(self):
        for line in self.request.split(b"\r\n"):
            if line.lower().startswith(b"sec-websocket-key:"):
                return base64.b64encode(hashlib.sha1(line[18:].strip() + GUID).digest())
        raise OSError("no key")

    def upgrade(self, protocol=b"ocpp1.6", accept=None, more=b""):
        """Answer the upgrade request."""
        self.read_request()
        answer = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        )
        answer += b"Sec-WebSocket-Accept: " + (accept or self.accept_key()) + b"\r\n"
        if protocol:
            answer += b"Sec-WebSocket-Protocol: " + protocol + b"\r\n"
        self.sock.sendall(answer + more + b"\r\n")

    def send(self, data):
        self.sock.sendall(data)

    def read_frame(self):
        """(first byte, payload) of the next masked frame; None at the end."""
        head = self._exactly(2)
        if head is None:
            return None
        assert head[1] & 0x80, "client frame without a mask"
        n = head[1] & 127
        if n >= 126:
            n = int.from_bytes(self._exactly(2 if n == 126 else 8), "big")
        mask = self._exactly(4)
        return head[0], bytes(c ^ mask[i & 3] for i, c in enumerate(self._exactly(n)))

    def read_close(self):
        """The close code that the client sends, whatever comes before; None if it just goes."""
        while True:
            got = self.read_frame()
            if got is None:
                return None
            if got[0] == 0x88:
                return int.from_bytes(got[1][:2], "big") if got[1] else 1005

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            try:
                part = self.sock.recv(n - len(data))
            except ConnectionResetError:
                return None
            if not part:
                return None
            data += part
        return data


class RawServer:
    """`with RawServer(fn, context=None) as s`: `fn(peer)` serves each connection; results in
    `s.results`."""

    def __init__(self, serve, context=None, host="127.0.0.1"):
        self.serve = serve
        self.context = context
        self.results = []
        self.errors = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port = self.listener.getsockname()[1]
        host = "[%s]" % host if ":" in host else host
        self.url = "%s://%s:%d/cp001" % ("wss" if context else "ws", host, self.port)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._done.set()
        self.listener.close()

    def result(self, timeout=10):
        """What `fn` returned for the first connection."""
        end = datetime.datetime.now() + datetime.timedelta(seconds=patient(timeout))
        while not self.results and not self.errors and datetime.datetime.now() < end:
            self._done.wait(0.01)
        assert not self.errors, self.errors
        assert self.results, "the server has not finished"
        return self.results[0]

    def _run(self):
        while not self._done.is_set():
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._one, args=(sock,), daemon=True).start()

    def _one(self, sock):
        sock.settimeout(patient(15))
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            self.results.append(self.serve(Peer(sock)))
        except (BrokenPipeError, ConnectionError) as e:
            self.results.append(e)
        except OSError as e:
            (self.results if self.context else self.errors).append(e)
        except AssertionError as e:
            self.errors.append(e)
        finally:
            sock.close()


@contextlib.contextmanager
def websockets_server(handler, scheme="ws", host="127.0.0.1", **options):
    """A well-behaved server. Yields its URL."""
    options.setdefault("subprotocols", ["ocpp1.6"])
    with serve(handler, host, 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield "%s://%s:%d/cp001" % (scheme, host, server.socket.getsockname()[1])
        server.shutdown()
        thread.join(patient(5))


def run_raw(serve_one, do=(), context=None, **options):
    """(what the client reports, what `serve_one` returned) of one connection."""
    with RawServer(serve_one, context) as server:
        result = drive(server.url, do, **options)
        return result, server.result()


def frame(op, payload=b"", fin=True, rsv=0, mask=False, length=None):
    """A server's frame; the options break the rules."""
    n = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv | op])
    bit = 0x80 if mask else 0
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += bytes([bit | 126]) + n.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + n.to_bytes(8, "big")
    return head + payload
