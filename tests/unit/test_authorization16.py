# marks: slow
# heap: 3M
"""Who may charge, online and offline (OCPP 1.6 §3.5, §4.1)."""

from central import NOW, Setup

from ocpp.iso import to_iso
from ocpp.rpc import CallError


def setup_with(settings=None, **more):
    s = Setup(settings=settings, **more)
    s.run(500)
    return s


def go_offline(s):
    s.connection.disconnect()
    s.run(200)


def try_card(s, tag="TAG1"):
    """Plug, present; True if a transaction began."""
    s.plug()
    s.run(200)
    s.station.present(tag)
    s.run(1000)
    return s.c.tx is not None


def session(s, tag="TAG1"):
    assert try_card(s, tag)
    s.station.present(tag)
    s.run(500)
    s.unplug()
    s.run(500)


def test_every_refusal_refuses():
    for status in ("Blocked", "Expired", "Invalid", "ConcurrentTx"):
        s = setup_with()
        s.csms.answers["Authorize"] = {"idTagInfo": {"status": status}}
        assert not try_card(s), status
        assert s.c.status == "Preparing"


def test_authorize_carries_the_tag_as_it_is():
    s = setup_with()
    try_card(s, "AbCdEf7890123456789x")
    assert s.csms.sent("Authorize") == [{"idTag": "AbCdEf7890123456789x"}]


def test_offline_known_tag_starts_unknown_does_not():
    s = setup_with()
    session(s)
    go_offline(s)
    assert not try_card(s, "NEW")
    s.unplug()
    s.run(500)
    assert try_card(s, "tag1")  # case does not matter


def test_cache_survives_a_restart_and_clear_cache_empties_it():
    s = setup_with()
    session(s)
    t = s.restart(online=False)
    t.run(500)
    assert try_card(t)
    t = s.restart()
    t.run(20000, 50)
    assert t.ask("ClearCache", {}) == {"status": "Accepted"}
    go_offline(t)
    assert not try_card(t)


def test_clear_cache_without_cache_is_rejected():
    s = setup_with({"AuthorizationCacheEnabled": "false"})
    assert s.ask("ClearCache", {}) == {"status": "Rejected"}


def test_cache_entry_expires():
    s = setup_with()
    s.csms.answers["Authorize"] = {
        "idTagInfo": {"status": "Accepted", "expiryDate": to_iso(NOW + 60)}
    }
    s.csms.answers["StartTransaction"] = {
        "transactionId": 1,
        "idTagInfo": {"status": "Accepted", "expiryDate": to_iso(NOW + 60)},
    }
    session(s)
    go_offline(s)
    assert try_card(s)
    s.station.present("TAG1")
    s.run(500)
    s.unplug()
    s.run(70000, 50)
    assert not try_card(s)


def test_cache_is_bounded():
    s = setup_with()
    from ocpp.station.authorization import IdInfo

    cache = s.station.authorization.cache
    for n in range(300):
        cache.put("T%04d" % n, IdInfo("Accepted"))
    kept = [n for n in range(300) if cache.get("T%04d" % n)]
    assert 100 <= len(kept) <= 128 and 299 in kept, len(kept)


def test_local_authorize_offline_false():
    s = setup_with({"LocalAuthorizeOffline": "false"})
    session(s)
    go_offline(s)
    assert not try_card(s)


def test_allow_offline_for_unknown():
    s = setup_with({"AllowOfflineTxForUnknownId": "true"})
    go_offline(s)
    assert try_card(s, "NEW")


def test_unknown_allowed_does_not_help_who_is_known_as_blocked():
    s = setup_with({"AllowOfflineTxForUnknownId": "true"})
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    assert not try_card(s, "BAD")
    go_offline(s)
    assert not try_card(s, "BAD")


def test_local_pre_authorize_does_not_ask():
    s = setup_with({"LocalPreAuthorize": "true"})
    session(s)
    s.csms.forget()
    assert try_card(s)
    assert s.csms.sent("Authorize") == []


def test_without_pre_authorize_the_csms_is_asked_each_time():
    s = setup_with()
    session(s)
    s.csms.forget()
    assert try_card(s)
    assert len(s.csms.sent("Authorize")) == 1


def test_no_answer_falls_to_the_offline_rules():
    s = setup_with({"AuthorizationTimeout": "5"})
    session(s)
    s.csms.answers["Authorize"] = None
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(4000)
    assert s.c.tx is None
    s.run(2000)
    assert s.c.tx is not None


def test_call_error_falls_to_the_offline_rules():
    s = setup_with()
    s.csms.answers["Authorize"] = CallError("InternalError", "")
    assert not try_card(s, "NEW")
    s = setup_with({"AllowOfflineTxForUnknownId": "true"})
    s.csms.answers["Authorize"] = CallError("InternalError", "")
    assert try_card(s, "NEW")


def test_disconnection_while_asking():
    s = setup_with({"AllowOfflineTxForUnknownId": "true"})
    s.csms.answers["Authorize"] = None
    s.plug()
    s.run(200)
    s.station.present("NEW")
    s.run(500)
    go_offline(s)
    s.run(500)
    assert s.c.tx is not None


def test_same_parent_stops():
    s = setup_with(connectors=2)
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}
    s.csms.answers["StartTransaction"] = {
        "transactionId": 5,
        "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"},
    }
    assert try_card(s, "MUM")
    s.station.present("DAD")
    s.run(500)
    stop = s.csms.sent("StopTransaction")[0]
    assert stop["idTag"] == "DAD" and stop["transactionId"] == 5 and s.c.tx is None


def test_another_card_does_not_stop():
    s = setup_with()
    assert try_card(s, "MUM")
    s.station.present("STRANGER")
    s.run(1000)
    assert s.c.tx.id_token == "MUM" and s.csms.sent("StopTransaction") == []


def test_a_card_held_twice_asks_once():
    s = setup_with()
    s.csms.answers["Authorize"] = None
    s.plug()
    s.run(200)
    for _ in range(5):
        s.station.present("TAG1")
        s.run(100)
    assert len(s.csms.sent("Authorize")) == 1


def deauthorized(settings):
    s = setup_with(settings)
    s.csms.answers["StartTransaction"] = {"transactionId": 9, "idTagInfo": {"status": "Invalid"}}
    s.draw = 10
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    return s


def test_invalid_id_stops_the_transaction():
    s = deauthorized(None)
    s.run(3000)
    stop = s.csms.sent("StopTransaction")[0]
    assert stop["reason"] == "DeAuthorized" and s.c.tx is None and s.c.status == "Finishing"
    assert s.c.lock_wanted
    s.csms.forget()
    s.station.present("TAG1")  # whoever began it may take the cable
    s.run(300)
    assert not s.c.lock_wanted and s.csms.sent("Authorize") == []


def test_invalid_id_suspends_only():
    s = deauthorized({"StopTransactionOnInvalidId": "false"})
    s.run(3000)
    assert (
        s.csms.sent("StopTransaction") == []
        and s.c.status == "SuspendedEVSE"
        and not s.c.charging_permitted
    )
    s.station.present("TAG1")
    s.run(500)
    assert s.csms.sent("StopTransaction")[0]["transactionId"] == 9


def test_max_energy_then_stop():
    s = deauthorized({"MaxEnergyOnInvalidId": "100"})
    s.run(5000)
    assert s.c.status == "Charging"
    s.run(10000)
    stop = s.csms.sent("StopTransaction")[0]
    assert stop["reason"] == "DeAuthorized" and 100 <= stop["meterStop"] <= 120, stop


def test_max_energy_then_suspend():
    s = deauthorized({"MaxEnergyOnInvalidId": "100", "StopTransactionOnInvalidId": "false"})
    s.run(16000)
    assert (
        s.c.status == "SuspendedEVSE"
        and 100 <= s.wh[0] <= 120
        and s.csms.sent("StopTransaction") == []
    )


def test_free_vend_and_fixed_tag():
    s = setup_with({"FreeVend": "true", "FreeVendIdTag": "HOUSE"})
    s.plug()
    s.run(1500)
    assert s.c.tx.id_token == "HOUSE" and s.csms.sent("Authorize") == []
    s = setup_with({"PlugAndChargeIdTag": "FLEET"})
    s.plug()
    s.run(1500)
    assert s.c.tx.id_token == "FLEET" and s.csms.sent("Authorize") == [{"idTag": "FLEET"}]
