"""Transaction messages that the CSMS does not take, or whose answer comes late, twice or never
(OCPP 1.6 §3.7.1, errata 3.18)."""

import json
import time

import pytest
from core16 import change, sent
from core_support import QUICK_RETRY, TAG, begin, refusing, steps, wait_id, wait_status, wait_stop
from ocpp_link import CLOSE, Later

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset


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
    gaps = steps([t.at for t in tries])
    for n, gap in enumerate(gaps, 1):
        assert 0.5 * n - 0.1 <= gap <= 0.5 * n + 2, gaps
    assert cs.connector(1)["status"] == "Charging"


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
    cs = charger(ocpp_csms, settings=dict(settings, **QUICK_RETRY))
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
    """Sent again unchanged after the reconnection; that is no failure to process."""
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
