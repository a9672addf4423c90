"""OCPP 1.6 Core without a CSMS, or with one that answers badly: what is told later, how often and
in which order (§3.5, §3.7, §4.9); how links are kept (OCPP-J §7)."""

import time

import pytest
from core16 import sent, wait_booted
from core_support import (
    OFFLINE,
    QUICK_RETRY,
    TAG,
    actions,
    begin,
    energies,
    go_offline,
    go_online,
    reason,
    statuses,
    steps,
    unix,
    wait_id,
    wait_status,
    wait_stop,
)
from ocpp_link import SILENCE

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset

ACCEPTED = {"status": "Accepted"}


# -- sessions without a link ------------------------------------------------------------------


def test_a_whole_session_offline(ocpp_csms, charger):
    """Start and stop, told in order with their own times and meter values; then an online one."""
    cs = charger(ocpp_csms)
    cs.post("/api/auth_cache", {"idTag": TAG, "status": "Accepted"})
    cs.act(1, "meter", energy_wh=7000)
    go_offline(cs, ocpp_csms)
    begun = time.time()
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    shown = cs.wait_connector(1, status="Charging", relay=True)
    started = time.time()
    assert shown["transaction"]["id"] is None and shown["transaction"]["idTag"] == TAG
    time.sleep(1.5)
    ending = time.time()
    cs.card(TAG, connector=1)
    cs.wait_connector(1, transaction=None)
    ended = time.time()
    cs.act(1, "meter", energy_wh=9999)
    time.sleep(0.7)
    mark = ocpp_csms.mark()
    go_online(cs)
    start = ocpp_csms.wait_for("StartTransaction")
    stop = wait_stop(ocpp_csms)
    assert begun - 2 <= unix(start["timestamp"]) <= started + 2
    assert ending - 2 <= unix(stop["timestamp"]) <= ended + 2
    assert start["idTag"] == TAG and start["meterStart"] == 7000
    assert 7000 <= stop["meterStop"] < 7100 and reason(stop) == "Local"
    assert stop["transactionId"] == 1
    told = actions(ocpp_csms, "StartTransaction", "StopTransaction", since=mark)
    assert told == ["StartTransaction", "StopTransaction"]


def test_offline_rules(ocpp_csms, charger):
    """§3.5: known cards may charge, unknown ones not, unless AllowOfflineTxForUnknownId."""
    cs = charger(ocpp_csms)
    for tag, status in (("GOOD", "Accepted"), ("BAD", "Blocked")):
        cs.post("/api/auth_cache", {"idTag": tag, "status": status})
    past = {"idTag": "OLD", "status": "Accepted", "expiry": "2020-01-01T00:00:00Z"}
    cs.post("/api/auth_cache", past)
    go_offline(cs, ocpp_csms)
    for unknown in ("false", "true"):
        cs.post("/api/settings", {"AllowOfflineTxForUnknownId": unknown})
        for tag in ("BAD", "OLD"):
            cs.card(tag, connector=1)
            time.sleep(0.15)
            assert cs.connector(1)["authorized"] is None, (tag, unknown)
    cs.card("STRANGER", connector=1)
    cs.wait_connector(1, authorized="STRANGER")
    cs.post("/api/settings", {"AllowOfflineTxForUnknownId": "false"})
    cs.card("STRANGER", connector=2)
    time.sleep(0.15)
    assert cs.connector(2)["authorized"] is None
    cs.card("GOOD", connector=2)
    cs.wait_connector(2, authorized="GOOD")
    cs.card("GOOD", connector=2)
    cs.wait_connector(2, authorized=None)
    cs.post("/api/settings", {"LocalAuthorizeOffline": "false"})
    cs.card("GOOD", connector=2)
    time.sleep(0.15)
    assert cs.connector(2)["authorized"] is None


def test_the_offline_start_is_refused_later(ocpp_csms, charger):
    """§3.5.4: the transaction is still on: DeAuthorized."""
    cs = charger(ocpp_csms, settings=OFFLINE)
    go_offline(cs, ocpp_csms)
    cs.act(1, "plug")
    cs.card("STRANGER", connector=1)
    cs.wait_connector(1, status="Charging")
    cs.post("/api/network", {"online": True})
    ocpp_csms.wait_for("StartTransaction")
    assert reason(wait_stop(ocpp_csms, 1)) == "DeAuthorized"
    cs.wait_connector(1, relay=False)


def test_a_refused_start_of_a_finished_session_ends_nothing_else(ocpp_csms, charger):
    cs = charger(ocpp_csms, settings=OFFLINE)
    go_offline(cs, ocpp_csms)
    cs.act(1, "plug")
    cs.card("STRANGER", connector=1)
    cs.wait_connector(1, status="Charging")
    cs.card("STRANGER", connector=1)
    cs.wait_connector(1, status="Finishing")
    cs.card(TAG, connector=1)
    cs.wait_connector(1, status="Charging")
    cs.post("/api/network", {"online": True})
    ocpp_csms.wait_for("StartTransaction", lambda p: p["idTag"] == "STRANGER")
    assert reason(wait_stop(ocpp_csms, 1)) == "Local"
    ocpp_csms.wait_for("StartTransaction", lambda p: p["idTag"] == TAG)
    assert wait_id(cs) == 2
    time.sleep(0.3)
    assert cs.connector(1)["status"] == "Charging"


def test_sessions_that_end_by_pulling_the_cable(ocpp_csms, charger):
    ocpp_csms.facts.unknown_token = "Accepted"
    cs = charger(ocpp_csms, settings=OFFLINE)
    go_offline(cs, ocpp_csms)
    for tag in ("A", "B", "C"):
        cs.act(1, "plug")
        cs.card(tag, connector=1)
        cs.wait_connector(1, status="Charging")
        cs.act(1, "unplug")
        cs.wait_connector(1, status="Available")
    go_online(cs)
    stops = ocpp_csms.calls("StopTransaction")
    assert [s["transactionId"] for s in stops] == [1, 2, 3]
    assert [reason(s) for s in stops] == ["EVDisconnected"] * 3
    assert [s["idTag"] for s in ocpp_csms.calls("StartTransaction")] == ["A", "B", "C"]


def test_before_the_first_contact(ocpp_csms, charger):
    """The charger starts without a CSMS and without the time: records are dated later."""
    ocpp_csms.unlisten()
    settings = dict(OFFLINE, **QUICK_RETRY)
    cs = charger(ocpp_csms, wait=False, settings=settings)
    cs.act(1, "plug")
    begun = time.time()
    cs.card(TAG, connector=1)
    cs.wait_connector(1, status="Charging")
    started = time.time()
    time.sleep(1.2)
    ending = time.time()
    cs.card(TAG, connector=1)
    cs.wait_connector(1, transaction=None)
    ended = time.time()
    time.sleep(0.5)
    ocpp_csms.listen()
    start = ocpp_csms.wait_for("StartTransaction")
    stop = wait_stop(ocpp_csms)
    assert begun - 2 <= unix(start["timestamp"]) <= started + 2
    assert ending - 2 <= unix(stop["timestamp"]) <= ended + 2
    first = [f.action for f in ocpp_csms.frames if f.sender == "charger" and f.type == 2][0]
    assert first == "BootNotification"


def test_a_session_that_loses_its_link(ocpp_csms, charger):
    """It goes on untouched; the values of the time offline follow in order; no second boot, no
    status that did not change (§4.9)."""
    settings = {"MeterValueSampleInterval": "5"}
    cs = charger(ocpp_csms, speed=10, settings=settings)
    begin(cs, ocpp_csms)
    ocpp_csms.wait_for("MeterValues")
    wait_status(ocpp_csms, 1, "Charging")
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    go_offline(cs, ocpp_csms)
    mark = ocpp_csms.mark()
    for _ in range(8):
        shown = cs.connector(1)
        assert shown["relay"] is True and shown["status"] == "Charging"
        cs.pass_time(2)
    go_online(cs)
    ocpp_csms.wait_for("MeterValues", since=mark)
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms, 1)
    values = [f.payload for f in sent(ocpp_csms, "MeterValues")]
    assert len(sent(ocpp_csms, "MeterValues", mark)) >= 3
    readings = [energies(p["meterValue"])[0] for p in values]
    times = [unix(p["meterValue"][0]["timestamp"]) for p in values]
    assert readings == sorted(readings) and times == sorted(set(times))
    assert all(4 <= step <= 6 for step in steps(times))
    assert stop["meterStop"] >= readings[-1]
    since = actions(ocpp_csms, since=mark)
    assert "BootNotification" not in since
    assert statuses(ocpp_csms, 2, mark) == [] and statuses(ocpp_csms, 0, mark) == []
    assert statuses(ocpp_csms, 1, mark) == ["Finishing"][: len(statuses(ocpp_csms, 1, mark))]


def test_only_the_last_status_is_told(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    wait_status(ocpp_csms, 2, "Available")
    time.sleep(0.2)
    go_offline(cs, ocpp_csms)
    mark = ocpp_csms.mark()
    cs.act(1, "plug")
    cs.wait_connector(1, status="Preparing")
    time.sleep(0.2)
    cs.act(1, "unplug")
    cs.wait_connector(1, status="Available")
    for state in ("B", "C"):
        cs.act(2, "plug", ev=state)
        cs.wait_connector(2, status="Preparing")
        cs.act(2, "fault", code="OverVoltage")
        cs.wait_connector(2, status="Faulted")
        cs.delete("/api/connectors/2/fault")
    cs.wait_connector(2, status="Preparing")
    time.sleep(0.3)  # inputs are looked at ten times a second
    go_online(cs)
    wait_status(ocpp_csms, 2, "Preparing", since=mark)
    time.sleep(0.3)
    assert statuses(ocpp_csms, 2, mark) == ["Preparing"]
    assert statuses(ocpp_csms, 1, mark) == [] and statuses(ocpp_csms, 0, mark) == []


def test_authorize_is_not_answered(ocpp_csms, charger):
    """The offline rules decide after AuthorizationTimeout (§3.5.2)."""
    ocpp_csms.on("Authorize", SILENCE)
    settings = {"AuthorizationTimeout": "2"}
    cs = charger(ocpp_csms, settings=settings)
    cs.post("/api/auth_cache", {"idTag": TAG, "status": "Accepted"})
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("Authorize")
    assert not ocpp_csms.calls("StartTransaction")
    # The connection has an open CALL that is never answered: the harness would object.
    ocpp_csms.tolerate("charger", "sends on after a call that is never answered")
    assert ocpp_csms.wait_for("StartTransaction", timeout=4)["idTag"] == TAG


# -- the link ---------------------------------------------------------------------------------


def test_a_half_open_link_is_found(ocpp_csms, charger):
    """OCPP-J errata 3.11: by the own ping; dropped and dialled anew, the session untouched."""
    settings = dict(QUICK_RETRY, WebSocketPingInterval="3")
    cs = charger(ocpp_csms, speed=5, settings=settings)
    begin(cs, ocpp_csms)
    ocpp_csms.freeze()
    cs.wait_until(lambda s: not s["ocpp"]["connected"], timeout=6)
    assert "ping" in cs.status()["ocpp"]["error"]
    assert cs.connector(1)["relay"] is True and cs.connector(1)["transaction"] is not None
    ocpp_csms.freeze(False)
    ocpp_csms.wait_connected(opened=2)
    cs.wait_until(lambda s: s["ocpp"]["connected"])
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 1)) == "Local"
    assert len(ocpp_csms.calls("BootNotification")) == 1


def test_a_quiet_link_is_kept(ocpp_csms, charger):
    """A CSMS that says nothing of itself but answers pings is no reason to dial anew."""
    cs = charger(ocpp_csms, settings={"WebSocketPingInterval": "1"})
    mark = wait_booted(ocpp_csms, cs)
    time.sleep(3)
    assert ocpp_csms.opened == 1 and ocpp_csms.mark() == mark
    assert cs.status()["ocpp"]["last_frame_s"] <= 2


def test_an_endless_csms_outage(ocpp_csms, charger):
    """Dials again and again; the session goes on."""
    cs = charger(ocpp_csms, speed=5, settings=QUICK_RETRY)
    begin(cs, ocpp_csms)
    wait_id(cs)
    ocpp_csms.refuse(503)
    seen = len(ocpp_csms.handshakes)
    ocpp_csms.drop()
    ocpp_csms.wait_handshakes(seen + 3)
    assert cs.connector(1)["relay"] is True
    assert "503" in cs.status()["ocpp"]["error"]
    ocpp_csms.refuse(None)
    ocpp_csms.wait_connected(opened=2)
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    assert len(ocpp_csms.calls("BootNotification")) == 1


def test_the_network_comes_back(ocpp_csms, charger):
    """Dialled at once, without the back-off (contract)."""
    settings = {"RetryBackOffWaitMinimum": "60", "RetryBackOffRandomRange": "0"}
    cs = charger(ocpp_csms, settings=settings)
    for _ in range(3):
        go_offline(cs, ocpp_csms)
        assert cs.status()["ocpp"]["connected"] is False
        cs.post("/api/network", {"online": True})
        cs.wait_until(lambda s: s["ocpp"]["connected"])
