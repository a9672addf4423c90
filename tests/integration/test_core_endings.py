"""How transactions of OCPP 1.6 Core end, and the reason that is told (§4.10, §7.36)."""

import time

import pytest
from core_support import TAG, actions, begin, reason, wait_id, wait_status, wait_stop

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset


def tokens(csms, **more):
    csms.facts.tokens.update(more)


def test_a_restless_card_stops_once(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_id(cs)
    cs.post("/api/speed", {"speed": 0.1})  # however long the requests take
    for _ in range(3):
        cs.card(TAG, connector=1)
    cs.post("/api/speed", {"speed": 1})
    wait_stop(ocpp_csms, 1)
    time.sleep(0.4)
    assert actions(ocpp_csms, "StartTransaction", "StopTransaction") == [
        "StartTransaction",
        "StopTransaction",
    ]


def test_the_stop_answer_goes_into_the_cache(ocpp_csms, charger):
    """§4.10: what it says of the card counts from now on, also offline."""
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_id(cs)
    ocpp_csms.on("StopTransaction", {"idTagInfo": {"status": "Blocked"}})
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    cs.post("/api/network", {"online": False})
    ocpp_csms.wait_disconnected()
    cs.card(TAG, connector=1)
    time.sleep(0.3)
    assert cs.connector(1)["authorized"] is None


def test_cards_are_compared_without_case(ocpp_csms, charger):
    """IdToken is case insensitive (CiString, errata 3.75)."""
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.card(TAG.lower(), connector=1)
    assert reason(wait_stop(ocpp_csms)) == "Local"
    assert len(ocpp_csms.calls("Authorize")) == 1


def test_a_card_of_the_same_group_stops(ocpp_csms, charger):
    family = {"status": "Accepted", "parentIdTag": "FAMILY"}
    tokens(ocpp_csms, MOTHER=family, CHILD=family, STRANGER={"status": "Accepted"})
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms, tag="MOTHER")
    cs.card("STRANGER", connector=1)
    ocpp_csms.wait_for("Authorize", lambda p: p["idTag"] == "STRANGER")
    time.sleep(0.3)
    assert cs.connector(1)["transaction"]["idTag"] == "MOTHER"
    cs.card("CHILD", connector=1)
    ocpp_csms.wait_for("Authorize", lambda p: p["idTag"] == "CHILD")
    stop = wait_stop(ocpp_csms)
    assert reason(stop) == "Local" and stop["idTag"] == "CHILD"


def test_the_group_may_come_with_the_start_answer(ocpp_csms, charger):
    tokens(ocpp_csms, CHILD={"status": "Accepted", "parentIdTag": "FAMILY"})
    info = {"status": "Accepted", "parentIdTag": "FAMILY"}
    ocpp_csms.on("StartTransaction", {"transactionId": 7, "idTagInfo": info})
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_id(cs)
    cs.card("CHILD", connector=1)
    assert wait_stop(ocpp_csms, 7)["idTag"] == "CHILD"


def test_a_quick_change_of_cars_is_seen(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.act(1, "unplug")
    cs.act(1, "plug")
    assert reason(wait_stop(ocpp_csms, 1)) == "EVDisconnected"
    cs.wait_connector(1, status="Preparing", relay=False, transaction=None)


def test_the_transaction_may_outlive_the_cable(ocpp_csms, charger):
    """StopTransactionOnEVSideDisconnect=false; it has priority over the other key: the cable stays
    locked (§4.10)."""
    settings = {
        "StopTransactionOnEVSideDisconnect": "false",
        "UnlockConnectorOnEVSideDisconnect": "true",
    }
    cs = charger(ocpp_csms, settings=settings)
    begin(cs, ocpp_csms)
    cs.act(1, "unplug")
    told = wait_status(ocpp_csms, 1, "SuspendedEV")
    assert told["errorCode"] == "NoError" and told["info"] == "EV side disconnected"
    shown = cs.connector(1)
    assert shown["relay"] is False and shown["locked"] is True
    assert shown["transaction"]["id"] == 1
    mark = ocpp_csms.mark()
    cs.act(1, "plug")
    assert "info" not in wait_status(ocpp_csms, 1, "Charging", since=mark)
    assert not ocpp_csms.calls("StopTransaction")
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 1)) == "Local"
    cs.wait_connector(1, locked=False)


def test_the_cable_may_stay_locked_after_the_end(ocpp_csms, charger):
    """UnlockConnectorOnEVSideDisconnect=false: until the same card comes (§4.10)."""
    settings = {"UnlockConnectorOnEVSideDisconnect": "false"}
    cs = charger(ocpp_csms, settings=settings)
    begin(cs, ocpp_csms)
    cs.act(1, "unplug")
    assert reason(wait_stop(ocpp_csms)) == "EVDisconnected"
    time.sleep(0.3)
    shown = cs.connector(1)
    assert shown["locked"] is True and shown["status"] == "Finishing"
    cs.card(TAG, connector=1)
    cs.wait_connector(1, locked=False, status="Available")
    assert len(ocpp_csms.calls("StartTransaction")) == 1


def test_remote_stop(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_id(cs)
    answer = ocpp_csms.call("RemoteStopTransaction", {"transactionId": 99})
    assert answer == {"status": "Rejected"}
    answer = ocpp_csms.call("RemoteStopTransaction", {"transactionId": 1})
    assert answer == {"status": "Accepted"}
    stop = wait_stop(ocpp_csms, 1)
    assert reason(stop) == "Remote"
    cs.wait_connector(1, relay=False, locked=False, status="Finishing")
    answer = ocpp_csms.call("RemoteStopTransaction", {"transactionId": 1})
    assert answer == {"status": "Rejected"}


def test_the_cable_of_a_deauthorized_car_may_be_kept(ocpp_csms, charger):
    """UnlockConnectorOnEVSideDisconnect=false: also when the car has left its end."""
    ocpp_csms.on("StartTransaction", {"transactionId": 5, "idTagInfo": {"status": "Blocked"}})
    cs = charger(ocpp_csms, settings={"UnlockConnectorOnEVSideDisconnect": "false"})
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 5)) == "DeAuthorized"
    cs.act(1, "unplug")
    time.sleep(0.3)
    shown = cs.connector(1)
    assert shown["locked"] is True and shown["status"] == "Finishing"
    cs.card(TAG, connector=1)
    cs.wait_connector(1, locked=False, status="Available")


def test_deauthorized_without_a_stop(ocpp_csms, charger):
    """StopTransactionOnInvalidId=false: only the energy stops, SuspendedEVSE (§4.9 C5)."""
    ocpp_csms.on("StartTransaction", {"transactionId": 5, "idTagInfo": {"status": "Invalid"}})
    cs = charger(ocpp_csms, settings={"StopTransactionOnInvalidId": "false"})
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    wait_status(ocpp_csms, 1, "SuspendedEVSE")
    shown = cs.wait_connector(1, relay=False)
    assert shown["transaction"]["id"] == 5
    cs.act(1, "ev", state="B")
    time.sleep(0.3)
    assert cs.connector(1)["status"] == "SuspendedEVSE"
    assert not ocpp_csms.calls("StopTransaction")
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 5)) == "Local"


@pytest.mark.parametrize("stops", [True, False])
def test_some_energy_for_a_deauthorized_car(ocpp_csms, charger, stops):
    """MaxEnergyOnInvalidId is given, and not much more."""
    ocpp_csms.on("StartTransaction", {"transactionId": 5, "idTagInfo": {"status": "Invalid"}})
    text = "true" if stops else "false"
    settings = {"MaxEnergyOnInvalidId": "50", "StopTransactionOnInvalidId": text}
    cs = charger(ocpp_csms, speed=10, settings=settings)
    cs.act(1, "meter", energy_wh=1000)
    cs.act(1, "plug", current_a=16)
    cs.card(TAG, connector=1)
    if stops:
        stop = wait_stop(ocpp_csms, 5)
        assert reason(stop) == "DeAuthorized" and 1050 <= stop["meterStop"] <= 1062
    else:
        wait_status(ocpp_csms, 1, "SuspendedEVSE")
        shown = cs.wait_connector(1, relay=False)
        assert 1050 <= shown["energy_wh"] <= 1062 and shown["transaction"]["id"] == 5


@pytest.mark.parametrize(
    "code, more, why, told",
    [
        ("GroundFailure", {"info": "residual current"}, "Other", "GroundFailure"),
        ("PowerMeterFailure", {"vendor_id": "V", "vendor_code": "77"}, "Other", None),
        ("CX008", {}, "EmergencyStop", "OtherError"),
    ],
)
def test_faults_end_the_transaction(ocpp_csms, charger, code, more, why, told):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.act(1, "fault", code=code, **more)
    status = wait_status(ocpp_csms, 1, "Faulted")
    assert status["errorCode"] == (told or code)
    if "info" in more:
        assert status["info"] == more["info"]
    if "vendor_code" in more:
        assert status["vendorErrorCode"] == "77" and status["vendorId"] == "V"
    stop = wait_stop(ocpp_csms, 1)
    assert reason(stop) == why
    cs.wait_connector(1, relay=False, transaction=None, status="Faulted")
    mark = ocpp_csms.mark()
    cs.delete("/api/connectors/1/fault", {"code": code})
    assert wait_status(ocpp_csms, 1, "Finishing", since=mark)["errorCode"] == "NoError"


def test_a_warning_does_not_end_the_transaction(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_status(ocpp_csms, 1, "Charging")
    mark = ocpp_csms.mark()
    cs.act(1, "fault", code="WeakSignal")
    told = wait_status(ocpp_csms, 1, "Charging", since=mark)
    assert told["errorCode"] == "WeakSignal"
    assert cs.connector(1)["relay"] is True and not ocpp_csms.calls("StopTransaction")


@pytest.mark.parametrize("state", ["E", "F"])
def test_a_broken_pilot_opens_the_contactor(ocpp_csms, charger, state):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.act(1, "pilot", state=state)
    assert cs.connector(1)["relay"] is False
    wait_status(ocpp_csms, 1, "Faulted")
    assert reason(wait_stop(ocpp_csms, 1)) == "Other"
