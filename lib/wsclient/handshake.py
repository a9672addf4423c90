"""URLs and the opening handshake (RFC 6455 sections 3 and 4), without I/O."""

import binascii
import hashlib
import os

from wsclient.failure import Failure

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_LIMIT = const(4096)  # bytes of the answer's head
_STATUS = {
    401: ("http401", "user name or password refused"),
    403: ("http403", "access refused"),
    404: ("http404", "no such path, or the station is not known there"),
    426: ("http426", "another protocol version is required"),
}


def parse_url(url):
    """(secure, host, port, target) of a ws:// or wss:// URL. ValueError says what is wrong with
    it."""
    scheme, mark, rest = url.partition("://")
    secure = scheme.lower() == "wss"
    if not mark or (not secure and scheme.lower() != "ws"):
        raise ValueError("URL must begin with ws:// or wss://")
    for c in rest:
        if not "!" <= c <= "~":
            raise ValueError("URL holds a blank or another character that must be percent-encoded")
    if "#" in rest:
        raise ValueError("URL with a fragment (#)")
    cut = _authority_end(rest)
    authority = rest[:cut]
    target = rest[cut:]
    if "@" in authority:
        raise ValueError("user name and password do not belong into the URL")
    host, port = _host_port(authority, 443 if secure else 80)
    return secure, host, port, target if target[:1] == "/" else "/" + target


def join(url, identity):
    """`url` + `/` + percent-encoded `identity`, with one slash between; unchanged in meaning if
    `url` ends in the identity already. A query stays at the end. ValueError for a bad URL or an
    empty identity."""
    parse_url(url)
    if not identity:
        raise ValueError("identity is empty")
    start = url.find("://") + 3
    cut = start + _authority_end(url[start:])
    path, mark, query = url[cut:].partition("?")
    path = path.rstrip("/")
    if _unquoted(path[path.rfind("/") + 1 :]) != identity.encode():
        path += "/" + quote(identity)
    return url[:cut] + path + mark + query


def quote(text):
    """Percent-encode all but the unreserved characters (RFC 3986)."""
    return "".join([chr(c) if chr(c) in _PLAIN else "%%%02X" % c for c in text.encode()])


def _unquoted(text):
    parts = text.encode().split(b"%")
    try:
        return parts[0] + b"".join([binascii.unhexlify(p[:2]) + p[2:] for p in parts[1:]])
    except ValueError:
        return text.encode()


def _authority_end(rest):
    ends = [i for i in (rest.find("/"), rest.find("?")) if i >= 0]
    return min(ends) if ends else len(rest)


def _host_port(authority, port):
    if authority[:1] == "[":
        host, mark, tail = authority[1:].partition("]")
        if not mark or ":" not in host or tail[:1] not in ("", ":"):
            raise ValueError("URL with a bad IPv6 address")
        digits = tail[1:]
    else:
        host, tail, digits = authority.partition(":")
    if not host:
        raise ValueError("URL without a host")
    if tail:
        if not digits.isdigit() or not 0 < int(digits) < 65536:
            raise ValueError("URL with a bad port")
        port = int(digits)
    return host, port


class Handshake:
    """One opening handshake. `request`: the bytes to send. `protocols`: subprotocols in order of
    preference. `headers`: further (name, value) pairs. `lenient`: take a missing subprotocol for
    the first one offered. ValueError for a header that cannot be sent."""

    def __init__(self, url, protocols=(), headers=(), lenient=False, random=os.urandom):
        secure, host, port, target = parse_url(url)
        self._protocols = protocols
        self._lenient = lenient
        self._head = bytearray()
        self.subprotocol = None  # once `receive` has said that the head is complete
        key = binascii.b2a_base64(random(16)).strip()
        self._accept = binascii.b2a_base64(hashlib.sha1(key + _GUID).digest()).strip().decode()
        if ":" in host:
            host = "[%s]" % host
        if port != (443 if secure else 80):
            host = "%s:%d" % (host, port)
        lines = [
            ("Host", host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key.decode()),
            ("Sec-WebSocket-Version", "13"),
        ]
        if protocols:
            lines.append(("Sec-WebSocket-Protocol", ", ".join(protocols)))
        lines.extend(headers)
        lines = [name + ": " + value for name, value in lines]
        for line in lines:
            if "\r" in line or "\n" in line:
                raise ValueError("line break in a header")
        self.request = ("GET %s HTTP/1.1\r\n%s\r\n\r\n" % (target, "\r\n".join(lines))).encode()

    def receive(self, data):
        """Take bytes of the answer. None: more are wanted; otherwise the number of bytes at the
        end of `data` that come after the head. Raises Failure."""
        head = self._head
        before = len(head)
        head.extend(data)
        if head[:7] != b"HTTP/1."[: len(head)]:
            raise Failure("http", "answer is not HTTP: %r" % bytes(head[:16]))
        end = head.find(b"\r\n\r\n", max(0, before - 3))
        if end > _LIMIT or (end < 0 and len(head) > _LIMIT):
            raise Failure("http", "answer's head is longer than %d bytes" % _LIMIT)
        if end < 0:
            return None
        self._check(bytes(head[:end]).split(b"\r\n"))
        rest = len(head) - end - 4
        self._head = None
        return rest

    def _check(self, lines):
        status = lines[0].split(None, 2)
        code = _number(status[1]) if len(status) > 1 else 0
        found = {}
        for line in lines[1:]:
            name, mark, value = line.partition(b":")
            if not mark or not name.strip() or name[:1] in b" \t":
                raise Failure("http", "bad header line: %s" % _shown(line))
            found.setdefault(_shown(name).lower(), []).append(_shown(value.strip()))
        if code != 101:
            _refused(code, _shown(b" ".join(status[1:])), found)
        if "websocket" not in _tokens(found, "upgrade") or "upgrade" not in _tokens(
            found, "connection"
        ):
            raise Failure(
                "handshake", "answer 101 without Upgrade: websocket and Connection: Upgrade"
            )
        if found.get("sec-websocket-accept") != [self._accept]:
            raise Failure("handshake", "wrong Sec-WebSocket-Accept")
        if found.get("sec-websocket-extensions", [""]) != [""]:
            raise Failure("handshake", "server chose an extension that was not offered")
        self._agree(found.get("sec-websocket-protocol", []))

    def _agree(self, chosen):
        offered = ", ".join(self._protocols) or "none"
        if not chosen and (self._lenient or not self._protocols):
            self.subprotocol = self._protocols[0] if self._protocols else None
        elif not chosen:
            raise Failure("handshake", "server chose no subprotocol (offered: %s)" % offered)
        elif len(chosen) > 1 or chosen[0] not in self._protocols:
            chosen = ", ".join(chosen)
            raise Failure(
                "handshake", "server chose subprotocol %s (offered: %s)" % (chosen, offered)
            )
        else:
            self.subprotocol = chosen[0]


def _refused(code, status, found):
    if 300 <= code < 400:
        to = found.get("location", ["?"])[0]
        raise Failure("http", "HTTP %s: redirected to %s, which is not followed" % (status, to))
    kind, text = _STATUS.get(code, ("http5xx" if 500 <= code < 600 else "http", ""))
    if not text:
        text = "the server failed" if kind == "http5xx" else "not the answer of a WebSocket server"
    raise Failure(kind, "HTTP %s: %s" % (status, text))


def _tokens(found, name):
    return [t.strip() for t in ",".join(found.get(name, [])).lower().split(",")]


def _number(digits):
    return int(digits) if digits.isdigit() else 0


def _shown(data):
    """Bytes of the server as printable text, not too long."""
    return "".join([chr(c) if 32 <= c < 127 else "?" for c in data[:80]])
