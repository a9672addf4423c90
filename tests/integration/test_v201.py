"""OCPP 2.0.1 as the charger process speaks it; every frame is held against the schemas."""

import pytest

pytestmark = pytest.mark.slow

CARD = {"idToken": "DEADBEEF", "type": "ISO14443"}
V201 = {"version": "2.0.1"}
BOTH = {"version": ["2.0.1", "1.6"]}


def set_up(charger, ocpp_csms, ocpp=V201, **more):
    more.setdefault("speed", 10)
    return charger(ocpp_csms, ocpp=ocpp, **more)


def wait_event(csms, kind, trigger=None, **more):
    def fits(p):
        return p["eventType"] == kind and trigger in (None, p["triggerReason"])

    return csms.wait_for("TransactionEvent", fits, **more)


def charging(cs, csms):
    """Plug and present the card; the Started event."""
    cs.act(1, "plug", current_a=16)
    cs.card("DEADBEEF", connector=1)
    start = wait_event(csms, "Started")
    wait_event(csms, "Updated", "ChargingStateChanged")
    return start


def test_a_session(ocpp_csms, charger):
    settings = {"MeterValueSampleInterval": "5", "TxCtrlr.EVConnectionTimeOut": "120"}
    cs = set_up(charger, ocpp_csms, settings=settings)
    boot = ocpp_csms.calls("BootNotification")[0]
    assert boot["reason"] == "PowerUp" and boot["chargingStation"]["serialNumber"] == "0001"
    for evse in (1, 2):
        status = ocpp_csms.wait_for("StatusNotification", lambda p, n=evse: p["evseId"] == n)
        assert status["connectorStatus"] == "Available"
    start = charging(cs, ocpp_csms)
    assert start["idToken"] == CARD and start["evse"] == {"id": 1, "connectorId": 1}
    id = start["transactionInfo"]["transactionId"]
    shown = cs.wait_connector(1, status="Occupied")
    assert shown["transaction"]["id"] == id and shown["transaction"]["idTag"] == "DEADBEEF"
    sampled = wait_event(ocpp_csms, "Updated", "MeterValuePeriodic")
    measurands = {v["measurand"] for v in sampled["meterValue"][0]["sampledValue"]}
    assert {"Energy.Active.Import.Register", "Power.Active.Import", "Voltage"} <= measurands
    cs.card("DEADBEEF", connector=1)
    end = wait_event(ocpp_csms, "Ended")
    assert end["triggerReason"] == "StopAuthorized" and end["idToken"] == CARD
    assert end["transactionInfo"].pop("timeSpentCharging") > 0
    assert end["transactionInfo"] == {
        "transactionId": id,
        "stoppedReason": "Local",
        "chargingState": "EVConnected",
    }
    register = end["meterValue"][-1]["sampledValue"][0]
    assert register["context"] == "Transaction.End" and register["value"] > 0
    cs.act(1, "unplug")
    cs.wait_connector(1, status="Available", transaction=None)
    numbers = [e["seqNo"] for e in ocpp_csms.calls("TransactionEvent")]
    assert numbers == list(range(len(numbers)))


def test_remote_start_stop_and_variables(ocpp_csms, charger):
    cs = set_up(charger, ocpp_csms)
    item = {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}}
    answer = ocpp_csms.call("SetVariables", {"setVariableData": [dict(item, attributeValue="5")]})
    assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted"
    answer = ocpp_csms.call("GetVariables", {"getVariableData": [item]})
    assert answer["getVariableResult"][0]["attributeValue"] == "5"
    assert cs.get("/api/settings")["MeterValueSampleInterval"] == "5"
    request = {"idToken": CARD, "remoteStartId": 5, "evseId": 2}
    assert ocpp_csms.call("RequestStartTransaction", request) == {"status": "Accepted"}
    cs.act(2, "plug")
    start = wait_event(ocpp_csms, "Started", "RemoteStart")
    assert start["transactionInfo"]["remoteStartId"] == 5
    wait_event(ocpp_csms, "Updated", "MeterValuePeriodic")
    id = {"transactionId": start["transactionInfo"]["transactionId"]}
    assert ocpp_csms.call("GetTransactionStatus", id)["ongoingIndicator"] is True
    assert ocpp_csms.call("RequestStopTransaction", id) == {"status": "Accepted"}
    assert wait_event(ocpp_csms, "Ended")["transactionInfo"]["stoppedReason"] == "Remote"


def test_other_means_of_authorization(ocpp_csms, charger):
    cs = set_up(charger, ocpp_csms)
    for kind in ("MacAddress", "KeyCode", "eMAID", "Central", "Local", "ISO15693"):
        cs.post("/api/auth", {"idTag": "T-" + kind, "type": kind, "connector": 1})
        asked = ocpp_csms.wait_for("Authorize")
        assert asked["idToken"] == {"idToken": "T-" + kind, "type": kind}


@pytest.mark.slow
def test_a_session_without_network_is_told_later(ocpp_csms, charger):
    cs = set_up(charger, ocpp_csms)
    cs.post("/api/auth_cache", {"idTag": "DEADBEEF", "status": "Accepted"})
    cs.post("/api/network", {"online": False})
    ocpp_csms.wait_disconnected()
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    id = cs.wait_until(lambda s: s["connectors"][0]["transaction"])["connectors"][0]
    id = id["transaction"]["id"]
    cs.wait_connector(1, relay=True)
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, transaction=None)
    cs.post("/api/network", {"online": True})
    end = wait_event(ocpp_csms, "Ended")
    told = ocpp_csms.calls("TransactionEvent")
    assert {e["transactionInfo"]["transactionId"] for e in told} == {id}
    assert all(e["offline"] is True for e in told) and end["seqNo"] == len(told) - 1
    assert len(ocpp_csms.calls("BootNotification")) == 1


@pytest.mark.slow
def test_a_power_cut(ocpp_csms, charger):
    cs = set_up(charger, ocpp_csms)
    start = charging(cs, ocpp_csms)
    cs.kill()
    ocpp_csms.wait_disconnected()
    cs.start()
    end = wait_event(ocpp_csms, "Ended")
    assert end["transactionInfo"]["stoppedReason"] == "PowerLoss"
    id = start["transactionInfo"]["transactionId"]
    assert end["transactionInfo"]["transactionId"] == id
    cs.wait_accepted()


@pytest.mark.slow
def test_resets(ocpp_csms, charger):
    cs = set_up(charger, ocpp_csms)
    charging(cs, ocpp_csms)
    since = ocpp_csms.mark()
    assert ocpp_csms.call("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    cs.card("DEADBEEF", connector=1)
    wait_event(ocpp_csms, "Ended")
    booted(ocpp_csms, since, "ScheduledReset", "Occupied")
    cs.wait_accepted()
    cs.card("DEADBEEF", connector=1)
    wait_event(ocpp_csms, "Started")
    since = ocpp_csms.mark()
    assert ocpp_csms.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    end = wait_event(ocpp_csms, "Ended")
    assert end["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    booted(ocpp_csms, since, "RemoteReset", "Occupied")
    cs.wait_accepted()
    cs.act(1, "unplug")
    ocpp_csms.wait_for("StatusNotification", lambda p: p["connectorStatus"] == "Available")
    since = ocpp_csms.mark()
    assert ocpp_csms.call("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}
    booted(ocpp_csms, since, "RemoteReset", "Available")


def booted(csms, since, reason, state):
    """It has told why it booted, the states of its connectors (`state`: of the first), and that
    it did (TC_B_20 to TC_B_22)."""
    csms.wait_for("BootNotification", lambda p: p["reason"] == reason, since=since)
    for n, status in ((1, state), (2, "Available")):
        csms.wait_for(
            "StatusNotification",
            lambda p, n=n, status=status: (p["evseId"], p["connectorStatus"]) == (n, status),
            since=since,
        )
    csms.wait_for(
        "SecurityEventNotification",
        lambda p: p["type"] in ("StartupOfTheDevice", "ResetOrReboot"),
        since=since,
    )


@pytest.mark.slow
def test_the_server_picks_the_version(ocpp_csms, charger):
    ocpp_csms.subprotocols = ["ocpp1.6"]
    cs = set_up(charger, ocpp_csms, BOTH)
    offered = [h["Sec-WebSocket-Protocol"] for _, h in ocpp_csms.handshakes]
    assert offered == ["ocpp2.0.1, ocpp1.6"]
    assert cs.status()["ocpp"]["version"] == "1.6"
    assert "chargePointModel" in ocpp_csms.wait_for("BootNotification")
    cs.act(1, "plug", ev="B")
    cs.wait_connector(1, status="Preparing")
    ocpp_csms.subprotocols = ["ocpp2.0.1"]
    ocpp_csms.drop()
    assert "chargingStation" in ocpp_csms.wait_for("BootNotification")
    ocpp_csms.wait_for("StatusNotification", lambda p: p.get("connectorStatus") == "Occupied")
    cs.wait_accepted()
    assert cs.status()["ocpp"]["version"] == "2.0.1"
    assert cs.connector(1)["status"] == "Occupied"


@pytest.mark.slow
def test_a_session_with_the_shipped_csms(csms, charger):
    server = csms()
    server.put("/api/tokens/DEADBEEF", {"status": "Accepted"})
    cs = charger(server, ocpp=BOTH, speed=10)
    assert cs.status()["ocpp"]["version"] == "2.0.1"
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, status="Occupied", relay=True)
    id = cs.connector(1)["transaction"]["id"]
    result = server.call("cp001", "RequestStopTransaction", {"transactionId": id})
    assert result == {"result": {"status": "Accepted"}}
    cs.wait_connector(1, transaction=None)
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    assert "Ended" in str(server.get("/api/stations/cp001/messages"))
