# marks: slow
# heap: 3M
"""Block B of OCPP 2.0.1 by the test cases of part 6: boot, variables, reports, reset, offline.
Those of network profiles are in `test_network201.py`."""

from test_model201 import base, name
from test_operations201 import boots
from test_session201 import events, setup201, statuses

OFFLINE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
LOCAL = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "LocalAuthorizeOffline"}}


def get(s, *items):
    return s.ask("GetVariables", {"getVariableData": list(items)}, 3000)["getVariableResult"]


def put(s, *items):
    return s.ask("SetVariables", {"setVariableData": list(items)}, 3000)["setVariableResult"]


def item(component, variable, **more):
    return dict(more, component={"name": component}, variable={"name": variable})


def test_tc_b_01_cold_boot():
    s = setup201(connectors=2)
    assert s.csms.sent("BootNotification")[0]["reason"] == "PowerUp"
    assert statuses(s, 1) == ["Available"] and statuses(s, 2) == ["Available"]


def test_tc_b_02_pending():
    s = setup201(connectors=2)
    boots(s, "Pending")
    s.station.registration.restart()
    s.run(300)
    s.csms.forget()
    assert put(s, dict(OFFLINE, attributeValue="300"))[0]["attributeStatus"] == "Accepted"
    assert get(s, OFFLINE)[0]["attributeStatus"] == "Accepted"
    assert len(base(s, "FullInventory")) > 100  # told while pending
    token = {"idToken": "TAG1", "type": "ISO14443"}
    start = s.ask("RequestStartTransaction", {"idToken": token, "remoteStartId": 1, "evseId": 1})
    assert start["status"] == "Rejected"
    s.csms.forget()
    boots(s, "Accepted")
    trigger = s.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
    assert trigger["status"] == "Accepted"
    s.run(500)
    assert s.csms.sent("BootNotification")[0]["reason"] == "Triggered"
    assert statuses(s, 1) == ["Available"] and statuses(s, 2) == ["Available"]


def test_tc_b_03_rejected():
    s = setup201()
    boots(s, "Rejected")  # asks for 10 s
    s.station.registration.restart()
    s.run(300)
    s.csms.forget()
    s.plug()
    s.run(9000)
    assert s.csms.actions() == []
    boots(s, "Accepted")
    s.run(1500)
    assert s.csms.actions()[0] == "BootNotification" and statuses(s) == ["Occupied"]


def test_tc_b_30_rejected_answers_security_error():
    s = setup201()
    boots(s, "Rejected")
    s.station.registration.restart()
    s.run(300)
    answer = s.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    assert answer.code == "SecurityError"


def test_tc_b_06_to_10_variables_are_read_and_set():
    s = setup201()
    asked = dict(OFFLINE, attributeType="Actual", attributeValue="300")
    result = put(s, asked)[0]  # B_09
    assert result["attributeStatus"] == "Accepted" and result["attributeType"] == "Actual"
    assert result["component"] == OFFLINE["component"]
    del asked["attributeValue"]
    result = get(s, asked)[0]  # B_06
    assert result["attributeValue"] == "300" and result["attributeType"] == "Actual"
    both = [dict(OFFLINE, attributeValue="200"), dict(LOCAL, attributeValue="true")]  # B_10
    assert [r["attributeStatus"] for r in put(s, *both)] == ["Accepted"] * 2
    assert [r["attributeValue"] for r in get(s, OFFLINE, LOCAL)] == ["200", "true"]  # B_07


def test_tc_b_08_more_variables_than_fit():
    s = setup201(settings={"DeviceDataCtrlr.ItemsPerMessage[GetVariables]": "3"})
    results = get(s, *[OFFLINE] * 4)
    assert [r["attributeStatus"] for r in results] == ["Accepted"] * 3 + ["Rejected"]
    assert results[3]["attributeStatusInfo"]["reasonCode"] == "TooManyElements"


def test_tc_b_32_to_37_what_there_is_not():
    s = setup201()
    for action in (get, lambda s, what: put(s, dict(what, attributeValue="1"))):
        for component, variable, kind, status in (
            ("UnknownComponent", "OfflineThreshold", None, "UnknownComponent"),  # B_32, B_35
            ("OCPPCommCtrlr", "UnknownVariable", None, "UnknownVariable"),  # B_33, B_36
            ("OCPPCommCtrlr", "OfflineThreshold", "Target", "NotSupportedAttributeType"),  # B_34
            ("OCPPCommCtrlr", "OfflineThreshold", "MinSet", "NotSupportedAttributeType"),  # B_37
            ("OCPPCommCtrlr", "OfflineThreshold", "MaxSet", "NotSupportedAttributeType"),
            ("OCPPCommCtrlr", "UnknownVariable", "Target", "UnknownVariable"),
            ("UnknownComponent", "OfflineThreshold", "Target", "UnknownComponent"),
        ):
            asked = item(component, variable)
            if kind:
                asked["attributeType"] = kind
            result = action(s, asked)[0]
            assert result["attributeStatus"] == status
            assert result["component"]["name"] == component
            assert result["variable"]["name"] == variable
            assert result.get("attributeType") == kind


def test_tc_b_11_values_of_the_wrong_form():
    s = setup201()
    for component, variable, good in (
        ("OCPPCommCtrlr", "OfflineThreshold", ("1",)),
        ("SmartChargingCtrlr", "LimitChangeSignificance", ("1", "1.1")),
        ("AuthCtrlr", "AuthorizeRemoteStart", ("true",)),
    ):
        for value in ("1", "1.1", "true", "2026-11-21T03:00:00Z", "abc"):
            result = put(s, item(component, variable, attributeValue=value))[0]
            if value in good:
                assert result["attributeStatus"] == "Accepted", (variable, value)
            else:
                assert result["attributeStatus"] == "Rejected", (variable, value)
                assert result["attributeStatusInfo"]["reasonCode"] == "InvalidValue"


def test_tc_b_39_read_only():
    s = setup201()
    asked = item("OCPPCommCtrlr", "MessageTimeout", attributeValue="60")
    asked["variable"]["instance"] = "Default"
    result = put(s, asked)[0]
    assert result["attributeStatus"] == "Rejected"
    assert result["attributeStatusInfo"]["reasonCode"] == "ReadOnly"
    assert result["variable"] == asked["variable"]


REQUIRED = """
AlignedDataCtrlr/Interval ReadWrite integer
AlignedDataCtrlr/Measurands ReadWrite MemberList
AlignedDataCtrlr/TxEndedInterval ReadWrite integer
AlignedDataCtrlr/TxEndedMeasurands ReadWrite MemberList
AuthCtrlr/AuthorizeRemoteStart ReadWrite boolean
AuthCtrlr/LocalAuthorizeOffline ReadWrite boolean
AuthCtrlr/LocalPreAuthorize ReadWrite boolean
ChargingStation/AvailabilityState ReadOnly OptionList
ChargingStation/Available ReadOnly boolean
ChargingStation/SupplyPhases ReadOnly integer
ClockCtrlr/DateTime ReadOnly dateTime
ClockCtrlr/TimeSource ReadWrite SequenceList
Connector@1.1/AvailabilityState ReadOnly OptionList
Connector@1.1/Available ReadOnly boolean
Connector@1.1/ConnectorType ReadOnly string
Connector@1.1/SupplyPhases ReadOnly integer
DeviceDataCtrlr/BytesPerMessage[GetReport] ReadOnly integer
DeviceDataCtrlr/BytesPerMessage[GetVariables] ReadOnly integer
DeviceDataCtrlr/BytesPerMessage[SetVariables] ReadOnly integer
DeviceDataCtrlr/ItemsPerMessage[GetReport] ReadOnly integer
DeviceDataCtrlr/ItemsPerMessage[GetVariables] ReadOnly integer
DeviceDataCtrlr/ItemsPerMessage[SetVariables] ReadOnly integer
EVSE@1/AvailabilityState ReadOnly OptionList
EVSE@1/Available ReadOnly boolean
EVSE@1/Power ReadOnly decimal
EVSE@1/SupplyPhases ReadOnly integer
OCPPCommCtrlr/FileTransferProtocols ReadOnly MemberList
OCPPCommCtrlr/MessageTimeout[Default] ReadOnly integer
OCPPCommCtrlr/MessageAttemptInterval[TransactionEvent] ReadWrite integer
OCPPCommCtrlr/MessageAttempts[TransactionEvent] ReadWrite integer
OCPPCommCtrlr/NetworkConfigurationPriority ReadWrite SequenceList
OCPPCommCtrlr/NetworkProfileConnectionAttempts ReadWrite integer
OCPPCommCtrlr/OfflineThreshold ReadWrite integer
OCPPCommCtrlr/ResetRetries ReadWrite integer
OCPPCommCtrlr/UnlockOnEVSideDisconnect ReadWrite boolean
SampledDataCtrlr/TxEndedInterval ReadWrite integer
SampledDataCtrlr/TxEndedMeasurands ReadWrite MemberList
SampledDataCtrlr/TxStartedMeasurands ReadWrite MemberList
SampledDataCtrlr/TxUpdatedInterval ReadWrite integer
SampledDataCtrlr/TxUpdatedMeasurands ReadWrite MemberList
SecurityCtrlr/CertificateEntries ReadOnly integer
SecurityCtrlr/OrganizationName ReadWrite string
SecurityCtrlr/SecurityProfile ReadOnly integer
TxCtrlr/EVConnectionTimeOut ReadWrite integer
TxCtrlr/StopTxOnEVSideDisconnect ReadWrite boolean
TxCtrlr/StopTxOnInvalidId ReadWrite boolean
TxCtrlr/TxStartPoint ReadWrite MemberList
TxCtrlr/TxStopPoint ReadWrite MemberList
DisplayMessageCtrlr/DisplayMessages ReadOnly integer
DisplayMessageCtrlr/SupportedFormats ReadOnly MemberList
DisplayMessageCtrlr/SupportedPriorities ReadOnly MemberList
ISO15118Ctrlr/ContractValidationOffline ReadWrite boolean
LocalAuthListCtrlr/BytesPerMessage ReadOnly integer
LocalAuthListCtrlr/Entries ReadOnly integer
LocalAuthListCtrlr/ItemsPerMessage ReadOnly integer
MonitoringCtrlr/BytesPerMessage[SetVariableMonitoring] ReadOnly integer
SmartChargingCtrlr/Entries[ChargingProfiles] ReadOnly integer
SmartChargingCtrlr/LimitChangeSignificance ReadWrite decimal
SmartChargingCtrlr/PeriodsPerSchedule ReadOnly integer
SmartChargingCtrlr/ProfileStackLevel ReadOnly integer
SmartChargingCtrlr/RateUnit ReadOnly MemberList
TariffCostCtrlr/TariffFallbackMessage ReadWrite string
TariffCostCtrlr/TotalCostFallbackMessage ReadWrite string
TariffCostCtrlr/Currency - string
"""
LIMITED = (  # those that tell their greatest value
    "AlignedDataCtrlr/Measurands SampledDataCtrlr/TxUpdatedMeasurands EVSE@1/Power"
    " SecurityCtrlr/CertificateEntries LocalAuthListCtrlr/Entries"
    " SmartChargingCtrlr/Entries[ChargingProfiles]"
)


def test_tc_b_12_13_53_reports_tell_what_is_required():
    s = setup201()
    configuration = [name(e) for e in base(s, "ConfigurationInventory")]
    full = {name(e): e for e in base(s, "FullInventory")}
    missing = []
    for line in REQUIRED.strip().split("\n"):
        wanted, mutability, kind = line.split()
        if wanted not in full:
            missing.append(wanted)
            continue
        entry = full[wanted]
        about = entry["variableCharacteristics"]
        assert about["dataType"] == kind, wanted
        if mutability != "-":
            assert entry["variableAttribute"][0]["mutability"] == mutability, wanted
        if mutability == "ReadWrite":
            assert wanted in configuration, wanted
        if kind == "MemberList" or kind == "OptionList" or kind == "SequenceList":
            assert about["valuesList"]
        if wanted.endswith("Interval") or wanted.endswith("imeOut"):
            assert about["unit"] == "s", wanted
    assert not missing, missing
    for wanted in LIMITED.split():
        assert full[wanted]["variableCharacteristics"]["maxLimit"] > 0, wanted


def resettable(**more):
    s = setup201(**more)
    s.kinds = []
    s.station.on_reset = s.kinds.append
    return s


def test_tc_b_20_reset_when_nothing_charges():
    s = resettable()
    assert s.ask("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}
    s.run(1500)
    assert s.kinds == ["Immediate"]


def test_tc_b_21_reset_waits_for_the_transaction():
    s = resettable()
    s.charge()
    assert s.ask("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    s.run(5000)
    assert s.kinds == []
    s.station.present("TAG1", 1)
    s.run(1500)
    s.unplug()
    s.run(2000)
    assert s.kinds == ["OnIdle"]


def test_tc_b_22_reset_ends_the_transaction():
    s = resettable()
    s.charge()
    assert s.ask("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    s.run(2000)
    end = events(s)[-1]
    assert end["eventType"] == "Ended" and end["triggerReason"] == "ResetCommand"
    info = end["transactionInfo"]
    assert info["stoppedReason"] == "ImmediateReset" and info["chargingState"] == "EVConnected"
    assert "idToken" not in end
    assert s.kinds == ["Immediate"]


def test_tc_b_23_what_is_unavailable_stays_so():
    s = resettable(connectors=2)
    off = {"operationalStatus": "Inoperative", "evse": {"id": 1, "connectorId": 1}}
    assert s.ask("ChangeAvailability", off) == {"status": "Accepted"}
    assert s.ask("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}
    s.run(1500)
    assert s.kinds == ["Immediate"]
    t = s.restart(config=s.config, online=False)
    t.connection.connect("ocpp2.0.1")
    t.run(500)
    assert statuses(t, 1) == ["Unavailable"] and statuses(t, 2) == ["Available"]


def test_tc_b_41_reset_waits_for_all_transactions():
    s = resettable(connectors=2)
    s.charge(1)
    s.charge(2, "TAG2")
    assert s.ask("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    for n, tag in ((1, "TAG1"), (2, "TAG2")):
        assert s.kinds == []
        s.station.present(tag, n)
        s.run(1500)
        s.unplug(n)
        s.run(2000)
    assert s.kinds == ["OnIdle"]


def test_tc_b_25_26_27_reset_of_an_evse():
    s = resettable(connectors=2)
    done = []
    s.station.on_evse_reset = lambda c: done.append(c.id)
    assert s.ask("Reset", {"type": "OnIdle", "evseId": 1}) == {"status": "Accepted"}
    s.run(500)
    assert done == [1]
    s.charge(1)
    assert s.ask("Reset", {"type": "OnIdle", "evseId": 1}) == {"status": "Scheduled"}
    assert s.ask("Reset", {"type": "OnIdle", "evseId": 2}) == {"status": "Accepted"}
    s.run(1000)
    assert done == [1, 2] and s.c.tx
    s.station.present("TAG1", 1)
    s.run(1500)
    s.unplug(1)
    s.run(2000)
    assert done == [1, 2, 1]
    s.charge(1)
    assert s.ask("Reset", {"type": "Immediate", "evseId": 1}) == {"status": "Accepted"}
    s.run(2000)
    end = events(s)[-1]
    assert end["triggerReason"] == "ResetCommand"
    assert end["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert end["transactionInfo"]["chargingState"] == "EVConnected"
    assert done == [1, 2, 1, 1] and s.kinds == []
    assert s.ask("Reset", {"type": "OnIdle", "evseId": 3}) == {"status": "Rejected"}
    assert get(s, dict(item("EVSE", "AllowReset"), component={"name": "EVSE", "evse": {"id": 1}}))[
        0
    ]["attributeValue"] == ("true")


def test_tc_b_28_29_an_evse_can_not_be_reset_alone():
    s = resettable()
    assert s.ask("Reset", {"type": "OnIdle", "evseId": 1}) == {"status": "Rejected"}
    s.charge()
    assert s.ask("Reset", {"type": "OnIdle", "evseId": 1}) == {"status": "Rejected"}
    assert s.c.tx


def test_tc_b_51_52_states_after_a_time_offline():
    s = setup201(connectors=2, settings={"OCPPCommCtrlr.OfflineThreshold": "10"})
    s.csms.forget()
    s.connection.disconnect()
    s.run(5000)
    s.plug(1)
    s.run(1000)
    s.connection.connect("ocpp2.0.1")
    s.run(1000)
    assert statuses(s, 1) == ["Occupied"] and statuses(s, 2) == []  # B_52
    s.csms.forget()
    s.connection.disconnect()
    s.run(15000)
    s.connection.connect("ocpp2.0.1")
    s.run(1000)
    assert statuses(s, 1) == ["Occupied"] and statuses(s, 2) == ["Available"]  # B_51
