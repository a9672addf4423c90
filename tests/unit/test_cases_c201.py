# marks: slow
# heap: 4M
# timeout: 240
"""OCPP 2.0.1 part 6, block C: who may charge."""

from cases201 import CARD, Case

STARTED, UPDATED, ENDED = "Started", "Updated", "Ended"
CHANGED = "ChargingStateChanged"
CACHE = {"AuthCacheCtrlr.Enabled": "true", "AuthCtrlr.LocalPreAuthorize": "true"}
FAMILY = {"idToken": "FAMILY", "type": "Central"}


def says(s, status, group=None, **of_tokens):
    """What the central system says of identifiers: `status`, or that of a token by its name."""

    def answer(p):
        info = {"status": of_tokens.get(p["idToken"]["idToken"], status)}
        if group:
            info["groupIdToken"] = group
        return {"idTokenInfo": info}

    s.csms.answers["Authorize"] = answer
    s.csms.answers["TransactionEvent"] = lambda p: answer(p) if "idToken" in p else {}


def refused(status):
    s = Case()
    says(s, status)
    s.plugs()
    s.card()
    assert s.csms.sent("Authorize") == [{"idToken": CARD}]
    assert s.news() == [] and s.c.tx is None and s.c.grant is None


def test_TC_C_02_CS():
    refused("Invalid")


def test_TC_C_05_CS():
    s = Case("Authorized")
    says(s, "Invalid")
    s.card()
    assert s.csms.sent("Authorize") == [{"idToken": CARD}] and s.news() == []


def test_TC_C_04_CS():
    s = Case()
    s.charge()
    s.run(1500)
    s.news()
    s.card("OTHER", 1)
    assert s.news() == [] and s.c.charging_permitted


def test_TC_C_06_CS():
    refused("Blocked")


def test_TC_C_07_CS():
    refused("Expired")


def test_TC_C_56_CS():
    refused("Unknown")


def test_other_statuses_that_are_no_permission():
    for status in ("NoCredit", "NotAtThisTime", "NotAtThisLocation", "NotAllowedTypeEVSE"):
        refused(status)
    refused("ConcurrentTx")


def test_TC_C_08_CS():
    s = Case(settings=CACHE)
    s.cached()
    s.plugs()
    s.card()
    s.run(1500)
    assert "Authorize" not in s.actions()
    assert [t[1] for t in s.news()] == ["Authorized", CHANGED]


def asked_again(status, answer=None):
    """A card that is known as `status`; the central system says `answer`."""
    s = Case(settings=CACHE)
    s.cached(status=status)
    says(s, answer or status)
    s.plugs()
    s.card()
    s.run(1500)
    assert s.csms.sent("Authorize") == [{"idToken": CARD}]
    return s


def test_TC_C_09_CS():
    assert asked_again("Invalid").news() == []


def test_TC_C_10_CS():
    assert asked_again("Blocked").news() == []


def test_TC_C_11_CS():
    assert asked_again("Expired").news() == []
    s = Case(settings=CACHE)
    s.cached(expiry="2026-11-21T03:00:05Z")
    says(s, "Expired")
    s.run(6000)
    s.plugs()
    s.card()
    assert len(s.csms.sent("Authorize")) == 1 and s.news() == []


def test_TC_C_12_CS():
    assert asked_again("Invalid", "Accepted").news()[-1] == (UPDATED, CHANGED, "Charging", None)


def test_TC_C_13_CS():
    for start in ("Authorized", "ParkingBayOccupancy"):
        s = Case(start, settings=CACHE)
        s.cached()
        if start != "Authorized":
            s.bay()
            s.news()
        s.card()
        kind = STARTED if start == "Authorized" else UPDATED
        assert s.news() == [(kind, "Authorized", "Idle", None)] and s.last()["idToken"] == CARD
        s.plugs()
        assert s.news()[-1] == (UPDATED, CHANGED, "Charging", None)
        assert "Authorize" not in s.actions()


def offline_session(**settings):
    """Plugged in; offline a card that is known; online again, where it is invalid."""
    settings = dict({name.replace("_", "."): v for name, v in settings.items()}, **CACHE)
    s = Case(settings=settings)
    s.cached()
    s.draw = 20
    s.plugs()
    s.offline()
    s.card()
    s.run(5000)
    says(s, "Invalid")
    s.online()
    s.run(2000)
    found = s.txs()
    assert found[0]["idToken"] == CARD and found[0]["offline"] is True
    assert found[1]["triggerReason"] == CHANGED and found[1]["offline"] is True
    return s


def test_TC_C_15_CS():
    s = offline_session(TxCtrlr_StopTxOnInvalidId="false", TxCtrlr_MaxEnergyOnInvalidId="500")
    told = s.news()
    assert not [t for t in told if t[1] == "Deauthorized" or t[2] == "SuspendedEVSE"], told
    before = s.wh[0]
    s.run(30000, 50)
    assert s.news()[-1][:3] == (UPDATED, CHANGED, "SuspendedEVSE")
    assert 400 < s.wh[0] - before <= 540 and not s.c.charging_permitted
    assert s.c.tx is not None


def test_TC_C_16_CS():
    s = offline_session(TxCtrlr_StopTxOnInvalidId="true", TxCtrlr_MaxEnergyOnInvalidId="0")
    assert s.news()[-1] == (ENDED, "Deauthorized", "EVConnected", "DeAuthorized")


def test_TC_C_17_CS():
    s = offline_session(TxCtrlr_StopTxOnInvalidId="false", TxCtrlr_MaxEnergyOnInvalidId="0")
    assert s.news()[-1] == (UPDATED, CHANGED, "SuspendedEVSE", None)
    assert not s.c.charging_permitted


def test_TC_C_18_CS():
    s = offline_session(TxCtrlr_StopTxOnInvalidId="true", TxCtrlr_MaxEnergyOnInvalidId="500")
    before = s.wh[0]
    assert s.c.charging_permitted and s.news()
    s.run(30000, 50)
    assert s.news()[-1] == (ENDED, "Deauthorized", "EVConnected", "DeAuthorized")
    assert "offline" not in s.last() and 400 < s.wh[0] - before <= 540


def test_an_invalid_token_where_its_end_is_no_stop_point():
    s = Case(stop="EVConnected")
    s.csms.answers["TransactionEvent"] = lambda p: (
        {"idTokenInfo": {"status": "Blocked"}} if "idToken" in p else {}
    )
    s.plugs()
    s.card()
    s.run(2500)
    assert [t[1] for t in s.news()][-1] == "Deauthorized" and s.c.tx and s.c.tx.ending is None
    assert not s.c.charging_permitted
    s.unplugs()
    assert s.news() == [(ENDED, "EVCommunicationLost", "Idle", "DeAuthorized")]


def test_TC_C_57_CS():
    s = Case(settings=dict(CACHE, **{"AuthCacheCtrlr.DisablePostAuthorize": "true"}))
    s.cached(status="Invalid")
    s.plugs()
    s.card()
    assert "Authorize" not in s.actions() and s.news() == [] and s.c.tx is None


def test_TC_C_32_CS():
    s = Case("Authorized", settings=CACHE)
    s.cached()
    t = s.reboot()
    t.online()
    t.card()
    t.plugs()
    assert "Authorize" not in t.actions()
    assert [x[1] for x in t.news()] == ["Authorized", "CablePluggedIn", CHANGED]


def test_TC_C_33_CS():
    s = Case(settings=CACHE)
    s.charge()
    assert len(s.csms.sent("Authorize")) == 1
    s.card()
    s.unplugs()
    s.charge()
    assert len(s.csms.sent("Authorize")) == 1


def test_TC_C_34_CS():
    s = Case(settings=CACHE)
    s.cached()
    says(s, "Invalid")
    s.plugs()
    s.card()
    assert "Authorize" not in s.actions() and s.txs()[0]["idToken"] == CARD
    s.run(1000)
    s.unplugs()
    s.card()  # opens the lock
    s.plugs()
    s.card()
    assert s.csms.sent("Authorize")[-1] == {"idToken": CARD} and s.c.tx is None


def test_TC_C_36_CS():
    s = Case(settings=dict(CACHE, **{"AuthCtrlr.LocalPreAuthorize": "false"}))
    s.cached()
    says(s, "Invalid")
    s.plugs()
    s.card()
    assert s.csms.sent("Authorize") == [{"idToken": CARD}] and s.news() == []


def test_TC_C_37_CS():
    s = Case(settings=CACHE)
    s.cached()
    assert s.asks("ClearCache", {}) == {"status": "Accepted"}
    s.plugs()
    s.card()
    s.run(1500)
    assert s.csms.sent("Authorize") == [{"idToken": CARD}]
    assert s.news()[0] == (STARTED, "Authorized", "EVConnected", None)


def test_TC_C_38_CS():
    s = Case(settings={"AuthCacheCtrlr.Enabled": "false"})
    assert s.asks("ClearCache", {}) == {"status": "Rejected"}


def test_TC_C_39_CS():
    s = Case()
    says(s, "Accepted", FAMILY)
    s.charge(tag="MUM")
    s.card("DAD", type="ISO15693")
    dad = {"idToken": "DAD", "type": "ISO15693"}
    assert s.csms.sent("Authorize")[1] == {"idToken": dad}
    assert s.last()["triggerReason"] == "StopAuthorized" and s.last()["idToken"] == dad
    s.unplugs()
    assert s.statuses()[-1] == "Available"


def test_TC_C_41_CS():
    s = Case(settings=CACHE)
    for tag in ("MUM", "DAD"):
        s.cached(tag, group="FAMILY")
    s.charge(tag="MUM")
    s.card("DAD")
    assert s.last()["triggerReason"] == "StopAuthorized"
    assert s.last()["idToken"]["idToken"] == "DAD" and "Authorize" not in s.actions()


def test_TC_C_42_CS():
    s = Case()
    says(s, "Accepted", FAMILY, DAD="Invalid")
    s.charge(tag="MUM")
    s.run(1500)
    s.news()
    s.card("DAD")
    assert len(s.csms.sent("Authorize")) == 2 and s.news() == [] and s.c.charging_permitted


def test_TC_C_44_CS():
    s = Case(settings=CACHE)
    s.cached("MUM", group="FAMILY")
    s.cached("DAD", group="FAMILY", status="Invalid")
    says(s, "Accepted", FAMILY, DAD="Invalid")
    s.charge(tag="MUM")
    s.run(1500)
    s.news()
    s.card("DAD")
    assert [p["idToken"]["idToken"] for p in s.csms.sent("Authorize")] == ["DAD"]
    assert s.news() == [] and s.c.charging_permitted


MASTER = {"AuthCtrlr.MasterPassGroupId": "MASTER"}


def test_TC_C_45_CS():
    for start in ("Authorized", "PowerPathClosed"):
        s = Case(start, settings=MASTER)
        says(s, "Accepted", {"idToken": "MASTER", "type": "Central"})
        s.card()
        assert s.csms.sent("Authorize") == [{"idToken": CARD}] and s.news() == []
        s.plugs()
        assert s.news() == [] and not s.c.charging_permitted


def test_TC_C_46_CS():
    s = Case(settings=dict(CACHE, **{"AuthCacheCtrlr.LifeTime": "10"}))
    s.charge()
    s.card()
    s.unplugs()
    s.run(5000)
    s.charge()  # used again: it lasts longer
    s.card()
    s.unplugs()
    s.run(6000)
    s.charge()
    s.card()
    s.unplugs()
    assert len(s.csms.sent("Authorize")) == 1
    s.run(11000)
    s.charge()
    assert len(s.csms.sent("Authorize")) == 2


def master_pass(settings=None, **more):
    s = Case(connectors=2, settings=dict(MASTER, **(settings or {})), **more)
    s.charge(1, "TAG1")
    s.charge(2, "TAG2")
    s.run(1500)
    s.news()
    says(s, "Accepted", {"idToken": "MASTER", "type": "Central"})
    s.card("POLICE", type="ISO15693")
    police = {"idToken": "POLICE", "type": "ISO15693"}
    assert s.csms.sent("Authorize")[-1] == {"idToken": police}
    found = [e for e in s.txs() if e["triggerReason"] == "StopAuthorized"]
    assert [e["idToken"] for e in found] == [police] * 2
    return s


def test_TC_C_49_CS():
    s = master_pass()
    end = (ENDED, "StopAuthorized", "EVConnected", "MasterPass")
    assert s.news() == [end, end]
    assert not s.c.lock_wanted
    for n in (1, 2):
        s.unplugs(n)
        assert s.statuses(n)[-1] == "Available"


def test_a_master_pass_where_the_end_of_an_authorization_is_no_stop_point():
    s = master_pass(stop="EVConnected")
    assert [t[:2] for t in s.news()][:2] == [(UPDATED, "StopAuthorized")] * 2
    s.run(1500)
    s.news()
    s.unplugs(1)
    assert s.news() == [(ENDED, "EVCommunicationLost", "Idle", "MasterPass")]


def test_TC_C_26_CS():
    settings = {
        "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true",
        "TxCtrlr.StopTxOnInvalidId": "false",
        "TxCtrlr.MaxEnergyOnInvalidId": "0",
    }
    s = Case(settings=settings)
    says(s, "Invalid")
    s.offline()
    s.card()
    s.plugs()
    s.online()
    s.run(2000)
    told = s.news()
    assert told[-1] == (UPDATED, CHANGED, "SuspendedEVSE", None)
    assert [e.get("offline") for e in s.txs()[:2]] == [True, True]
    s.card()
    assert s.news() == [(ENDED, "StopAuthorized", "EVConnected", "Local")]


# -- cases of our own --


def test_start_button():
    """C02: nobody is asked, and the token is empty."""
    s = Case()
    s.plugs()
    s.card("", 1, type="NoAuthorization")
    assert "Authorize" not in s.actions()
    assert s.txs()[0]["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    s.card("", 1, type="NoAuthorization")
    assert s.last()["triggerReason"] == "StopAuthorized"
    assert s.last()["transactionInfo"]["stoppedReason"] == "Local"


def test_pin_and_other_types():
    for kind in ("KeyCode", "MacAddress", "eMAID", "Local", "Central", "ISO15693"):
        s = Case()
        s.plugs()
        s.card("1234", 1, type=kind)
        token = {"idToken": "1234", "type": kind}
        assert s.csms.sent("Authorize") == [{"idToken": token}]
        assert s.txs()[0]["idToken"] == token
        s.card("1234", 1, type=kind)
        assert s.last()["idToken"] == token and s.last()["eventType"] == ENDED


def test_a_token_of_the_central_system_is_not_asked_for():
    """C05: with AuthorizeRemoteStart too."""
    s = Case(settings={"AuthCtrlr.AuthorizeRemoteStart": "true"})
    token = {"idToken": "c-77", "type": "Central"}
    ask = {"idToken": token, "remoteStartId": 3, "evseId": 1}
    assert s.asks("RequestStartTransaction", ask) == {"status": "Accepted"}
    s.plugs()
    assert "Authorize" not in s.actions() and s.txs()[0]["idToken"] == token


def test_without_authorization():
    s = Case(settings={"AuthCtrlr.Enabled": "false"})
    s.plugs()
    assert s.txs()[0]["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    assert s.c.charging_permitted
    s.unplugs()
    assert s.last()["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    s.card()
    s.plugs()
    assert "Authorize" not in s.actions()
    assert [e["idToken"] for e in s.txs() if e["eventType"] == STARTED][1] == CARD


def test_good_for_some_evses_only():
    s = Case(connectors=2)
    s.csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "evseId": [2]}}
    s.plugs(1)
    s.card("TAG1", 1)
    assert s.news() == []
    s.plugs(2)
    s.card("TAG1", 2)
    assert s.txs()[0]["evse"]["id"] == 2


def test_a_token_for_a_transaction_again():
    """Who comes back while the transaction still runs is authorized in it, and only told once."""
    s = Case("EVConnected", "EVConnected")
    s.plugs()
    s.card()
    s.run(1500)
    s.card()
    s.run(1500)
    s.news()
    s.card()
    s.run(1500)
    assert s.news() == [
        (UPDATED, "Authorized", "EVConnected", None),
        (UPDATED, CHANGED, "Charging", None),
    ]
    s.unplugs()
    assert s.news() == [(ENDED, "EVCommunicationLost", "Idle", "EVDisconnected")]
    assert len({e["transactionInfo"]["transactionId"] for e in s.txs()}) == 1


def test_what_goes_with_a_token():
    """additionalInfo of a RequestStartTransaction comes back with the transaction."""
    s = Case()
    more = [{"additionalIdToken": "x" * 36, "type": "y"}]
    ask = {"idToken": dict(CARD, additionalInfo=more), "remoteStartId": 3, "evseId": 1}
    assert s.asks("RequestStartTransaction", ask) == {"status": "Accepted"}
    s.plugs()
    assert s.txs()[0]["idToken"] == dict(CARD, additionalInfo=more)
    ask["idToken"]["additionalInfo"] = more * 5
    assert s.asks("RequestStartTransaction", ask).code == "OccurrenceConstraintViolation"


def test_what_goes_with_a_token_is_asked_with_it():
    """additionalInfo in AuthorizeRequest, of a reader and of a remote start."""
    more = [{"additionalIdToken": "1234", "type": "PIN"}]
    whole = dict(CARD, additionalInfo=more)
    s = Case()
    s.station.present("TAG1", 1, "ISO14443", more)
    s.run(1000)
    assert s.csms.sent("Authorize") == [{"idToken": whole}]
    s.plugs()
    assert s.txs()[0]["idToken"] == whole
    s = Case(settings={"AuthCtrlr.AuthorizeRemoteStart": "true"})
    ask = {"idToken": whole, "remoteStartId": 3, "evseId": 1}
    assert s.asks("RequestStartTransaction", ask) == {"status": "Accepted"}
    s.plugs()
    assert s.csms.sent("Authorize") == [{"idToken": whole}]
    assert s.txs()[0]["idToken"] == whole


def test_languages_of_a_user():
    def answer(*languages):
        info = {"status": "Accepted"}
        for n, language in enumerate(languages):
            info["language%d" % (n + 1)] = language
        return {"idTokenInfo": info}

    s = Case()
    s.csms.answers["Authorize"] = answer("nl", "en")
    s.card()
    s.plugs()
    assert s.c.languages == ["nl", "en"]
    s.card()
    s.unplugs()
    s.csms.answers["Authorize"] = answer()
    s.csms.answers["TransactionEvent"] = lambda p: answer("fr") if "idToken" in p else {}
    s.card("TAG2")
    assert s.c.languages is None
    s.plugs()
    assert s.c.languages == ["fr"]


def test_before_the_station_is_accepted():
    for may in ("true", "false"):
        settings = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
        settings["TxCtrlr.TxBeforeAcceptedEnabled"] = may
        s = Case(settings=settings, up=False)
        s.run(500)
        s.plugs()
        s.card()
        s.run(1000)
        assert s.c.charging_permitted == (may == "true")
        s.online()
        s.card("TAG2")
        s.run(1000)
        assert s.c.charging_permitted


def test_an_invalid_token_stays_invalid_over_a_restart():
    settings = {"TxCtrlr.StopTxOnInvalidId": "false", "OnPowerLoss": "resume"}
    s = Case("EVConnected", "EVConnected", settings)
    s.csms.answers["TransactionEvent"] = lambda p: (
        {"idTokenInfo": {"status": "Blocked"}} if "idToken" in p else {}
    )
    s.plugs()
    s.card()
    s.run(2000)
    assert s.c.tx.suspended
    t = s.reboot()
    t.plugs()
    assert t.c.tx and t.c.tx.suspended and not t.c.charging_permitted
    assert t.c.tx.id_token == "TAG1" and t.c.tx.authorized


def test_room_that_the_cache_takes():
    s = Case(settings=CACHE)
    of = {"component": {"name": "AuthCacheCtrlr"}, "variable": {"name": "Storage"}}

    def used():
        result = s.asks("GetVariables", {"getVariableData": [of]})["getVariableResult"][0]
        assert result["attributeStatus"] == "Accepted"
        return int(result["attributeValue"])

    before = used()
    s.cached()
    assert used() > before
    s.asks("ClearCache", {})
    assert used() == 0
