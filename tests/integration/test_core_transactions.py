"""Transactions of OCPP 1.6 Core: how they begin, their identity and order."""

import time

import pytest
from core_support import TAG, begin, reason, unix, wait_id, wait_status, wait_stop
from ocpp_link import Later

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset


def tokens(csms, **more):
    csms.facts.tokens.update(more)


# -- beginning --------------------------------------------------------------------------------


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
