"""Local authorization list over a real connection (OCPP 1.6 §3.5, §5.10, §5.15)."""

import pytest
from clients import ApiError
from core16 import make, offline, payloads, ready, refused, setting
from ocpp_link import CallError

pytestmark = pytest.mark.slow


def entry(tag, status="Accepted", **more):
    return {"idTag": tag, "idTagInfo": dict(more, status=status)}


def send(csms, version, entries, kind="Full"):
    request = {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}
    return csms.call("SendLocalList", request)["status"]


def version(csms):
    return csms.call("GetLocalListVersion", {})["listVersion"]


def test_a_listed_card_charges_offline_and_after_a_power_cut(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    assert version(ocpp_csms) == 0
    assert send(ocpp_csms, 3, [entry("CARD1"), entry("CARD2", "Blocked")]) == "Accepted"
    assert version(ocpp_csms) == 3
    changes = [{"idTag": "CARD2"}, entry("CARD3")]
    assert send(ocpp_csms, 3, changes, "Differential") == "VersionMismatch"
    assert send(ocpp_csms, 4, changes, "Differential") == "Accepted"
    cs.kill()
    cs.start()
    cs.wait_accepted()
    assert version(ocpp_csms) == 4
    offline(cs)
    for tag, status in (("CARD2", "Preparing"), ("card3", "Charging")):
        cs.act(1, "plug")
        cs.card(tag, connector=1)
        cs.wait_connector(1, status=status)
    offline(cs, online=True)
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "card3"


def test_the_list_of_the_control_api(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms, settings={"LocalPreAuthorize": "true"})
    body = {"version": 8, "entries": [entry("BADCARD", "Blocked"), entry("DEADBEEF")]}
    cs.post("/api/local_list", body)
    assert version(ocpp_csms) == 8
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, status="Charging")
    assert payloads(ocpp_csms, "Authorize") == []
    for wrong in (
        {"version": 9, "entries": [{"idTag": "X"}]},
        {"version": 0, "entries": [entry("X")]},
        {"version": 9, "entries": [entry("x" * 21)]},
        {"version": 9},
        {"version": "9", "entries": []},
    ):
        with pytest.raises(ApiError) as raised:
            cs.post("/api/local_list", wrong)
        assert raised.value.status == 400, wrong
    assert version(ocpp_csms) == 8
    cs.post("/api/local_list", {"version": 9, "entries": []})
    assert version(ocpp_csms) == 0


def test_a_conflict_with_the_csms(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    assert send(ocpp_csms, 1, [entry("NOBODY")]) == "Accepted"
    cs.act(1, "plug")
    cs.card("NOBODY", connector=1)  # Invalid to the CSMS

    def fits(p):
        return p["errorCode"] == "LocalListConflict"

    told = ocpp_csms.wait_for("StatusNotification", fits)
    assert told["connectorId"] == 0 and told["status"] == "Available"
    assert refused(cs, ocpp_csms)


def test_as_many_as_a_message_may_carry(ocpp_csms, charger):
    cs = make(charger, ocpp_csms)
    cs.wait_accepted()
    most = int(setting(ocpp_csms, "SendLocalListMaxLength"))
    until = "2030-01-01T00:00:00.000Z"
    for turn in range(3):
        entries = [
            entry("%020d" % n, "ConcurrentTx", parentIdTag="P%019d" % n, expiryDate=until)
            for n in range(turn * most, (turn + 1) * most)
        ]
        assert send(ocpp_csms, turn + 1, entries, "Differential") == "Accepted"
    assert version(ocpp_csms) == 3
    bad = {"listVersion": 4, "updateType": "Full", "localAuthorizationList": [entry("x" * 21)]}
    with pytest.raises(CallError):
        ocpp_csms.call("SendLocalList", bad, check=False)
    assert send(ocpp_csms, 4, [entry("C%d" % n) for n in range(most + 1)]) == "Failed"
    assert version(ocpp_csms) == 3
