"""Files a scenario offers to its charger over HTTP, and takes from it."""

import base64
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scenario_app.processes import ROOT

sys.path.insert(0, str(ROOT / "tools"))


class FileError(Exception):
    """A file of the scenario cannot be made. The text is for the user."""


class FileServer:
    """Serves `contents` ({name: bytes}); `received`: {name: bytes} of what was put or posted."""

    def __init__(self, contents):
        self.received = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(contents, self.received))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self._server.server_address[1]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def _handler(contents, received):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            data = contents.get(self.path.lstrip("/"))
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def do_PUT(self):
            size = int(self.headers.get("Content-Length") or 0)
            received[self.path.lstrip("/")] = self.rfile.read(size)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT

    return Handler


def made(files):
    """{name: bytes} of the `files` of a scenario. Raises FileError."""
    contents = {}
    for name, what in files.items():
        if isinstance(what, str):
            contents[name] = what.encode()
        elif isinstance(what, dict) and len(what) == 1 and "base64" in what:
            contents[name] = base64.b64decode(what["base64"])
        elif isinstance(what, dict) and "firmware" in what:
            contents[name] = _firmware(name, **what)
        else:
            raise FileError(
                "files.%s: must be a text, {base64: ...} or {firmware: VERSION}" % name
            )
    return contents


def _firmware(name, firmware, replace=None):
    """The firmware as it is, as an update of that version; `replace`: {module: its new source}."""
    import bundle
    from charger_app import build

    program = dict(bundle.files(build.build()))
    for module, source in (replace or {}).items():
        if module not in program:
            raise FileError("files.%s: the firmware has no %s" % (name, module))
        program[module] = _compiled(source, build.mpy_cross())
    return bundle.bundle(program, str(firmware), "sim")


def _compiled(source, mpy_cross):
    import subprocess
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.py"
        file.write_text(source)
        subprocess.run([str(mpy_cross), str(file)], check=True)
        return file.with_suffix(".mpy").read_bytes()
