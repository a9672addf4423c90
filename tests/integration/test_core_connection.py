"""How a station of OCPP-J 1.6 gets and keeps its connection: address, subprotocol, password, and a
central system that refuses, breaks the rules of WebSocket, or is slow (§3, §6.2.2)."""

import base64
import re
import time

import pytest
from core16 import (
    change,
    charge,
    make,
    offline,
    sent,
    setting,
    wait,
    wait_booted,
)
from ocpp_link import CLOSE, Later

pytestmark = pytest.mark.slow

KEY = "correct horse battery"
NEW = "another horse entirely"
PROFILE_1 = {"security_profile": 1, "password": KEY}


def login(user, key):
    return "Basic " + base64.b64encode(("%s:%s" % (user, key)).encode()).decode()


def logins(csms):
    return [headers.get("Authorization") for _, headers in csms.handshakes]


def charging_offline(cs, connector=2):
    """A session without any central system, its energy flowing."""
    cs.act(connector, "plug")
    cs.card("SOMEBODY", connector=connector)
    return cs.wait_connector(connector, status="Charging", relay=True)


# -- address and subprotocol -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tail", "station", "path"),
    [
        ("", "cp001", "/ocpp/cp001"),
        ("/", "cp001", "/ocpp/cp001"),
        ("", "RDAM 123", "/ocpp/RDAM%20123"),
        ("", "a/b?c#d%20", "/ocpp/a%2Fb%3Fc%23d%2520"),
        ("", "Säule", "/ocpp/S%C3%A4ule"),
        ("", "a-b_c.d~e", "/ocpp/a-b_c.d~e"),
    ],
)
@pytest.mark.slow
def test_the_address(ocpp_csms, charger, tail, station, path):
    url = ocpp_csms.url.rstrip("/") + tail
    cs = charger(None, ocpp={"url": url, "id": station})
    cs.wait_accepted()
    assert [p for p, _ in ocpp_csms.handshakes] == [path]
    headers = ocpp_csms.handshakes[0][1]
    assert headers["Sec-WebSocket-Protocol"] == "ocpp1.6"
    assert headers["Sec-WebSocket-Version"] == "13" and "Authorization" not in headers


@pytest.mark.parametrize(
    ("versions", "server", "chosen"),
    [
        (["1.6", "2.0.1"], ["ocpp1.6", "ocpp2.0.1"], "1.6"),
        (["2.0.1", "1.6"], ["ocpp1.6"], "1.6"),
        (["2.0.1", "1.6"], ["ocpp1.6", "ocpp2.0.1"], "2.0.1"),
        ("1.6", ["ocpp1.6"], "1.6"),
    ],
)
@pytest.mark.slow
def test_the_version_is_negotiated(ocpp_csms, charger, versions, server, chosen):
    ocpp_csms.subprotocols = server
    cs = make(charger, ocpp_csms, ocpp={"version": versions})
    assert cs.status()["ocpp"]["version"] == chosen
    offered = ocpp_csms.handshakes[0][1]["Sec-WebSocket-Protocol"]
    wanted = [versions] if isinstance(versions, str) else versions
    assert [p.strip() for p in offered.split(",")] == ["ocpp" + v for v in wanted]
    boot = ocpp_csms.calls("BootNotification")
    assert len(boot) == 1 and ("chargePointModel" in boot[0]) == (chosen == "1.6")


# -- security profile 1 ------------------------------------------------------------------------


@pytest.mark.slow
def test_the_password_of_the_configuration(ocpp_csms, charger):
    ocpp_csms.password = KEY
    cs = make(charger, ocpp_csms, ocpp=dict(PROFILE_1, id="Säule 1"))
    assert logins(ocpp_csms) == [login("Säule 1", KEY)]
    assert KEY not in cs.log


@pytest.mark.slow
def test_profile_zero_tells_no_password(ocpp_csms, charger):
    make(charger, ocpp_csms, ocpp={"security_profile": 0, "password": KEY})
    assert logins(ocpp_csms) == [None]


def test_a_new_password_is_used_at_once_and_for_ever(ocpp_csms, charger):
    """Whitepaper A01: Accepted, then the station leaves and comes back with the new one."""
    ocpp_csms.password = KEY
    cs = make(charger, ocpp_csms, ocpp=PROFILE_1)
    wait_booted(ocpp_csms, cs)
    start = charge(cs, ocpp_csms)
    assert change(ocpp_csms, "AuthorizationKey", "too short") == "Rejected"
    assert change(ocpp_csms, "AuthorizationKey", NEW) == "Accepted"
    ocpp_csms.password = NEW
    ocpp_csms.wait_connected(opened=2)
    assert set(logins(ocpp_csms)[1:]) <= {login("cp001", NEW)}
    assert setting(ocpp_csms, "SecurityProfile") == "1"
    cs.wait_connector(1, status="Charging")
    assert len(ocpp_csms.calls("BootNotification")) == 1
    ocpp_csms.call("RemoteStopTransaction", {"transactionId": start["transactionId"]})
    ocpp_csms.wait_for("StopTransaction")
    cs.kill()
    cs.start()
    cs.wait_accepted()
    assert logins(ocpp_csms)[-1] == login("cp001", NEW)
    assert NEW not in cs.log and KEY not in cs.log


@pytest.mark.slow
def test_the_same_password_again_changes_nothing(ocpp_csms, charger):
    ocpp_csms.password = KEY
    make(charger, ocpp_csms, ocpp=PROFILE_1)
    assert change(ocpp_csms, "AuthorizationKey", KEY) == "Accepted"
    time.sleep(0.3)
    assert setting(ocpp_csms, "SecurityProfile") == "1" and ocpp_csms.opened == 1


@pytest.mark.slow
def test_a_wrong_password_is_told_and_tried_again(ocpp_csms, charger):
    ocpp_csms.password = NEW
    settings = {"AllowOfflineTxForUnknownId": "true"}
    cs = make(charger, ocpp_csms, ocpp=PROFILE_1, wait=False, settings=settings)
    ocpp_csms.wait_handshakes(3)
    assert not cs.status()["ocpp"]["connected"]
    line = next(line for line in cs.log.splitlines() if "401" in line)
    assert ocpp_csms.url in line and KEY not in cs.log
    charging_offline(cs)
    cs.post("/api/settings", {"AuthorizationKey": NEW})
    cs.wait_accepted()
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "SOMEBODY"


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_refusal_is_told_and_tried_again(ocpp_csms, charger):
    statuses = (404, 400, 401, 403, 426, 500, 503)
    ocpp_csms.refuse(404)
    ocpp_csms.facts.tokens = {"SOMEBODY": "Accepted"}
    settings = {"AllowOfflineTxForUnknownId": "true"}
    cs = make(charger, ocpp_csms, wait=False, settings=settings)
    charging_offline(cs)
    address = "127.0.0.1:%d/ocpp/cp001" % ocpp_csms.port
    for status in statuses:
        ocpp_csms.refuse(status)
        ocpp_csms.wait_handshakes(len(ocpp_csms.handshakes) + 2)
        lines = [line for line in cs.log.splitlines() if str(status) in line]
        assert lines and address in lines[0], status
        assert not cs.status()["ocpp"]["connected"]
    assert cs.connector(2)["relay"]
    ocpp_csms.refuse(None)
    cs.wait_accepted()
    start = ocpp_csms.wait_for("StartTransaction")
    assert start["connectorId"] == 2 and start["timestamp"] >= "2024"


@pytest.mark.slow
def test_nobody_there_is_told_and_tried_again(ocpp_csms, charger):
    ocpp_csms.unlisten()
    settings = {"AllowOfflineTxForUnknownId": "true"}
    cs = make(charger, ocpp_csms, wait=False, settings=settings)
    charging_offline(cs)
    wait(lambda: "127.0.0.1:%d/ocpp/cp001" % ocpp_csms.port in cs.log, "not told")
    ocpp_csms.listen()
    cs.wait_accepted()
    ocpp_csms.wait_for("StartTransaction")


@pytest.mark.slow
def test_a_foreign_subprotocol_is_told_and_tried_again(ocpp_csms, charger):
    """OCPP-J §3.2: a server that agrees to none leaves the header out."""
    ocpp_csms.subprotocols = []
    cs = make(charger, ocpp_csms, wait=False)
    ocpp_csms.wait_handshakes(2)
    assert not cs.status()["ocpp"]["connected"]
    assert any("ocpp1.6" in line and ocpp_csms.url in line for line in cs.log.splitlines())
    ocpp_csms.subprotocols = ["ocpp1.6"]
    cs.wait_accepted()


@pytest.mark.slow
def test_the_pause_between_two_dials_grows(ocpp_csms, charger):
    """RetryBackOffWaitMinimum, doubled RetryBackOffRepeatTimes times, and no further."""
    ocpp_csms.refuse(503)
    settings = {"RetryBackOffWaitMinimum": "2", "RetryBackOffRepeatTimes": "2"}
    times = []
    cs = make(charger, ocpp_csms, wait=False, settings=settings, log="debug")
    for n in range(5):
        ocpp_csms.wait_handshakes(n + 1)
        times.append(time.monotonic() * 10)
    told = re.findall(r"next try in (\d+) s", cs.log)
    assert told[:4] == ["2", "4", "8", "8"]
    assert times[4] - times[0] >= 11 and times[4] - times[2] > times[2] - times[0]
    assert not cs.status()["ocpp"]["connected"]


# -- broken rules ------------------------------------------------------------------------------

BREAKS = {
    "one megabyte": lambda csms: csms.send_text(["x" * 1000000]),
    "binary message": lambda csms: csms.send_text(b'[2,"1","ClearCache",{}]'),
    "invalid UTF-8": lambda csms: csms.send_bytes(b'\x81\x05"\xff\xfe"\x00'),
    "UTF-8 cut off": lambda csms: csms.send_bytes(b"\x81\x03ab\xc3"),
    "masked frame": lambda csms: csms.send_bytes(b"\x81\x82abcd\x00\x00"),
    "unknown opcode": lambda csms: csms.send_bytes(b"\x83\x02{}"),
    "reserved bits": lambda csms: csms.send_bytes(b"\xf1\x02{}"),
    "long ping": lambda csms: csms.send_bytes(b"\x89\x7e\x00\x80" + b"x" * 128),
    "huge length": lambda csms: csms.send_bytes(b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
    "stray continuation": lambda csms: csms.send_bytes(b"\x80\x02{}"),
    "half a frame": lambda csms: (csms.send_bytes(b"\x81\x7e\x10\x00abc"), csms.drop()),
    "garbage": lambda csms: csms.send_bytes(b"HTTP/1.1 500 Oops\r\n\r\n" * 50),
    "closed at once": lambda csms: csms.drop(),
    "going away": lambda csms: csms.close(1001, "going away"),
    "close code 1008": lambda csms: csms.close(1008, "we do not like you"),
}


def test_a_broken_connection_is_replaced(ocpp_csms, charger):
    """The session goes on, the station comes back by itself and does not register anew."""
    cs = make(charger, ocpp_csms)
    wait_booted(ocpp_csms, cs)
    start = charge(cs, ocpp_csms)
    cs.wait_connector(1, status="Charging")
    for n, name in enumerate(BREAKS):
        BREAKS[name](ocpp_csms)
        ocpp_csms.wait_connected(opened=n + 2)
        cs.wait_until(lambda s: s["ocpp"]["connected"])
        shown = cs.connector(1)
        assert shown["relay"] and shown["transaction"]["id"] == start["transactionId"], name
        assert setting(ocpp_csms, "NumberOfConnectors") == "2", name
        assert ocpp_csms.opened == n + 2, name
    ocpp_csms.call("RemoteStopTransaction", {"transactionId": start["transactionId"]})
    assert ocpp_csms.wait_for("StopTransaction")["reason"] == "Remote"
    assert len(sent(ocpp_csms, "BootNotification")) == 1
    assert len(sent(ocpp_csms, "StopTransaction")) == 1


@pytest.mark.slow
def test_a_slow_trickle_is_a_message(ocpp_csms, charger):
    """Byte by byte, with pings between fragments."""
    ocpp_csms.tolerate("charger", "the call went past the record")
    cs = make(charger, ocpp_csms)
    wait_booted(ocpp_csms, cs)  # no answer of ours comes between the bytes
    text = b'[2,"tr1","ClearCache",{}]'
    raw = b"\x01\x05" + text[:5] + b"\x89\x01p" + bytes([0x80, len(text) - 5]) + text[5:]
    for n in range(len(raw)):
        ocpp_csms.send_bytes(raw[n : n + 1])
        time.sleep(0.01)
    wait(lambda: [f for f in list(ocpp_csms.frames) if f.id == "tr1"], "no answer")
    assert ocpp_csms.opened == 1


@pytest.mark.slow
def test_a_server_that_accepts_and_says_nothing(ocpp_csms, charger):
    """The station works meanwhile; the handshake may take its time."""
    ocpp_csms.freeze()
    settings = {"AllowOfflineTxForUnknownId": "true"}
    cs = make(charger, ocpp_csms, wait=False, settings=settings)
    ocpp_csms.wait_handshakes(1)
    charging_offline(cs)
    time.sleep(1)
    assert not cs.status()["ocpp"]["connected"] and cs.connector(2)["relay"]
    ocpp_csms.freeze(False)
    cs.wait_accepted()
    ocpp_csms.wait_for("StartTransaction")


@pytest.mark.slow
def test_slow_answers_are_answers(ocpp_csms, charger):
    for action in ("Authorize", "StartTransaction", "StatusNotification", "StopTransaction"):
        ocpp_csms.on(action, Later(0.2))
    cs = make(charger, ocpp_csms)
    start = charge(cs, ocpp_csms)
    ocpp_csms.call("RemoteStopTransaction", {"transactionId": start["transactionId"]})
    ocpp_csms.wait_for("StopTransaction")
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    for action in ("StartTransaction", "StopTransaction"):
        assert len(sent(ocpp_csms, action)) == 1


@pytest.mark.slow
def test_a_server_that_closes_every_time(ocpp_csms, charger):
    ocpp_csms.on("BootNotification", CLOSE, times=3)
    cs = make(charger, ocpp_csms)
    assert len(sent(ocpp_csms, "BootNotification")) == 4
    assert cs.status()["ocpp"]["connected"]


@pytest.mark.slow
def test_the_network_goes_and_comes(ocpp_csms, charger):
    cs = make(charger, ocpp_csms)
    wait_booted(ocpp_csms, cs)
    for n in range(3):
        offline(cs)
        ocpp_csms.wait_disconnected()
        offline(cs, online=True)
        ocpp_csms.wait_connected(opened=n + 2)
    assert setting(ocpp_csms, "SecurityProfile") == "0"
    assert len(sent(ocpp_csms, "BootNotification")) == 1
