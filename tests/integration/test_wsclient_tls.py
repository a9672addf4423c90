"""The WebSocket client on MicroPython over TLS."""

import ssl

import pytest
from patience import patient
from ws_certificates import Authority
from ws_servers import RawServer, drive, run_raw, websockets_server


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


def server_context(files, client_ca=None, versions=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[0], files[1])
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context


def over_tls(context, heap="512K", **tls):
    """What the client reports after a short conversation over TLS."""

    def handler(ws):
        ws.send("x" * 5000)
        ws.send(ws.recv(timeout=patient(5)))

    with websockets_server(handler, "wss", ssl=context) as url:
        do = [["recv"], ["send", "y" * 5000], ["recv"], ["close", 1000, ""]]
        result = drive(url, do, heap=heap, tls=tls or None)
    assert result["longest_ms"] < patient(1000)
    return result


@pytest.mark.parametrize("form", ["der", "pem"])
def test_tls(authority, form):
    context = server_context(authority.issue("csms", ["csms.example"]))
    result = over_tls(context, cadata=getattr(authority, form), name="csms.example")
    assert result["got"] == [5000, 5000] and result["failure"] is None, result


def test_tls_name_is_that_of_the_url(authority):
    files = authority.issue("localhost", ["localhost"])
    with websockets_server(lambda ws: ws.recv(), "wss", ssl=server_context(files)) as url:
        result = drive(
            url.replace("127.0.0.1", "localhost"),
            [["close", 1000, ""]],
            tls={"cadata": authority.der},
        )
    assert result["failure"] is None and result["subprotocol"] == "ocpp1.6", result


def test_tls_wrong_name(authority):
    context = server_context(authority.issue("other", ["other.example"]))
    result = over_tls(context, cadata=authority.der, name="csms.example")
    assert result["failure"] == "tls" and "match" in result["error"], result


def test_tls_self_signed(authority):
    context = server_context(authority.issue("csms", ["csms.example"], self_signed=True))
    result = over_tls(context, cadata=authority.der, name="csms.example")
    assert result["failure"] == "tls" and "signed" in result["error"], result


def test_tls_foreign_authority(authority, tmp_path):
    other = Authority(tmp_path, "Other CA")
    context = server_context(other.issue("csms", ["csms.example"]))
    result = over_tls(context, cadata=authority.der, name="csms.example")
    assert result["failure"] == "tls" and "signed" in result["error"], result


@pytest.mark.parametrize(("days", "word"), [((-30, -1), "expired"), ((1, 30), "future")])
def test_tls_out_of_date(authority, days, word):
    context = server_context(authority.issue("csms", ["csms.example"], days))
    result = over_tls(context, cadata=authority.der, name="csms.example")
    assert result["failure"] == "tls" and word in result["error"], result


def test_tls_without_trust(authority):
    context = server_context(authority.issue("csms", ["csms.example"], self_signed=True))
    result = over_tls(context)
    assert result["failure"] == "tls" and "no CA certificate" in result["error"]
    result = over_tls(context, verify=False)
    assert result["failure"] is None and result["got"] == [5000, 5000]


def test_tls_client_certificate(authority):
    context = server_context(authority.issue("csms", ["csms.example"]), client_ca=authority.pem)
    files = authority.issue("cp001")
    trust = {"cadata": authority.der, "name": "csms.example"}
    for cert, key in (files[:2], files[2:]):
        result = over_tls(context, cert=cert, key=key, **trust)
        assert result["failure"] is None and result["got"] == [5000, 5000], result
    result = over_tls(context, **trust)
    assert result["failure"] == "tls", result


def test_tls_from_a_server_without():
    result, _ = run_raw(
        lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n") or peer.sock.recv(1000), [],
    )  # fmt: skip
    assert result["failure"] == "http"
    with RawServer(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        result = drive(server.url.replace("ws:", "wss:"), tls={"verify": False})
    assert result["failure"] == "tls", result


def test_tls_that_never_answers():
    def serve_one(peer):
        while peer.sock.recv(1000):
            pass

    with RawServer(serve_one) as server:
        result = drive(
            server.url.replace("ws:", "wss:"), tls={"verify": False}, dial_timeout_ms=700
        )
    assert (
        result["failure"] == "timeout"
        and "TLS" in result["error"]
        and 600 < result["ms"] < patient(3000)
    )


def test_tls_cut_in_the_handshake():
    with RawServer(lambda peer: peer.sock.recv(100)) as server:
        result = drive(server.url.replace("ws:", "wss:"), tls={"verify": False})
    assert result["failure"] == "tls", result


def test_tls_with_a_bad_ca_file(authority, tmp_path):
    bad = tmp_path / "bad.der"
    bad.write_bytes(b"this is not a certificate")
    context = server_context(authority.issue("csms", ["csms.example"]))
    result = over_tls(context, cadata=str(bad), name="csms.example")
    assert result["failure"] == "tls" and "cert" in result["error"], result
