"""The WebSocket client on MicroPython against the `websockets` package and against servers that
misbehave."""

import contextlib
import http
import socket
import threading
import time

import pytest
from patience import patient
from websockets.exceptions import ConnectionClosed
from ws_servers import Peer, RawServer, drive, frame, run_raw, websockets_server

pytestmark = pytest.mark.slow


def refuses(data, code, kind="protocol", got=(), **options):
    """After the upgrade the server sends `data`; the client must close with `code`."""

    def serve_one(peer):
        peer.upgrade()
        for part in data if isinstance(data, list) else [data]:
            with contextlib.suppress(ConnectionError):
                peer.send(part)
        return peer.read_close()

    result, seen = run_raw(serve_one, [["run", 5000]], **options)
    assert seen == code
    assert result["failure"] == kind and str(code) in result["error"], result
    assert result["states"] == ["connecting", "open", "closing", "closed"]
    assert result["ms"] < 6000
    return result


# ---- against the `websockets` package ----


def test_messages_of_all_sizes_both_ways():
    texts = ["", "a", "ä€😀" * 30] + ["x" * n for n in (125, 126, 127, 1000, 4096, 4097, 8192)]
    seen = []

    def handler(ws):
        for text in texts:
            ws.send(text)
            seen.append(ws.recv(timeout=patient(10)))
        ws.close(4001, "done")

    with websockets_server(handler) as url:
        result = drive(url, [["echo", len(texts)]])
    assert seen == texts
    assert result["subprotocol"] == "ocpp1.6"
    assert result["failure"] == "closed" and "4001 done" in result["error"]


def test_fragments_and_pings_both_ways():
    seen = []

    def handler(ws):
        ws.send(iter(["one ", "two ", "three"]))
        seen.append(ws.ping(b"server").wait(patient(5)))
        # Each fragment of the client's message as it comes.
        seen.append([len(part) for part in ws.recv_streaming()])
        with contextlib.suppress(ConnectionClosed):
            ws.recv(timeout=patient(5))
        seen.append((ws.protocol.close_rcvd.code, ws.protocol.close_rcvd.reason))

    with websockets_server(handler) as url:
        do = [["recv"], ["send", "y" * 9000], ["ping"], ["run", 100], ["close", 1001, "stopped"]]
        result = drive(url, do)
    assert result["got"] == ["one two three"] and result["pongs"] == 1
    assert seen[0] is True and seen[1] == [4096, 4096, 808] and seen[2] == (1001, "stopped")
    assert (
        result["states"][-1] == "closed" and result["failure"] is None and result["error"] is None
    )


def test_headers_and_path_arrive():
    seen = []

    def handler(ws):
        seen.append((ws.request.path, ws.request.headers))

    with websockets_server(handler) as url:
        drive(url + "%20x?y=1", headers=[["Authorization", "Basic eDp5"]])
        path, headers = seen[0]
    assert path == "/cp001%20x?y=1" and headers["Authorization"] == "Basic eDp5"
    assert headers["Host"] == url[5:].split("/")[0]
    assert headers["Sec-WebSocket-Protocol"] == "ocpp2.0.1, ocpp1.6"
    assert "Sec-WebSocket-Extensions" not in headers


def test_host_name():
    with websockets_server(lambda ws: ws.recv()) as url:
        result = drive(url.replace("127.0.0.1", "localhost"), [["close", 1000, ""]])
    assert result["failure"] is None and result["subprotocol"] == "ocpp1.6", result


def test_ipv6():
    def serve_one(peer):
        peer.upgrade()
        return peer.read_close()

    try:
        server = RawServer(serve_one, host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        result = drive(server.url, [["close", 1001, ""]])
        assert server.result() == 1001 and "[::1]" in server.url
    assert result["subprotocol"] == "ocpp1.6", result


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "http401"), (403, "http403"), (404, "http404"), (426, "http426"), (500, "http5xx"),
     (503, "http5xx"), (302, "http"), (200, "http"), (400, "http")],
)  # fmt: skip
def test_http_refusals(status, kind):
    def refuse(connection, request):
        answer = connection.respond(http.HTTPStatus(status), "no\n")
        answer.headers["Location"] = "http://elsewhere.example/"
        return answer

    with websockets_server(lambda ws: None, process_request=refuse) as url:
        result = drive(url)
    assert "open" not in result["states"]
    assert result["failure"] == kind
    assert result["error"].startswith(url + ": HTTP %d" % status)
    if status == 302:
        assert "elsewhere.example" in result["error"]


# ---- handshakes that go wrong ----


def test_missing_subprotocol():
    def serve_one(peer):
        peer.upgrade(protocol=None)
        return peer.read_close()

    result, _ = run_raw(serve_one)
    assert result["failure"] == "handshake" and "no subprotocol" in result["error"]
    result, _ = run_raw(serve_one, [["close", 1000, ""]], lenient=True)
    assert result["failure"] is None and result["subprotocol"] == "ocpp2.0.1"


def test_foreign_subprotocol():
    result, _ = run_raw(lambda peer: peer.upgrade(b"mqtt"))
    assert result["failure"] == "handshake" and "mqtt" in result["error"]


def test_wrong_accept_key():
    result, _ = run_raw(lambda peer: peer.upgrade(accept=b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    assert result["failure"] == "handshake" and "Accept" in result["error"]


def test_extension_nobody_offered():
    result, _ = run_raw(lambda peer: peer.upgrade(more=b"Sec-WebSocket-Extensions: x\r\n"))
    assert result["failure"] == "handshake" and "extension" in result["error"]


@pytest.mark.parametrize(
    "data", [b"\x00\xff\x00\xff" * 50, b"220 mail ESMTP\r\n", b"\r\n\r\n", b"HTTP/2 101\r\n\r\n"]
)
def test_garbage_instead_of_http(data):
    def serve_one(peer):
        peer.read_request()
        peer.send(data)
        peer.sock.recv(1)

    result, _ = run_raw(serve_one)
    assert result["failure"] == "http" and "not HTTP" in result["error"] and result["ms"] < 2000


def test_oversize_head():
    def serve_one(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\n")
        for _ in range(1000):
            peer.send(b"X-Filler: " + b"y" * 1000 + b"\r\n")

    result, _ = run_raw(serve_one)
    assert result["failure"] == "http" and "4096" in result["error"]


def test_server_that_closes_instead_of_answering():
    result, _ = run_raw(lambda peer: peer.read_request())
    assert result["failure"] == "http" and "closed without an answer" in result["error"]


def test_server_that_never_answers_the_upgrade():
    def serve_one(peer):
        peer.read_request()
        return peer.sock.recv(1)

    result, seen = run_raw(serve_one, dial_timeout_ms=700)
    assert seen == b"" and result["failure"] == "timeout" and 600 < result["ms"] < patient(3000)


def test_server_that_never_accepts():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        # A full backlog: the kernel drops further SYNs.
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", port))
            fillers.append(s)
        time.sleep(0.1)
        result = drive("ws://127.0.0.1:%d/" % port, dial_timeout_ms=700)
        for s in fillers:
            s.close()
    assert (
        result["failure"] == "timeout"
        and "TCP" in result["error"]
        and 600 < result["ms"] < patient(3000)
    )
    assert result["longest_ms"] < patient(200)


def test_refused_and_unknown_host():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        url = "ws://127.0.0.1:%d/" % s.getsockname()[1]
        result = drive(url)
    assert result["failure"] == "tcp" and result["error"] == url + ": connection refused"
    result = drive("ws://no-such-host.invalid/", limit_ms=20000)
    assert result["failure"] in ("dns", "timeout") and "no-such-host.invalid" in result["error"]
    assert result["longest_ms"] < patient(200)


# ---- frames that go wrong ----


def test_binary_message():
    refuses(frame(2, b"\x00\x01"), 1003)


def test_masked_frame():
    refuses(frame(1, b"mask" + b"text", mask=True, length=4), 1002)


@pytest.mark.parametrize(
    "data",
    [frame(1, b"x", rsv=0x40), frame(3), frame(11), frame(0, b"x"), frame(9, b"x", fin=False),
     frame(9, b"x" * 126), frame(1, b"x", fin=False) + frame(1, b"y"), frame(8, b"\x03"),
     frame(8, (1005).to_bytes(2, "big")), b"\x81\x7e\x00\x01x", b"\x81\x7f" + b"\xff" * 8],
)  # fmt: skip
def test_broken_rules(data):
    refuses(data, 1002)


@pytest.mark.parametrize(
    "data",
    [frame(1, b"\xff"), frame(1, b"\xed\xa0\x80"), frame(1, b"\xc0\xaf"), frame(1, b"ok \xe2\x82"),
     [frame(1, b"\xe2\x82", fin=False), frame(9, b"p"), frame(0, b"\x28", fin=False)]],
)  # fmt: skip
def test_invalid_utf8(data):
    refuses(data, 1007)


def test_utf8_split_across_fragments():
    def serve_one(peer):
        peer.upgrade()
        for byte, fin in zip("€😀".encode(), [False] * 6 + [True], strict=True):
            peer.send(frame(1 if byte == 0xE2 and fin is False else 0, bytes([byte]), fin))
        return peer.read_close()

    result, seen = run_raw(serve_one, [["recv"], ["close", 1000, ""]])
    assert result["got"] == ["€😀"] and seen == 1000


def test_one_megabyte_is_refused_before_it_is_read():
    big = frame(1, b"x" * (1 << 20))
    result = refuses([big[i : i + 65536] for i in range(0, len(big), 65536)], 1009)
    # All the client allocated, garbage included: far from a megabyte, and from the limit of its
    # heap.
    assert result["heap"] < 100000


def test_endless_fragments():
    refuses([frame(1, b"x" * 500, fin=False)] + [frame(0, b"x" * 500, fin=False)] * 200, 1009)
    refuses([frame(1, b"", fin=False)] + [frame(0, b"", fin=False) * 1000], 1008)


def test_ping_flood():
    def serve_one(peer):
        peer.upgrade()
        peer.send(frame(9, b"flood" * 20) * 5000)
        peer.send(frame(9, b"last") + frame(1, b"after"))
        while True:
            got = peer.read_frame()
            if got == (0x8A, b"last"):
                return peer.read_close()

    result, seen = run_raw(serve_one, [["recv"], ["close", 1000, ""]])
    assert result["got"] == ["after"] and seen == 1000 and result["longest_ms"] < patient(200)


def test_pings_between_fragments_are_answered_at_once():
    def serve_one(peer):
        peer.upgrade()
        peer.send(frame(1, b"begin ", fin=False) + frame(9, b"now"))
        answer = peer.read_frame()
        peer.send(frame(0, b"end"))
        return answer, peer.read_close()

    result, seen = run_raw(serve_one, [["recv"], ["close", 1000, ""]])
    assert seen == ((0x8A, b"now"), 1000) and result["got"] == ["begin end"]


def test_slow_server():
    def serve_one(peer):
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.read_request()
        answer = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        )
        answer += b"Sec-WebSocket-Accept: " + peer.accept_key() + b"\r\n"
        answer += b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        for byte in answer + frame(1, "grün".encode()) + frame(9, b"p") + frame(1, b"x" * 200):
            peer.send(bytes([byte]))
            time.sleep(0.001)
        return peer.read_close()

    result, seen = run_raw(serve_one, [["recv"], ["recv"], ["close", 1000, ""]])
    assert result["got"] == ["grün", 200] and seen == 1000


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 3000, 4999])
def test_close_codes_of_the_server(code):
    def serve_one(peer):
        peer.upgrade()
        peer.send(frame(8, code.to_bytes(2, "big") + "grün".encode()))
        return peer.read_close()

    result, seen = run_raw(serve_one)
    assert seen == code and result["failure"] == "closed" and "%d grün" % code in result["error"]


def test_close_without_a_code():
    def serve_one(peer):
        peer.upgrade()
        peer.send(frame(8))
        return peer.read_close()

    result, seen = run_raw(serve_one)
    assert seen == 1005 and result["failure"] == "closed"


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4000])
def test_close_codes_of_the_client(code):
    def serve_one(peer):
        peer.upgrade()
        first = peer.read_frame()
        peer.send(frame(8, first[1][:2]))
        return first

    result, seen = run_raw(serve_one, [["close", code, "bye"]])
    assert seen == (0x88, code.to_bytes(2, "big") + b"bye") and result["failure"] is None


def test_end_without_a_close_frame():
    result, _ = run_raw(Peer.upgrade, [["run", 3000]])
    assert result["failure"] == "closed" and "without a goodbye" in result["error"]


def test_reset():
    def serve_one(peer):
        peer.upgrade()
        time.sleep(0.1)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    result, _ = run_raw(serve_one, [["run", 3000]])
    assert result["failure"] == "closed" and "connection reset" in result["error"]


def test_server_that_stops_reading():
    stop = threading.Event()

    def serve_one(peer):
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.upgrade()
        stop.wait(10)

    with RawServer(serve_one) as server:
        do = [["send", "x" * 8000]] * 3 + [["run", 300], ["close", 1000, ""]]
        result = drive(server.url, do, close_timeout_ms=500)
        stop.set()
    # No step waits, and the goodbye is given up in time.
    assert result["states"][-1] == "closed" and result["ms"] < patient(5000)
    assert result["longest_ms"] < patient(200)


def test_abort_says_nothing():
    def serve_one(peer):
        peer.upgrade()
        return peer.read_frame()

    result, seen = run_raw(serve_one, [["abort"]])
    assert seen is None and result["failure"] is None
