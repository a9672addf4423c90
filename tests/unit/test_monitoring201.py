# marks: slow
# heap: 3M
"""Monitors of OCPP 2.0.1 (N02 to N08)."""

from test_session201 import setup201

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
STATE = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "AvailabilityState"},
}


class World:
    watts = 0


def station(**more):
    s = setup201(**more)
    s.world = World()
    s.c.measure("Power.Active.Import", lambda: s.world.watts)
    s.csms.forget()
    return s


def monitor(s, what, kind, value, severity=3, **more):
    """(status, id) of the monitor that is set."""
    item = dict(what, type=kind, value=value, severity=severity)
    item.update(more)
    answer = s.ask("SetVariableMonitoring", {"setMonitoringData": [item]}, 3000)
    result = answer["setMonitoringResult"][0]
    assert result["type"] == kind and result["severity"] == severity
    assert result["component"] == what["component"] and result["variable"] == what["variable"]
    return result["status"], result.get("id")


def events(s):
    found = []
    for p in s.csms.sent("NotifyEvent"):
        assert p["tbc"] is False and p["seqNo"] == 0
        found += p["eventData"]
    return found


def told(s):
    return [(e["trigger"], e["actualValue"], e.get("cleared", False)) for e in events(s)]


def test_a_threshold():
    s = station()
    status, id = monitor(s, POWER, "UpperThreshold", 1000)
    assert status == "Accepted"
    s.run(3000)
    assert events(s) == []
    s.world.watts = 1500
    s.run(5000)
    assert told(s) == [("Alerting", "1500", False)]
    event = events(s)[0]
    assert event["variableMonitoringId"] == id and event["component"] == POWER["component"]
    assert event["variable"] == POWER["variable"]
    assert event["eventNotificationType"] == "CustomMonitor"
    s.world.watts = 900
    s.run(3000)
    assert told(s)[1:] == [("Alerting", "900", True)]
    assert events(s)[0]["eventId"] < events(s)[1]["eventId"]


def test_a_lower_threshold_that_holds_at_once():
    s = station()
    assert monitor(s, POWER, "LowerThreshold", 10)[0] == "Accepted"
    s.run(3000)
    assert told(s) == [("Alerting", "0", False)]


def test_a_delta_of_a_number_and_of_a_state():
    s = station()
    assert monitor(s, POWER, "Delta", 100)[0] == "Accepted"
    assert monitor(s, STATE, "Delta", 1)[0] == "Accepted"
    s.run(3000)
    assert events(s) == []
    for watts in (60, 99, 100, 150, 250, 50):
        s.world.watts = watts
        s.run(2000)
    assert [v for _, v, _ in told(s)] == ["100", "250", "50"], told(s)
    s.csms.forget()
    s.plug()
    s.run(2000)
    assert told(s) == [("Delta", "Occupied", False)]


def test_periodic():
    s = station()
    assert monitor(s, POWER, "Periodic", 5)[0] == "Accepted"
    s.run(17000)
    assert [t for t, _, _ in told(s)] == ["Periodic"] * 3
    s.csms.forget()
    id = events_id(s)
    assert monitor(s, POWER, "PeriodicClockAligned", 10, severity=4)[0] == "Accepted"
    s.run(21000)
    aligned = [e for e in events(s) if e["variableMonitoringId"] != id]
    assert len(aligned) == 2
    for e in aligned:
        assert int(e["timestamp"][17:19]) % 10 in (0, 1), e["timestamp"]


def events_id(s):
    return s.station.part("monitors").list[0][0]


def test_only_during_a_transaction():
    s = station()
    assert monitor(s, POWER, "UpperThreshold", 1000, transaction=True)[0] == "Accepted"
    s.world.watts = 2000
    s.run(3000)
    assert events(s) == []
    s.charge()
    s.run(3000)
    assert told(s) == [("Alerting", "2000", False)]
    assert events(s)[0]["transactionId"] == s.c.tx.id


def test_monitors_that_can_not_be():
    s = station()
    unknown = {"component": {"name": "Toaster"}, "variable": {"name": "Power"}}
    assert monitor(s, unknown, "Delta", 1) == ("UnknownComponent", None)
    unknown = dict(POWER, variable={"name": "Smell"})
    assert monitor(s, unknown, "Delta", 1) == ("UnknownVariable", None)
    assert monitor(s, STATE, "UpperThreshold", 1) == ("UnsupportedMonitorType", None)
    model = {"component": {"name": "ChargingStation"}, "variable": {"name": "Model"}}
    assert monitor(s, model, "Delta", 1) == ("UnsupportedMonitorType", None)
    assert monitor(s, POWER, "UpperThreshold", 10000000) == ("Rejected", None)
    assert monitor(s, POWER, "Delta", 0) == ("Rejected", None)
    assert monitor(s, POWER, "Delta", 1, severity=10) == ("Rejected", None)
    assert monitor(s, POWER, "Delta", 1, id=77) == ("Rejected", None)
    status, id = monitor(s, POWER, "Delta", 100)
    assert monitor(s, POWER, "Delta", 200) == ("Duplicate", None)
    assert monitor(s, POWER, "Delta", 200, id=id) == ("Accepted", id)
    assert monitor(s, STATE, "Delta", 1, id=id) == ("Rejected", None)
    assert s.station.part("monitors").list[0][5] == 200


def test_there_is_an_end_of_them():
    s = station()
    for n in range(10):
        for kind in ("Delta", "Periodic"):
            assert monitor(s, POWER, kind, 1, severity=n)[0] == "Accepted"
    assert monitor(s, POWER, "UpperThreshold", 1) == ("Rejected", None)
    items = [dict(POWER, type="Delta", value=1, severity=1)] * 17
    answer = s.ask("SetVariableMonitoring", {"setMonitoringData": items}, 5000)
    last = answer["setMonitoringResult"][16]
    assert last["statusInfo"]["reasonCode"] == "TooManyElements"


def clear(s, *ids):
    answer = s.ask("ClearVariableMonitoring", {"id": list(ids)})
    return [(r["id"], r["status"]) for r in answer["clearMonitoringResult"]]


def test_cleared():
    s = station()
    _, id = monitor(s, POWER, "Delta", 100)
    assert clear(s, id, 99) == [(id, "Accepted"), (99, "NotFound")]
    assert clear(s, id) == [(id, "NotFound")]
    s.world.watts = 5000
    s.run(3000)
    assert events(s) == []
    _, other = monitor(s, POWER, "Delta", 100)
    assert other != id
    many = s.ask("ClearVariableMonitoring", {"id": list(range(33))})
    assert many.code == "OccurrenceConstraintViolation"


def test_base_and_level():
    s = station()

    def level(n):
        return s.ask("SetMonitoringLevel", {"severity": n})["status"]

    def base(name):
        return s.ask("SetMonitoringBase", {"monitoringBase": name})["status"]

    assert level(-1) == level(10) == "Rejected"
    assert level(3) == "Accepted"
    monitor(s, POWER, "Periodic", 1, severity=3)
    monitor(s, POWER, "Periodic", 1, severity=4)
    s.run(4000)
    assert len({e["variableMonitoringId"] for e in events(s)}) == 1
    assert base("All") == "Accepted" and len(s.station.part("monitors").list) == 2
    assert base("FactoryDefault") == "Accepted" and s.station.part("monitors").list == []
    monitor(s, POWER, "Delta", 1)
    assert base("HardWiredOnly") == "Accepted" and s.station.part("monitors").list == []
    item = {"component": {"name": "MonitoringCtrlr"}, "variable": {"name": "ActiveMonitoringBase"}}
    answer = s.ask("GetVariables", {"getVariableData": [item]}, 3000)["getVariableResult"][0]
    assert answer["attributeValue"] == "HardWiredOnly"


def report(s, **wanted):
    s.csms.forget()
    answer = s.ask("GetMonitoringReport", dict(wanted, requestId=5))
    s.run(2000)
    parts = s.csms.sent("NotifyMonitoringReport")
    assert [p["seqNo"] for p in parts] == list(range(len(parts)))
    assert all(p["requestId"] == 5 for p in parts) and (not parts or not parts[-1]["tbc"])
    found = [m for p in parts for m in p["monitor"]]
    return answer["status"], [m["variableMonitoring"][0]["id"] for m in found]


def test_reports():
    s = station(connectors=2)
    assert report(s) == ("EmptyResultSet", [])
    _, a = monitor(s, POWER, "UpperThreshold", 10)
    _, b = monitor(s, STATE, "Delta", 1)
    other = {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "Power"}}
    _, c = monitor(s, other, "Periodic", 100)
    assert report(s) == ("Accepted", [a, b, c])
    assert report(s, monitoringCriteria=["DeltaMonitoring"]) == ("Accepted", [b])
    criteria = ["ThresholdMonitoring", "PeriodicMonitoring"]
    assert report(s, monitoringCriteria=criteria) == ("Accepted", [a, c])
    listed = [{"component": {"name": "EVSE"}, "variable": {"name": "Power"}}]
    assert report(s, componentVariable=listed) == ("Accepted", [a, c])
    assert report(s, componentVariable=listed, monitoringCriteria=["DeltaMonitoring"]) == (
        "EmptyResultSet",
        [],
    )


def test_monitors_survive_and_grave_events_wait_for_the_link():
    s = station()
    monitor(s, POWER, "Delta", 100, severity=2)
    monitor(s, POWER, "Delta", 100, severity=7)
    t = s.restart(config=s.config, online=False)
    t.world = World()
    t.c.measure("Power.Active.Import", lambda: t.world.watts)
    t.connection.connect("ocpp2.0.1")
    t.run(3000)
    t.connection.disconnect()
    for n in range(20):
        t.world.watts += 200
        t.run(2000)
    t.csms.forget()
    t.connection.connect("ocpp2.0.1")
    t.run(5000)
    assert len(events(t)) == 16, len(events(t))  # of severity 2, the oldest were dropped
    assert events(t)[-1]["actualValue"] == "4000"
    assert events(t)[0]["timestamp"] < events(t)[-1]["timestamp"]


def test_a_variable_of_the_host():
    s = station()
    warm = [20]
    s.station.publish("@1|HouseSensor.Warmth|decimal|Celsius|-||r|watch", lambda: warm[0])
    what = {
        "component": {"name": "HouseSensor", "evse": {"id": 1}},
        "variable": {"name": "Warmth"},
    }
    assert monitor(s, what, "UpperThreshold", 30)[0] == "Accepted"
    warm[0] = 31
    s.run(3000)
    assert told(s) == [("Alerting", "31", False)]


HEARTBEAT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
START = {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}}
QUEUED = {
    "component": {"name": "MonitoringCtrlr"},
    "variable": {"name": "OfflineQueuingSeverity"},
}


def test_settings():
    s = station()

    def change(what, text):
        item = dict(what, attributeValue=text)
        answer = s.ask("SetVariables", {"setVariableData": [item]}, 3000)
        assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted"
        s.run(2500)
        found = [(e["variable"]["name"], t[0], t[1]) for e, t in zip(events(s), told(s))]
        s.csms.forget()
        return found

    assert monitor(s, HEARTBEAT, "UpperThreshold", 500)[0] == "Accepted"
    assert monitor(s, START, "Delta", 1)[0] == "Accepted"
    assert monitor(s, QUEUED, "Delta", 2)[0] == "Accepted"  # one that is seldom read
    assert monitor(s, START, "LowerThreshold", 1) == ("UnsupportedMonitorType", None)
    secret = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
    }
    assert monitor(s, secret, "Delta", 1) == ("UnsupportedMonitorType", None)
    s.run(2000)
    assert events(s) == []
    assert change(HEARTBEAT, "501") == [("HeartbeatInterval", "Alerting", "501")]
    assert change(HEARTBEAT, "90") == [("HeartbeatInterval", "Alerting", "90")]
    assert change(START, "Authorized") == [("TxStartPoint", "Delta", "Authorized")]
    assert change(QUEUED, "5") == []
    assert change(QUEUED, "6") == [("OfflineQueuingSeverity", "Delta", "6")]
    t = s.restart(config=s.config, online=False)
    t.connection.connect("ocpp2.0.1")
    t.run(3000)
    assert t.station.settings.force("MonitoringCtrlr.OfflineQueuingSeverity", "9") is None
    t.run(2500)
    assert [e["actualValue"] for e in events(t)] == ["9"]


def test_what_another_firmware_had_hurts_nobody():
    s = station()
    gone = [
        ["Toaster", "Heat", "set Toaster.Heat"],
        ["EVSE@7", "Power", "sum Power.Active.Import"],
    ]
    kept = [[n + 1] + gone[n] + ["Delta", 1, 3, False] for n in range(2)]
    kept.append([3, "EVSE@1", "AvailabilityState", "state", "Delta", 1, 3, False])
    s.station.store.save("monitors", {"next": 4, "list": kept})
    t = s.restart(config=s.config, online=False)
    t.connection.connect("ocpp2.0.1")
    t.run(3000)
    t.plug()
    t.run(3000)
    assert told(t) == [("Delta", "Occupied", False)] and t.station.errors == []


def test_nothing_of_it_stays_in_memory():
    import sys

    s = station()
    _, id = monitor(s, POWER, "Delta", 100)
    s.run(2000)
    assert "ocpp.station.monitors" in sys.modules
    clear(s, id)
    s.run(3000)
    for name in ("ocpp.v2.values", "ocpp.station.monitors", "ocpp.v2.live"):
        assert name not in sys.modules, name
