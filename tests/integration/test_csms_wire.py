"""The CSMS's WebSocket side: handshake, authentication, TLS, misbehaving stations."""

import asyncio
import json
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from csms_process import CSMS, VERSIONS_2, basic, exchange, raw_station, run, until
from patience import patient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def csms(tmp_path_factory):
    with CSMS(tmp_path_factory.mktemp("csms"), {"message_bytes": 20000}) as process:
        yield process
        assert "Traceback" not in process.log()


async def refusal(csms, id, **options):
    """HTTP status with which the handshake is refused."""
    with pytest.raises(websockets.InvalidStatus) as e:
        async with raw_station(csms, id, **options):
            pass
    return e.value.response.status_code


async def beat(socket):
    return (await exchange(socket, 2, "b", "Heartbeat", {}))[:2] == [3, "b"]


@pytest.mark.parametrize(
    "offered, agreed",
    [
        (["1.6"], "ocpp1.6"),
        (["2.0.1", "1.6"], "ocpp2.0.1"),
        (["1.6", "2.0.1"], "ocpp1.6"),
        (["9.9", "1.5", "1.6"], "ocpp1.6"),
        pytest.param(
            ["2.1", "2.0.1"],
            "ocpp2.1",
            marks=pytest.mark.skipif("2.1" not in VERSIONS_2, reason="`ocpp` without 2.1"),
        ),
    ],
)
def test_first_known_offer_is_agreed(csms, offered, agreed):
    async def body():
        async with raw_station(csms, "sub", *offered) as socket:
            assert socket.subprotocol == agreed
            assert await beat(socket)
        return csms.get("/api/stations/sub")["version"]

    assert "ocpp" + run(body()) == agreed


@pytest.mark.parametrize("offered", [None, ["ocpp1.5", "mqtt"]])
def test_no_common_subprotocol_opens_and_closes(csms, offered):
    async def body():
        async with websockets.connect(csms.url("nosub"), subprotocols=offered) as socket:
            assert socket.subprotocol is None
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 5)
            return socket.close_code, socket.close_reason

    code, reason = run(body())
    assert code == 1002
    assert "ocpp1.6" in reason
    assert csms.api("GET", "/api/stations/nosub")[0] == 404


@pytest.mark.parametrize("path", ["", "%FF", "x" * 49, "a%0Ab", "%00"])
def test_path_without_identity(csms, path):
    async def body():
        with pytest.raises(websockets.InvalidStatus) as e:
            async with websockets.connect(csms.ocpp + path, subprotocols=["ocpp1.6"]):
                pass
        return e.value.response.status_code

    assert run(body()) == 404


def test_identity_is_the_last_segment(csms):
    async def body():
        url = csms.ocpp + "any/where/CP%2D7?x=/y"
        async with websockets.connect(url, subprotocols=["ocpp1.6"]) as socket:
            assert await beat(socket)

    run(body())
    assert csms.get("/api/stations/CP-7")["version"] == "1.6"


def test_browser_at_the_station_port(csms):
    with pytest.raises(urllib.error.HTTPError) as e:
        urllib.request.urlopen("http" + csms.ocpp[2:] + "favicon.ico")
    assert e.value.code == 426
    assert csms.api("GET", "/api/stations/favicon.ico")[0] == 404


def test_passwords(csms):
    key = "30313233343536373839414243444546"
    assert csms.api("PUT", "/api/stations/pw", {"password": "pä:ss"})[0] == 200
    assert csms.api("PUT", "/api/stations/hex", {"password": key})[0] == 200
    wrong = [
        None,
        basic("pw", "wrong"),
        basic("other", "pä:ss"),
        basic("pw", ""),
        {"Authorization": "Basic ???"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic cHc="},
    ]

    async def body():
        for headers in wrong:
            assert await refusal(csms, "pw", additional_headers=headers) == 401, headers
        for id, password in [("pw", "pä:ss"), ("hex", key), ("hex", bytes.fromhex(key))]:
            headers = basic(id, password)
            async with raw_station(csms, id, additional_headers=headers) as socket:
                assert await beat(socket)
        # Nothing to check against: a station that sends a password anyway is let in.
        async with raw_station(csms, "free", additional_headers=basic("free", "x")) as socket:
            assert await beat(socket)

    run(body())


def test_unknown_stations_can_be_refused(tmp_path):
    config = {"unknown_stations": "reject", "stations": {"known": {"password": "p", "evses": 1}}}

    async def body(csms):
        assert await refusal(csms, "stranger") == 404
        assert await refusal(csms, "known") == 401
        async with raw_station(csms, "known", additional_headers=basic("known", "p")) as socket:
            assert await beat(socket)
        csms.api("PUT", "/api/stations/stranger", {})
        async with raw_station(csms, "stranger") as socket:
            assert await beat(socket)

    with CSMS(tmp_path, config) as csms:
        run(body(csms))
        assert csms.get("/api/stations/known")["unknown"] is False


def test_newer_connection_of_an_identity_replaces_the_older(csms):
    async def body():
        async with raw_station(csms, "dup") as old:
            assert await beat(old)
            sent = asyncio.ensure_future(csms.send("dup", "ClearCache", {}))
            await old.recv()
            async with raw_station(csms, "dup") as new:
                with pytest.raises(websockets.ConnectionClosed):
                    await asyncio.wait_for(old.recv(), 5)
                assert old.close_code == 1008
                assert (await sent)[0] == 503
                assert await beat(new)
                assert csms.get("/api/stations/dup")["connected"] is True
                sent = asyncio.ensure_future(csms.send("dup", "ClearCache", {}))
                frame = json.loads(await new.recv())
                await new.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
                assert (await sent)[0] == 200
        await until(lambda: not csms.get("/api/stations/dup")["connected"])

    run(body())


# What the CSMS answers to a bad frame: [type, id, code], or None for nothing.
BAD_FRAMES = [
    ("", [4, "-1", "FormationViolation"], [4, "-1", "RpcFrameworkError"]),
    ("{}", [4, "-1", "FormationViolation"], [4, "-1", "RpcFrameworkError"]),
    ("[2]", [4, "-1", "FormationViolation"], [4, "-1", "RpcFrameworkError"]),
    ("[" * 9000, [4, "-1", "FormationViolation"], [4, "-1", "RpcFrameworkError"]),
    (
        '[2,"a","Heartbeat",{"a":NaN}]',
        [4, "-1", "FormationViolation"],
        [4, "-1", "RpcFrameworkError"],
    ),
    (
        '[2,"a","Heartbeat",{"a":1e999}]',
        [4, "-1", "FormationViolation"],
        [4, "-1", "RpcFrameworkError"],
    ),
    (
        '[2,"a","Heartbeat",{"a":"\\ud800"}]',
        [4, "-1", "FormationViolation"],
        [4, "-1", "RpcFrameworkError"],
    ),
    ('[2,7,"Heartbeat",{}]', [4, "-1", "ProtocolError"], [4, "-1", "RpcFrameworkError"]),
    (
        '[2,"%s","Heartbeat",{}]' % ("i" * 37),
        [4, "-1", "ProtocolError"],
        [4, "-1", "RpcFrameworkError"],
    ),
    ('[2,"a","Heartbeat"]', [4, "a", "FormationViolation"], [4, "a", "FormatViolation"]),
    ('[2,"a","Heartbeat",{},1]', [4, "a", "FormationViolation"], [4, "a", "FormatViolation"]),
    ('[2,"a",5,{}]', [4, "a", "FormationViolation"], [4, "a", "FormatViolation"]),
    ('[2,"a","Heartbeat",null]', [4, "a", "FormationViolation"], [4, "a", "FormatViolation"]),
    ('[9,"a","Heartbeat",{}]', None, [4, "a", "MessageTypeNotSupported"]),
    ('["2","a","Heartbeat",{}]', None, [4, "a", "MessageTypeNotSupported"]),
    ('[[2],"a","Heartbeat",{}]', None, [4, "a", "MessageTypeNotSupported"]),
    ('[3,"a"]', None, None),
    ('[3,"a",5]', None, None),
    ('[3,"unasked",{}]', None, None),
    ('[4,"a","X",5,{}]', None, None),
    ('[4,"unasked","GenericError","",{}]', None, None),
    ('[4,7,"GenericError","",{}]', None, None),
]


@pytest.mark.parametrize("text, in16, in2", BAD_FRAMES, ids=range(len(BAD_FRAMES)))
def test_bad_frames(csms, text, in16, in2):
    async def body(version, expected):
        async with raw_station(csms, "bad", version) as socket:
            await socket.send(text)
            if expected is not None:
                assert json.loads(await asyncio.wait_for(socket.recv(), 5))[:3] == expected
            assert await beat(socket)

    run(body("1.6", in16))
    run(body("2.0.1", in2))


@pytest.mark.parametrize("message, code", [(b"\x00\x01", 1003), ("x" * 20001, 1009)])
def test_messages_that_end_the_connection(csms, message, code):
    async def body():
        async with raw_station(csms, "ends") as socket:
            await socket.send(message)
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 5)
            assert socket.close_code == code
        async with raw_station(csms, "ends") as socket:
            assert await beat(socket)

    run(body())


def test_a_flood_does_not_keep_others_waiting(csms):
    async def flood(socket, count):
        async def send():
            for n in range(count):
                await socket.send('[2,"%d","Heartbeat",{}]' % n)

        sending = asyncio.ensure_future(send())
        for n in range(count):
            assert json.loads(await socket.recv())[:2] == [3, str(n)]
        await sending

    async def body():
        async with raw_station(csms, "flood") as flooding, raw_station(csms, "quiet") as quiet:
            task = asyncio.ensure_future(flood(flooding, 3000))
            slowest = 0
            answers = 0
            while not task.done():
                before = time.monotonic()
                assert await beat(quiet)
                slowest = max(slowest, time.monotonic() - before)
                answers += 1
            await task
            return slowest, answers

    slowest, answers = run(body())
    assert answers > 10
    assert slowest < patient(2)


def test_log_lines_are_readable_and_safe(csms):
    async def body():
        async with raw_station(csms, "log") as socket:
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
            await exchange(socket, 2, "1", "StatusNotification", status)
            await exchange(socket, 2, "2", "Authorize", {"idTag": "\x1b[2J\nfake line"})
            await exchange(socket, 2, "3", "Authorize", {"idTag": "DEADBEEF"})

    run(body())
    log = csms.log()
    assert "log connected, ocpp1.6" in log
    assert "log <- StatusNotification 1 Charging\n" in log
    assert "log -> Authorize: Accepted\n" in log
    assert "\x1b" not in log
    assert "\nfake" not in log


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """A CA with a server certificate and one of a station, another CA with one of its own."""
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command to make certificates")
    folder = tmp_path_factory.mktemp("pki")

    def openssl(*words):
        subprocess.run(
            ["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=patient(60)
        )

    def issue(name, ca, subject, *more):
        key = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            name + ".key",
        ]
        if ca is None:
            openssl("req", "-x509", *key, "-out", name + ".pem", "-subj", subject, "-days", "30")
            return
        openssl("req", *key, "-out", name + ".csr", "-subj", subject)
        (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
        signer = ["-CA", ca + ".pem", "-CAkey", ca + ".key", "-CAcreateserial", "-extfile", "ext"]
        openssl(
            "x509", "-req", "-in", name + ".csr", *signer, "-out", name + ".pem", "-days", "30"
        )

    issue("ca", None, "/CN=Test CA")
    issue("server", "ca", "/CN=127.0.0.1")
    issue("cp1", "ca", "/CN=cp1")
    issue("rogue_ca", None, "/CN=Rogue CA")
    issue("rogue", "rogue_ca", "/CN=cp1")
    return folder


def client_tls(pki, name=None):
    context = ssl.create_default_context(cafile=str(pki / "ca.pem"))
    if name:
        context.load_cert_chain(pki / (name + ".pem"), pki / (name + ".key"))
    return context


def tls_config(pki, **more):
    return {"cert_file": str(pki / "server.pem"), "key_file": str(pki / "server.key"), **more}


def test_tls_with_passwords(pki, tmp_path):
    config = {"tls": tls_config(pki), "stations": {"cp1": {"password": "p"}}}

    async def body(csms):
        assert csms.ocpp.startswith("wss://")
        tls = client_tls(pki)
        assert await refusal(csms, "cp1", ssl=tls) == 401
        headers = basic("cp1", "p")
        async with raw_station(csms, "cp1", ssl=tls, additional_headers=headers) as socket:
            assert await beat(socket)

    with CSMS(tmp_path, config) as csms:
        run(body(csms))


def test_tls_with_client_certificates(pki, tmp_path):
    tls = tls_config(pki, ca_file=str(pki / "ca.pem"), match_identity=True)
    config = {"tls": tls, "stations": {"cp1": {"password": "p"}}}

    async def body(csms):
        for name in (None, "rogue"):
            with pytest.raises((OSError, websockets.WebSocketException)):
                async with raw_station(csms, "cp1", ssl=client_tls(pki, name)) as socket:
                    await socket.recv()
        assert await refusal(csms, "cp2", ssl=client_tls(pki, "cp1")) == 403
        async with raw_station(csms, "cp1", ssl=client_tls(pki, "cp1")) as socket:
            assert await beat(socket)

    with CSMS(tmp_path, config) as csms:
        run(body(csms))


def test_tls_by_its_own_authority(tmp_path):
    config = {
        "tls": {"hosts": ["127.0.0.1", "csms.example"]},
        "stations": {"cp1": {"password": "p"}, "cp2": {"password": "q"}},
    }

    def trusting(csms):
        root = csms.get("/api/certificates")["authority"]
        return ssl.create_default_context(cadata=root)

    async def certificate(csms, tls):
        """Ask for one as cp1, which has shown its password."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cp1")])
        request = x509.CertificateSigningRequestBuilder().subject_name(name)
        csr = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        headers = basic("cp1", "p")
        async with raw_station(csms, "cp1", ssl=tls, additional_headers=headers) as socket:
            await socket.send(json.dumps([2, "1", "SignCertificate", {"csr": csr.decode()}]))
            assert json.loads(await socket.recv())[2] == {"status": "Accepted"}
            signed = json.loads(await socket.recv())
            assert signed[2] == "CertificateSigned"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file = tmp_path / "cp1.pem"
        file.write_text(private.decode() + signed[3]["certificateChain"])
        return file

    async def with_it(csms, file):
        tls = trusting(csms)
        assert await refusal(csms, "cp1", ssl=tls) == 401
        tls.load_cert_chain(file)
        async with raw_station(csms, "cp1", ssl=tls) as socket:
            assert await beat(socket)
            assert csms.get("/api/stations/cp1")["certificate"] == "cp1"
        assert await refusal(csms, "cp2", ssl=tls) == 403

    with CSMS(tmp_path, config) as csms:
        assert csms.ocpp.startswith("wss://")
        file = run(certificate(csms, trusting(csms)))
        run(with_it(csms, file))
        assert csms.get("/api/stations/cp1")["certificate"] is None
    with CSMS(tmp_path, config) as csms:  # the authority is the same after a restart
        run(with_it(csms, file))
        assert "Traceback" not in csms.log()
