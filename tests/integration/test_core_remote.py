"""What the CSMS asks of a station in OCPP 1.6 Core: start, stop, unlock, availability, data."""

import time

import pytest
from clients import ApiError
from core16 import change
from core_support import (
    TAG,
    begin,
    reason,
    remote_start,
    statuses,
    unlock,
    wait_id,
    wait_status,
    wait_stop,
)
from ocpp_link import CallError

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
SCHEDULE = {
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
}


def availability(csms, connector, kind):
    payload = {"connectorId": connector, "type": kind}
    return csms.call("ChangeAvailability", payload)["status"]


def profile(purpose, **more):
    base = {"chargingProfileId": 1, "stackLevel": 0, "chargingProfileKind": "Relative"}
    return dict(base, chargingProfilePurpose=purpose, chargingSchedule=SCHEDULE, **more)


@pytest.fixture(autouse=True)
def all_tokens_are_accepted(ocpp_csms):
    ocpp_csms.facts.unknown_token = "Accepted"


# -- RemoteStartTransaction -------------------------------------------------------------------


def test_remote_start_of_a_plugged_car(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    cs.wait_connector(1, status="Preparing")
    assert remote_start(ocpp_csms, 1, "REMOTE") == ACCEPTED
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "REMOTE"


def test_remote_start_without_a_connector(ocpp_csms, charger):
    """The station chooses: the plugged one; with none, the next that is plugged in."""
    cs = charger(ocpp_csms)
    cs.act(2, "plug")
    cs.wait_connector(2, status="Preparing")
    assert remote_start(ocpp_csms) == ACCEPTED
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 2
    assert remote_start(ocpp_csms, None, "SECOND") == ACCEPTED
    wait_status(ocpp_csms, 1, "Preparing")
    cs.act(1, "plug")
    start = ocpp_csms.wait_for("StartTransaction")
    assert (start["connectorId"], start["idTag"]) == (1, "SECOND")
    cs.wait_connector(1, status="Charging")
    assert remote_start(ocpp_csms, None, "THIRD") == REJECTED


def test_remote_start_and_no_car_comes(ocpp_csms, charger):
    cs = charger(ocpp_csms, speed=20, settings={"ConnectionTimeOut": "15"})
    assert remote_start(ocpp_csms, 1) == ACCEPTED
    wait_status(ocpp_csms, 1, "Preparing")
    wait_status(ocpp_csms, 1, "Available", since=ocpp_csms.mark())
    cs.act(1, "plug")
    time.sleep(0.3)
    assert not ocpp_csms.calls("StartTransaction")


def test_remote_start_where_it_can_not_be(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    for number in (0, 3, -1):
        assert remote_start(ocpp_csms, number) == REJECTED, number
    # Charging
    begin(cs, ocpp_csms)
    assert remote_start(ocpp_csms, 1, "OTHER") == REJECTED
    assert remote_start(ocpp_csms, 1) == REJECTED
    assert cs.connector(1)["transaction"]["idTag"] == TAG
    # Authorized for somebody else
    assert remote_start(ocpp_csms, 2, "SECOND") == ACCEPTED
    assert remote_start(ocpp_csms, 2, "THIRD") == REJECTED
    assert cs.connector(2)["authorized"] == "SECOND"


def test_remote_start_unavailable_and_faulted(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    assert availability(ocpp_csms, 1, "Inoperative") == "Accepted"
    cs.wait_connector(1, status="Unavailable")
    assert remote_start(ocpp_csms, 1) == REJECTED
    cs.act(2, "fault", code="InternalError")
    cs.wait_connector(2, status="Faulted")
    assert remote_start(ocpp_csms, 2) == REJECTED
    assert remote_start(ocpp_csms) == REJECTED
    cs.act(2, "plug")
    time.sleep(0.2)
    assert not ocpp_csms.calls("StartTransaction")


def test_remote_start_during_finishing(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    cs.wait_connector(1, status="Finishing")
    assert remote_start(ocpp_csms, 1) == ACCEPTED
    assert ocpp_csms.wait_for("StartTransaction", lambda p: True)["connectorId"] == 1
    assert wait_id(cs) == 2


def test_remote_start_asks_if_told_so(ocpp_csms, charger):
    """AuthorizeRemoteTxRequests=true: as if the card were presented."""
    ocpp_csms.facts.tokens["BAD"] = "Blocked"
    cs = charger(ocpp_csms)
    assert change(ocpp_csms, "AuthorizeRemoteTxRequests", "true") == "Accepted"
    cs.act(1, "plug")
    assert remote_start(ocpp_csms, 1, "BAD") == ACCEPTED
    assert ocpp_csms.wait_for("Authorize") == {"idTag": "BAD"}
    time.sleep(0.3)
    assert not ocpp_csms.calls("StartTransaction") and cs.connector(1)["authorized"] is None
    assert remote_start(ocpp_csms, 1) == ACCEPTED
    assert ocpp_csms.wait_for("Authorize") == {"idTag": TAG}
    ocpp_csms.wait_for("StartTransaction")


def test_remote_start_with_a_profile(ocpp_csms, charger):
    """§5.11: only a TxProfile may come along."""
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    wrong = profile("TxDefaultProfile")
    assert remote_start(ocpp_csms, 1, chargingProfile=wrong) == REJECTED
    assert remote_start(ocpp_csms, 1, chargingProfile=profile("TxProfile")) == ACCEPTED
    ocpp_csms.wait_for("StartTransaction")
    cs.wait_connector(1, status="Charging")


def test_the_card_of_a_remote_start_stops(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    assert remote_start(ocpp_csms, 1, "PHONE") == ACCEPTED
    ocpp_csms.wait_for("StartTransaction")
    cs.wait_connector(1, status="Charging")
    cs.card("PHONE", connector=1)
    stop = wait_stop(ocpp_csms)
    assert reason(stop) == "Local" and stop["idTag"] == "PHONE"
    assert not ocpp_csms.calls("Authorize")


def test_remote_stop_of_one_of_two(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    for number, tag in ((1, "ONE"), (2, "TWO")):
        cs.act(number, "plug")
        assert remote_start(ocpp_csms, number, tag) == ACCEPTED
        ocpp_csms.wait_for("StartTransaction", lambda p, t=tag: p["idTag"] == t)
        wait_id(cs, number)
    assert ocpp_csms.call("RemoteStopTransaction", {"transactionId": 2}) == ACCEPTED
    assert reason(wait_stop(ocpp_csms, 2)) == "Remote"
    cs.wait_connector(2, relay=False, status="Finishing")
    assert cs.connector(1)["status"] == "Charging"


# -- UnlockConnector --------------------------------------------------------------------------


def test_unlock_without_a_transaction(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    assert unlock(ocpp_csms, 1) == "Unlocked"
    cs.act(2, "plug")
    cs.wait_connector(2, status="Preparing")
    assert unlock(ocpp_csms, 2) == "Unlocked"
    assert not ocpp_csms.calls("StopTransaction")


def test_unlock_a_jammed_lock(ocpp_csms, charger):
    """UnlockFailed at the charger's leisure; the transaction is over all the same."""
    cs = charger(ocpp_csms, speed=10)
    begin(cs, ocpp_csms)
    cs.wait_connector(1, locked=True)
    cs.act(1, "lock", jam=True)
    assert unlock(ocpp_csms, 1) == "UnlockFailed"
    assert reason(wait_stop(ocpp_csms, 1)) == "UnlockCommand"
    assert cs.connector(1)["locked"] is True
    with pytest.raises(ApiError) as refused:
        cs.act(1, "unplug", side="station")
    assert refused.value.status == 409
    cs.act(1, "lock", jam=False)
    assert unlock(ocpp_csms, 1) == "Unlocked"
    assert cs.connector(1)["locked"] is False


def test_unlock_what_is_not_there(ocpp_csms, charger):
    """Errata 3.87"""
    charger(ocpp_csms)
    for number in (0, 3, -1):
        assert unlock(ocpp_csms, number) == "NotSupported"


def test_unlock_without_a_lock(ocpp_csms, charger):
    cs = charger(ocpp_csms, connector_lock=False)
    begin(cs, ocpp_csms)
    assert cs.connector(1)["locked"] is False
    assert unlock(ocpp_csms, 1) == "NotSupported"
    time.sleep(0.2)
    assert cs.connector(1)["status"] == "Charging" and not ocpp_csms.calls("StopTransaction")


def test_unlock_of_one_leaves_the_other(ocpp_csms, charger):
    ocpp_csms.facts.tokens["SECOND"] = "Accepted"
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    begin(cs, ocpp_csms, 2, "SECOND")
    assert unlock(ocpp_csms, 2) == "Unlocked"
    wait_stop(ocpp_csms, 2)
    shown = cs.connector(1)
    assert shown["locked"] is True and shown["relay"] is True


# -- ChangeAvailability -----------------------------------------------------------------------


def test_availability_of_a_connector(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    assert availability(ocpp_csms, 1, "Inoperative") == "Accepted"
    wait_status(ocpp_csms, 1, "Unavailable")
    shown = cs.connector(1)
    assert shown["availability"] == "Inoperative" and shown["status"] == "Unavailable"
    assert cs.connector(2)["availability"] == "Operative"
    mark = ocpp_csms.mark()
    assert availability(ocpp_csms, 1, "Inoperative") == "Accepted"  # as it is already
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    time.sleep(0.3)
    assert cs.connector(1)["transaction"] is None and cs.connector(1)["relay"] is False
    assert statuses(ocpp_csms, 1, mark) == []
    cs.act(1, "unplug")
    assert availability(ocpp_csms, 1, "Operative") == "Accepted"
    wait_status(ocpp_csms, 1, "Available", since=mark)
    assert availability(ocpp_csms, 1, "Operative") == "Accepted"


def test_availability_of_the_whole_station(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    assert availability(ocpp_csms, 0, "Inoperative") == "Accepted"
    for number in (0, 1, 2):
        wait_status(ocpp_csms, number, "Unavailable")
    assert {c["availability"] for c in cs.status()["connectors"]} == {"Inoperative"}
    mark = ocpp_csms.mark()
    assert availability(ocpp_csms, 0, "Operative") == "Accepted"
    for number in (0, 1, 2):
        wait_status(ocpp_csms, number, "Available", since=mark)


def test_availability_waits_for_the_transaction(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_status(ocpp_csms, 1, "Charging")
    mark = ocpp_csms.mark()
    assert availability(ocpp_csms, 1, "Inoperative") == "Scheduled"
    time.sleep(0.3)
    assert cs.connector(1)["status"] == "Charging" and statuses(ocpp_csms, 1, mark) == []
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 1)) == "Local"
    cs.act(1, "unplug")
    wait_status(ocpp_csms, 1, "Unavailable", since=mark)
    # §4.9: C6 to Finishing and F8, or C8 at once
    told = statuses(ocpp_csms, 1, mark)
    assert [s for s in told if s != "Finishing"] == ["Unavailable"], told


def test_scheduled_unavailability_is_withdrawn(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    assert availability(ocpp_csms, 1, "Inoperative") == "Scheduled"
    assert availability(ocpp_csms, 1, "Operative") == "Accepted"
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    cs.act(1, "unplug")
    cs.wait_connector(1, status="Available")
    assert "Unavailable" not in statuses(ocpp_csms, 1)


def test_availability_of_the_station_with_a_transaction(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    assert availability(ocpp_csms, 0, "Inoperative") == "Scheduled"
    wait_status(ocpp_csms, 2, "Unavailable")
    assert cs.connector(1)["status"] == "Charging"
    cs.act(1, "unplug")
    assert reason(wait_stop(ocpp_csms, 1)) == "EVDisconnected"
    wait_status(ocpp_csms, 1, "Unavailable")


def test_availability_survives_a_power_cut(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    assert availability(ocpp_csms, 2, "Inoperative") == "Accepted"
    cs.kill()
    ocpp_csms.wait_disconnected()
    mark = ocpp_csms.mark()
    cs.start()
    wait_status(ocpp_csms, 2, "Unavailable", since=mark)
    wait_status(ocpp_csms, 1, "Available", since=mark)
    wait_status(ocpp_csms, 0, "Available", since=mark)
    assert cs.connector(2)["availability"] == "Inoperative"


def test_availability_of_what_is_not_there(ocpp_csms, charger):
    charger(ocpp_csms)
    for number in (3, 99):
        assert availability(ocpp_csms, number, "Inoperative") == "Rejected"


# -- DataTransfer -----------------------------------------------------------------------------


def test_data_transfer_of_an_unknown_vendor(ocpp_csms, charger):
    """§4.3: UnknownVendorId, and no data."""
    charger(ocpp_csms)
    answer = ocpp_csms.call("DataTransfer", {"vendorId": "com.example"})
    assert answer == {"status": "UnknownVendorId"}
    more = {"vendorId": "com.example", "messageId": "Hello", "data": "x" * 3000}
    assert ocpp_csms.call("DataTransfer", more) == {"status": "UnknownVendorId"}
    with pytest.raises(CallError) as refused:
        ocpp_csms.call("DataTransfer", {"messageId": "Hello"}, check=False)
    assert refused.value.code in ("FormationViolation", "OccurenceConstraintViolation")


# -- ClearCache -------------------------------------------------------------------------------


def test_clear_cache(ocpp_csms, charger):
    """The cache forgets: offline, a known card is unknown again."""
    cs = charger(ocpp_csms)
    cs.post("/api/auth_cache", {"idTag": "KNOWN", "status": "Accepted"})
    assert ocpp_csms.call("ClearCache") == ACCEPTED
    cs.post("/api/network", {"online": False})
    ocpp_csms.wait_disconnected()
    cs.act(1, "plug")
    cs.card("KNOWN", connector=1)
    time.sleep(0.3)
    assert cs.connector(1)["transaction"] is None
