# marks: slow
# heap: 4M
# timeout: 240
"""OCPP 2.0.1 part 6, blocks F (remote control) and P (data transfer)."""

from cases201 import CARD, Case, samples

STARTED, UPDATED, ENDED = "Started", "Updated", "Ended"
CHANGED = "ChargingStateChanged"


def start(s, evse=1, **more):
    ask = dict(more, idToken=CARD, remoteStartId=77)
    if evse:
        ask["evseId"] = evse
    answer = s.asks("RequestStartTransaction", ask)
    s.run(1200)
    return answer


def test_TC_F_01_CS():
    s = Case(connectors=2)
    s.plugs(2)
    assert start(s, 2) == {"status": "Accepted"}
    s.run(1500)
    assert s.news() == [
        (STARTED, "RemoteStart", "EVConnected", None),
        (UPDATED, CHANGED, "Charging", None),
    ]
    first = s.txs()[0]
    assert first["transactionInfo"]["remoteStartId"] == 77 and first["idToken"] == CARD
    assert first["evse"] == {"id": 2, "connectorId": 1}


def test_a_remote_start_for_the_transaction_that_runs():
    for asked in ("true", "false"):
        settings = {"AuthCtrlr.AuthorizeRemoteStart": asked}
        s = Case("EVConnected", settings=settings, connectors=2)
        s.plugs(2)
        id = s.last()["transactionInfo"]["transactionId"]
        assert start(s, 2) == {"status": "Accepted", "transactionId": id}
        s.run(1500)
        assert s.news()[1:] == [
            (UPDATED, "RemoteStart", "EVConnected", None),
            (UPDATED, CHANGED, "Charging", None),
        ]
        second = s.txs()[1]
        assert second["transactionInfo"]["remoteStartId"] == 77 and second["idToken"] == CARD
    s = Case("EVConnected", connectors=2)
    s.plugs(2)
    id = s.last()["transactionInfo"]["transactionId"]
    assert start(s, None) == {"status": "Accepted", "transactionId": id}


def remote_first(ask):
    s = Case(settings={"AuthCtrlr.AuthorizeRemoteStart": ask})
    assert start(s) == {"status": "Accepted"}
    assert ("Authorize" in s.actions()) == (ask == "true")
    s.plugs()
    assert s.news() == [
        (STARTED, "RemoteStart", "EVConnected", None),
        (UPDATED, CHANGED, "Charging", None),
    ]


def test_TC_F_02_CS():
    remote_first("true")


def test_TC_F_03_CS():
    remote_first("false")


def test_TC_F_04_CS():
    for points, kind in (("Authorized", ENDED), ("ParkingBayOccupancy", UPDATED)):
        s = Case(points, points, {"TxCtrlr.EVConnectionTimeOut": "10"})
        if kind == UPDATED:
            s.bay()
        assert start(s)["status"] == "Accepted"
        s.run(10000)
        assert s.news()[-1][:2] == (kind, "EVConnectTimeout")
        assert start(s)["status"] == "Accepted"
        assert s.news()[-1][1] == "RemoteStart"


def test_a_remote_start_that_can_not_be():
    s = Case(connectors=2)
    assert start(s, 3) == {"status": "Rejected"}
    s.charge(1)
    assert start(s, 1) == {"status": "Rejected"}
    s.asks("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}})
    assert start(s, 2) == {"status": "Rejected"} and start(s, None) == {"status": "Rejected"}


def test_the_group_of_a_remote_start_ends_it():
    s = Case()
    family = {"idToken": "FAMILY", "type": "Central"}
    s.plugs()
    assert start(s, 1, groupIdToken=family) == {"status": "Accepted"}
    s.csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": family}}
    s.card("DAD")
    assert s.news()[-1] == (ENDED, "StopAuthorized", "EVConnected", "Local")


def unlock(s, evse=1, connector=1):
    return s.asks("UnlockConnector", {"evseId": evse, "connectorId": connector})


def locked(**more):
    s = Case(**more)
    s.station.on_unlock = lambda connector: True
    return s


def test_TC_F_05_CS():
    s = locked()
    s.charge()
    assert unlock(s) == {"status": "OngoingAuthorizedTransaction"} and s.c.charging_permitted


def test_TC_F_06_CS():
    s = locked()
    s.plugs()
    assert unlock(s) == {"status": "Unlocked"}
    s = locked(start="EVConnected")
    s.plugs()
    assert unlock(s) == {"status": "Unlocked"} and s.c.tx  # nobody is authorized


def test_TC_F_07_CS():
    assert unlock(locked()) == {"status": "Unlocked"}


def test_an_unlock_that_fails():
    s = Case()
    s.station.on_unlock = lambda connector: False
    assert unlock(s) == {"status": "UnlockFailed"}


def test_TC_F_10_CS():
    s = locked()
    assert unlock(s, 1, 999) == {"status": "UnknownConnector"}
    assert unlock(s, 9, 1) == {"status": "UnknownConnector"}


def test_TC_F_08_CS():
    s = Case()
    s.charge()
    id = s.last()["transactionInfo"]["transactionId"]
    assert s.asks("RequestStopTransaction", {"transactionId": id}) == {"status": "Accepted"}
    s.run(1000)
    assert s.news()[-1] == (ENDED, "RemoteStop", "EVConnected", "Remote")
    assert "idToken" not in s.last()


def test_TC_F_09_CS():
    s = Case()
    s.charge()
    s.run(1500)
    s.news()
    assert s.asks("RequestStopTransaction", {"transactionId": "x"}) == {"status": "Rejected"}
    s.run(1000)
    assert s.news() == []


def trigger(s, message, evse=None):
    ask = {"requestedMessage": message}
    if evse:
        ask["evse"] = evse
    s.forget()
    answer = s.asks("TriggerMessage", ask)
    s.run(500)
    s.check()
    return answer["status"]


def test_TC_F_11_CS():
    s = Case(connectors=2)
    assert trigger(s, "MeterValues", {"id": 2}) == "Accepted"
    sent = s.csms.sent("MeterValues")
    assert [p["evseId"] for p in sent] == [2]
    assert sent[0]["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"


def test_TC_F_12_CS():
    s = Case(connectors=2)
    assert trigger(s, "MeterValues") == "Accepted"
    assert [p["evseId"] for p in s.csms.sent("MeterValues")] == [1, 2]
    for p in s.csms.sent("MeterValues"):
        assert p["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"


def test_TC_F_13_CS():
    s = Case(connectors=2)
    s.charge(2)
    s.run(1500)
    assert trigger(s, "TransactionEvent", {"id": 2}) == "Accepted"
    e = s.last()
    assert e["triggerReason"] == "Trigger" and e["evse"]["id"] == 2
    assert e["transactionInfo"]["chargingState"] == "Charging" and samples(e, "Trigger")
    assert trigger(s, "TransactionEvent", {"id": 1}) == "Rejected" and s.txs() == []


def test_TC_F_14_CS():
    s = Case(connectors=2)
    s.charge(1, "TAG1")
    s.charge(2, "TAG2")
    s.run(1500)
    assert trigger(s, "TransactionEvent") == "Accepted"
    assert [e["evse"]["id"] for e in s.txs()] == [1, 2]
    for e in s.txs():
        assert e["transactionInfo"]["chargingState"] == "Charging" and samples(e, "Trigger")


def test_TC_F_15_CS():
    s = Case()
    assert trigger(s, "LogStatusNotification") == "Accepted"
    assert s.csms.sent("LogStatusNotification") == [{"status": "Idle"}]


def test_TC_F_16_CS():
    s = Case()
    part = s.station.part("upload")
    part.state = {"id": 7, "told": "Uploading"}  # one is under way
    assert trigger(s, "LogStatusNotification") == "Accepted"
    assert s.csms.sent("LogStatusNotification") == [{"status": "Uploading", "requestId": 7}]


def test_TC_F_17_CS():
    s = Case()
    assert trigger(s, "FirmwareStatusNotification", {"id": 1}) == "Accepted"
    assert s.csms.sent("FirmwareStatusNotification") == [{"status": "Idle"}]


def test_TC_F_18_CS():
    s = Case()
    assert trigger(s, "FirmwareStatusNotification") == "Accepted"
    assert s.csms.sent("FirmwareStatusNotification") == [{"status": "Idle"}]


def test_TC_F_19_CS():
    s = Case()
    part = s.station.part("update")
    part.state = {"id": 9, "told": "Downloading"}
    assert trigger(s, "FirmwareStatusNotification") == "Accepted"
    sent = s.csms.sent("FirmwareStatusNotification")
    assert sent == [{"status": "Downloading", "requestId": 9}]


def test_TC_F_20_CS():
    s = Case()
    assert trigger(s, "Heartbeat") == "Accepted" and s.csms.sent("Heartbeat") == [{}]


def test_TC_F_23_CS():
    s = Case(connectors=2)
    assert trigger(s, "StatusNotification", {"id": 2, "connectorId": 1}) == "Accepted"
    assert s.statuses(2) == ["Available"] and s.statuses(1) == []


def test_TC_F_24_CS():
    s = Case()
    s.plugs()
    assert trigger(s, "StatusNotification", {"id": 1, "connectorId": 1}) == "Accepted"
    assert s.statuses() == ["Occupied"]


def test_TC_F_26_CS():
    assert trigger(Case(), "BootNotification") == "Rejected"


def test_TC_F_27_CS():
    s = Case()
    for message in (
        "SignCombinedCertificate",
        "PublishFirmwareStatusNotification",
        "SignV2GCertificate",
    ):
        assert trigger(s, message) == "NotImplemented", message
    assert s.actions() == []


def test_a_trigger_for_what_is_not_there():
    s = Case()
    assert trigger(s, "MeterValues", {"id": 7}) == "Rejected"
    assert trigger(s, "StatusNotification", {"id": 1, "connectorId": 2}) == "Rejected"


def transfer(s, **ask):
    return s.asks("DataTransfer", ask)


def test_TC_P_01_CS():
    s = Case()
    vendor = "org.openchargealliance.octt"
    assert transfer(s, vendorId=vendor, messageId="x")["status"] == "UnknownVendorId"
    s.station.on_data(vendor, "y", lambda data: ("Accepted", {"got": data}))
    assert transfer(s, vendorId=vendor, messageId="x")["status"] == "UnknownMessageId"
    answer = transfer(s, vendorId=vendor, messageId="y", data={"a": [1, 2]})
    assert answer == {"status": "Accepted", "data": {"got": {"a": [1, 2]}}}


def test_data_transfer_to_the_central_system():
    s = Case()
    got = []
    s.csms.answers["DataTransfer"] = {"status": "Accepted", "data": [1]}
    ask = {"vendorId": "v", "data": {"b": 1}}
    s.station.call("DataTransfer", ask, lambda result, error: got.append(result))
    s.run(300)
    assert s.csms.sent("DataTransfer") == [ask]
    assert got == [{"status": "Accepted", "data": [1]}]


def test_TC_P_03_CS():
    s = Case()
    of = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
    custom = {"vendorId": "org.example", "more": [1, {"x": "y"}]}
    item = dict(of, attributeValue="200", attributeType="Actual", customData=custom)
    ask = {"setVariableData": [item], "customData": custom}
    answer = s.asks("SetVariables", ask)
    assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted", answer
    ask = {"getVariableData": [dict(of, attributeType="Actual", customData=custom)]}
    result = s.asks("GetVariables", ask)["getVariableResult"][0]
    assert result["attributeStatus"] == "Accepted" and result["attributeValue"] == "200"
