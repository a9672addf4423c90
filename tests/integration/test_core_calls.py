"""Calls of the charger and their answers, good and bad (OCPP-J 1.6 §4)."""

import json
import time

import pytest
from core16 import (
    charge,
    make,
    payloads,
    sent,
    setting,
    wait,
    wait_booted,
)
from ocpp_link import SILENCE, Later

# -- calls of the charger -----------------------------------------------------------------------


@pytest.mark.slow
def test_one_call_at_a_time_and_answers_in_between(ocpp_csms, charger):
    """The harness fails the test if a second CALL comes before the answer to the first."""
    ocpp_csms.on("StatusNotification", Later(0.5))
    cs = make(charger, ocpp_csms)
    for n in (1, 2):
        cs.act(n, "plug")
    ocpp_csms.wait_for("StatusNotification")
    mark = ocpp_csms.mark()
    assert setting(ocpp_csms, "NumberOfConnectors") == "2"
    between = sent(ocpp_csms, "StatusNotification", mark)
    assert len(between) <= 2  # not behind the reports
    for n in (1, 2):
        ocpp_csms.wait_for(
            "StatusNotification",
            lambda p, n=n: p["connectorId"] == n and p["status"] == "Preparing",
        )


@pytest.mark.slow
def test_message_ids_are_never_used_twice(ocpp_csms, charger):
    """Errata J 3.1: on any connection of the same station, also after a restart."""
    cs = make(charger, ocpp_csms)
    wait_booted(ocpp_csms, cs)
    ocpp_csms.drop()
    ocpp_csms.wait_connected(opened=2)
    cs.act(1, "plug")
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == "Preparing")
    cs.kill()
    cs.start()
    wait_booted(ocpp_csms, cs)
    ids = [f.id for f in sent(ocpp_csms)]
    assert len(ids) >= 9 and len(set(ids)) == len(ids)
    assert all(1 <= len(i) <= 36 for i in ids)


@pytest.mark.slow
def test_a_call_without_answer_is_given_up(ocpp_csms, charger):
    ocpp_csms.on("Heartbeat", SILENCE, times=1)
    ocpp_csms.facts.interval = 10
    cs = make(charger, ocpp_csms, settings={"MessageTimeout": "2"}, speed=5)
    wait_booted(ocpp_csms, cs)
    ocpp_csms.wait_for("Heartbeat")
    cs.act(1, "plug")
    report = ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == "Preparing")
    first = sent(ocpp_csms, "Heartbeat")[0]
    after = next(f for f in sent(ocpp_csms) if f.payload == report)
    assert after.at - first.at >= 0.4
    # the answer comes after all, and is one to nothing
    ocpp_csms.send_text('[3,"%s",{"currentTime":"2040-01-01T00:00:00Z"}]' % first.id)
    ocpp_csms.wait_for("Heartbeat", since=after.n)
    assert not cs.status()["time"].startswith("2040")
    assert ocpp_csms.opened == 1


@pytest.mark.slow
def test_an_answer_with_a_foreign_id_is_ignored(ocpp_csms, charger):
    ocpp_csms.tolerate("csms", "answers with a foreign id")
    ocpp_csms.on("Authorize", SILENCE, times=1)
    cs = make(charger, ocpp_csms)
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    ocpp_csms.wait_for("Authorize")
    message_id = sent(ocpp_csms, "Authorize")[0].id
    for other in ("other", message_id.upper() + "1", ""):
        ocpp_csms.send_text('[3,"%s",{"idTagInfo":{"status":"Accepted"}}]' % other)
    time.sleep(0.3)
    assert payloads(ocpp_csms, "StartTransaction") == []
    ocpp_csms.send_text('[3,"%s",{"idTagInfo":{"status":"Accepted"}}]' % message_id)
    ocpp_csms.wait_for("StartTransaction")


BROKEN = {
    "status": '[3,"%s",{"idTagInfo":{"status":"Perhaps"}}]',
    "missing": '[3,"%s",{}]',
    "type": '[3,"%s",{"idTagInfo":"Accepted"}]',
    "array": '[3,"%s",[]]',
    "text": '[3,"%s","Accepted"]',
    "error": '[4,"%s","InternalError","",{}]',
    "foreign error": '[4,"%s",7,null,[]]',
}


@pytest.mark.slow
def test_a_broken_answer_is_none(ocpp_csms, charger):
    """An Authorize that got no usable answer: the offline rules refuse an unknown card."""
    ocpp_csms.tolerate("csms", "its answers break the rules")
    ocpp_csms.on("Authorize", SILENCE, times=len(BROKEN))
    cs = make(charger, ocpp_csms)
    cs.act(1, "plug")
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == "Preparing")
    for n, name in enumerate(BROKEN):
        cs.card("DEADBEEF", connector=1)
        ocpp_csms.wait_for("Authorize")
        assert len(sent(ocpp_csms, "Authorize")) == n + 1
        ocpp_csms.send_text(BROKEN[name] % sent(ocpp_csms, "Authorize")[-1].id)
        time.sleep(0.2)
        assert payloads(ocpp_csms, "StartTransaction") == [], name
    cs.card("DEADBEEF", connector=1)  # all goes on
    ocpp_csms.wait_for("StartTransaction")


@pytest.mark.slow
def test_answers_may_be_null(ocpp_csms, charger):
    """OCPP-J 1.6 §4.2.2: a central system may answer what has no fields by null."""
    ocpp_csms.tolerate("csms", "the harness knows no null")
    for action in ("StatusNotification", "StopTransaction"):
        ocpp_csms.on(action, SILENCE)
    settings = {"MessageTimeout": "2", "TransactionMessageRetryInterval": "1"}
    cs = make(charger, ocpp_csms, settings=settings)

    def answer(action, where=lambda p: True):
        def look():
            return [f for f in sent(ocpp_csms, action) if where(f.payload)]

        frame = wait(look, "no " + action)[-1]
        ocpp_csms.send_text(json.dumps([3, frame.id, None]))

    for n in (0, 1, 2):
        answer("StatusNotification", lambda p, n=n: p["connectorId"] == n)
    ocpp_csms.on("StatusNotification", None)
    start = charge(cs, ocpp_csms)
    ocpp_csms.call("RemoteStopTransaction", {"transactionId": start["transactionId"]})
    answer("StopTransaction")
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    time.sleep(0.5)
    assert len(sent(ocpp_csms, "StopTransaction")) == 1
    assert cs.status()["ocpp"].get("parked", 0) == 0
    assert (
        len([p for p in payloads(ocpp_csms, "StatusNotification") if p["connectorId"] == 0]) == 1
    )


@pytest.mark.slow
def test_a_field_too_many_in_an_answer_is_overlooked(ocpp_csms, charger):
    ocpp_csms.tolerate("csms", "its answers bear a field of its own")
    info = {"status": "Accepted", "ownerName": "Jo"}
    ocpp_csms.on("Authorize", {"idTagInfo": info, "x": 1})
    ocpp_csms.on("StartTransaction", {"idTagInfo": info, "transactionId": 7, "x": 1})
    cs = make(charger, ocpp_csms)
    assert charge(cs, ocpp_csms)["transactionId"] == 7
