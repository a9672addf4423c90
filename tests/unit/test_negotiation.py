# marks: slow
# heap: 3M
"""Which version is spoken: what the server picked of those offered, anew with each connection."""

from central import Setup
from support import raises
from test_session201 import events, setup201, statuses

from ocpp.rpc import CallError

BOTH = ["2.0.1", "1.6"]


def reconnect(s, protocol):
    s.connection.disconnect()
    s.run(500)
    s.csms.forget()
    s.connection.connect(protocol)
    s.run(1000)


def test_the_preferred_version():
    s = setup201(BOTH)
    assert s.station.ocpp_status()["version"] == "2.0.1"
    assert "chargingStation" in s.csms.sent("BootNotification")[0]


def test_the_version_the_server_has():
    s = setup201(BOTH, "ocpp1.6", connectors=2)
    assert s.station.ocpp_status()["version"] == "1.6"
    assert "chargePointVendor" in s.csms.sent("BootNotification")[0]
    assert s.csms.statuses(2) == ["Available"]
    s.charge()
    assert s.c.status == "Charging" and s.c.transaction.id == 1
    assert s.ask("Reset", {"type": "Immediate"}).code == "PropertyConstraintViolation"


def test_another_version_after_a_reconnection():
    s = setup201(BOTH)
    s.plug()
    s.run(500)
    reconnect(s, "ocpp1.6")
    assert s.csms.actions()[0] == "BootNotification" and s.station.version == "1.6"
    assert s.csms.statuses(0) == ["Available"] and s.csms.statuses(1) == ["Preparing"]
    reconnect(s, "ocpp2.0.1")
    assert s.csms.sent("BootNotification")[0]["reason"] == "PowerUp"
    assert statuses(s) == ["Occupied"] and s.station.version == "2.0.1"
    reconnect(s, "ocpp2.0.1")
    assert s.csms.actions() == []  # nothing new to tell, registered already


def test_what_waits_in_the_words_of_another_version_is_not_sent():
    s = setup201(BOTH)
    s.csms.answers["Authorize"] = None
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.station.present("TAG2")
    s.run(200)
    s.connection.disconnect()
    s.station.call("DataTransfer", {"vendorId": "v", "data": "a"})
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Accepted"}}
    reconnect(s, "ocpp1.6")
    assert "DataTransfer" not in s.csms.actions() and "Authorize" not in s.csms.actions()
    s.station.present("TAG3")
    s.run(1000)
    assert s.csms.sent("Authorize") == [{"idTag": "TAG3"}] and s.c.tx


def test_a_transaction_goes_on_in_another_version():
    s = setup201(BOTH, "ocpp1.6")
    s.charge()
    assert s.c.transaction.id == 1
    reconnect(s, "ocpp2.0.1")
    s.run(1000)
    assert s.ask("RequestStopTransaction", {"transactionId": "1"}) == {"status": "Accepted"}
    s.run(500)
    end = events(s)[-1]
    assert end["eventType"] == "Ended" and end["transactionInfo"]["transactionId"] == "1"
    s.unplug()
    s.run(500)
    s.charge()
    reconnect(s, "ocpp1.6")
    s.run(500)
    s.station.present("TAG1")
    s.run(500)
    stop = s.csms.sent("StopTransaction")[0]
    assert stop["transactionId"] == -1 and stop["idTag"] == "TAG1"


def test_a_start_not_yet_told_is_told_in_the_version_that_is_spoken_then():
    s = setup201(BOTH, "ocpp1.6")
    s.station.auth_cache_put({"idTag": "TAG1"})
    s.connection.disconnect()
    s.run(200)
    s.charge()
    assert s.c.transaction.id is None
    s.csms.answers["TransactionEvent"] = None
    reconnect(s, "ocpp2.0.1")
    id = s.c.transaction.id
    s.csms.answers["TransactionEvent"] = {}
    reconnect(s, "ocpp2.0.1")
    assert id and s.c.transaction.id == id
    first = events(s)[0]
    assert first["eventType"] == "Started" and first["offline"] is True
    assert first["transactionInfo"]["transactionId"] == id
    assert first["meterValue"][0]["sampledValue"][0]["value"] == 0
    s.station.present("TAG1")
    s.run(500)
    s.unplug()
    s.run(500)
    s.connection.disconnect()
    s.run(200)
    s.charge()
    assert s.c.transaction.id not in (None, id)
    reconnect(s, "ocpp1.6")
    assert s.csms.sent("StartTransaction")[0]["idTag"] == "TAG1" and s.c.transaction.id == 1


def test_what_was_loaded_for_another_version_is_forgotten():
    s = setup201(BOTH)
    s.csms.answers["BootNotification"] = {
        "status": "Rejected",
        "interval": 60,
        "currentTime": "2026-11-21T03:00:00Z",
    }
    s.station.registration.restart()
    s.run(300)
    s.csms.forget()
    s.connection.disconnect()
    s.run(20)
    s.connection.connect("ocpp1.6")
    s.run(300)
    assert len(s.csms.sent("BootNotification")) == 1


def test_versions_that_are_not_known():
    s = setup201(["2.1", "2.0.1"])
    assert s.station.version == "2.0.1" and s.station.registration.accepted
    config = {"ocpp": {"url": "ws://x/", "id": "cp", "version": ["2.1", "3"]}}
    error = raises(ValueError, lambda: Setup(config=config))
    assert "2.1, 3" in str(error)


def test_errors_are_named_as_the_version_has_them():
    s = setup201(BOTH)
    assert isinstance(s.ask("Reset", {}), CallError)
    assert s.ask("Reset", {}).code == "OccurrenceConstraintViolation"
    reconnect(s, "ocpp1.6")
    assert s.ask("Reset", {}).code == "OccurenceConstraintViolation"


def test_lists_profiles_and_monitors_go_along():
    s = setup201(BOTH)
    token = {"idToken": "TAG7", "type": "ISO14443"}
    entries = [{"idToken": token, "idTokenInfo": {"status": "Blocked"}}]
    send = {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": entries}
    assert s.ask("SendLocalList", send, 2000) == {"status": "Accepted"}
    period = {"startPeriod": 0, "limit": 9.0}
    profile = {
        "id": 5,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [
            {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        ],
    }
    profile["chargingProfileKind"] = "Absolute"
    profile["chargingSchedule"][0]["startSchedule"] = "2026-11-21T00:00:00Z"
    answer = s.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": profile}, 2000)
    assert answer == {"status": "Accepted"}, answer
    power = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
    wanted = dict(power, type="Delta", value=100, severity=3)
    s.ask("SetVariableMonitoring", {"setMonitoringData": [wanted]}, 2000)
    reconnect(s, "ocpp1.6")
    assert s.ask("GetLocalListVersion", {}, 2000) == {"listVersion": 3}
    assert s.station.authorization.listed("TAG7").status == "Blocked"
    s.charge()
    s.run(1000)
    assert s.c.limit_ma == 9000
    reconnect(s, "ocpp2.0.1")
    assert s.ask("GetLocalListVersion", {}, 2000) == {"versionNumber": 3}
    assert s.c.limit_ma == 9000
    answer = s.ask("GetMonitoringReport", {"requestId": 1}, 2000)
    assert answer == {"status": "Accepted"}
