"""The web server microdot, bounded: no client can take the memory or the time that charging needs.

Reading a request and writing the answer are microdot's. Added are limits of size,
time and number, errors as JSON, 503 where memory is short, and HTTP/1.1 in the status line.
"""

import asyncio
import gc
import json

from microdot import HTTPException, Request, Response

from ocpp.log import log

MAX_BODY = const(16384)  # bytes
_MAX_HEAD = const(4096)
_DISCARDED = const(4000000)  # bytes of a body too large that are still taken
_REQUEST_S = const(10)  # for a request to arrive
_ANSWER_S = const(30)  # for the client to take the answer
_MAX_REQUESTS = const(16)  # at a time
_RESERVE = const(8)  # one part in so many of the heap is not for requests, but for charging
_EACH = const(16)  # one part in so many is what a request may come to take
_PAUSE_MS = const(50)  # between looks for memory
_PAUSES = const(60)  # after so many a request is refused
_REFUSED_MS = const(1000)  # before a wrong password is answered
_LAST_HEADER = b"Connection: close\r\n\r\n"
_NOT_KEPT = b"Cache-Control: no-store\r\n"
_NO_MEMORY = (  # ready made: there is no memory to make it when it is needed
    b"HTTP/1.1 503 Error\r\nContent-Type: application/json\r\nContent-Length: 26\r\n"
    b'Connection: close\r\n\r\n{"error": "out of memory"}'
)

Request.max_content_length = MAX_BODY
Request.max_body_length = MAX_BODY


def answer(body, status=200, kind="application/json"):
    """The answer to a request. `body`: a value for JSON; or text, a generator of pieces of text or
    an asynchronous iterator, as they are."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    return Response(body, status, {"Content-Type": kind})


def abort(status, reason):
    """Answer with an error instead."""
    raise HTTPException(status, reason)


def number(request, name, default):
    """The number in `?name=N`."""
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isdigit() or len(text) > 15:
        abort(400, "%s is %s; accepted: a number" % (name, json.dumps(text)))
    return int(text)


def room(size):
    """True if `size` more bytes leave enough memory for everything else."""
    for _ in range(2):
        free = gc.mem_free()
        if (free - size) * _RESERVE >= free + gc.mem_alloc():
            return True
        gc.collect()
    return False


class Server:
    """`respond(request)` -> `answer(...)`; it may `abort(status, text)`. An answer with the
    attribute `endless` may take for ever. `handle_request` is for `asyncio.start_server`."""

    def __init__(self, respond):
        self._respond = respond
        self._open = 0  # connections
        self._busy = 0  # those of them that need not wait for memory any more
        self._line = []  # those that wait, the first comer first
        self.endless = 0  # answers without end that are under way

    async def handle_request(self, reader, writer):
        """One connection, one request."""
        self._open += 1
        incoming = Incoming(reader)
        outgoing = Outgoing(writer)
        try:
            await self._serve(incoming, outgoing)
        except (OSError, EOFError, asyncio.TimeoutError):
            pass  # the client has left, or sleeps
        except MemoryError:
            gc.collect()
            incoming.skip()
            await outgoing.refuse()
        except Exception as e:
            log.error("web", repr(e))
            log.trace(e)
        finally:
            self._open -= 1
            await writer.aclose()

    async def _serve(self, incoming, outgoing):
        try:
            if self._open > _MAX_REQUESTS:
                abort(503, "too many requests at a time")
            await self._wait_for_room(None)
            incoming.request = await asyncio.wait_for(_read(self, incoming), _REQUEST_S)
        except HTTPException as e:
            response = answer({"error": e.reason}, e.status_code)
            await asyncio.wait_for(response.write(outgoing), _ANSWER_S)
            return incoming.skip()
        self._line.append(incoming)
        try:
            await self._wait_for_room(incoming)
        finally:
            self._line.remove(incoming)
        self._busy += 1
        try:
            await self._answer(incoming, outgoing)
        finally:
            self._busy -= 1

    async def _wait_for_room(self, who):
        """What takes much memory, such as a long message, or others' requests, is over soon.
        `who`: one of the line, whose request is about to be answered; None: it is yet to come."""
        each = (gc.mem_free() + gc.mem_alloc()) // _EACH
        for _ in range(_PAUSES):
            if who is None and room(0):
                return
            if who and self._line[0] is who and room((self._busy - self.endless) * each):
                return
            await asyncio.sleep_ms(_PAUSE_MS)
        raise MemoryError

    async def _answer(self, incoming, outgoing):
        request, incoming.request = incoming.request, None
        try:
            response = self._respond(request)
            response.is_head = request.method == "HEAD"
        except HTTPException as e:
            response = answer({"error": e.reason}, e.status_code)
        if response.status_code == 401 and "Authorization" in request.headers:
            await asyncio.sleep_ms(_REFUSED_MS)  # guessing takes time
        if not hasattr(response, "endless"):
            await asyncio.wait_for(response.write(outgoing), _ANSWER_S)
            return incoming.skip()
        request = None  # its headers need not stay as long
        self.endless += 1
        try:
            await response.write(outgoing)
        finally:
            self.endless -= 1


async def _read(server, incoming):
    try:
        request = await Request.create(server, incoming, None, None)
    except (ValueError, IndexError):
        request = None
    if request is None:
        abort(400, "not an HTTP request")
    if "Transfer-Encoding" in request.headers:
        abort(411, "a body needs a Content-Length")
    if request.content_length > MAX_BODY:
        await incoming.discard(request.content_length)
        abort(413, "the body has more than %d bytes" % MAX_BODY)
    return request


class Incoming:
    """What microdot reads a request from: `reader` with bounds. Read in large pieces, because
    MicroPython's `readline` asks the socket for every single byte, as many as may come."""

    def __init__(self, reader):
        self._reader = reader
        self._data = b""  # read, not yet taken
        self._head = 0  # bytes of the head so far
        self.request = None  # once it is read, until it is answered

    async def readline(self):
        """The next line of the head, without its end."""
        while True:
            line, end, rest = self._data.partition(b"\n")
            if end:
                self._data = rest
                return line
            if self._head > _MAX_HEAD:
                abort(431, "the head of the request is too large")
            more = await self._reader.read(512)
            if not more:
                raise ValueError if self._head else EOFError
            self._head += len(more)
            self._data += more

    async def readexactly(self, size):
        """The body."""
        if size < 0:
            raise ValueError
        if not room(3 * size):  # bytes, text and value
            raise MemoryError
        data = self._data
        if len(data) < size:
            self._data = b""
            data += await self._reader.readexactly(size - len(data))
        return data[:size]

    async def discard(self, size):
        """Take a body that nobody wants, so that the sender gets to read the answer."""
        left = size - len(self._data)
        while 0 < left < _DISCARDED:
            more = await self._reader.read(1024)
            left = left - len(more) if more else 0

    def skip(self):
        """Take what came unasked: a connection that is closed with bytes unread is cut, and the
        answer may be lost with it."""
        try:
            for _ in range(64):
                if not self._reader.s.read(1024):
                    return
        except OSError:
            pass  # the client has cut it

    def ended(self):
        """True once the client has left."""
        return self._reader.s.read(64) == b""


class Outgoing:
    """What microdot writes an answer to. The head goes out in one piece, and says HTTP/1.1: the
    answer ends with the connection, which 1.1 allows too."""

    def __init__(self, writer):
        self._writer = writer
        self._head = b""  # None: it is written

    async def awrite(self, data):
        if self._head is not None:
            if data != b"\r\n":  # what ends the head
                self._head += data
                return
            head = self._head
            more = _LAST_HEADER if b"Cache-Control" in head else _NOT_KEPT + _LAST_HEADER
            data = head.replace(b"HTTP/1.0", b"HTTP/1.1", 1) + more
            self._head = None
        await self._writer.awrite(data)

    async def refuse(self):
        """Say that memory is short, if nothing else was said."""
        if self._head is not None:
            try:
                await self._writer.awrite(_NO_MEMORY)
            except OSError:
                pass  # the client has left
