# marks: slow
# heap: 4M
# timeout: 240
"""OCPP 2.0.1 part 6, block E: when transactions begin and end, and what is told of them."""

from cases201 import CARD, Case, samples

STARTED, UPDATED, ENDED = "Started", "Updated", "Ended"
CHANGED = "ChargingStateChanged"


def test_TC_E_01_CS():
    s = Case("PowerPathClosed")
    s.card()
    assert s.news() == [] and s.statuses() == ["Available"]
    s.plugs()
    assert s.statuses()[-1] == "Occupied"
    assert s.news() == [
        (STARTED, "CablePluggedIn", "EVConnected", None),
        (UPDATED, CHANGED, "Charging", None),
    ]
    assert s.order()[-3:] == ["Occupied", "CablePluggedIn", CHANGED], s.order()
    first = s.txs()[0]
    assert first["idToken"] == CARD and first["evse"] == {"id": 1, "connectorId": 1}


def test_TC_E_02_CS():
    s = Case("EnergyTransfer")
    s.card()
    s.plugs(ready=False)
    assert s.statuses()[-1] == "Occupied" and s.news() == []
    s.c.ev_ready = True
    s.run(1500)
    assert s.news() == [(STARTED, CHANGED, "Charging", None)]
    first = s.last()
    assert first["idToken"] == CARD and first["evse"] == {"id": 1, "connectorId": 1}


def test_energy_that_flows_before_the_record_of_the_start_is_in_it():
    s = Case("EnergyTransfer")
    s.draw = 7
    s.wh[0] = 1000
    s.card()
    s.plugs(ready=False)
    s.c.ev_ready = True
    s.run(10000)
    s.card()
    begin = samples(s.txs()[0], "Transaction.Begin")
    assert begin == [("Energy.Active.Import.Register", 1000)], begin


def test_energy_that_a_limit_holds_back_begins_nothing():
    for unknown in (False, True):
        s = Case("EnergyTransfer")
        s.station.set_limit(1, 0)
        s.card()
        s.plugs(ready=not unknown)
        s.run(3000)
        assert s.news() == [] and not s.c.charging_permitted and s.c.grant
        s.station.set_limit(1, 10000)
        s.run(3000)
        if unknown:
            assert s.news() == [] and s.c.charging_permitted and s.c.limit_ma == 10000
            s.c.ev_ready = True
            s.run(1500)
        assert s.news() == [(STARTED, CHANGED, "Charging", None)]
        s.run(3000)
        assert s.news() == [] and s.c.limit_ma == 10000
        s.station.set_limit(1, 0)
        s.run(3000)
        assert s.news()[-1][2] == "SuspendedEVSE"


def test_energy_not_flowing_yet_has_its_share():
    s = Case("EnergyTransfer", connectors=2)
    s.station.set_limit(0, 20000)
    s.card("A", 1)
    s.plugs(1)
    assert [t[:3] for t in s.news()] == [(STARTED, CHANGED, "Charging")]
    s.card("B", 2)
    s.plugs(2, ready=False)
    first, second = s.station.connectors
    assert s.news() == [] and second.charging_permitted
    assert first.limit_ma == second.limit_ma == 10000
    s.run(40000, 50)  # it does not ask: it is left the least
    assert first.limit_ma == 14000 and second.limit_ma == 6000
    s.forget()
    second.ev_ready = True
    s.run(1500)
    assert first.limit_ma == second.limit_ma == 10000
    assert [t[:3] for t in s.news()] == [(STARTED, CHANGED, "Charging")]


def test_TC_E_02_CS_remote():
    s = Case("EnergyTransfer")
    ask = {"idToken": CARD, "remoteStartId": 5, "evseId": 1}
    assert s.asks("RequestStartTransaction", ask) == {"status": "Accepted"}
    s.plugs()
    assert s.news() == [(STARTED, "RemoteStart", "Charging", None)]
    assert s.last()["transactionInfo"]["remoteStartId"] == 5


def test_what_the_cable_can_carry():
    for start in ("EVConnected", "Authorized", "PowerPathClosed"):
        s = Case(start)
        s.card()
        s.c.cable_ma = 20500
        s.plugs()
        told = [e.get("cableMaxCurrent") for e in s.txs()]
        assert told.count(20) == 1 and told.count(None) == len(told) - 1, (start, told)
        assert told[0 if start != "Authorized" else 1] == 20, (start, told)


def test_TC_E_09_CS():
    s = Case("EVConnected")
    s.bay()
    s.plugs()
    assert s.news() == [(STARTED, "CablePluggedIn", "EVConnected", None)]
    assert s.order()[-2:] == ["Occupied", "CablePluggedIn"]
    first = s.last()
    assert "idToken" not in first and first["evse"] == {"id": 1, "connectorId": 1}
    assert not s.c.charging_permitted
    s.card()
    assert s.news()[0] == (UPDATED, "Authorized", "EVConnected", None)
    assert s.c.charging_permitted
    assert [e.get("idToken") for e in s.txs()] == [None, CARD, None]


def test_TC_E_10_CS():
    s = Case("Authorized")
    s.card()
    assert s.csms.sent("Authorize") == [{"idToken": CARD}]
    assert s.news() == [(STARTED, "Authorized", "Idle", None)]
    assert s.last()["idToken"] == CARD and s.statuses() == ["Available"]
    s.plugs()
    assert s.news() == [
        (UPDATED, "CablePluggedIn", "EVConnected", None),
        (UPDATED, CHANGED, "Charging", None),
    ]
    assert s.order()[-3:] == ["Occupied", "CablePluggedIn", CHANGED], s.order()


def test_TC_E_13_CS():
    for ask_first in ("true", "false"):
        s = Case("Authorized", settings={"AuthCtrlr.AuthorizeRemoteStart": ask_first})
        ask = {"idToken": CARD, "remoteStartId": 5, "evseId": 1}
        assert s.asks("RequestStartTransaction", ask) == {"status": "Accepted"}
        s.run(500)
        assert ("Authorize" in s.actions()) == (ask_first == "true")
        assert s.news() == [(STARTED, "RemoteStart", "Idle", None)]
        assert s.last()["idToken"] == CARD
        assert s.last()["transactionInfo"]["remoteStartId"] == 5


def signs(s):
    s.c.sign = lambda context, token: ("OCMF", "ECDSA", "OCMF|{}|%s" % context, "KEY")


def test_TC_E_11_CS():
    s = Case("DataSigned", settings={"SampledDataCtrlr.SignReadings": "true"})
    signs(s)
    s.card()
    assert s.news() == []
    s.plugs()
    assert s.news() == [
        (STARTED, "SignedDataReceived", "EVConnected", None),
        (UPDATED, CHANGED, "Charging", None),
    ]
    first = s.txs()[0]
    values = [v for m in first["meterValue"] for v in m["sampledValue"] if "signedMeterValue" in v]
    assert values[0]["context"] == "Transaction.Begin" and first["idToken"] == CARD
    for field in ("encodingMethod", "publicKey", "signedMeterData", "signingMethod"):
        assert field in values[0]["signedMeterValue"]


def test_a_meter_that_does_not_sign_begins_when_all_is_ready():
    s = Case("DataSigned")
    s.card()
    s.plugs()
    assert s.news()[0] == (STARTED, "CablePluggedIn", "EVConnected", None)


def test_TC_E_12_CS():
    s = Case("ParkingBayOccupancy")
    s.bay()
    assert s.news() == [(STARTED, "EVDetected", "Idle", None)]
    assert s.statuses() == ["Available"]
    s.card()
    assert s.news() == [(UPDATED, "Authorized", "Idle", None)]
    s.plugs()
    assert [t[1] for t in s.news()] == ["CablePluggedIn", CHANGED]
    ids = [e["transactionInfo"]["transactionId"] for e in s.txs()]
    assert len(set(ids)) == 1
    assert [e["seqNo"] for e in s.txs()] == list(range(len(ids)))


def test_TC_E_16_CS():
    for stop in ("Authorized", "PowerPathClosed"):
        settings = {"TxCtrlr.StopTxOnInvalidId": "true"}
        settings["AuthCtrlr.OfflineTxForUnknownIdEnabled"] = "true"
        s = Case(stop=stop, settings=settings)
        s.csms.answers["TransactionEvent"] = lambda p: (
            {"idTokenInfo": {"status": "Invalid"}} if "idToken" in p else {}
        )
        s.offline()
        s.card()
        s.plugs()
        s.online()
        s.run(2000)
        assert s.txs()[0]["offline"] is True
        assert s.news()[-1] == (ENDED, "Deauthorized", "EVConnected", "DeAuthorized")
        assert "offline" not in s.last()


def test_TC_E_17_CS():
    for stop in ("Authorized", "PowerPathClosed"):
        settings = {"TxCtrlr.StopTxOnEVSideDisconnect": "true"}
        settings["OCPPCommCtrlr.UnlockOnEVSideDisconnect"] = "false"
        s = Case(stop=stop, settings=settings)
        s.charge()
        s.suspends()
        s.news()
        s.unplugs()
        assert s.news() == [(ENDED, "EVCommunicationLost", "Idle", "EVDisconnected")]
        assert s.statuses()[-1] == "Occupied" and s.c.lock_wanted  # the cable is still locked
        s.card()
        assert s.statuses()[-1] == "Available" and not s.c.lock_wanted


def test_TC_E_39_CS():
    settings = {"TxCtrlr.EVConnectionTimeOut": "10"}
    s = Case("Authorized", "Authorized", settings)
    s.card()
    s.run(11000)
    assert s.news()[-1] == (ENDED, "EVConnectTimeout", "Idle", "Timeout")
    s.plugs()
    assert s.news() == [] and not s.c.charging_permitted
    s = Case("ParkingBayOccupancy", "ParkingBayOccupancy", settings)
    s.bay()
    s.card()
    s.run(11000)
    assert s.news()[-1] == (UPDATED, "EVConnectTimeout", "Idle", None)
    s.plugs()
    assert s.news() == [(UPDATED, "CablePluggedIn", "EVConnected", None)]
    assert not s.c.charging_permitted


def test_TC_E_03_CS():
    s = Case()
    s.plugs()
    assert s.statuses() == ["Available", "Occupied"]
    s.card()
    s.run(1500)
    assert s.news() == [
        (STARTED, "Authorized", "EVConnected", None),
        (UPDATED, CHANGED, "Charging", None),
    ]


def test_TC_E_04_CS():
    s = Case()
    s.card()
    s.plugs()
    assert [t[0] for t in s.news()] == [STARTED, UPDATED] and s.c.charging_permitted


def test_TC_E_05_CS():
    for start, stop, kind in (
        ("Authorized", "Authorized", ENDED),
        ("Authorized", "EVConnected", ENDED),  # nothing holds any more
        ("ParkingBayOccupancy", "ParkingBayOccupancy", UPDATED),
        ("PowerPathClosed", "Authorized", None),
    ):
        s = Case(start, stop, {"TxCtrlr.EVConnectionTimeOut": "10"})
        s.bay()
        if start == "Authorized":
            s.bay(False)
        s.card()
        s.news()
        s.run(11000)
        found = s.news()
        assert [t[:2] for t in found] == ([(kind, "EVConnectTimeout")] if kind else []), found
        assert s.statuses() == ["Available"]
        s.card()
        s.plugs()
        assert s.news()[-1] == (UPDATED, CHANGED, "Charging", None)


def test_TC_E_38_CS():
    s = Case()
    s.card()
    s.plugs(ready=False)
    assert s.news()[-1] == (UPDATED, CHANGED, "SuspendedEV", None)


def test_TC_E_52_CS():
    s = Case(settings={"AuthCtrlr.DisableRemoteAuthorization": "true"})
    s.plugs()
    s.card()
    assert "Authorize" not in s.actions() and s.news() == [] and s.c.tx is None


def test_TC_E_06_CS():
    s = Case()
    s.charge()
    s.card()
    s.unplugs()
    assert s.news()[-1] == (ENDED, "StopAuthorized", "EVConnected", "Local")
    assert s.statuses()[-1] == "Available"


def test_TC_E_07_CS():
    s = Case(stop="PowerPathClosed")
    s.charge()
    s.card()
    assert s.news()[-1] == (ENDED, "StopAuthorized", "EVConnected", "Local")
    assert s.last()["idToken"] == CARD


def stop_remotely(s):
    id = s.txs()[0]["transactionInfo"]["transactionId"]
    answer = s.asks("RequestStopTransaction", {"transactionId": id})
    s.run(1500)
    return answer


def test_TC_E_35_CS():
    s = Case(stop="PowerPathClosed")
    s.charge()
    assert stop_remotely(s) == {"status": "Accepted"}
    assert s.news()[-1] == (ENDED, "RemoteStop", "EVConnected", "Remote")


def test_TC_E_37_CS():
    s = Case(stop="PowerPathClosed", settings={"TxCtrlr.StopTxOnEVSideDisconnect": "false"})
    s.charge()
    s.suspends()
    s.unplugs()
    assert s.news()[-1] == (ENDED, "EVCommunicationLost", "Idle", "EVDisconnected")


def test_TC_E_08_CS():
    s = Case(stop="EnergyTransfer")
    s.charge()
    s.run(1500)
    s.news()
    s.card()
    s.run(1500)
    assert s.news() == [
        (UPDATED, "StopAuthorized", "Charging", None),
        (ENDED, CHANGED, "EVConnected", "Local"),
    ]
    assert "idToken" not in s.last() and s.txs()[-2]["idToken"] == CARD


def test_TC_E_22_CS():
    s = Case(stop="EnergyTransfer")
    s.charge()
    s.run(1500)
    s.news()
    s.suspends()
    assert s.news() == [(ENDED, CHANGED, "EVConnected", "StoppedByEV")]


def test_TC_E_14_CS():
    for remote in (False, True):
        s = Case(stop="EVConnected")
        s.charge()
        s.run(1500)
        s.news()
        if remote:
            assert stop_remotely(s) == {"status": "Accepted"}
        else:
            s.card()
        s.run(1500)
        why = ("RemoteStop", "Remote") if remote else ("StopAuthorized", "Local")
        assert s.news() == [
            (UPDATED, why[0], "Charging", None),
            (UPDATED, CHANGED, "EVConnected", None),
        ]
        assert not s.c.charging_permitted and not s.c.lock_wanted
        s.unplugs()
        assert s.news() == [(ENDED, "EVCommunicationLost", "Idle", why[1])]
        assert s.order()[-2:] == ["Available", "EVCommunicationLost"]


def test_TC_E_20_CS():
    s = Case(stop="EVConnected", settings={"TxCtrlr.StopTxOnEVSideDisconnect": "false"})
    s.charge()
    s.suspends()
    s.unplugs()
    assert s.news()[-1] == (ENDED, "EVCommunicationLost", "Idle", "EVDisconnected")


def test_TC_E_15_CS():
    s = Case(stop="Authorized")
    s.charge()
    s.card()
    assert s.news()[-1] == (ENDED, "StopAuthorized", "EVConnected", "Local")


def test_TC_E_21_CS():
    s = Case(stop="Authorized")
    s.charge()
    assert stop_remotely(s) == {"status": "Accepted"}
    assert s.news()[-1] == (ENDED, "RemoteStop", "EVConnected", "Remote")


def test_TC_E_19_CS():
    for remote in (False, True):
        s = Case("ParkingBayOccupancy", "ParkingBayOccupancy")
        s.bay()
        s.plugs()
        s.card()
        s.run(1500)
        s.news()
        if remote:
            assert stop_remotely(s) == {"status": "Accepted"}
        else:
            s.card()
        s.run(1500)
        s.unplugs()
        assert [t[:3] for t in s.news()] == [
            (UPDATED, "RemoteStop" if remote else "StopAuthorized", "Charging"),
            (UPDATED, CHANGED, "EVConnected"),
            (UPDATED, "EVCommunicationLost", "Idle"),
        ]
        assert s.statuses()[-1] == "Available"
        s.bay(False)
        assert s.news() == [(ENDED, "EVDeparted", "Idle", "Remote" if remote else "Local")]


def test_signed_data_at_the_end():
    s = Case(stop="DataSigned", settings={"SampledDataCtrlr.SignReadings": "true"})
    signs(s)
    s.charge()
    s.run(1500)
    s.news()
    s.card()
    s.run(1500)
    assert [t[:3] for t in s.news()] == [
        (UPDATED, "StopAuthorized", "Charging"),
        (UPDATED, CHANGED, "EVConnected"),
        (ENDED, "SignedDataReceived", "EVConnected"),
    ]
    assert any("signedMeterValue" in v for m in s.last()["meterValue"] for v in m["sampledValue"])


def test_TC_E_24_CS():
    settings = {"TxCtrlr.StopTxOnEVSideDisconnect": "true"}
    settings["OCPPCommCtrlr.UnlockOnEVSideDisconnect"] = "true"
    s = Case(settings=settings)
    s.charge()
    s.suspends()
    s.unplugs()
    assert s.news()[-1][:3] == (ENDED, "EVCommunicationLost", "Idle")
    assert s.statuses()[-1] == "Available" and not s.c.lock_wanted


def test_TC_E_25_CS():
    settings = {"TxCtrlr.StopTxOnEVSideDisconnect": "true"}
    settings["OCPPCommCtrlr.UnlockOnEVSideDisconnect"] = "false"
    s = Case(settings=settings)
    s.charge()
    s.suspends()
    s.unplugs()
    assert s.news()[-1][:3] == (ENDED, "EVCommunicationLost", "Idle")
    assert s.c.lock_wanted
    s.card()
    assert s.statuses()[-1] == "Available" and not s.c.lock_wanted
    s = Case(settings=settings, config={"connector_lock": False})  # attached for good
    s.charge()
    s.unplugs()
    assert s.statuses()[-1] == "Available"


SUSPEND = {
    "TxCtrlr.StopTxOnEVSideDisconnect": "false",
    "OCPPCommCtrlr.UnlockOnEVSideDisconnect": "false",
    "TxCtrlr.EVConnectionTimeOut": "20",
}


def test_TC_E_26_CS():
    for lock in (True, False):
        s = Case(stop="Authorized", settings=SUSPEND, config={"connector_lock": lock})
        s.charge()
        s.suspends()
        s.news()
        s.unplugs()
        assert s.news() == [(UPDATED, "EVCommunicationLost", "Idle", None)]
        assert s.statuses()[-1] == ("Occupied" if lock else "Available")
        s.plugs()
        assert s.news() == [
            (UPDATED, "CablePluggedIn", "EVConnected", None),
            (UPDATED, CHANGED, "Charging", None),
        ]


def test_TC_E_27_CS():
    for stop, bay, kind in (
        ("Authorized", False, ENDED),
        ("ParkingBayOccupancy", True, UPDATED),
        ("Authorized,ParkingBayOccupancy", True, ENDED),
    ):
        s = Case(stop=stop, settings=SUSPEND, config={"connector_lock": False})
        s.bay(bay)
        s.charge()
        s.suspends()
        s.unplugs()
        assert s.news()[-1] == (UPDATED, "EVCommunicationLost", "Idle", None)
        s.run(20000, 50)
        why = "Timeout" if kind == ENDED else None
        assert s.news() == [(kind, "EVConnectTimeout", "Idle", why)]


def status(s, id=None):
    return s.asks("GetTransactionStatus", {} if id is None else {"transactionId": id})


def id_of(s):
    return s.txs()[0]["transactionInfo"]["transactionId"]


def test_TC_E_28_CS():
    s = Case()
    for id in ("nonsense", s.station.dialect.transaction_id("9-9")):
        assert status(s, id) == {"ongoingIndicator": False, "messagesInQueue": False}


def test_TC_E_30_CS():
    s = Case()
    s.charge()
    s.run(1000)
    assert status(s, id_of(s)) == {"ongoingIndicator": True, "messagesInQueue": False}


def queued(s):
    """Offline for a while, with messages; then online, none of them answered."""
    s.offline()
    s.run(12000, 50)
    s.csms.answers["TransactionEvent"] = None
    s.forget()
    s.connection.connect("ocpp2.0.1")
    s.run(100)


def test_TC_E_29_CS():
    s = Case(settings={"SampledDataCtrlr.TxUpdatedInterval": "5"})
    s.charge()
    s.run(1000)
    id = id_of(s)
    queued(s)
    assert status(s, id) == {"ongoingIndicator": True, "messagesInQueue": True}
    first = s.txs()[0]
    assert first["eventType"] == UPDATED and first["meterValue"] and first["offline"]


def test_TC_E_31_CS():
    s = Case(settings={"SampledDataCtrlr.TxUpdatedInterval": "5"})
    s.charge()
    s.run(1000)
    id = id_of(s)
    s.offline()
    s.card()
    s.unplugs()
    queued(s)
    assert status(s, id) == {"ongoingIndicator": False, "messagesInQueue": True}


def test_TC_E_32_CS():
    s = Case()
    s.charge()
    s.card()
    s.unplugs()
    assert status(s, id_of(s)) == {"ongoingIndicator": False, "messagesInQueue": False}


def test_TC_E_33_CS():
    s = Case(settings={"SampledDataCtrlr.TxUpdatedInterval": "5"})
    s.charge()
    queued(s)
    assert status(s) == {"messagesInQueue": True}


def test_TC_E_34_CS():
    assert status(Case()) == {"messagesInQueue": False}


def test_TC_E_40_CS():
    s = Case(settings={"SampledDataCtrlr.TxUpdatedInterval": "5"})
    s.charge()
    s.run(1000)
    s.forget()
    s.offline()
    s.run(11000, 50)
    s.online()
    found = s.txs()
    assert len(found) >= 2
    for e in found:
        assert e["eventType"] == UPDATED and e["meterValue"] and e["offline"] is True


RETRY = {
    "OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "3",
    "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "4",
    "OCPPCommCtrlr.MessageTimeout[Default]": "5",
}


def attempts(s, ms):
    """When the first TransactionEvent was sent again, in s since it was."""
    s.forget()
    s.card()
    s.plug()
    found = []
    while ms > 0:
        s.run(100)
        ms -= 100
        first = [f for f in s.txs() if f["seqNo"] == 0]
        while len(found) < len(first):
            found.append(s.clock.uptime())
    return [at - found[0] for at in found]


def near(found, wanted):
    assert len(found) == len(wanted), found
    for a, b in zip(found, wanted):
        assert abs(a - b) <= 1, found


def test_TC_E_41_CS():
    s = Case(settings=RETRY)
    s.csms.answers["TransactionEvent"] = None
    near(attempts(s, 60000), [0, 5 + 4, 5 + 4 + 5 + 8])


def test_TC_E_50_CS():
    from ocpp.rpc import CallError

    s = Case(settings=RETRY)
    s.csms.answers["TransactionEvent"] = CallError("InternalError", "no")
    near(attempts(s, 40000), [0, 4, 12])


def test_TC_E_42_CS():
    s = Case(settings=RETRY)
    count = []

    def second(p):
        count.append(p)
        return None if len(count) == 1 else {}

    s.csms.answers["TransactionEvent"] = second
    near(attempts(s, 40000), [0, 9])


def test_TC_E_51_CS():
    from ocpp.rpc import CallError

    s = Case(settings=RETRY)
    count = []

    def second(p):
        count.append(p)
        return CallError("InternalError", "no") if len(count) == 1 else {}

    s.csms.answers["TransactionEvent"] = second
    near(attempts(s, 30000), [0, 4])


OFFLINE = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}


def test_TC_E_43_CS():
    s = Case(settings=OFFLINE)
    s.offline()
    s.plugs()
    s.card()
    s.run(2000)
    s.card()
    s.unplugs()
    s.online()
    found = s.txs()
    assert all([e["offline"] for e in found])
    assert [e["eventType"] for e in found] == [STARTED, UPDATED, ENDED]


def test_TC_E_44_CS():
    s = Case()
    s.charge()
    s.run(1500)
    s.forget()
    s.offline()
    s.card()
    s.unplugs()
    s.online()
    assert s.txs() and all([e["offline"] for e in s.txs()])
    assert s.last()["eventType"] == ENDED


def test_TC_E_45_CS():
    s = Case()
    group = {"idToken": "FAMILY", "type": "Central"}
    s.csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": group}}
    s.cached("DAD", group="FAMILY")
    s.charge(tag="MUM")
    s.run(1500)
    s.forget()
    s.offline()
    s.card("DAD")
    s.unplugs()
    s.online()
    assert all([e["offline"] for e in s.txs()])
    assert s.last()["eventType"] == ENDED and s.last()["idToken"]["idToken"] == "DAD"


def test_one_card_reader_for_several_bays():
    """A card is for the EVSE whose car waits in its bay."""
    s = Case("ParkingBayOccupancy", "ParkingBayOccupancy", connectors=2)
    s.bay(n=2)
    s.card()
    assert s.news() == [
        (STARTED, "EVDetected", "Idle", None),
        (UPDATED, "Authorized", "Idle", None),
    ]
    assert {e["evse"]["id"] for e in s.txs()} == {2}


def test_a_transaction_nobody_is_authorized_for_yet_goes_on_in_1_6():
    s = Case("EVConnected", config={"ocpp": {"url": "ws://x/", "id": "c", "version": BOTH}})
    s.offline()
    s.plugs()
    s.connection.connect("ocpp1.6")
    s.run(1500)
    started = s.csms.sent("StartTransaction")
    assert len(started) == 1 and started[0]["idTag"] == "" and not s.c.charging_permitted
    s.station.present("TAG1")
    s.run(1500)
    assert s.c.charging_permitted
    s.unplug()
    s.run(1500)
    stop = s.csms.sent("StopTransaction")[0]
    assert stop["transactionId"] == 1 and stop["reason"] == "EVDisconnected"


BOTH = ["2.0.1", "1.6"]


def test_back_from_1_6():
    s = Case(config={"ocpp": {"url": "ws://x/", "id": "c", "version": BOTH}}, up=False)
    s.connection.connect("ocpp1.6")
    s.run(700)
    s.charge()
    s.offline()
    s.csms.forget()
    s.online()
    s.card()
    s.run(1500)
    e = s.last()
    assert e["eventType"] == ENDED and e["triggerReason"] == "StopAuthorized"


def test_a_reset_ends_one_nobody_is_authorized_for():
    s = Case("EVConnected", "ParkingBayOccupancy")
    again = []
    s.station.on_reset = again.append
    s.plugs()
    assert s.asks("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    s.run(3000)
    assert s.news()[-1] == (ENDED, "ResetCommand", "EVConnected", "ImmediateReset") and again
    t = s.reboot()
    t.plugs()
    t.online()
    assert t.news() == [(STARTED, "CablePluggedIn", "EVConnected", None)]


def test_the_host_ends_it():
    """Limits of energy and time, and an empty purse, are the host's to find."""
    for why in ("EnergyLimitReached", "TimeLimitReached", "SOCLimitReached", "LocalOutOfCredit"):
        s = Case(stop="EVConnected")
        s.charge()
        s.c.end(None, why)
        s.run(1000)
        trigger = why if why[:6] in ("Energy", "TimeLi") else "AbnormalCondition"
        assert s.news()[-1] == (ENDED, trigger, "EVConnected", why)
    s = Case(stop="EVConnected")
    s.charge()
    s.run(1500)
    s.c.end()
    s.run(1500)
    assert [t[1] for t in s.news()][-2:] == ["StopAuthorized", CHANGED] and s.c.tx


def test_points_are_changed_by_the_central_system():
    s = Case()

    def change(variable, value):
        item = {"component": {"name": "TxCtrlr"}, "variable": {"name": variable}}
        answer = s.asks("SetVariables", {"setVariableData": [dict(item, attributeValue=value)]})
        return answer["setVariableResult"][0]["attributeStatus"]

    assert change("TxStartPoint", "Authorized,Nothing") == "Rejected"
    assert change("TxStartPoint", "Authorized") == "Accepted"
    assert change("TxStopPoint", "EVConnected") == "Accepted"
    s.card()
    assert s.news() == [(STARTED, "Authorized", "Idle", None)]
    s.plugs()
    s.card()
    s.run(1500)
    assert s.c.tx and not s.c.charging_permitted
    t = s.reboot()  # it is kept
    t.online()
    t.card()
    assert t.news()[-1] == (STARTED, "Authorized", "Idle", None)
