"""HTTP/1.1: GET with Range and redirections, PUT, POST multipart (RFC 9110, 9112, 7578)."""

import binascii
import os

from transfer import TransferError, files
from transfer.stream import Stream

_HOPS = const(5)  # redirections followed
_FIELDS = const(64)  # header lines
_REDIRECTS = (301, 302, 303, 307, 308)
_REQUEST = "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: ocppy\r\nConnection: close\r\n"
_ELSEWHERE = (400, 404, 405, 409, 501)  # answers to PUT after which POST may do
_KINDS = {401: "denied", 403: "denied", 404: "missing", 405: "unsupported", 410: "missing"}


def get(url, path, clock, tls, limit, stall_ms, state):
    """See `transfer.download`."""
    hops = 0
    while True:
        stream = _stream(url, clock, tls, stall_ms)
        try:
            have = files.size(path) if state.get("tag") else 0
            yield from _ask(stream, "GET", url, _range(have, state))
            status, fields = yield from _head(stream)
            if status in _REDIRECTS:
                url = _redirected(url, fields)
                hops += 1
                if hops > _HOPS:
                    raise TransferError("status", "more than %d redirections" % _HOPS)
                continue
            if status == 416 and have:  # the file there has become shorter
                state.clear()
                hops += 1
                continue
            _accept(status, fields, have)
            state["tag"] = _tag(fields)
            sink = files.Sink(path, limit, status == 200)
            try:
                yield from _body(stream, fields, sink)
            finally:
                sink.close()
            return
        finally:
            stream.close()


def put(url, name, path, clock, tls, stall_ms):
    """See `transfer.upload`."""
    hops = 0
    target = url.path + url.query if url.query else url.file(name)
    head = tail = b""
    method = "PUT"
    kind = "application/octet-stream"
    while True:
        stream = _stream(url, clock, tls, stall_ms)
        try:
            length = len(head) + files.size(path) + len(tail)
            more = [("Content-Type", kind), ("Content-Length", str(length))]
            yield from _ask(stream, method, url, more, target)
            status, fields = yield from _send(stream, head, path, tail)
        finally:
            stream.close()
        if status in _REDIRECTS:
            url = _redirected(url, fields)
            target = url.path + url.query
            hops += 1
            if hops > _HOPS:
                raise TransferError("status", "more than %d redirections" % _HOPS)
        elif method == "PUT" and status in _ELSEWHERE:
            method = "POST"
            target = url.path + url.query
            boundary = "ocppy" + binascii.hexlify(os.urandom(12)).decode()
            kind = "multipart/form-data; boundary=" + boundary
            head = (
                '--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n" % (boundary, name)
            ).encode()
            tail = ("\r\n--%s--\r\n" % boundary).encode()
        elif 200 <= status < 300:
            return
        else:
            raise _refused(status, method)


def _stream(url, clock, tls, stall_ms):
    return Stream(url.host, url.port, clock, (tls or {}) if url.secure else None, stall_ms)


def _ask(stream, method, url, more, target=None):
    """Dial, and send the head of a request."""
    yield from stream.open()
    text = _REQUEST % (method, target or url.path + url.query, url.authority())
    if url.user is not None:
        word = binascii.b2a_base64(("%s:%s" % (url.user, url.password)).encode())
        text += "Authorization: Basic " + word.decode().strip() + "\r\n"
    for field in more:
        text += "%s: %s\r\n" % field
    yield from stream.write((text + "\r\n").encode())


def _send(stream, head, path, tail):
    """Send the content; -> the answer. A server that has seen enough may answer and close before
    all is sent: what it said counts."""
    try:
        if head:
            yield from stream.write(head)
        yield from files.pieces(path, stream)
        if tail:
            yield from stream.write(tail)
    except TransferError as e:
        if e.kind != "closed":
            raise
        try:
            return (yield from _head(stream))
        except TransferError:
            raise e from None
    return (yield from _head(stream))


def _range(have, state):
    if not have:
        return ()
    # Without the same file there, all of it is sent (RFC 9110 §13.1.5).
    return (("Range", "bytes=%d-" % have), ("If-Range", state["tag"]))


def _tag(fields):
    """What tells this version of the file from others: a strong ETag, or its date; "": nothing."""
    tag = fields.get("etag", "")
    return tag if tag[:1] == '"' else fields.get("last-modified", "")


def _head(stream):
    """-> (status, {name in lower case: value}) of the final answer."""
    while True:
        line = yield from stream.line()
        if line is None:
            raise TransferError("closed", "connection closed without an answer")
        word = line[9:12]
        if line[:7] != "HTTP/1." or not word.isdigit():
            raise TransferError("protocol", "answer is not HTTP: " + line[:40])
        fields = {}
        for _ in range(_FIELDS):
            line = yield from stream.line()
            if not line:
                break
            name, mark, value = line.partition(":")
            if not mark:
                raise TransferError("protocol", "bad header line: " + line[:40])
            fields[name.lower()] = value.strip()
        else:
            raise TransferError("protocol", "more than %d header lines" % _FIELDS)
        if int(word) >= 200:
            return int(word), fields


def _redirected(url, fields):
    """Where to; the user name stays behind, and TLS is not left."""
    place = url.join(fields.get("location", ""))
    if place.scheme[0] != "h" or (url.secure and not place.secure):
        raise TransferError("status", "redirected to " + place.scheme)
    if (place.host, place.port) == (url.host, url.port) and place.user is None:
        place.user, place.password = url.user, url.password
    return place


def _accept(status, fields, have):
    """TransferError if an answer to GET brings no file, or another part of it."""
    if status == 206:
        start = fields.get("content-range", "").partition("-")[0]
        if start.lower() != "bytes %d" % have or not have:
            raise TransferError("protocol", "another range than asked for")
    elif status != 200:
        raise _refused(status, "GET")
    coding = fields.get("content-encoding", "identity").lower()
    if coding != "identity":
        raise TransferError("protocol", "content encoding %s, not asked for" % coding[:20])


def _refused(status, method):
    if status in (501, 505):
        kind = "unsupported"
    else:
        kind = _KINDS.get(status, "status")
    return TransferError(kind, "%s answered by HTTP %d" % (method, status))


def _body(stream, fields, sink):
    """The content of an answer into `sink` (RFC 9112 §6.3)."""
    coding = fields.get("transfer-encoding", "identity").lower()
    if coding == "chunked":
        return (yield from _chunks(stream, sink))
    if coding != "identity":
        raise TransferError("protocol", "transfer encoding " + coding[:20])
    length = fields.get("content-length")
    if length is None:  # up to the end of the connection
        while True:
            part = yield from stream.read()
            if not part:
                return
            sink.write(part)
    if not length.isdigit() or len(length) > 10:
        raise TransferError("protocol", "bad Content-Length")
    sink.expect(int(length))
    yield from _exactly(stream, sink, int(length))


def _exactly(stream, sink, left):
    while left:
        part = yield from stream.read()
        if not part:
            raise TransferError("closed", "%d bytes are missing" % left)
        if len(part) > left:
            stream.back(len(part) - left)
            part = part[:left]
        sink.write(part)
        left -= len(part)


def _chunks(stream, sink):
    while True:
        line = yield from stream.line()
        word = (line or "").partition(";")[0].strip()
        try:
            size = int(word, 16) if len(word) <= 8 else -1
        except ValueError:
            size = -1
        if size < 0:
            raise TransferError("protocol" if line else "closed", "bad size of a chunk")
        if size == 0:
            return
        sink.expect(size)
        yield from _exactly(stream, sink, size)
        if (yield from stream.line()) != "":
            raise TransferError("protocol", "chunk without an end")
