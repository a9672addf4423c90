"""Who may charge: Authorize, groups, cache and offline rules (OCPP 1.6 §3.5, §4.1, §9.1)."""

import time

import pytest
from clients import ApiError
from core16 import (
    at_the_plug,
    charge,
    offline,
    payloads,
    put,
    refused,
    sent,
)
from ocpp_link import SILENCE, CallError, Later

pytestmark = pytest.mark.slow

G = {"status": "Accepted", "parentIdTag": "GROUP"}


# -- online ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_refusal_refuses(ocpp_csms, charger):
    cs = at_the_plug(charger, ocpp_csms)
    for status in ("Blocked", "Expired", "Invalid", "ConcurrentTx"):
        ocpp_csms.facts.tokens = {status: status}
        cs.card(status, connector=1)
        assert ocpp_csms.wait_for("Authorize") == {"idTag": status}
        assert refused(cs, ocpp_csms), status
        shown = cs.connector(1)
        assert shown["status"] == "Preparing" and shown["authorized"] is None


def test_the_starter_stops_without_being_asked_for(ocpp_csms, charger):
    """§3.4: no Authorize before a stop by the identifier that started, in either case."""
    cs = at_the_plug(charger, ocpp_csms)
    charge(cs, ocpp_csms, tag="DEADBEEF")
    cs.card("deadbeef", connector=1)
    stop = ocpp_csms.wait_for("StopTransaction")
    assert stop["idTag"].upper() == "DEADBEEF" and stop.get("reason", "Local") == "Local"
    assert len(sent(ocpp_csms, "Authorize")) == 1
    cs.wait_connector(1, status="Finishing", locked=False)


@pytest.mark.slow
def test_twenty_characters_and_no_more(ocpp_csms, charger):
    """§7.28: an identifier has at most 20 characters; a longer one is not another's."""
    ocpp_csms.facts.tokens = {"A" * 20: "Accepted"}
    cs = at_the_plug(charger, ocpp_csms, settings={"AllowOfflineTxForUnknownId": "true"})
    try:
        cs.card("A" * 21, connector=1)
    except ApiError as e:
        assert e.status == 400
    assert refused(cs, ocpp_csms)
    offline(cs)
    try:
        cs.card("A" * 21, connector=1)
    except ApiError as e:
        assert e.status == 400
    assert refused(cs, ocpp_csms)
    offline(cs, online=True)
    cs.card("A" * 20, connector=1)
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "A" * 20


@pytest.mark.slow
def test_a_card_held_for_long_asks_once(ocpp_csms, charger):
    ocpp_csms.on("Authorize", Later(0.3))
    cs = at_the_plug(charger, ocpp_csms)
    for _ in range(4):
        cs.card("DEADBEEF", connector=1)
        time.sleep(0.04)
    ocpp_csms.wait_for("StartTransaction")
    assert len(sent(ocpp_csms, "Authorize")) == 1


@pytest.mark.parametrize("asks", ["true", "false"])
@pytest.mark.slow
def test_remote_start_asks_if_told_so(ocpp_csms, charger, asks):
    ocpp_csms.facts.tokens = {"BAD": "Blocked"}
    cs = at_the_plug(charger, ocpp_csms, settings={"AuthorizeRemoteTxRequests": asks})
    request = {"idTag": "BAD", "connectorId": 1}
    assert ocpp_csms.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    if asks == "true":
        assert ocpp_csms.wait_for("Authorize") == {"idTag": "BAD"}
        assert refused(cs, ocpp_csms)
    else:
        assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "BAD"
        assert sent(ocpp_csms, "Authorize") == []


# -- groups ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_group_stops_others_do_not(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"A": G, "B": G, "C": dict(G, parentIdTag="OTHER"), "D": "Accepted"}
    cs = at_the_plug(charger, ocpp_csms)
    charge(cs, ocpp_csms, tag="A")
    for tag in ("C", "D", "UNKNOWN"):
        cs.card(tag, connector=1)
        assert ocpp_csms.wait_for("Authorize", lambda p, tag=tag: p["idTag"] == tag)
        time.sleep(0.2)
        assert cs.connector(1)["status"] == "Charging"
    assert payloads(ocpp_csms, "StopTransaction") == []
    cs.card("B", connector=1)
    stop = ocpp_csms.wait_for("StopTransaction")
    assert stop["idTag"] == "B" and stop.get("reason", "Local") == "Local"


@pytest.mark.slow
def test_a_blocked_member_of_the_group_does_not_stop(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"A": G, "B": dict(G, status="Blocked")}
    cs = at_the_plug(charger, ocpp_csms)
    charge(cs, ocpp_csms, tag="A")
    cs.card("B", connector=1)
    ocpp_csms.wait_for("Authorize", lambda p: p["idTag"] == "B")
    time.sleep(0.3)
    assert cs.connector(1)["status"] == "Charging"


@pytest.mark.slow
def test_the_group_comes_with_the_start_answer(ocpp_csms, charger):
    """A remote start knows no group before StartTransaction.conf tells it."""
    ocpp_csms.facts.tokens = {"A": G, "B": dict(G, parentIdTag="group")}
    cs = at_the_plug(charger, ocpp_csms)
    request = {"idTag": "A", "connectorId": 1}
    assert ocpp_csms.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    cs.wait_until(lambda s: (s["connectors"][0]["transaction"] or {}).get("id") is not None)
    cs.card("B", connector=1)
    assert ocpp_csms.wait_for("StopTransaction")["idTag"] == "B"


@pytest.mark.slow
def test_the_group_stops_offline(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"A": G}
    cs = at_the_plug(charger, ocpp_csms)
    put(cs, "B", group="GROUP")
    put(cs, "C", group="OTHER")
    charge(cs, ocpp_csms, tag="A")
    offline(cs)
    cs.card("C", connector=1)
    time.sleep(0.2)
    assert cs.connector(1)["status"] == "Charging"
    cs.card("B", connector=1)
    cs.wait_connector(1, transaction=None)
    offline(cs, online=True)
    assert ocpp_csms.wait_for("StopTransaction")["idTag"] == "B"


# -- cache -------------------------------------------------------------------------------------


def test_pre_authorize_starts_without_asking(ocpp_csms, charger):
    cs = at_the_plug(charger, ocpp_csms, settings={"LocalPreAuthorize": "true"})
    put(cs, "DEADBEEF")
    cs.card("deadBEEF", connector=1)
    ocpp_csms.wait_for("StartTransaction")
    assert sent(ocpp_csms, "Authorize") == []


@pytest.mark.slow
def test_without_pre_authorize_it_is_asked(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"DEADBEEF": "Blocked"}
    cs = at_the_plug(charger, ocpp_csms)
    put(cs, "DEADBEEF")
    cs.card("DEADBEEF", connector=1)
    ocpp_csms.wait_for("Authorize")
    assert refused(cs, ocpp_csms)


NOT_VALID = (
    {"status": "Blocked"},
    {"status": "Expired"},
    {"status": "Accepted", "expiry": "2020-01-01T00:00:00Z"},
)


@pytest.mark.slow
def test_what_is_cached_as_not_valid_is_asked_for(ocpp_csms, charger):
    """§3.5.1, last rule."""
    ocpp_csms.on("StopTransaction", {})  # of which the cache learns nothing
    cs = at_the_plug(charger, ocpp_csms, settings={"LocalPreAuthorize": "true"})
    for entry in NOT_VALID:
        put(cs, "DEADBEEF", **entry)
        cs.card("DEADBEEF", connector=1)
        ocpp_csms.wait_for("Authorize")
        start = ocpp_csms.wait_for("StartTransaction")
        cs.card("DEADBEEF", connector=1)
        assert ocpp_csms.wait_for("StopTransaction")["meterStop"] >= start["meterStart"]
        cs.wait_connector(1, status="Finishing")
        cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)


@pytest.mark.slow
def test_the_cache_learns_from_every_answer(ocpp_csms, charger):
    """Authorize.conf, StartTransaction.conf and StopTransaction.conf."""
    tokens = ocpp_csms.facts.tokens = {"A": "Accepted", "B": "Accepted"}
    cs = at_the_plug(charger, ocpp_csms, settings={"LocalPreAuthorize": "true"})
    charge(cs, ocpp_csms, tag="A")
    tokens["A"] = "Blocked"
    cs.card("A", connector=1)  # StopTransaction.conf: blocked
    ocpp_csms.wait_for("StopTransaction")
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    tokens["A"] = "Accepted"
    mark = ocpp_csms.mark()
    cs.act(1, "unplug")
    cs.wait_connector(1, status="Available")
    start = charge(cs, ocpp_csms, tag="A")
    assert len(sent(ocpp_csms, "Authorize", since=mark)) == 1  # as it was cached as blocked
    ocpp_csms.call("RemoteStopTransaction", {"transactionId": start["transactionId"]})
    ocpp_csms.wait_for("StopTransaction", since=mark)
    cs.wait_connector(1, status="Finishing")
    mark = ocpp_csms.mark()
    tokens["A"] = "Expired"
    cs.card("A", connector=1)  # cached as accepted; StartTransaction.conf: expired
    ocpp_csms.wait_for("StartTransaction", since=mark)
    assert ocpp_csms.wait_for("StopTransaction", since=mark)["reason"] == "DeAuthorized"
    offline(cs)
    cs.act(2, "plug")
    cs.card("A", connector=2)
    time.sleep(0.3)
    assert cs.connector(2)["transaction"] is None


@pytest.mark.parametrize("how", ["kill", "stop"])
@pytest.mark.slow
def test_the_cache_survives(ocpp_csms, charger, how):
    cs = at_the_plug(charger, ocpp_csms)
    start = charge(cs, ocpp_csms)
    ocpp_csms.call("RemoteStopTransaction", {"transactionId": start["transactionId"]})
    ocpp_csms.wait_for("StopTransaction")
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    getattr(cs, how)()
    ocpp_csms.unlisten()
    cs.start()
    cs.act(2, "plug")
    cs.card("DEADBEEF", connector=2)
    cs.wait_connector(2, status="Charging")
    ocpp_csms.listen()
    assert ocpp_csms.wait_for("StartTransaction", lambda p: p["connectorId"] == 2)


@pytest.mark.slow
def test_clear_cache(ocpp_csms, charger):
    cs = at_the_plug(charger, ocpp_csms)
    for tag in ("A", "B", "C"):
        put(cs, tag)
    assert ocpp_csms.call("ClearCache", {}) == {"status": "Accepted"}
    put(cs, "D")
    cs.delete("/api/auth_cache")
    offline(cs)
    for tag in ("A", "B", "C", "D"):
        cs.card(tag, connector=1)
    assert refused(cs, ocpp_csms)


@pytest.mark.slow
def test_a_cache_that_is_off(ocpp_csms, charger):
    settings = {"AuthorizationCacheEnabled": "false", "LocalPreAuthorize": "true"}
    cs = at_the_plug(charger, ocpp_csms, settings=settings)
    put(cs, "DEADBEEF")
    assert ocpp_csms.call("ClearCache", {}) == {"status": "Rejected"}
    start = charge(cs, ocpp_csms)
    assert len(sent(ocpp_csms, "Authorize")) == 1
    ocpp_csms.call("RemoteStopTransaction", {"transactionId": start["transactionId"]})
    cs.wait_connector(1, status="Finishing")
    offline(cs)
    cs.card("DEADBEEF", connector=1)
    time.sleep(0.3)
    assert cs.connector(1)["transaction"] is None


BAD_ENTRIES = (
    {},
    {"idTag": ""},
    {"idTag": 5},
    {"idTag": "A", "status": "Fine"},
    {"idTag": "A", "expiry": "tomorrow"},
    {"idTag": "A", "colour": "red"},
)


@pytest.mark.slow
def test_bad_entries_are_refused(charger):
    cs = charger()
    for body in BAD_ENTRIES:
        with pytest.raises(ApiError) as raised:
            cs.post("/api/auth_cache", body)
        assert raised.value.status == 400 and raised.value.body["error"], body


# -- offline -----------------------------------------------------------------------------------

OFFLINE = [
    # LocalAuthorizeOffline, AllowOfflineTxForUnknownId, cached as (None: unknown), charges
    ("true", "false", {"status": "Accepted"}, True),
    ("true", "false", {"status": "Blocked"}, False),
    ("true", "false", {"status": "Accepted", "expiry": "2020-01-01T00:00:00Z"}, False),
    ("true", "false", {"status": "Accepted", "expiry": "2099-01-01T00:00:00Z"}, True),
    ("true", "false", None, False),
    ("true", "true", None, True),
    ("true", "true", {"status": "Blocked"}, False),
    ("true", "true", {"status": "Accepted", "expiry": "2020-01-01T00:00:00Z"}, False),
    ("false", "false", {"status": "Accepted"}, False),
    ("false", "true", None, True),
    ("false", "true", {"status": "Invalid"}, False),
    ("false", "true", {"status": "Accepted", "expiry": "2020-01-01T00:00:00Z"}, False),
]


def test_offline_rules(ocpp_csms, charger):
    """§3.5.4: what is known to be not valid is rejected whatever is allowed to unknown ones."""
    cs = at_the_plug(charger, ocpp_csms)
    offline(cs)
    for n, (known, unknown, entry, charges) in enumerate(OFFLINE):
        rules = {"LocalAuthorizeOffline": known, "AllowOfflineTxForUnknownId": unknown}
        cs.post("/api/settings", rules)
        tag = "CARD%d" % n
        if entry:
            put(cs, tag, **entry)
        cs.card(tag, connector=1)
        if charges:
            cs.wait_connector(1, status="Charging", relay=True)
            cs.card(tag, connector=1)
            cs.wait_connector(1, status="Finishing", relay=False)
        else:
            time.sleep(0.2)
            assert cs.connector(1)["transaction"] is None, OFFLINE[n]
    offline(cs, online=True)
    wanted = ["CARD%d" % n for n, rule in enumerate(OFFLINE) if rule[-1]]
    for tag in wanted:
        assert ocpp_csms.wait_for("StartTransaction")["idTag"] == tag
        ocpp_csms.wait_for("StopTransaction")
    assert len(payloads(ocpp_csms, "StartTransaction")) == len(wanted)


NO_WORD = {"silence": SILENCE, "error": CallError("InternalError")}


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("answer", NO_WORD)
@pytest.mark.slow
def test_no_answer_falls_to_the_offline_rules(ocpp_csms, charger, answer, cached):
    ocpp_csms.on("Authorize", NO_WORD[answer])
    cs = at_the_plug(charger, ocpp_csms, settings={"AuthorizationTimeout": "5"})
    if cached:
        put(cs, "DEADBEEF")
    cs.card("DEADBEEF", connector=1)
    ocpp_csms.wait_for("Authorize")
    if cached:
        ocpp_csms.wait_for("StartTransaction", timeout=5)
    else:
        time.sleep(2.5 if answer == "silence" else 0)
        assert refused(cs, ocpp_csms)


@pytest.mark.slow
def test_the_link_dies_while_asking(ocpp_csms, charger):
    ocpp_csms.on("Authorize", lambda p: ocpp_csms.drop())
    cs = at_the_plug(charger, ocpp_csms)
    put(cs, "DEADBEEF")
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, status="Charging")
    assert ocpp_csms.wait_for("StartTransaction")["idTag"] == "DEADBEEF"
