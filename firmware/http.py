"""A small HTTP/1.1 server for asyncio: one request a connection, answers that may come piece by
piece.

`Server(respond).serve` is what `asyncio.start_server` calls for each connection;
`respond(request)` returns an `Answer`, or anything else with `write(stream, head_only)`.
"""

import asyncio
import json

from ocpp.log import log

MAX_BODY = const(24576)  # bytes
_MAX_HEAD = const(4096)
_DISCARDED = const(4000000)  # bytes of a body too large that are still taken
_REQUEST_S = const(10)  # for a request to arrive
_ANSWER_S = const(30)  # for the client to take the answer
_MAX_REQUESTS = const(16)  # at a time


class HTTPError(Exception):
    """An answer that is an error: HTTP status and text."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Request:
    """`method`, `path` and `query` as sent; `body`: bytes."""

    def __init__(self, method, target):
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.body = b""

    def argument(self, name):
        """The value of a query parameter, not decoded; None if it is not there."""
        for pair in self.query.split("&"):
            key, _, value = pair.partition("=")
            if key == name:
                return value
        return None


class Answer:
    """An answer in one piece. `body`: anything for JSON, or text."""

    limit_s = _ANSWER_S  # None: it takes as long as it takes

    def __init__(self, body, status=200, kind="application/json"):
        self.body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.status = status
        self.kind = kind  # content type

    async def write(self, stream, head_only):
        await self.write_head(stream, "Content-Length: %d\r\n" % len(self.body))
        if not head_only:
            await put(stream, self.body)

    async def write_head(self, stream, more=""):
        await put(
            stream,
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%s"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
            % (self.status, "OK" if self.status == 200 else "Error", self.kind, more),
        )


class Pieces(Answer):
    """An answer of many strings, made one by one while they are written: together they may be
    large."""

    def __init__(self, pieces):
        super().__init__(next(pieces))  # what can't be made at all is noticed here
        self._pieces = pieces

    async def write(self, stream, head_only):
        await self.write_head(stream)
        if head_only:
            return
        await put(stream, self.body)
        for piece in self._pieces:
            await put(stream, piece)


def error(status, text):
    """The answer that tells of an error."""
    return Answer({"error": text}, status)


async def put(stream, data):
    stream.write(data)
    await stream.drain()


class Server:
    """`respond(request)` -> answer; it may raise HTTPError."""

    def __init__(self, respond):
        self._respond = respond
        self._open = 0  # connections

    async def serve(self, reader, writer):
        """One connection."""
        self._open += 1
        try:
            head_only = False
            if self._open > _MAX_REQUESTS:
                answer = error(503, "too many requests at a time")
            else:
                answer, head_only = await self._answer(reader)
            if answer:
                writing = answer.write(writer, head_only)
                await (asyncio.wait_for(writing, answer.limit_s) if answer.limit_s else writing)
        except (OSError, EOFError, asyncio.TimeoutError):
            pass  # the client has left, or sleeps
        except Exception as e:
            log.error("http", repr(e))
            log.trace(e)
        finally:
            self._open -= 1
            writer.close()
            await writer.wait_closed()

    async def _answer(self, reader):
        """(answer or None, whether only its head is wanted)"""
        method = ""
        try:
            request = await asyncio.wait_for(_read(reader), _REQUEST_S)
            if request is None:
                return None, False
            method = request.method
            return self._respond(request), method == "HEAD"
        except HTTPError as e:
            return error(e.status, str(e)), method == "HEAD"


async def _read(reader):
    """The request, or None if there is none. HTTPError if it is not one."""
    data = b""
    end = -1
    while end < 0:
        if len(data) > _MAX_HEAD:
            raise HTTPError(431, "the head of the request is too large")
        more = await reader.read(1024)
        if not more:
            if data:
                raise HTTPError(400, "not an HTTP request")
            return None
        data += more
        end = data.find(b"\r\n\r\n")
    try:
        request, size = _head(data[:end].decode())
    except (ValueError, UnicodeError):
        raise HTTPError(400, "not an HTTP request") from None
    request.body = await _body(reader, data[end + 4 :], size)
    return request


def _head(text):
    """(request, size of its body)"""
    lines = text.split("\r\n")
    method, target, version = lines[0].split(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError
    size = 0
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon:
            raise ValueError
        if name == "content-length":
            size = int(value)
            if size < 0:
                raise ValueError
        elif name == "transfer-encoding":
            raise HTTPError(411, "a body needs a Content-Length")
    return Request(method, target), size


async def _body(reader, data, size):
    left = size - len(data)
    if size <= MAX_BODY:
        return (data + await reader.readexactly(left)) if left > 0 else data[:size]
    # Taken all the same, so that the sender gets to read the answer.
    while 0 < left < _DISCARDED:
        more = await reader.read(1024)
        left = left - len(more) if more else 0
    raise HTTPError(413, "the body has more than %d bytes" % MAX_BODY)
