"""The test CSMS itself: it must notice what it is there to notice."""

import json

import pytest
from ocpp_csms import OcppCsms
from ocpp_link import CLOSE, SILENCE, CallError, Later
from patience import patient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

BOOT = {"chargePointVendor": "v", "chargePointModel": "m"}


@pytest.fixture
def csms():
    made = OcppCsms()
    yield made
    made.stop()


def dial(csms, protocol="ocpp1.6", station="cp001", **more):
    return connect(csms.url + station, subprotocols=[protocol], ping_interval=None, **more)


def ask(ws, action, payload, message_id="1"):
    ws.send(json.dumps([2, message_id, action, payload]))
    return json.loads(ws.recv(timeout=patient(5)))


def test_a_session_without_fault(csms):
    with dial(csms) as ws:
        answer = ask(ws, "BootNotification", BOOT, "1")
        assert answer[:2] == [3, "1"] and answer[2]["status"] == "Accepted"
        assert ask(ws, "Authorize", {"idTag": "X"}, "2")[2] == {"idTagInfo": {"status": "Invalid"}}
        start = {"connectorId": 1, "idTag": "DEADBEEF", "meterStart": 5}
        start["timestamp"] = "2026-11-21T03:00:00Z"
        assert ask(ws, "StartTransaction", start, "3")[2]["transactionId"] == 1
        assert csms.wait_for("StartTransaction", lambda p: p["meterStart"] == 5) == start
    csms.wait_disconnected()
    assert csms.calls("BootNotification") == [BOOT]
    assert csms.problems() == []


def test_201_by_subprotocol(csms):
    with dial(csms, "ocpp2.0.1") as ws:
        station = {"model": "m", "vendorName": "v"}
        answer = ask(ws, "BootNotification", {"reason": "PowerUp", "chargingStation": station})
        assert answer[2]["status"] == "Accepted"
        event = {
            "eventType": "Started",
            "timestamp": "2026-11-21T03:00:00Z",
            "triggerReason": "Authorized",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "t1"},
            "idToken": {"idToken": "DEADBEEF", "type": "ISO14443"},
        }
        assert ask(ws, "TransactionEvent", event, "2")[2] == {
            "idTokenInfo": {"status": "Accepted"}
        }
    assert csms.problems() == []


@pytest.mark.parametrize(
    "text, problem",
    [
        ("hello", "not an OCPP-J frame"),
        ('{"a":1}', "not an OCPP-J frame"),
        ('[2,"1","Heartbeat"]', "not an OCPP-J frame"),
        ('[2,"%s","Heartbeat",{}]' % ("x" * 37), "36 characters"),
        ('[2,"1","Heartbeat",{"x":1}]', "Additional properties"),
        ('[2,"1","Hartbeat",{}]', "no such action"),
        ('[2,"1","Authorize",{"idTag":"123456789012345678901"}]', "too long"),
        ('[2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available",'
         '"timestamp":"yesterday"}]', "date-time"),
        ('[3,"7",{}]', "answer to no open CALL"),
        ('[4,"7","GenericError","",{}]', "answer to no open CALL"),
    ],
)  # fmt: skip
def test_what_a_charger_does_wrong_is_noticed(csms, text, problem):
    with dial(csms) as ws:
        ws.send(text)
        csms._wait(lambda: csms.frames, 5, "frame")
    assert any(problem in p for p in csms.problems()), csms.problems()
    csms.tolerate("charger", "on purpose")
    assert csms.problems() == []


def test_two_calls_at_once_and_reused_ids_are_noticed(csms):
    csms.on("Heartbeat", Later(0.3), times=1)
    with dial(csms) as ws:
        ws.send('[2,"1","Heartbeat",{}]')
        ws.send('[2,"1","Authorize",{"idTag":"X"}]')
        ws.recv(timeout=patient(5)), ws.recv(timeout=patient(5))
    problems = "\n".join(csms.problems())
    assert "Authorize sent while Heartbeat is unanswered" in problems
    assert "message id 1 used twice" in problems


def test_calls_to_the_charger(csms):
    with dial(csms) as ws:
        csms.wait_connected()
        future = csms.send_call("Reset", {"type": "Soft"})
        frame = json.loads(ws.recv(timeout=patient(5)))
        assert frame[2:] == ["Reset", {"type": "Soft"}]
        ws.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
        assert future.result(5) == {"status": "Accepted"}

        future = csms.send_call("ClearCache")
        ws.send(
            json.dumps([4, json.loads(ws.recv(timeout=patient(5)))[1], "InternalError", "why", {}])
        )
        with pytest.raises(CallError) as raised:
            future.result(5)
        assert raised.value.code == "InternalError" and raised.value.description == "why"
        assert csms.problems() == []

        with pytest.raises(TimeoutError):
            csms.call("ClearCache", timeout=0.2)
        ws.recv(timeout=patient(5))
        future = csms.send_call("NoSuchAction", {"x": 1}, check=False)
        ws.send(
            json.dumps([4, json.loads(ws.recv(timeout=patient(5)))[1], "NotImplemented", "", {}])
        )
        with pytest.raises(CallError):
            future.result(5)
        assert csms.problems() == []

        future = csms.send_call("Reset", {"type": "Medium"})
        frame = json.loads(ws.recv(timeout=patient(5)))
        ws.send(json.dumps([3, frame[1], {"status": "Perhaps"}]))
        future.result(5)
        problems = csms.problems()
        assert len(problems) == 2 and "Medium" in problems[0] and "Perhaps" in problems[1]
        future = csms.send_call("ClearCache")
    with pytest.raises(ConnectionError):
        future.result(5)


def test_behaviours(csms):
    csms.on("Heartbeat", {"currentTime": "2030-01-01T00:00:00Z"})
    csms.on("Heartbeat", CallError("InternalError", "text", {"a": 1}), times=1)
    csms.on("Authorize", SILENCE, times=1)
    csms.on("Authorize", lambda p: {"idTagInfo": {"status": "Blocked"}})
    csms.on("DataTransfer", CLOSE)
    with dial(csms) as ws:
        assert ask(ws, "Heartbeat", {}) == [4, "1", "InternalError", "text", {"a": 1}]
        later = ask(ws, "Heartbeat", {}, "2")
        assert later == [3, "2", {"currentTime": "2030-01-01T00:00:00Z"}]
        assert ask(ws, "Authorize", {"idTag": "A"}, "3")[2]["idTagInfo"]["status"] == "Blocked"
        with pytest.raises(ConnectionClosed):
            ask(ws, "DataTransfer", {"vendorId": "v"}, "4")
    assert csms.problems() == []

    def faulty(payload):
        raise KeyError("fault in the test")

    csms.on("Authorize", SILENCE)
    csms.on("Heartbeat", faulty)
    with dial(csms) as ws:
        for text in ('[2,"1","Authorize",{"idTag":"A"}]', '[2,"2","Heartbeat",{}]'):
            ws.send(text)
        with pytest.raises(TimeoutError):
            ws.recv(timeout=0.3)
    assert "fault in the test" in csms.problems()[-1] or "fault in the test" in csms.problems()[0]


def test_refusals(csms):
    csms.refuse(404)
    with pytest.raises(InvalidStatus):
        dial(csms)
    csms.refuse(None)
    csms.password = "secret"
    with pytest.raises(InvalidStatus):
        dial(csms)
    good = {"additional_headers": {"Authorization": "Basic Y3AwMDE6c2VjcmV0"}}
    with dial(csms, **good) as ws:
        assert ws.subprotocol == "ocpp1.6"
    csms.subprotocols = []
    with dial(csms, **good) as ws:
        assert ws.subprotocol is None
    assert [path for path, _ in csms.handshakes] == ["/ocpp/cp001"] * 4


def test_lost_connections(csms):
    with dial(csms) as ws:
        csms.wait_connected()
        csms.drop()
        with pytest.raises(ConnectionClosed) as raised:
            ws.recv(timeout=patient(5))
        assert raised.value.rcvd is None
    with dial(csms) as ws:
        csms.wait_connected(opened=2)
        csms.close(1012, "later")
        with pytest.raises(ConnectionClosed) as raised:
            ws.recv(timeout=patient(5))
        assert raised.value.rcvd.code == 1012
    port = csms.port
    csms.unlisten()
    with pytest.raises(OSError):
        dial(csms)
    csms.listen()
    assert csms.port == port
    with dial(csms) as ws:
        assert ask(ws, "Heartbeat", {})[0] == 3
        csms.freeze()
        ws.send('[2,"2","Heartbeat",{}]')
        with pytest.raises(TimeoutError):
            ws.recv(timeout=0.3)
        csms.freeze(False)
        assert json.loads(ws.recv(timeout=patient(5)))[1] == "2"


def test_garbage_to_the_charger(csms):
    with dial(csms) as ws:
        csms.wait_connected()
        csms.send_text("nonsense")
        csms.send_text(b"\x00\x01")
        csms.send_text(["[2,", '"1"]'])
        csms.send_bytes(b"\x81\x02hi")
        got = [ws.recv(timeout=patient(5)) for _ in range(4)]
        assert got == ["nonsense", b"\x00\x01", '[2,"1"]', "hi"]
    assert len(csms.problems()) == 1  # binary and fragments are no OCPP frames of the record
    csms.tolerate("csms", "sends garbage on purpose")
    assert csms.problems() == []
