"""`/api/doctor`: what it says of a central system that works, and of what may be wrong."""

import json
import socket
import ssl
import time

import pytest
from patience import patient
from ws_certificates import Authority
from ws_servers import RawServer, frame


class At:
    """Anything with a URL is a central system for the fixture `charger`."""

    def __init__(self, url):
        self.url = url


def examined(cs):
    """({step: (ok, text)}, whether all is well), once the doctor has finished."""
    cs.post("/api/doctor", {})
    end = time.monotonic() + patient(40)
    found = None
    while time.monotonic() < end:
        found = cs.get("/api/doctor")
        if not found["running"]:
            return {s["step"]: (s["ok"], s["text"]) for s in found["steps"]}, found["ok"]
        time.sleep(0.05)
    raise AssertionError(found)


def failing(cs, step, *words):
    """The findings, of which `step` is the last and fails with these words."""
    steps, ok = examined(cs)
    assert ok is False
    assert list(steps)[-1] == step and steps[step][0] is False, steps
    assert all(found[0] for name, found in steps.items() if name != step), steps
    for word in words:
        assert word in steps[step][1], steps
    return steps


def refusing(status):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    return serve


class Register:
    """Answers the doctor's BootNotification; hangs up on the station's."""

    answer = None

    def __init__(self):
        self.hung_up = 0  # times
        self.asked = None

    def __call__(self, peer):
        peer.upgrade()
        got = peer.read_frame()
        message = json.loads(got[1]) if got and got[0] == 0x81 else ["", ""]
        if message[1] != "doctor":
            self.hung_up += 1
            return None
        self.asked = message
        peer.send(frame(1, json.dumps([*self.answer]).encode()))
        return peer.read_close()


def test_a_connected_station_is_told_so_and_left_alone(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    before = len(ocpp_csms.handshakes)
    steps, ok = examined(cs)
    assert ok is True, steps
    assert list(steps) == ["url", "clock", "dns", "tcp", "upgrade", "boot"]
    assert ocpp_csms.url in steps["url"][1] and "ocpp1.6" in steps["upgrade"][1]
    assert "Accepted" in steps["boot"][1] and "127.0.0.1" in steps["dns"][1]
    assert len(ocpp_csms.handshakes) == before and cs.status()["ocpp"]["connected"]


def test_nothing_before_it_was_asked(ocpp_csms, charger):
    assert charger(ocpp_csms).get("/api/doctor") == {"running": False, "ok": None, "steps": []}


def test_wrong_port_and_wrong_name(charger):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        url = "ws://127.0.0.1:%d/" % taken.getsockname()[1]
        failing(charger(At(url), wait=False), "tcp", "connection refused", "check host and port")
    cs = charger(At("ws://no-such-host.invalid/"), wait=False)
    steps = failing(cs, "dns", "no-such-host.invalid not found", "check the name")
    assert "tcp" not in steps


def test_refused_upgrades(charger):
    statuses = {
        b"401 Unauthorized": "check ocpp.id and ocpp.password",
        b"404 Not Found": "is the charger registered",
        b"503 Busy": "central system's",
        b"200 OK": "is this the address of an OCPP server",
    }
    with RawServer(refusing(b"403 Forbidden")) as server:
        cs = charger(At(server.url), wait=False)
        for status, word in statuses.items():
            server.serve = refusing(status)
            steps = failing(cs, "upgrade", word)
            assert status.decode().split()[0] in steps["upgrade"][1]
        server.serve = lambda peer: peer.upgrade(b"ocpp2.0.1")
        failing(cs, "upgrade", "ocpp2.0.1", "ocpp1.6", "check ocpp.version")


def test_registration(charger):
    answers = [
        ((3, "doctor", {"status": "Accepted"}), True, "accepted"),
        ((3, "doctor", {"status": "Rejected"}), False, "is it registered there"),
        ((4, "doctor", "InternalError", "no room", {}), False, "InternalError no room"),
        ((3, "doctor"), False, "no OCPP message"),
    ]
    register = Register()
    settings = {"RetryBackOffWaitMinimum": "3600"}  # the station does not come between
    with RawServer(register) as server:
        cs = charger(At(server.url), wait=False, settings=settings)
        for n, (register.answer, ok, word) in enumerate(answers):
            cs.wait_until(lambda status: register.hung_up > n and not status["ocpp"]["connected"])  # noqa: B023
            steps, found = examined(cs)
            assert found is ok and steps["boot"][0] is ok and word in steps["boot"][1], steps
            assert register.asked[2] == "BootNotification"
            assert register.asked[3] == {"chargePointVendor": "ocppy", "chargePointModel": "Sim"}


@pytest.mark.parametrize(
    ("hosts", "days", "words"),
    [
        (["localhost"], (-20, -2), ("has expired", "issued by Test CA", "the clock says")),
        (["other.example"], (-1, 30), ("certificate of other.example", "the name in ocpp.url")),
    ],
)
def test_bad_certificates(charger, tmp_path, hosts, days, words):
    authority = Authority(tmp_path)
    pem, key, *_ = authority.issue(hosts[0], hosts, days)
    with _secure(pem, key) as server:
        cs = _profile2(charger, server, authority.pem)
        failing(cs, "tls", *words)


def test_an_unknown_authority(charger, tmp_path):
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
    theirs = Authority(tmp_path / "theirs", "Their CA")
    pem, key, *_ = theirs.issue("localhost", ["localhost"])
    with _secure(pem, key) as server:
        cs = _profile2(charger, server, Authority(tmp_path / "mine").pem)
        failing(cs, "tls", "issued by Their CA", "ocpp.ca_file")


def test_a_good_certificate_is_described(charger, tmp_path):
    authority = Authority(tmp_path)
    pem, key, *_ = authority.issue("localhost", ["localhost"])
    with _secure(pem, key, refusing(b"404 Not Found")) as server:
        steps = failing(_profile2(charger, server, authority.pem), "upgrade", "404")
        assert "certificate of localhost, issued by Test CA" in steps["tls"][1]


def _secure(pem, key, serve=lambda peer: peer.upgrade()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return RawServer(serve, context)


def _profile2(charger, server, ca):
    url = "wss://localhost:%d/" % server.port
    more = {"security_profile": 2, "password": "0123456789abcdef", "ca_file": ca}
    return charger(At(url), wait=False, ocpp={"url": url, **more})
