"""OCPP 1.6 Core without a CSMS, or with one that answers badly: what is told later, in which order,
how often (§3.5, §3.7, §4.9); and how links are kept (OCPP-J §5, §7)."""

import json
import time

import pytest
from core_support import (
    OFFLINE,
    QUICK_RETRY,
    TAG,
    actions,
    begin,
    change,
    energies,
    reason,
    sent,
    statuses,
    unix,
    wait_id,
    wait_status,
    wait_stop,
)
from ocpp_link import CLOSE, SILENCE, CallError, Later

ACCEPTED = {"status": "Accepted"}


def go_offline(cs, csms):
    cs.post("/api/network", {"online": False})
    csms.wait_disconnected()


def go_online(cs):
    cs.post("/api/network", {"online": True})
    return cs.wait_until(lambda s: s["ocpp"]["connected"] and s["ocpp"]["queued"] == 0)


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
    assert shown["transaction"]["id"] is None and shown["transaction"]["idTag"] == TAG
    time.sleep(1.5)
    cs.card(TAG, connector=1)
    ended = time.time()
    cs.wait_connector(1, transaction=None)
    cs.act(1, "meter", energy_wh=9999)
    time.sleep(0.7)
    mark = ocpp_csms.mark()
    go_online(cs)
    start = ocpp_csms.wait_for("StartTransaction")
    stop = wait_stop(ocpp_csms)
    assert abs(unix(start["timestamp"]) - begun) <= 1.5
    assert abs(unix(stop["timestamp"]) - ended) <= 1.5
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


def test_two_connectors_offline(ocpp_csms, charger):
    """Order over both connectors; each stop bears the id of its own start."""
    ocpp_csms.facts.unknown_token = "Accepted"
    cs = charger(ocpp_csms, speed=20, settings=OFFLINE)
    go_offline(cs, ocpp_csms)
    for number, tag in ((1, "ONE"), (2, "TWO")):
        cs.act(number, "plug")
        cs.card(tag, connector=number)
        cs.wait_connector(number, status="Charging")
        time.sleep(0.1)
    for number, tag in ((2, "TWO"), (1, "ONE")):
        cs.card(tag, connector=number)
        cs.wait_connector(number, transaction=None)
        time.sleep(0.1)
    cs.card("TWO", connector=2)
    cs.wait_connector(2, status="Charging")
    ocpp_csms.facts.transaction_ids = iter([900, 17, -5])
    go_online(cs)
    wait_id(cs, 2)
    told = [
        f
        for f in ocpp_csms.frames
        if f.type == 2 and f.action in ("StartTransaction", "StopTransaction")
    ]
    found = [(f.action[:4], f.payload.get("idTag"), f.payload.get("transactionId")) for f in told]
    assert found[:5] == [
        ("Star", "ONE", None),
        ("Star", "TWO", None),
        ("Stop", "TWO", 17),
        ("Stop", "ONE", 900),
        ("Star", "TWO", None),
    ]
    times = [unix(f.payload["timestamp"]) for f in told]
    assert times == sorted(times)
    cs.card("TWO", connector=2)
    wait_stop(ocpp_csms, -5)


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


def test_before_the_first_contact(ocpp_csms, charger):
    """The charger starts without a CSMS and without the time: records are dated later."""
    ocpp_csms.unlisten()
    settings = dict(OFFLINE, **QUICK_RETRY)
    cs = charger(ocpp_csms, wait=False, settings=settings)
    cs.act(1, "plug")
    begun = time.time()
    cs.card(TAG, connector=1)
    cs.wait_connector(1, status="Charging")
    time.sleep(1.2)
    cs.card(TAG, connector=1)
    ended = time.time()
    cs.wait_connector(1, transaction=None)
    time.sleep(0.5)
    ocpp_csms.listen()
    start = ocpp_csms.wait_for("StartTransaction")
    stop = wait_stop(ocpp_csms)
    assert abs(unix(start["timestamp"]) - begun) <= 2
    assert abs(unix(stop["timestamp"]) - ended) <= 2
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
        time.sleep(0.2)
    go_online(cs)
    ocpp_csms.wait_for("MeterValues", since=mark)
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms, 1)
    values = [f.payload for f in sent(ocpp_csms, "MeterValues")]
    assert len(sent(ocpp_csms, "MeterValues", mark)) >= 3
    readings = [energies(p["meterValue"])[0] for p in values]
    times = [unix(p["meterValue"][0]["timestamp"]) for p in values]
    assert readings == sorted(readings) and times == sorted(set(times))
    assert all(4 <= b - a <= 6 for a, b in zip(times, times[1:]))
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


# -- retries ----------------------------------------------------------------------------------


def refusing(csms, action, times, code="InternalError"):
    csms.on(action, CallError(code, "on purpose"), times=times)


def test_a_start_that_fails_is_sent_again(ocpp_csms, charger):
    """§3.7.1: the same content, after the interval times the number of attempts."""
    settings = {"TransactionMessageAttempts": "4", "TransactionMessageRetryInterval": "5"}
    cs = charger(ocpp_csms, speed=10, settings=settings)
    refusing(ocpp_csms, "StartTransaction", 3)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    assert wait_id(cs) == 1
    tries = sent(ocpp_csms, "StartTransaction")
    assert len(tries) == 4 and all(t.payload == tries[0].payload for t in tries)
    gaps = [b.at - a.at for a, b in zip(tries, tries[1:])]
    for n, gap in enumerate(gaps, 1):
        assert 0.5 * n - 0.1 <= gap <= 0.5 * n + 0.4, gaps
    assert cs.connector(1)["status"] == "Charging"


def test_a_start_that_is_given_up(ocpp_csms, charger):
    """Errata 3.18: what follows bears -1; the charger goes on, also with the next session."""
    settings = {"TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "1"}
    cs = charger(ocpp_csms, speed=10, settings=dict(settings, MeterValueSampleInterval="10"))
    refusing(ocpp_csms, "StartTransaction", 2)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("MeterValues", lambda p: p["transactionId"] == -1)
    shown = cs.connector(1)
    assert shown["status"] == "Charging" and shown["transaction"]["id"] is None
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    assert stop["transactionId"] == -1 and reason(stop) == "Local"
    assert len(ocpp_csms.calls("StartTransaction")) == 2
    cs.wait_connector(1, status="Finishing")
    cs.card(TAG, connector=1)
    assert wait_id(cs) == 1
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)


def test_a_stop_that_is_given_up(ocpp_csms, charger):
    """It does not hold up the next transaction, and is not forgotten: it is shown as parked."""
    settings = {"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "0"}
    cs = charger(ocpp_csms, settings=settings)
    ocpp_csms.facts.tokens["SECOND"] = "Accepted"
    begin(cs, ocpp_csms)
    wait_id(cs)
    refusing(ocpp_csms, "StopTransaction", 3, "GenericError")
    cs.card(TAG, connector=1)
    cs.wait_connector(1, transaction=None)
    assert begin(cs, ocpp_csms, 2, "SECOND")["connectorId"] == 2
    tries = sent(ocpp_csms, "StopTransaction")
    assert len(tries) == 3 and all(t.payload == tries[0].payload for t in tries)
    status = cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    assert status["ocpp"]["parked"] == 1
    assert wait_id(cs, 2) == 2


def test_other_messages_pass_while_one_waits(ocpp_csms, charger):
    """§3.7: what is no transaction message need not wait for the queue."""
    settings = {"TransactionMessageAttempts": "5", "TransactionMessageRetryInterval": "600"}
    cs = charger(ocpp_csms, settings=settings)
    refusing(ocpp_csms, "StartTransaction", 1)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("StartTransaction")
    wait_status(ocpp_csms, 1, "Charging")
    cs.card("STRANGER", connector=2)
    ocpp_csms.wait_for("Authorize", lambda p: p["idTag"] == "STRANGER")
    assert len(ocpp_csms.calls("StartTransaction")) == 1
    # A new connection: waiting makes no sense any more.
    ocpp_csms.drop()
    ocpp_csms.wait_for("StartTransaction")
    assert wait_id(cs) == 1


def test_new_retry_settings_count_at_once(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    assert change(ocpp_csms, "TransactionMessageAttempts", "2") == "Accepted"
    assert change(ocpp_csms, "TransactionMessageRetryInterval", "0") == "Accepted"
    refusing(ocpp_csms, "StartTransaction", 9)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    cs.wait_until(lambda s: s["ocpp"].get("parked") == 1)
    assert len(ocpp_csms.calls("StartTransaction")) == 2


@pytest.mark.parametrize("action", ["StartTransaction", "StopTransaction"])
def test_the_answer_is_lost_with_the_link(ocpp_csms, charger, action):
    """Sent again unchanged after the reconnection, however often; that is no failure to process."""
    settings = dict(QUICK_RETRY, TransactionMessageAttempts="1")
    cs = charger(ocpp_csms, speed=10, settings=settings)
    ocpp_csms.on(action, CLOSE, times=2)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    cs.wait_connector(1, relay=True)
    assert wait_id(cs) == 1
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0 and s["ocpp"]["parked"] == 0)
    tries = sent(ocpp_csms, action)
    assert len(tries) == 3 and all(t.payload == tries[0].payload for t in tries)
    assert len({t.id for t in tries}) == 3
    assert len(ocpp_csms.calls("BootNotification")) == 1


def test_an_answer_that_is_too_late(ocpp_csms, charger):
    """The late answer belongs to no call any more; the repeated message is answered."""
    ocpp_csms.tolerate("charger", "its first call is answered after the timeout")
    ocpp_csms.tolerate("csms", "answers a call that has timed out")
    first = {"transactionId": 111, "idTagInfo": {"status": "Accepted"}}
    settings = {"MessageTimeout": "2", "TransactionMessageRetryInterval": "1"}
    cs = charger(ocpp_csms, settings=settings)
    ocpp_csms.on("StartTransaction", {"transactionId": 222, "idTagInfo": {"status": "Accepted"}})
    ocpp_csms.on("StartTransaction", Later(2.6, first), times=1)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    assert wait_id(cs) == 222
    tries = sent(ocpp_csms, "StartTransaction")
    assert len(tries) == 2 and tries[0].payload == tries[1].payload
    cs.card(TAG, connector=1)
    assert wait_stop(ocpp_csms)["transactionId"] == 222


def test_answers_doubled_and_foreign(ocpp_csms, charger):
    """Answers to no open call are passed over, whatever they say."""
    ocpp_csms.tolerate("csms", "answers twice and without having been asked")
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    assert wait_id(cs) == 1
    mine = sent(ocpp_csms, "StartTransaction")[0].id
    again = {"transactionId": 99, "idTagInfo": {"status": "Invalid"}}
    ocpp_csms.send_text(json.dumps([3, mine, again]))
    ocpp_csms.send_text(json.dumps([3, "nobody-asked", again]))
    ocpp_csms.send_text(json.dumps([4, mine, "InternalError", "", {}]))
    ocpp_csms.send_text(json.dumps([4, "-1", "GenericError", "", {}]))
    time.sleep(0.3)
    shown = cs.connector(1)
    assert shown["status"] == "Charging" and shown["transaction"]["id"] == 1
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)


def test_an_answer_that_breaks_the_schema(ocpp_csms, charger):
    """No transaction id in the answer: a failure to process, tried again."""
    ocpp_csms.tolerate("csms", "leaves the transactionId out")
    settings = {"TransactionMessageRetryInterval": "0"}
    cs = charger(ocpp_csms, settings=settings)
    ocpp_csms.on("StartTransaction", {"idTagInfo": {"status": "Accepted"}}, times=1)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    assert wait_id(cs) == 1
    tries = sent(ocpp_csms, "StartTransaction")
    assert len(tries) == 2 and tries[0].payload == tries[1].payload


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
    ocpp_csms.wait_for("StatusNotification", lambda p: p["connectorId"] == 2)
    mark = ocpp_csms.mark()
    time.sleep(3)
    assert ocpp_csms.opened == 1 and ocpp_csms.mark() == mark
    assert cs.status()["ocpp"]["last_frame_s"] <= 2


def test_an_endless_csms_outage(ocpp_csms, charger):
    """Dials again and again; the session goes on."""
    cs = charger(ocpp_csms, speed=5, settings=QUICK_RETRY)
    begin(cs, ocpp_csms)
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
        cs.wait_until(lambda s: s["ocpp"]["connected"], timeout=2)
