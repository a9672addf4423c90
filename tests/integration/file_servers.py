"""Real servers of files for tests: HTTP(S) on `http.server`, FTP(S) on `pyftpdlib`."""

import logging
import re
import shutil
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from patience import patient
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

logging.getLogger("pyftpdlib").setLevel(logging.ERROR)


class HttpFiles:
    """Serves a folder. `requests`: (method, path, headers); `received`: {path: bytes} of what was
    put or posted. `cut` answers to GET break off after `cut_at` bytes; `refuse`: {method:
    status}."""

    def __init__(self, folder, context=None):
        self.folder = Path(folder)
        self.requests = []
        self.received = {}
        self.cut, self.cut_at = 0, 3000
        self.refuse = {}
        self.ranges = True
        self.gate = None  # a threading.Event that GET waits for in the middle of a file
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https" if context else "http"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return "%s://127.0.0.1:%d/" % (self.scheme, self.server.server_address[1])

    def methods(self):
        return [m for m, _, _ in self.requests]

    def stop(self):
        if self.gate:
            self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def _handler(files):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _refused(self):
                files.requests.append((self.command, self.path, dict(self.headers)))
                status = files.refuse.get(self.command)
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    self.close_connection = True
                return status

            def do_GET(self):
                if not self._refused():
                    files._get(self)

            def do_PUT(self):
                if not self._refused():
                    files._take(self)

            def do_POST(self):
                if not self._refused():
                    files._take(self)

        return Handler

    def _get(self, handler):
        path = self.folder / handler.path.split("?")[0].lstrip("/")
        if not path.is_file():
            return handler.send_error(404)
        data = path.read_bytes()
        tag = '"%d"' % path.stat().st_mtime_ns
        found = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = 0
        if found and self.ranges and handler.headers.get("If-Range") == tag:
            start = int(found[1])
            handler.send_response(206)
            handler.send_header(
                "Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data))
            )
        else:
            handler.send_response(200)
        handler.send_header("ETag", tag)
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        part = data[start:]
        if self.cut:
            self.cut -= 1
            part = part[: self.cut_at]
            handler.close_connection = True
        if self.gate:
            handler.wfile.write(part[:100])
            self.gate.wait(patient(20))
            part = part[100:]
        handler.wfile.write(part)

    def _take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.received[handler.path] = body
        handler.send_response(201)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def http_files(folder, context=None):
    server = HttpFiles(folder, context)
    try:
        yield server
    finally:
        server.stop()


class FtpFiles:
    """Serves a folder to user `me`, password `p@ss`, and to anonymous."""

    def __init__(self, folder, certificate=None):
        authorizer = DummyAuthorizer()
        authorizer.add_user("me", "p@ss", str(folder), perm="elradfmwMT")
        authorizer.add_anonymous(str(folder))
        base = TLS_FTPHandler if certificate else FTPHandler
        more = {"certfile": certificate, "tls_control_required": True} if certificate else {}
        if certificate:
            more["tls_data_required"] = True
        self.commands = commands = []

        class Handler(base):
            def pre_process_command(self, line, cmd, arg):
                commands.append(line if cmd != "PASS" else "PASS")
                return super().pre_process_command(line, cmd, arg)

        Handler.authorizer = authorizer
        for name, value in more.items():
            setattr(Handler, name, value)
        self.handler = Handler
        self._loop = IOLoop()
        self.server = FTPServer(("127.0.0.1", 0), Handler, ioloop=self._loop)
        self.port = self.server.address[1]
        self._scheme = "ftps" if certificate else "ftp"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def url(self, path="", user="me:p%40ss@"):
        return "%s://%s127.0.0.1:%d/%s" % (self._scheme, user, self.port, path)

    def _run(self):
        while not self._end.is_set():
            self._loop.loop(timeout=0.02, blocking=False)

    def stop(self):
        self._end.set()
        self._thread.join(patient(5))
        self.server.close_all()


@contextmanager
def ftp_files(folder, certificate=None):
    server = FtpFiles(folder, certificate)
    try:
        yield server
    finally:
        server.stop()


def server_context(files):
    """TLS of a server with the files that `Authority.issue` made."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[0], files[1])
    return context


def joined(files, path):
    """Certificate and key in one file, as `pyftpdlib` wants it."""
    with open(path, "wb") as out:
        for name in files[:2]:
            with open(name, "rb") as part:
                shutil.copyfileobj(part, out)
    return str(path)
