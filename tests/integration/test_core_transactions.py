"""Transactions of OCPP 1.6 Core: how they begin and end, and what the CSMS is told of it."""

import time

import pytest
from core_support import (
    TAG,
    actions,
    begin,
    reason,
    statuses,
    unix,
    wait_id,
    wait_status,
    wait_stop,
)
from ocpp_link import Later


def tokens(csms, **more):
    csms.facts.tokens.update(more)


# -- beginning --------------------------------------------------------------------------------


def test_card_first(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "meter", energy_wh=123456)
    mark = ocpp_csms.mark()
    cs.card(TAG, connector=1)
    assert ocpp_csms.wait_for("Authorize") == {"idTag": TAG}
    wait_status(ocpp_csms, 1, "Preparing")
    assert cs.connector(1)["authorized"] == TAG and not ocpp_csms.calls("StartTransaction")
    cs.act(1, "plug", current_a=16)
    start = ocpp_csms.wait_for("StartTransaction")
    assert start.pop("timestamp")[-1] == "Z"
    assert start == {"connectorId": 1, "idTag": TAG, "meterStart": 123456}
    shown = cs.wait_connector(1, status="Charging", relay=True, locked=True)
    assert shown["power_w"] == 3 * 230 * 16
    wait_status(ocpp_csms, 1, "Charging")
    assert statuses(ocpp_csms, 1, mark) == ["Preparing", "Charging"]
    assert actions(ocpp_csms, "Authorize", "StartTransaction") == ["Authorize", "StartTransaction"]


def test_plug_first(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(2, "plug")
    wait_status(ocpp_csms, 2, "Preparing")
    assert cs.connector(2)["relay"] is False and cs.connector(2)["authorized"] is None
    before = time.time()
    cs.card(TAG, connector=2)
    start = ocpp_csms.wait_for("StartTransaction")
    assert start["connectorId"] == 2 and before - 2 <= unix(start["timestamp"]) <= time.time() + 1
    shown = cs.wait_connector(2, status="Charging", relay=True)
    assert shown["transaction"]["idTag"] == TAG and shown["authorized"] == TAG
    assert wait_id(cs, 2) == 1
    assert cs.connector(1)["status"] == "Available"


def test_no_energy_before_the_start(ocpp_csms, charger):
    """The contactor is open as long as nobody is authorized, and again after the end."""
    cs = charger(ocpp_csms, speed=20)
    cs.act(1, "plug")
    cs.card("STRANGER", connector=1)
    ocpp_csms.wait_for("Authorize")
    time.sleep(0.4)
    shown = cs.connector(1)
    assert shown["energy_wh"] == 0 and shown["relay"] is False and shown["transaction"] is None
    cs.card(TAG, connector=1)
    cs.wait_until(lambda s: s["connectors"][0]["energy_wh"] >= 5)
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    time.sleep(0.4)
    assert cs.connector(1)["energy_wh"] == stop["meterStop"]
    assert ocpp_csms.calls("StartTransaction")[0]["meterStart"] == 0


@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_a_card_that_is_not_accepted(ocpp_csms, charger, status):
    tokens(ocpp_csms, OTHER=status)
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    cs.wait_connector(1, status="Preparing")
    cs.card("OTHER", connector=1)
    ocpp_csms.wait_for("Authorize")
    time.sleep(0.3)
    assert cs.connector(1)["status"] == "Preparing" and cs.connector(1)["authorized"] is None
    assert not ocpp_csms.calls("StartTransaction")


def test_the_second_presentation_withdraws_the_card(ocpp_csms, charger):
    """§4.9 B1"""
    cs = charger(ocpp_csms)
    cs.card(TAG, connector=1)
    wait_status(ocpp_csms, 1, "Preparing")
    cs.card(TAG, connector=1)
    cs.wait_connector(1, status="Available", authorized=None)
    cs.act(1, "plug")
    cs.wait_connector(1, status="Preparing")
    time.sleep(0.2)
    assert not ocpp_csms.calls("StartTransaction")


def test_no_cable_comes_in_time(ocpp_csms, charger):
    """ConnectionTimeOut counts from Preparing on; then back to Available (errata 3.77)."""
    cs = charger(ocpp_csms, speed=20, settings={"ConnectionTimeOut": "20"})
    cs.card(TAG, connector=1)
    first = unix(wait_status(ocpp_csms, 1, "Preparing")["timestamp"])
    last = unix(wait_status(ocpp_csms, 1, "Available", since=ocpp_csms.mark())["timestamp"])
    assert 19 <= last - first <= 23
    assert cs.connector(1)["authorized"] is None
    cs.act(1, "plug")
    cs.wait_connector(1, status="Preparing")
    time.sleep(0.2)
    assert not ocpp_csms.calls("StartTransaction")


def test_no_card_comes_in_time(ocpp_csms, charger):
    """Errata 3.20 (B6): Finishing, so that the next card does not charge this car."""
    cs = charger(ocpp_csms, speed=20, settings={"ConnectionTimeOut": "20"})
    cs.act(1, "plug")
    first = unix(wait_status(ocpp_csms, 1, "Preparing")["timestamp"])
    last = unix(wait_status(ocpp_csms, 1, "Finishing")["timestamp"])
    assert 19 <= last - first <= 23
    # One reader for both: the card is for the connector that is free.
    cs.card(TAG)
    wait_status(ocpp_csms, 2, "Preparing")
    cs.act(2, "plug")
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 2
    cs.act(1, "unplug")
    wait_status(ocpp_csms, 1, "Available", since=ocpp_csms.mark())


def test_a_new_time_out_counts_at_once(ocpp_csms, charger):
    cs = charger(ocpp_csms, speed=20)
    answer = ocpp_csms.call("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "10"})
    assert answer == {"status": "Accepted"}
    cs.card(TAG, connector=1)
    cs.wait_connector(1, status="Preparing")
    cs.wait_connector(1, status="Available", timeout=3)


def test_one_reader_the_plugged_connector_is_meant(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(2, "plug")
    cs.wait_connector(2, status="Preparing")
    cs.card(TAG)
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 2


def test_one_reader_the_next_plugged_connector_is_meant(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.card(TAG)
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == "Preparing")
    cs.act(2, "plug")
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 2
    cs.wait_connector(1, status="Available", authorized=None)


def test_one_reader_two_sessions(ocpp_csms, charger):
    tokens(ocpp_csms, SECOND="Accepted")
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    cs.card(TAG)
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 1
    cs.card("SECOND")
    cs.act(2, "plug")
    start = ocpp_csms.wait_for("StartTransaction")
    assert start["connectorId"] == 2 and start["idTag"] == "SECOND"
    wait_id(cs, 2)
    cs.card(TAG)
    assert wait_stop(ocpp_csms)["transactionId"] == 1
    assert cs.connector(2)["transaction"]["id"] == 2


def test_free_vend(ocpp_csms, charger):
    """Charging without any card; the tag is the operator's. §4.9 A3 leaves Preparing out."""
    tokens(ocpp_csms, FREE="Accepted")
    settings = {"FreeVend": "true", "FreeVendIdTag": "FREE"}
    cs = charger(ocpp_csms, settings=settings)
    cs.act(1, "plug")
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "FREE"
    cs.wait_connector(1, status="Charging")
    assert not ocpp_csms.calls("Authorize")
    cs.act(1, "unplug")
    assert reason(wait_stop(ocpp_csms)) == "EVDisconnected"


def test_plug_and_charge_with_a_fixed_tag(ocpp_csms, charger):
    cs = charger(ocpp_csms, settings={"PlugAndChargeIdTag": TAG})
    cs.act(1, "plug")
    assert ocpp_csms.wait_for("Authorize") == {"idTag": TAG}
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == TAG
    ocpp_csms.facts.tokens[TAG] = "Blocked"
    cs.act(2, "plug")
    ocpp_csms.wait_for("Authorize")
    time.sleep(0.3)
    assert cs.connector(2)["transaction"] is None


def test_the_car_is_not_ready(ocpp_csms, charger):
    """The transaction runs; Charging and SuspendedEV follow the car (§4.9 C4, D3)."""
    cs = charger(ocpp_csms)
    cs.act(1, "plug", ev="B")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("StartTransaction")
    wait_status(ocpp_csms, 1, "SuspendedEV")
    assert cs.connector(1)["relay"] is False
    for state, status in (("C", "Charging"), ("B", "SuspendedEV"), ("D", "Charging")):
        mark = ocpp_csms.mark()
        cs.act(1, "ev", state=state)
        wait_status(ocpp_csms, 1, status, since=mark)
    assert len(ocpp_csms.calls("StartTransaction")) == 1
    assert not ocpp_csms.calls("StopTransaction")


# -- ending -----------------------------------------------------------------------------------


def test_the_same_card_stops(ocpp_csms, charger):
    """Without asking the CSMS (§3.4); the cable is released (§4.10)."""
    cs = charger(ocpp_csms, speed=20)
    start = begin(cs, ocpp_csms)
    cs.wait_until(lambda s: s["connectors"][0]["energy_wh"] >= 10)
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    assert reason(stop) == "Local" and stop["idTag"] == TAG and stop["transactionId"] == 1
    assert stop["meterStop"] >= 10 and unix(stop["timestamp"]) > unix(start["timestamp"])
    assert "transactionData" not in stop
    wait_status(ocpp_csms, 1, "Finishing")
    cs.wait_connector(1, relay=False, locked=False, transaction=None, authorized=None)
    cs.act(1, "unplug")
    wait_status(ocpp_csms, 1, "Available", since=5)
    assert len(ocpp_csms.calls("Authorize")) == 1
    assert actions(ocpp_csms, "StartTransaction", "StopTransaction") == [
        "StartTransaction",
        "StopTransaction",
    ]


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


def test_the_cable_is_pulled_at_the_car(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.act(1, "unplug")
    assert reason(wait_stop(ocpp_csms)) == "EVDisconnected"
    finishing = wait_status(ocpp_csms, 1, "Finishing")
    assert finishing["errorCode"] == "NoError" and finishing["info"] == "EV side disconnected"
    cs.wait_connector(1, relay=False, status="Available", locked=False)
    # Plugged in again it does not charge by itself (§4.10).
    cs.act(1, "plug")
    wait_status(ocpp_csms, 1, "Preparing", since=ocpp_csms.mark())
    time.sleep(0.3)
    shown = cs.connector(1)
    assert shown["relay"] is False and shown["transaction"] is None


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


def test_the_start_answer_does_not_accept_the_card(ocpp_csms, charger):
    """Errata 3.17, 3.5: DeAuthorized, the cable locked until the same card comes."""
    info = {"transactionId": 5, "idTagInfo": {"status": "Blocked"}}
    ocpp_csms.on("StartTransaction", Later(0.3, info))
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    cs.wait_connector(1, relay=True)
    stop = wait_stop(ocpp_csms, 5)
    assert reason(stop) == "DeAuthorized"
    cs.wait_connector(1, relay=False, locked=True, transaction=None)
    cs.card("STRANGER", connector=1)
    ocpp_csms.wait_for("Authorize", lambda p: p["idTag"] == "STRANGER")
    time.sleep(0.2)
    assert cs.connector(1)["locked"] is True
    cs.card(TAG, connector=1)
    cs.wait_connector(1, locked=False)


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


# -- identity, order --------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, -1, -(2**31), 2**31, 2**63 - 1])
def test_transaction_ids_of_any_size(ocpp_csms, charger, number):
    """Errata 3.54"""
    ocpp_csms.facts.transaction_ids = iter([number])
    cs = charger(ocpp_csms, speed=5, settings={"MeterValueSampleInterval": "2"})
    begin(cs, ocpp_csms)
    assert ocpp_csms.wait_for("MeterValues")["transactionId"] == number
    assert wait_id(cs) == number
    answer = ocpp_csms.call("RemoteStopTransaction", {"transactionId": number})
    assert answer == {"status": "Accepted"}
    assert reason(wait_stop(ocpp_csms, number)) == "Remote"


def test_the_same_id_twice(ocpp_csms, charger):
    """Two transactions that the CSMS gives one id stay two."""
    ocpp_csms.on("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
    tokens(ocpp_csms, SECOND="Accepted")
    cs = charger(ocpp_csms, speed=10)
    begin(cs, ocpp_csms)
    cs.act(2, "meter", energy_wh=50000)
    begin(cs, ocpp_csms, 2, "SECOND")
    wait_id(cs, 2)
    cs.card("SECOND", connector=2)
    assert wait_stop(ocpp_csms)["meterStop"] >= 50000
    assert cs.connector(1)["transaction"]["id"] == 1
    cs.card(TAG, connector=1)
    assert wait_stop(ocpp_csms)["meterStop"] < 50000


def test_two_connectors_at_once(ocpp_csms, charger):
    """Chronological order over both connectors (§3.7), each with its own register."""
    tokens(ocpp_csms, SECOND="Accepted")
    settings = {"MeterValueSampleInterval": "3"}
    cs = charger(ocpp_csms, speed=10, settings=settings)
    cs.act(2, "meter", energy_wh=700000)
    begin(cs, ocpp_csms, 1, current_a=32)
    begin(cs, ocpp_csms, 2, "SECOND", current_a=10)
    for number in (1, 2):
        values = ocpp_csms.wait_for("MeterValues", lambda p, n=number: p["connectorId"] == n)
        assert values["transactionId"] == number
    cs.wait_until(lambda s: s["connectors"][0]["transaction"]["energy_wh"] > 20)
    cs.card("SECOND", connector=2)
    second = wait_stop(ocpp_csms, 2)
    cs.card(TAG, connector=1)
    first = wait_stop(ocpp_csms, 1)
    assert second["meterStop"] >= 700000 and 20 < first["meterStop"] < 700000
    kinds = ("StartTransaction", "StopTransaction", "MeterValues")
    times = []
    for frame in ocpp_csms.frames:
        if frame.sender == "charger" and frame.type == 2 and frame.action in kinds:
            values = frame.payload.get("meterValue")
            times.append(unix(values[0]["timestamp"] if values else frame.payload["timestamp"]))
    assert len(times) >= 6 and times == sorted(times)


def test_the_register_goes_on(ocpp_csms, charger):
    """meterStart is where the last transaction ended (errata 3.78), never zero again."""
    cs = charger(ocpp_csms, speed=20)
    ends = []
    for _ in range(3):
        start = begin(cs, ocpp_csms)
        if ends:
            assert start["meterStart"] == ends[-1]
        cs.wait_until(lambda s: s["connectors"][0]["transaction"]["energy_wh"] >= 5)
        cs.card(TAG, connector=1)
        ends.append(wait_stop(ocpp_csms)["meterStop"])
        cs.act(1, "unplug")
        cs.wait_connector(1, status="Available")
    assert ends == sorted(ends) and ends[-1] == cs.connector(1)["energy_wh"]


def test_after_the_end_the_same_car_may_charge_again(ocpp_csms, charger):
    """§4.9 F2: a card during Finishing begins a new transaction."""
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    cs.wait_connector(1, status="Finishing")
    cs.card(TAG, connector=1)
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 1
    assert wait_id(cs) == 2
    cs.wait_connector(1, status="Charging")


def test_the_start_is_answered_late(ocpp_csms, charger):
    """Meter values and the end wait for the start's answer and bear its id."""
    accepted = {"transactionId": 42, "idTagInfo": {"status": "Accepted"}}
    ocpp_csms.on("StartTransaction", Later(1.2, accepted))
    cs = charger(ocpp_csms, speed=5, settings={"MeterValueSampleInterval": "1"})
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("StartTransaction")
    cs.wait_connector(1, relay=True)
    cs.card(TAG, connector=1)
    cs.wait_connector(1, transaction=None)
    assert not ocpp_csms.calls("StopTransaction") and not ocpp_csms.calls("MeterValues")
    assert reason(wait_stop(ocpp_csms, 42)) == "Local"
    assert {p["transactionId"] for p in ocpp_csms.calls("MeterValues")} <= {42}
