"""URLs and the opening handshake (RFC 6455 sections 3 and 4), without I/O. In memory only while a
link is dialled."""

import binascii
import hashlib
import os

from wsclient.link import Failure

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_REQUEST = """GET %s HTTP/1.1\r
Host: %s\r
Upgrade: websocket\r
Connection: Upgrade\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: %s\r
"""
_LIMIT = const(4096)  # bytes of the answer's head
_REFUSED = {
    401: "user name or password refused",
    403: "access refused",
    404: "no such path, or station not known",
    426: "other version required",
}


def parse_url(url):
    """(secure, host, port, target) of a ws:// or wss:// URL. ValueError says what is wrong with
    it."""
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in ("ws", "wss"):
        raise ValueError("URL must begin with ws:// or wss://")
    for c in rest:
        if not "!" <= c <= "~" or c == "#":
            raise ValueError("URL with a fragment, or a character to be percent-encoded")
    authority = rest.split("?")[0].split("/")[0]
    target = rest[len(authority) :]
    if "@" in authority:
        raise ValueError("URL with a user name or password")
    if authority[:1] == "[":
        host, mark, port = authority[1:].partition("]")
        if not mark or ":" not in host or port[:1] not in ":":
            raise ValueError("URL with a bad IPv6 address")
    else:
        host, mark, port = authority.partition(":")
        port = mark + port
    if not host:
        raise ValueError("URL without a host")
    secure = scheme == "wss"
    if port and (not port[1:].isdigit() or not 0 < int(port[1:]) < 65536):
        raise ValueError("URL with a bad port")
    port = int(port[1:] or (443 if secure else 80))
    return secure, host, port, target if target[:1] == "/" else "/" + target


def join(url, identity):
    """`url` + `/` + percent-encoded `identity`, with one slash between; unchanged in meaning if
    `url` ends in the identity already. A query stays at the end. ValueError for a bad URL or an
    empty identity."""
    parse_url(url)
    if not identity:
        raise ValueError("identity is empty")
    base, mark, query = url.partition("?")
    base = base.rstrip("/")
    path = base.split("/")[3:]
    if not path or _unquoted(path[-1]) != identity.encode():
        base += "/" + quote(identity)
    return base + mark + query


def quote(text):
    """Percent-encode all but the unreserved characters (RFC 3986)."""
    out = ""
    for code in text.encode():
        c = chr(code)  # from 128 on no letter for MicroPython
        out += c if c.isalpha() or c.isdigit() or c in "-._~" else "%%%02X" % code
    return out


def _unquoted(text):
    first, *parts = text.encode().split(b"%")
    try:
        return first + b"".join([binascii.unhexlify(p[:2]) + p[2:] for p in parts])
    except ValueError:
        return text.encode()


class Handshake:
    """One opening handshake. `request`: the bytes to send. `protocols`: subprotocols in order of
    preference. `headers`: further (name, value) pairs. `lenient`: take a missing subprotocol for
    the first one offered. ValueError for a URL or a header that cannot be sent."""

    def __init__(self, url, protocols=(), headers=(), lenient=False, random=os.urandom):
        self.secure, self.host, self.port, target = parse_url(url)
        self._protocols = protocols
        self._lenient = lenient
        self._head = b""
        self.subprotocol = None  # once `receive` has said that the head is complete
        key = binascii.b2a_base64(random(16))[:-1]
        self._accept = binascii.b2a_base64(hashlib.sha1(key + _GUID).digest())[:-1].decode()
        host = "[%s]" % self.host if ":" in self.host else self.host
        if self.port != (443 if self.secure else 80):
            host += ":%d" % self.port
        request = _REQUEST % (target, host, key.decode())
        if protocols:
            headers = [("Sec-WebSocket-Protocol", ", ".join(protocols))] + list(headers)
        for name, value in headers:
            line = "%s: %s" % (name, value)
            if "\r" in line or "\n" in line:
                raise ValueError("line break in a header")
            request += line + "\r\n"
        self.request = (request + "\r\n").encode()

    def receive(self, data):
        """Take bytes of the answer. None: more are wanted; otherwise the number of bytes at the
        end of `data` that come after the head. Raises Failure."""
        head = self._head = self._head + bytes(data)
        if head[:7] != b"HTTP/1."[: len(head)]:
            raise Failure("http", "answer is not HTTP: %r" % head[:16])
        end = head.find(b"\r\n\r\n")
        if (len(head) if end < 0 else end) > _LIMIT:
            raise Failure("http", "answer's head is longer than %d bytes" % _LIMIT)
        if end < 0:
            return None
        self._check(head[:end].split(b"\r\n"))
        return len(head) - end - 4

    def _check(self, lines):
        found = {}
        for line in lines[1:]:
            name, mark, value = line.partition(b":")
            if not mark or not name.strip() or name[:1] in b" \t":
                raise Failure("http", "bad header line: " + _shown(line))
            name = _shown(name).lower()
            value = _shown(value.strip())
            found[name] = found[name] + "," + value if name in found else value
        status = _shown(lines[0].partition(b" ")[2].strip())
        if status.split(" ")[0] != "101":
            raise _refusal(status, found)
        problem = None
        if not _lists(found, "upgrade", "websocket") or not _lists(found, "connection", "upgrade"):
            problem = "answer 101 without Upgrade"
        elif found.get("sec-websocket-accept") != self._accept:
            problem = "wrong Sec-WebSocket-Accept"
        elif found.get("sec-websocket-extensions"):
            problem = "extension that was not offered"
        else:
            problem = self._choose(found.get("sec-websocket-protocol"))
        if problem:
            raise Failure("handshake", problem)

    def _choose(self, chosen):
        """Take the server's choice of a subprotocol. -> what is wrong with it, or None"""
        offered = self._protocols
        if not chosen and (self._lenient or not offered):
            chosen = offered[0] if offered else None
        elif chosen not in offered:
            return "server chose %s subprotocol (offered: %s)" % (
                chosen or "no",
                ", ".join(offered) or "none",
            )
        self.subprotocol = chosen


def _refusal(status, found):
    """The Failure for an answer other than 101."""
    code = status.split(" ")[0]
    code = int(code) if code.isdigit() else 0
    kind = "http"
    text = "not a WebSocket server"
    if code in _REFUSED:
        kind += str(code)
        text = _REFUSED[code]
    elif 500 <= code < 600:
        kind = "http5xx"
        text = "the server failed"
    elif 300 <= code < 400:
        text = "redirected to %s, which is not followed" % found.get("location", "?")
    return Failure(kind, "HTTP %s: %s" % (status, text))


def _lists(found, name, token):
    """Is `token` in the list that header `name` holds?"""
    return token in [t.strip() for t in found.get(name, "").lower().split(",")]


def _shown(data):
    """Bytes of the server as printable text, not too long."""
    return "".join([chr(c) if 32 <= c < 127 else "?" for c in data[:80]])
