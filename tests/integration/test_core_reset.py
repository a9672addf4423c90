"""Reset of OCPP 1.6 Core (§5.14, errata 3.36)."""

import time

import pytest
from core16 import sent, setting
from core_support import TAG, actions, begin, reason, wait_id, wait_status, wait_stop
from ocpp_link import SILENCE

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset

ACCEPTED = {"status": "Accepted"}


def reset(csms, kind):
    """Reset: the mark before it. It is accepted."""
    mark = csms.mark()
    assert csms.call("Reset", {"type": kind}) == ACCEPTED
    return mark


def wait_boot(csms, mark):
    return csms.wait_for("BootNotification", since=mark)


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_reset_without_a_transaction(ocpp_csms, charger, kind):
    cs = charger(ocpp_csms)
    cs.act(2, "plug", ev="B")
    wait_status(ocpp_csms, 2, "Preparing")
    before = cs.status()["uptime_s"]
    time.sleep(max(0, 1.1 - before))
    began = time.monotonic()
    mark = reset(ocpp_csms, kind)
    wait_boot(ocpp_csms, mark)
    ocpp_csms.wait_connected(opened=2)
    cs.wait_accepted()
    assert cs.status()["uptime_s"] <= time.monotonic() - began
    # The world goes on; all is reported anew (errata 3.22).
    wait_status(ocpp_csms, 0, "Available", since=mark)
    wait_status(ocpp_csms, 1, "Available", since=mark)
    wait_status(ocpp_csms, 2, "Preparing", since=mark)


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_reset_ends_transactions(ocpp_csms, charger, kind):
    """The stops come before the restart, or at the latest after it."""
    ocpp_csms.facts.tokens["SECOND"] = "Accepted"
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    begin(cs, ocpp_csms, 2, "SECOND")
    wait_id(cs, 2)
    mark = reset(ocpp_csms, kind)
    wait_boot(ocpp_csms, mark)
    for number in (1, 2):
        stop = wait_stop(ocpp_csms, number)
        assert reason(stop) == kind + "Reset" and "idTag" not in stop
    told = actions(ocpp_csms, "BootNotification", "StopTransaction", since=mark)
    if kind == "Soft":
        assert told == ["StopTransaction", "StopTransaction", "BootNotification"]
    cs.wait_accepted()
    for number in (1, 2):
        shown = cs.wait_connector(number, transaction=None)
        assert shown["relay"] is False and shown["plugged"] is True and not shown["locked"]
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    assert len(ocpp_csms.calls("StopTransaction")) == 2


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_the_stop_is_not_answered_before_the_reset(ocpp_csms, charger, kind):
    """It is queued, and told after the restart (§5.14)."""
    cs = charger(ocpp_csms, speed=10, settings={"MessageTimeout": "10"})
    begin(cs, ocpp_csms)
    wait_id(cs)
    ocpp_csms.on("StopTransaction", SILENCE, times=1)
    ocpp_csms.tolerate("charger", "the unanswered stop times out, and the next call is sent")
    mark = reset(ocpp_csms, kind)
    wait_boot(ocpp_csms, mark)
    cs.wait_accepted()
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    tries = sent(ocpp_csms, "StopTransaction")
    assert len(tries) >= 2 and all(t.payload == tries[0].payload for t in tries)
    assert reason(tries[0].payload) == kind + "Reset"


def test_a_reset_is_no_power_loss(ocpp_csms, charger):
    """With OnPowerLoss=resume, too, a reset ends the transaction (§5.14)."""
    cs = charger(ocpp_csms, settings={"OnPowerLoss": "resume"})
    begin(cs, ocpp_csms)
    wait_id(cs)
    mark = reset(ocpp_csms, "Hard")
    assert reason(wait_stop(ocpp_csms, 1)) == "HardReset"
    wait_boot(ocpp_csms, mark)
    cs.wait_accepted()
    time.sleep(0.3)
    shown = cs.connector(1)
    assert shown["transaction"] is None and shown["relay"] is False and shown["plugged"] is True


def test_nothing_begins_during_a_reset(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_id(cs)
    ocpp_csms.on("StopTransaction", SILENCE, times=1)
    reset(ocpp_csms, "Soft")
    wait_stop(ocpp_csms, 1)
    answer = ocpp_csms.call("RemoteStartTransaction", {"idTag": TAG, "connectorId": 2})
    assert answer == {"status": "Rejected"}
    cs.act(2, "plug")
    cs.card(TAG, connector=2)
    time.sleep(0.3)
    assert cs.connector(2)["transaction"] is None
    assert len(ocpp_csms.calls("StartTransaction")) == 1


def test_what_survives_a_reset(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "meter", energy_wh=777)
    change = {"key": "MinimumStatusDuration", "value": "1"}
    assert ocpp_csms.call("ChangeConfiguration", change) == ACCEPTED
    off = {"connectorId": 2, "type": "Inoperative"}
    assert ocpp_csms.call("ChangeAvailability", off) == ACCEPTED
    mark = reset(ocpp_csms, "Hard")
    wait_boot(ocpp_csms, mark)
    wait_status(ocpp_csms, 2, "Unavailable", since=mark)
    assert setting(ocpp_csms, "MinimumStatusDuration") == "1"
    assert cs.connector(1)["energy_wh"] == 777


def test_resets_one_after_the_other(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    for n, kind in enumerate(("Soft", "Hard", "Soft"), 2):
        mark = reset(ocpp_csms, kind)
        wait_boot(ocpp_csms, mark)
        ocpp_csms.wait_connected(opened=n)
        cs.wait_accepted()
    begin(cs, ocpp_csms)
    assert wait_id(cs) == 1
