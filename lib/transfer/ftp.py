"""FTP and FTPS: RETR, STOR, REST, passive mode (RFC 959, 2428, 3659, 4217).

ftps: TLS is asked for by AUTH TLS; on port 990 the connection begins with it. Servers that want
the TLS session of the control connection on the data connection, too, are not supported by any
MicroPython port's TLS.
"""

from transfer import TransferError, files
from transfer.stream import Stream
from transfer.url import unquote

_IMPLICIT = const(990)
_LINES = const(100)  # of one reply
_KINDS = {
    430: "denied",
    530: "denied",
    532: "denied",
    550: "denied",
    553: "denied",
    500: "unsupported",
    502: "unsupported",
    504: "unsupported",
    552: "size",
}


def get(url, path, clock, tls, limit, stall_ms, state):
    """See `transfer.download`."""
    name = unquote(url.path[1:])
    session = _Session(url, clock, tls, stall_ms)
    try:
        yield from session.log_in()
        # What tells one version of the file from another
        code, size = yield from session.ask("SIZE " + name)
        size = size if code == 213 and size.isdigit() else ""
        code, date = yield from session.ask("MDTM " + name)
        tag = size + "/" + (date if code == 213 else "")
        have = files.size(path) if size and tag == state.get("tag") else 0
        if size and int(size) > limit:
            raise TransferError("size", "more than %d bytes" % limit)
        state["tag"] = tag
        if have and have == int(size):
            return
        data = yield from session.passive()
        try:
            if have:
                code, _ = yield from session.ask("REST %d" % have)
                have = have if code == 350 else 0
            sink = files.Sink(path, limit, not have)
            try:
                yield from session.begin("RETR " + name, data)
                while True:
                    part = yield from data.read()
                    if not part:
                        break
                    sink.write(part)
            finally:
                sink.close()
        finally:
            data.close()
        yield from session.complete()
        if size and sink.size != int(size):
            raise TransferError("closed", "%d of %s bytes came" % (sink.size, size))
    finally:
        session.close()


def put(url, name, path, clock, tls, stall_ms):
    """See `transfer.upload`."""
    name = unquote(url.file(name)[1:])
    session = _Session(url, clock, tls, stall_ms)
    try:
        yield from session.log_in()
        data = yield from session.passive()
        try:
            yield from session.begin("STOR " + name, data)
            yield from files.pieces(path, data)
        finally:
            data.close()
        yield from session.complete()
    finally:
        session.close()


class _Session:
    """A control connection."""

    def __init__(self, url, clock, tls, stall_ms):
        self._url = url
        self._clock = clock
        self._tls = (tls or {}) if url.secure else None
        self._stall = stall_ms
        begins = self._tls if url.port == _IMPLICIT else None
        self._control = Stream(url.host, url.port, clock, begins, stall_ms)

    def close(self):
        self._control.close()

    def log_in(self):
        yield from self._control.open()
        self._good((yield from self._reply()), "connection")
        if self._tls is not None:
            if self._url.port != _IMPLICIT:
                self._good((yield from self.ask("AUTH TLS")), "AUTH TLS")
                if not self._control.drained():
                    raise TransferError("protocol", "something came before TLS began")
                self._control.secure(self._tls)
            yield from self.ask("PBSZ 0")
            self._good((yield from self.ask("PROT P")), "PROT P")
        user = self._url.user or "anonymous"
        reply = yield from self.ask("USER " + user)
        if reply[0] == 331:
            reply = yield from self.ask("PASS " + (self._url.password or "ocppy@"))
        self._good(reply, "log-in")
        self._good((yield from self.ask("TYPE I")), "TYPE I")

    def ask(self, command):
        """Send a command; -> (code, text) of the reply."""
        yield from self._control.write((command + "\r\n").encode())
        return (yield from self._reply())

    def passive(self):
        """-> a connected Stream for data. The host is that of the control connection, whatever the
        server says: behind address translation it knows no better, and it may not send us
        elsewhere."""
        code, text = yield from self.ask("EPSV")
        try:
            if code == 229:
                port = int(text[text.find("(") :].split("|")[3])
            else:
                code, text = yield from self.ask("PASV")
                self._good((code, text), "PASV")
                numbers = "".join([c if c.isdigit() else " " for c in text]).split()
                port = int(numbers[-2]) * 256 + int(numbers[-1])
        except (ValueError, IndexError):
            port = 0
        if not 0 < port < 65536:
            raise TransferError("protocol", "bad reply to PASV: " + text[:40])
        data = Stream(self._url.host, port, self._clock, None, self._stall)
        try:
            yield from data.open()
        except BaseException:  # also if nobody wants the file any more
            data.close()
            raise
        return data

    def begin(self, command, data):
        """A transfer over `data` begins."""
        code, text = yield from self.ask(command)
        if code not in (125, 150):
            self._good((code if code >= 400 else 500, text), command[:4])
        if self._tls is not None:
            data.secure(self._tls)

    def complete(self):
        """The server says that all has arrived."""
        self._good((yield from self._reply()), "transfer")
        yield from self._control.write(b"QUIT\r\n")

    def _reply(self):
        """(code, text of the last line)"""
        code = None
        for _ in range(_LINES):
            line = yield from self._control.line()
            if line is None:
                raise TransferError("closed", "connection closed by the server")
            if code is None:
                code = line[:3]
                if not code.isdigit() or line[3:4] not in (" ", "-", ""):
                    raise TransferError("protocol", "not an FTP server: " + line[:40])
            if line[:3] == code and line[3:4] != "-":
                if code[0] == "1" and code not in ("125", "150"):
                    code = None  # about to be ready
                    continue
                return int(code), line[4:]
        raise TransferError("protocol", "endless reply")

    def _good(self, reply, what):
        code, text = reply
        if not 200 <= code < 300:
            kind = _KINDS.get(code, "status")
            raise TransferError(kind, "%s answered by %d %s" % (what, code, text[:60]))
