import binascii
import hashlib

from support import raises

from wsclient.handshake import Failure, Handshake, join, parse_url, quote

KEY = b"the sample nonce"  # the example of RFC 6455 section 1.3
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def made(
    protocols=("ocpp2.0.1", "ocpp1.6"),
    headers=(),
    url="ws://server.example.com/chat",
    lenient=False,
):
    return Handshake(url, protocols, headers, lenient, lambda n: KEY[:n])


def answer(protocol="ocpp1.6", status="101 Switching Protocols", leave_out=(), **more):
    lines = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": ACCEPT,
        "Sec-WebSocket-Protocol": protocol,
    }
    for name, value in more.items():
        lines[name.replace("_", "-")] = value
    lines = [
        "%s: %s\r\n" % (k, v) for k, v in lines.items() if k not in leave_out and v is not None
    ]
    return ("HTTP/1.1 %s\r\n%s\r\n" % (status, "".join(lines))).encode()


def failure(data, kind, *words, **options):
    e = raises(Failure, made(**options).receive, data)
    assert e.args[0] == kind, e.args
    for word in words:
        assert word in e.args[1], e.args


def test_parse_url():
    assert parse_url("ws://h") == (False, "h", 80, "/")
    assert parse_url("WSS://h.example:8443/a%20b/c?d=e") == (
        True,
        "h.example",
        8443,
        "/a%20b/c?d=e",
    )
    assert parse_url("wss://10.0.0.1/") == (True, "10.0.0.1", 443, "/")
    assert parse_url("ws://[::1]:9000/x") == (False, "::1", 9000, "/x")
    assert parse_url("ws://[fe80::1]") == (False, "fe80::1", 80, "/")
    assert parse_url("ws://h?x=/") == (False, "h", 80, "/?x=/")


def test_bad_urls():
    for url, word in (
        ("", "ws://"),
        ("h:9000", "ws://"),
        ("http://h/", "ws://"),
        ("ws:/h/", "ws://"),
        ("ws:///x", "host"),
        ("ws://:80/", "host"),
        ("ws://h:/", "port"),
        ("ws://h:0/", "port"),
        ("ws://h:65536/", "port"),
        ("ws://h:8o/", "port"),
        ("ws://[::1/", "IPv6"),
        ("ws://[h]/", "IPv6"),
        ("ws://[::1]x/", "IPv6"),
        ("ws://h/a b", "percent"),
        ("ws://h/\u00fc", "percent"),
        ("ws://h/a\r\nX: y", "percent"),
        ("ws://h/#a", "fragment"),
    ):
        assert word in str(raises(ValueError, parse_url, url)), url
    e = raises(ValueError, parse_url, "ws://me:secret@h/")
    assert "password" in str(e) and "secret" not in str(e)


def test_join():
    for url, identity, whole in (
        ("ws://h:9000", "cp001", "ws://h:9000/cp001"),
        ("ws://h:9000/", "cp001", "ws://h:9000/cp001"),
        ("ws://h/ocpp//", "cp001", "ws://h/ocpp/cp001"),
        ("ws://h/ocpp/cp001", "cp001", "ws://h/ocpp/cp001"),
        ("ws://h/ocpp/cp001/", "cp001", "ws://h/ocpp/cp001"),
        ("ws://h/ocpp/CP001", "cp001", "ws://h/ocpp/CP001/cp001"),
        ("ws://h/xcp001", "cp001", "ws://h/xcp001/cp001"),
        ("ws://cp001", "cp001", "ws://cp001/cp001"),
        ("ws://h/a?key=1", "cp 1/\u00fc", "ws://h/a/cp%201%2F%C3%BC?key=1"),
        ("ws://h/cp%201", "cp 1", "ws://h/cp%201"),
        ("ws://h/cp%2f1", "cp/1", "ws://h/cp%2f1"),
        ("ws://h/100%", "x", "ws://h/100%/x"),
        ("wss://[::1]", "a-b_c.d~e", "wss://[::1]/a-b_c.d~e"),
    ):
        assert join(url, identity) == whole, (url, identity, join(url, identity))
    raises(ValueError, join, "ws://h", "")
    raises(ValueError, join, "h", "cp")
    assert quote("a:b*=+|@") == "a%3Ab%2A%3D%2B%7C%40"


def test_request():
    h = made(headers=[("Authorization", "Basic eDp5")], url="ws://[::1]:9000/a/b?c")
    lines = h.request.decode().split("\r\n")
    assert lines[0] == "GET /a/b?c HTTP/1.1" and lines[-2:] == ["", ""]
    for line in (
        "Host: [::1]:9000",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + binascii.b2a_base64(KEY).decode().strip(),
        "Sec-WebSocket-Protocol: ocpp2.0.1, ocpp1.6",
        "Authorization: Basic eDp5",
    ):
        assert lines.count(line) == 1, line
    assert b"Host: server.example.com\r\n" in made().request
    assert b"Protocol" not in made(protocols=()).request
    raises(ValueError, made, (), [("X", "a\r\nY: b")])


def test_key_is_fresh_and_accept_belongs_to_it():
    keys = set()
    for _ in range(3):
        h = Handshake("ws://h/", ("p",))
        key = h.request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        assert len(binascii.a2b_base64(key)) == 16
        keys.add(key)
        accept = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        accept = binascii.b2a_base64(accept).strip().decode()
        assert h.receive(answer("p", Sec_WebSocket_Accept=accept)) == 0
    assert len(keys) == 3


def test_good_answers():
    h = made()
    assert h.receive(answer() + b"\x81\x01x") == 3 and h.subprotocol == "ocpp1.6"
    h = made()
    assert (
        h.receive(
            answer("ocpp2.0.1", Connection="keep-alive, UPGRADE", Upgrade="WebSocket", Server="x")
        )
        == 0
    )
    assert h.subprotocol == "ocpp2.0.1"
    h = made()
    data = answer().replace(b"Upgrade:", b"uPGRADE:").replace(b"Sec-WebSocket", b"SEC-websocket")
    for i in range(len(data) - 1):
        assert h.receive(data[i : i + 1]) is None
    assert h.receive(data[-1:] + b"ab") == 2
    h = made()
    assert (
        h.receive(answer("  ocpp1.6 ", Sec_WebSocket_Extensions="")) == 0
        and h.subprotocol == "ocpp1.6"
    )


def test_subprotocol():
    failure(answer(None), "handshake", "no subprotocol", "ocpp2.0.1, ocpp1.6")
    failure(answer("ocpp1.5"), "handshake", "ocpp1.5", "offered: ocpp2.0.1, ocpp1.6")
    failure(answer("OCPP1.6"), "handshake")
    failure(answer("ocpp1.6, ocpp2.0.1"), "handshake")
    failure(answer("x"), "handshake", "offered: none", protocols=())
    h = made(lenient=True)
    assert h.receive(answer(None)) == 0 and h.subprotocol == "ocpp2.0.1"
    failure(answer("ocpp1.5"), "handshake", lenient=True)
    h = made(protocols=())
    assert h.receive(answer(None)) == 0 and h.subprotocol is None


def test_refusals_are_told_apart():
    for status, kind, word in (
        ("401 Unauthorized", "http401", "password"),
        ("403 Forbidden", "http403", "refused"),
        ("404 Not Found", "http404", "not known"),
        ("426 Upgrade Required", "http426", "version"),
        ("500 Internal Server Error", "http5xx", "500 Internal"),
        ("503", "http5xx", "503"),
        ("200 OK", "http", "200 OK"),
        ("400 Bad Request", "http", "400"),
        ("429 x", "http", "429"),
    ):
        failure(answer(status=status), kind, word)
    failure(
        answer(status="302 Found", Location="http://other/"),
        "http",
        "302",
        "http://other/",
        "not followed",
    )
    failure(answer(status="307 x"), "http", "redirected to ?")


def test_wrong_upgrade():
    failure(answer(leave_out=("Upgrade",)), "handshake", "Upgrade")
    failure(answer(leave_out=("Connection",)), "handshake")
    failure(answer(Upgrade="h2c"), "handshake")
    failure(answer(Connection="close"), "handshake")
    failure(answer(leave_out=("Sec-WebSocket-Accept",)), "handshake", "Accept")
    failure(answer(Sec_WebSocket_Accept=ACCEPT.lower()), "handshake", "Accept")
    failure(answer(Sec_WebSocket_Accept="x" * 200), "handshake", "Accept")
    failure(answer(Sec_WebSocket_Extensions="permessage-deflate"), "handshake", "extension")


def test_garbage():
    failure(b"\x00\x01\x02", "http", "not HTTP")
    failure(b"SSH-2.0-OpenSSH\r\n", "http", "not HTTP", "SSH-2.0")
    failure(b"h", "http", "not HTTP")
    failure(b"HTTP/1.1\r\n\r\n", "http")
    failure(b"HTTP/1.1 abc\r\n\r\n", "http")
    failure(b"HTTP/1.1 101 x\r\nno colon\r\n\r\n", "http", "bad header line: no colon")
    failure(b"HTTP/1.1 101 x\r\nA: b\r\n folded\r\n\r\n", "http", "bad header")
    failure(b"HTTP/1.1 404 \xff\x1b[31m\r\n\r\n", "http404", "404 ??[31m")
    assert made().receive(b"HTT") is None


def test_head_is_limited():
    failure(b"HTTP/1.1 101 x\r\n" + b"A: b\r\n" * 1000, "http", "4096")
    failure(b"HTTP/1.1 101 x\r\n" + b"A" * 5000 + b"\r\n\r\n", "http", "4096")
    h = made()
    data = b"HTTP/1.1 101 x\r\n" + b"X: " + b"y" * 1000
    assert h.receive(data) is None
    for _ in range(3):
        assert h.receive(b"z" * 1000) is None
    raises(Failure, h.receive, b"z" * 1000)
    assert made().receive(answer(X_Long="y" * 3000)) == 0
