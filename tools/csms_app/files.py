"""Files for chargers: firmware to fetch, diagnostics and logs they send; HTTP, FTP if asked for.

All live in one flat folder. A name is letters, digits, `.`, `_`, `-`; what is being written has
another name until it is whole.
"""

import os
import pathlib
import re
import secrets
import threading

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\Z")
_MAX_FILE = 2**26
_MAX_FILES = 1000


class BadFile(Exception):
    """A name or a size that is not accepted."""


class Files:
    """The folder; made when the first file comes."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def path(self, name):
        """Path of a file. Raises BadFile."""
        if not _NAME.match(name):
            raise BadFile("file name: 1 to 100 letters, digits, '.', '_', '-', no '.' first")
        return self.folder / name

    def list(self):
        """`{"name", "bytes"}` of each, by name."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        whole = sorted(p for p in found if _NAME.match(p.name) and p.is_file())
        return [{"name": p.name, "bytes": p.stat().st_size} for p in whole]

    async def write(self, name, chunks):
        """Take a file from an asynchronous iterator of bytes. Raises BadFile, OSError."""
        path = self.path(name)
        if len(self.list()) >= _MAX_FILES and not path.exists():
            raise BadFile("there are %d files already" % _MAX_FILES)
        self.folder.mkdir(exist_ok=True)
        part = self.folder / (".%s.%s" % (name, secrets.token_hex(4)))
        size = 0
        try:
            with open(part, "wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > _MAX_FILE:
                        raise BadFile("a file has at most %d bytes" % _MAX_FILE)
                    file.write(chunk)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        return size

    def delete(self, name):
        """True if there was one. Raises BadFile."""
        path = self.path(name)
        found = path.is_file()
        path.unlink(missing_ok=True)
        return found


class FTP:
    """The same folder by FTP, read and write without a password, in a thread of its own."""

    def __init__(self, folder, host, port):
        """Starts listening. Raises OSError."""
        from pyftpdlib.authorizers import DummyAuthorizer
        from pyftpdlib.handlers import FTPHandler
        from pyftpdlib.ioloop import IOLoop
        from pyftpdlib.servers import FTPServer

        pathlib.Path(folder).mkdir(exist_ok=True)
        authorizer = DummyAuthorizer()
        authorizer.add_anonymous(str(folder), perm="elrw")
        handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
        self._server = FTPServer((host, port), handler, ioloop=IOLoop())
        self._server.max_cons = 64
        self.port = self._server.address[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            self._server.serve_forever(timeout=0.2, blocking=False, handle_exit=False)
        self._server.close_all()

    def close(self):
        self._stop.set()
        self._thread.join(5)
