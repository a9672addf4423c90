# marks: slow
# heap: 3M
"""What a central system asks of an OCPP 2.0.1 station, and what it may not."""

from test_session201 import events, setup201, statuses, told

from ocpp.rpc import CallError

CARD = {"idToken": "TAG1", "type": "ISO14443"}


def start(s, **more):
    return s.ask("RequestStartTransaction", dict(more, idToken=CARD, remoteStartId=77))


def test_remote_start_and_stop():
    s = setup201(connectors=2)
    s.plug(2)
    s.run(200)
    assert start(s, evseId=2) == {"status": "Accepted"}
    s.run(1500)
    first = events(s)[0]
    assert first["triggerReason"] == "RemoteStart" and first["evse"]["id"] == 2
    assert first["transactionInfo"]["remoteStartId"] == 77 and first["idToken"] == CARD
    assert s.ask("RequestStopTransaction", {"transactionId": "other"}) == {"status": "Rejected"}
    id = first["transactionInfo"]["transactionId"]
    assert s.ask("RequestStopTransaction", {"transactionId": id}) == {"status": "Accepted"}
    s.run(500)
    end = events(s)[-1]
    assert end["triggerReason"] == "RemoteStop" and "idToken" not in end
    assert end["transactionInfo"]["stoppedReason"] == "Remote"
    assert s.ask("RequestStopTransaction", {"transactionId": id}) == {"status": "Rejected"}


def test_remote_start_before_the_cable():
    s = setup201()
    assert start(s) == {"status": "Accepted"}
    s.run(200)
    s.plug()
    s.run(1000)
    assert told(s)[0][:2] == ("Started", "RemoteStart")


def test_remote_start_is_refused():
    s = setup201()
    for evse in (0, 2, -1):
        assert start(s, evseId=evse) == {"status": "Rejected"}
    profile = {"id": 1, "stackLevel": 0, "chargingProfileKind": "Absolute"}
    profile["chargingProfilePurpose"] = "TxDefaultProfile"
    period = {"startPeriod": 0, "limit": 6.0}
    profile["chargingSchedule"] = [
        {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
    ]
    answer = start(s, chargingProfile=profile)
    assert answer["status"] == "Rejected" and answer["statusInfo"], answer
    s.charge()
    assert start(s, evseId=1) == {"status": "Rejected"}


def test_pending_answers_but_starts_nothing():
    s = setup201()
    s.station.registration.status = "Pending"
    assert start(s) == {"status": "Rejected"}
    assert s.ask("ClearCache", {}) == {"status": "Accepted"}


def boots(s, status):
    s.csms.answers["BootNotification"] = {
        "status": status,
        "interval": 10,
        "currentTime": "2026-11-21T03:00:00Z",
    }


def test_pending_sends_what_is_triggered():
    s = setup201()
    boots(s, "Pending")
    s.station.registration.restart()
    s.run(500)
    s.csms.forget()
    s.plug()
    s.run(500)
    assert s.csms.sent() == []
    wanted = {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}
    assert s.ask("TriggerMessage", wanted) == {"status": "Accepted"}
    s.run(200)
    assert statuses(s) == ["Occupied"]
    boots(s, "Accepted")
    wanted = {"requestedMessage": "BootNotification"}
    assert s.ask("TriggerMessage", wanted) == {"status": "Accepted"}
    s.run(300)
    assert s.csms.sent("BootNotification")[-1]["reason"] == "Triggered"
    assert s.station.registration.accepted
    assert s.ask("TriggerMessage", wanted) == {"status": "Rejected"}  # F06.FR.17


def test_rejected_answers_security_error():
    s = setup201()
    boots(s, "Rejected")
    s.station.registration.restart()
    s.run(300)
    s.csms.forget()
    assert s.ask("ClearCache", {}).code == "SecurityError"
    s.run(5000)
    assert s.csms.actions() == []
    boots(s, "Accepted")
    s.run(6000)
    assert s.csms.actions()[0] == "BootNotification" and statuses(s) == ["Available"]


def test_trigger_messages():
    s = setup201(connectors=2)
    s.csms.forget()

    def trigger(message, **more):
        status = s.ask("TriggerMessage", dict(more, requestedMessage=message))["status"]
        s.run(300)
        return status

    assert trigger("Heartbeat") == "Accepted" and s.csms.sent("Heartbeat") == [{}]
    assert trigger("StatusNotification") == "Accepted"
    assert [p["evseId"] for p in s.csms.sent("StatusNotification")] == [1, 2]
    assert trigger("StatusNotification", evse={"id": 3}) == "Rejected"
    assert trigger("StatusNotification", evse={"id": 1, "connectorId": 2}) == "Rejected"
    assert trigger("MeterValues", evse={"id": 2}) == "Accepted"
    values = s.csms.sent("MeterValues")
    assert len(values) == 1 and values[0]["evseId"] == 2
    assert values[0]["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    assert trigger("TransactionEvent") == "Rejected"
    s.charge(2)
    s.csms.forget()
    assert trigger("TransactionEvent") == "Accepted"
    assert told(s) == [("Updated", "Trigger", "Charging")], told(s)
    assert events(s)[0]["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    assert trigger("SignV2GCertificate") == "NotImplemented"


def test_variables_are_read():
    s = setup201(settings={"SecurityCtrlr.BasicAuthPassword": "0123456789abcdef"})

    def get(component, variable, **more):
        item = {"component": component, "variable": variable}
        item.update(more)
        results = s.ask("GetVariables", {"getVariableData": [item]})["getVariableResult"]
        assert len(results) == 1 and results[0]["component"] == component
        assert results[0]["variable"] == variable
        assert results[0].get("attributeType") == more.get("attributeType")
        return results[0]["attributeStatus"], results[0].get("attributeValue")

    ctrlr = {"name": "OCPPCommCtrlr"}
    assert get(ctrlr, {"name": "HeartbeatInterval"}) == ("Accepted", "300")
    assert get(ctrlr, {"name": "heartbeatinterval"}, attributeType="Actual")[0] == "Accepted"
    assert get(ctrlr, {"name": "MessageTimeout", "instance": "Default"}) == ("Accepted", "30")
    assert get(ctrlr, {"name": "MessageTimeout"}) == ("UnknownVariable", None)
    assert get(ctrlr, {"name": "HeartbeatInterval"}, attributeType="Target") == (
        "NotSupportedAttributeType",
        None,
    )
    assert get({"name": "NoSuchCtrlr"}, {"name": "HeartbeatInterval"})[0] == "UnknownComponent"
    assert get({"name": "OCPP"}, {"name": "HeartbeatInterval"})[0] == "UnknownComponent"
    component = {"name": "OCPPCommCtrlr", "evse": {"id": 1}}
    assert get(component, {"name": "HeartbeatInterval"})[0] == "UnknownComponent"
    password = get({"name": "SecurityCtrlr"}, {"name": "BasicAuthPassword"})
    assert password == ("Rejected", None)
    assert get({"name": "SampledDataCtrlr"}, {"name": "TxEndedMeasurands"}) == ("Accepted", "")


def test_variables_are_set():
    s = setup201()

    def item(component, variable, value, **more):
        more.update(component={"name": component}, variable={"name": variable})
        more["attributeValue"] = value
        return more

    items = [
        item("OCPPCommCtrlr", "HeartbeatInterval", "60"),
        item("OCPPCommCtrlr", "HeartbeatInterval", "often"),
        item("OCPPCommCtrlr", "NoSuchVariable", "1"),
        item("NoSuchCtrlr", "HeartbeatInterval", "1"),
        item("OCPPCommCtrlr", "HeartbeatInterval", "1", attributeType="MaxSet"),
        item("TxCtrlr", "EVConnectionTimeOut", "7", attributeType="Actual"),
    ]
    results = s.ask("SetVariables", {"setVariableData": items})["setVariableResult"]
    assert [r["attributeStatus"] for r in results] == [
        "Accepted",
        "Rejected",
        "UnknownVariable",
        "UnknownComponent",
        "NotSupportedAttributeType",
        "Accepted",
    ], results
    assert results[1]["attributeStatusInfo"] == {"reasonCode": "InvalidValue"}
    assert results[4]["attributeType"] == "MaxSet" and "attributeType" not in results[0]
    assert s.station.settings.get("HeartbeatInterval") == 60
    assert s.station.settings.get("ConnectionTimeOut") == 7
    t = s.restart(config=s.config, online=False)
    assert t.station.settings.get("HeartbeatInterval") == 60


def test_read_only_and_restart_are_told():
    s = setup201()
    s.station.settings.declare("|HouseCtrlr.Floor|int||3||r|")
    s.station.settings.declare("|HouseCtrlr.Door|int||3||rw|reboot")
    items = [
        {"component": {"name": "HouseCtrlr"}, "variable": {"name": n}, "attributeValue": "4"}
        for n in ("Floor", "Door", "Roof")
    ]
    results = s.ask("SetVariables", {"setVariableData": items})["setVariableResult"]
    assert [r["attributeStatus"] for r in results] == [
        "Rejected",
        "RebootRequired",
        "UnknownVariable",
    ]
    assert results[0]["attributeStatusInfo"] == {"reasonCode": "ReadOnly"}


def test_too_many_variables():
    s = setup201()
    item = {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}}
    answer = s.ask("GetVariables", {"getVariableData": [item] * 33}, 3000)["getVariableResult"]
    assert [r["attributeStatus"] for r in answer] == ["Accepted"] * 32 + ["Rejected"]
    assert answer[32]["attributeStatusInfo"] == {"reasonCode": "TooManyElements"}
    item["attributeValue"] = "Authorized"
    answer = s.ask("SetVariables", {"setVariableData": [item] * 34}, 6000)["setVariableResult"]
    assert [r["attributeStatus"] for r in answer] == ["Accepted"] * 32 + ["Rejected"] * 2


def test_reset_now():
    s = setup201()
    kinds = []
    assert s.ask("Reset", {"type": "Immediate"}) == {"status": "Rejected"}  # the host can't
    s.station.on_reset = kinds.append
    assert s.ask("Reset", {"type": "Immediate", "evseId": 1}) == {"status": "Rejected"}
    s.charge()
    assert s.ask("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    s.run(2000)
    end = events(s)[-1]
    assert kinds == ["Immediate"] and end["triggerReason"] == "ResetCommand"
    assert end["transactionInfo"]["stoppedReason"] == "ImmediateReset" and "idToken" not in end


def test_reset_when_idle():
    s = setup201(connectors=2)
    kinds = []
    s.station.on_reset = kinds.append
    s.charge(1)
    s.charge(2, "TAG2")
    for _ in range(2):
        assert s.ask("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    s.station.present("TAG1")
    s.run(2000)
    assert kinds == [] and s.station.connectors[1].tx
    s.station.present("TAG2")
    s.run(2000)
    assert kinds == ["OnIdle"]
    assert events(s)[-1]["transactionInfo"]["stoppedReason"] == "Local"


def test_a_reset_that_failed_is_not_made_up_for_later():
    s = setup201(settings={"ResetRetries": "0"})
    kinds = []
    s.station.on_reset = lambda kind: kinds.append(kind) is not None
    for _ in range(2):
        s.charge()
        if not kinds:
            assert s.ask("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
        s.station.present("TAG1")
        s.run(500)
        s.unplug()
        s.run(2000)
        assert kinds == ["OnIdle"]


def test_reset_of_an_idle_station():
    s = setup201()
    kinds = []
    s.station.on_reset = kinds.append
    assert s.ask("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}
    s.run(1000)
    assert kinds == ["Immediate"]


def test_change_availability():
    s = setup201(connectors=2)
    s.csms.forget()

    def change(status, **more):
        return s.ask("ChangeAvailability", dict(more, operationalStatus=status))["status"]

    assert change("Inoperative", evse={"id": 1, "connectorId": 1}) == "Accepted"
    s.run(200)
    assert statuses(s) == ["Unavailable"] and statuses(s, 2) == []
    assert change("Inoperative", evse={"id": 3}) == "Rejected"
    assert change("Inoperative", evse={"id": 1, "connectorId": 2}) == "Rejected"
    assert change("Operative") == "Accepted"
    s.charge(2)
    assert change("Inoperative") == "Scheduled"
    s.run(200)
    assert statuses(s) == ["Unavailable", "Available", "Unavailable"]
    assert s.station.connectors[1].tx


def test_unlock_connector():
    s = setup201()
    where = {"evseId": 1, "connectorId": 1}
    assert s.ask("UnlockConnector", where).code == "NotSupported"
    s.station.on_unlock = lambda c: True
    assert s.ask("UnlockConnector", where) == {"status": "Unlocked"}
    assert s.ask("UnlockConnector", {"evseId": 2, "connectorId": 1}) == {
        "status": "UnknownConnector"
    }
    assert s.ask("UnlockConnector", {"evseId": 1, "connectorId": 2}) == {
        "status": "UnknownConnector"
    }
    s.charge()
    assert s.ask("UnlockConnector", where) == {"status": "OngoingAuthorizedTransaction"}
    assert s.c.tx and not s.c.tx.ending


def test_clear_cache():
    s = setup201()
    s.station.auth_cache_put({"idTag": "TAG1"})
    assert s.ask("ClearCache", {}) == {"status": "Accepted"}
    assert s.station.authorization.cache.get("TAG1") is None
    s.station.settings.force("AuthCacheCtrlr.Enabled", "false")
    assert s.ask("ClearCache", {}) == {"status": "Rejected"}


def test_data_transfer():
    s = setup201()
    assert s.ask("DataTransfer", {"vendorId": "v"}) == {"status": "UnknownVendorId"}
    s.station.on_data("v", None, lambda data: ("Accepted", {"seen": data}))
    answer = s.ask("DataTransfer", {"vendorId": "v", "messageId": "m", "data": [1]})
    assert answer == {"status": "Accepted", "data": {"seen": [1]}}


def test_transaction_status():
    s = setup201()
    assert s.ask("GetTransactionStatus", {}) == {"messagesInQueue": False}

    def status(id):
        answer = s.ask("GetTransactionStatus", {"transactionId": id})
        return answer["ongoingIndicator"], answer["messagesInQueue"]

    assert status("unknown") == (False, False)
    s.charge()
    s.run(1000)
    id = s.c.transaction.id
    assert status(id) == (True, False)
    s.csms.answers["TransactionEvent"] = None
    s.station.present("TAG1")
    s.run(500)
    assert status(id) == (False, True)
    assert s.ask("GetTransactionStatus", {}) == {"messagesInQueue": True}


def test_codes_of_errors():
    s = setup201()
    assert s.ask("NoSuchAction", {}).code == "NotImplemented"
    assert s.ask("PublishFirmware", {}).code == "NotSupported"
    assert s.ask("BootNotification", {}).code == "NotSupported"
    assert s.ask("Reset", {"type": "Soft"}).code == "PropertyConstraintViolation"
    assert s.ask("Reset", {"type": 5}).code == "TypeConstraintViolation"
    assert s.ask("Reset", {}).code == "OccurrenceConstraintViolation"
    assert s.ask("Reset", {"type": "OnIdle", "x": 1}).code == "FormatViolation"


def test_frames_that_are_none():
    s = setup201()
    for text, id, code in (
        ("{", "-1", "RpcFrameworkError"),
        ('["2"]', "-1", "RpcFrameworkError"),
        ('[2,"%s","Reset",{}]' % ("x" * 37), "x" * 37, "RpcFrameworkError"),
        ('[2,"a1","Reset"]', "a1", "RpcFrameworkError"),
        ('[2,"a2","Reset",{"type":', "a2", "RpcFrameworkError"),
        ('[9,"a3",{}]', "a3", "MessageTypeNotSupported"),
    ):
        s.csms.results.pop(id, None)
        s.connection.far.send(text)
        s.run(100)
        error = s.csms.results[id]
        assert isinstance(error, CallError) and error.code == code, (text, error)
    assert s.ask("ClearCache", {}) == {"status": "Accepted"}


def test_a_host_answers_instead():
    s = setup201()
    s.station.handle("GetLog", lambda request: {"status": "Rejected"})
    log = {"logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": "http://x/"}}
    assert s.ask("GetLog", log) == {"status": "Rejected"}
    del log["requestId"]
    assert s.ask("GetLog", log).code == "OccurrenceConstraintViolation"
