"""Identifiers found invalid after the start (OCPP 1.6 §3.5.4, errata 3.17), one reader for several
connectors, and sessions without a card."""

import time

import pytest
from core16 import (
    at_the_plug,
    change,
    make,
    offline,
    payloads,
    put,
    sent,
)

# -- found invalid after the start -------------------------------------------------------------


def invalid(charger, csms, **settings):
    """A session of a card that the station holds for valid, and the central system does not."""
    csms.facts.tokens = {"CARD": "Blocked", "DEADBEEF": "Accepted"}
    settings.setdefault("LocalPreAuthorize", "true")
    cs = at_the_plug(charger, csms, settings=settings)
    put(cs, "CARD")
    cs.card("CARD", connector=1)
    return cs, csms.wait_for("StartTransaction")


def test_invalid_stops_and_keeps_the_cable(ocpp_csms, charger):
    cs, _ = invalid(charger, ocpp_csms)
    assert ocpp_csms.wait_for("StopTransaction")["reason"] == "DeAuthorized"
    cs.wait_connector(1, status="Finishing", relay=False)
    cs.card("DEADBEEF", connector=1)  # not the owner of the cable: neither charges nor gets it
    ocpp_csms.wait_for("Authorize", lambda p: p["idTag"] == "DEADBEEF")
    time.sleep(0.4)
    assert len(payloads(ocpp_csms, "StartTransaction")) == 1
    assert cs.connector(1)["locked"]
    cs.card("CARD", connector=1)
    cs.wait_connector(1, locked=False)
    time.sleep(0.3)
    assert len(payloads(ocpp_csms, "StartTransaction")) == 1
    cs.act(1, "unplug")
    cs.wait_connector(1, status="Available")


@pytest.mark.slow
def test_invalid_suspends_only(ocpp_csms, charger):
    cs, _ = invalid(charger, ocpp_csms, StopTransactionOnInvalidId="false")
    cs.wait_connector(1, status="SuspendedEVSE", relay=False)
    time.sleep(0.3)
    assert payloads(ocpp_csms, "StopTransaction") == []
    assert cs.connector(1)["power_w"] == 0
    cs.card("CARD", connector=1)
    assert ocpp_csms.wait_for("StopTransaction").get("reason", "Local") == "Local"


@pytest.mark.parametrize("stop", ["true", "false"])
@pytest.mark.slow
def test_some_energy_for_an_invalid_one(ocpp_csms, charger, stop):
    settings = {"MaxEnergyOnInvalidId": "100", "StopTransactionOnInvalidId": stop}
    cs, start = invalid(charger, ocpp_csms, **settings)
    cs.wait_connector(1, status="Charging", relay=True)
    if stop == "true":
        end = ocpp_csms.wait_for("StopTransaction")
        assert end["reason"] == "DeAuthorized"
        energy = end["meterStop"] - start["meterStart"]
    else:
        energy = cs.wait_connector(1, status="SuspendedEVSE", relay=False)["transaction"][
            "energy_wh"
        ]
        assert payloads(ocpp_csms, "StopTransaction") == []
    assert 100 <= energy <= 130


@pytest.mark.slow
def test_invalid_found_when_back_online(ocpp_csms, charger):
    """§3.5.4: the answer to a start that was made offline counts as well."""
    ocpp_csms.facts.tokens = {"CARD": "Invalid"}
    cs = at_the_plug(charger, ocpp_csms, settings={"AllowOfflineTxForUnknownId": "true"})
    offline(cs)
    cs.card("CARD", connector=1)
    cs.wait_connector(1, status="Charging")
    offline(cs, online=True)
    ocpp_csms.wait_for("StartTransaction")
    assert ocpp_csms.wait_for("StopTransaction")["reason"] == "DeAuthorized"
    assert not cs.connector(1)["relay"]


# -- one reader for several connectors ---------------------------------------------------------


def test_a_card_is_for_who_is_plugged_in(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"A": "Accepted", "B": "Accepted", "C": "Accepted"}
    cs = make(charger, ocpp_csms)
    cs.act(2, "plug")
    cs.wait_connector(2, status="Preparing")
    cs.card("A")
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 2
    cs.act(1, "plug")
    cs.wait_connector(1, status="Preparing")
    cs.card("B")
    start = ocpp_csms.wait_for("StartTransaction")
    assert (start["connectorId"], start["idTag"]) == (1, "B")
    cs.card("C")  # both are taken
    ocpp_csms.wait_for("Authorize", lambda p: p["idTag"] == "C")
    time.sleep(0.2)
    assert payloads(ocpp_csms, "StopTransaction") == []
    cs.card("A")
    stop = ocpp_csms.wait_for("StopTransaction")
    assert stop["idTag"] == "A" and stop["transactionId"] == 1
    assert cs.connector(1)["status"] == "Charging"


@pytest.mark.slow
def test_a_card_first_waits_for_the_plug(ocpp_csms, charger):
    cs = make(charger, ocpp_csms)
    cs.card("DEADBEEF")
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == "Preparing")
    cs.act(2, "plug")
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 2
    cs.wait_connector(1, status="Available", authorized=None)
    assert len(payloads(ocpp_csms, "StartTransaction")) == 1


@pytest.mark.slow
def test_a_reader_of_its_own(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"A": "Accepted"}
    cs = make(charger, ocpp_csms)
    cs.act(1, "plug")
    cs.wait_connector(1, plugged=True)
    cs.card("A", connector=2)
    cs.wait_connector(2, authorized="A")
    time.sleep(0.2)
    assert payloads(ocpp_csms, "StartTransaction") == []
    cs.act(2, "plug")
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 2


# -- without a card ----------------------------------------------------------------------------


@pytest.mark.slow
def test_free_vend(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"FREE": "Accepted"}
    settings = {"FreeVend": "true", "FreeVendIdTag": "FREE"}
    cs = make(charger, ocpp_csms, settings=settings)
    cs.act(1, "plug")
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "FREE"
    assert sent(ocpp_csms, "Authorize") == []
    cs.act(1, "unplug")
    ocpp_csms.wait_for("StopTransaction")
    offline(cs)
    cs.act(1, "plug")
    cs.wait_connector(1, status="Charging")


@pytest.mark.slow
def test_plug_and_charge_with_a_fixed_tag(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"FIXED": "Accepted"}
    cs = make(charger, ocpp_csms, settings={"PlugAndChargeIdTag": "FIXED"})
    cs.act(1, "plug")
    assert ocpp_csms.wait_for("Authorize") == {"idTag": "FIXED"}
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "FIXED"
    ocpp_csms.facts.tokens = {}
    cs.act(2, "plug")
    ocpp_csms.wait_for("Authorize")
    time.sleep(0.3)
    assert cs.connector(2)["transaction"] is None


@pytest.mark.slow
def test_pre_authorize_by_change_configuration(ocpp_csms, charger):
    cs = at_the_plug(charger, ocpp_csms)
    put(cs, "DEADBEEF")
    assert change(ocpp_csms, "LocalPreAuthorize", "true") == "Accepted"
    cs.card("DEADBEEF", connector=1)
    ocpp_csms.wait_for("StartTransaction")
    assert sent(ocpp_csms, "Authorize") == []
