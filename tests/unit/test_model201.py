# marks: slow
# heap: 3M
"""The device model of OCPP 2.0.1: reports, and that they tell what GetVariables answers."""

from test_session201 import setup201

VALUES = " OptionList MemberList SequenceList "


def parts(s, ms=6000):
    """reportData of all NotifyReports of the report that is told now."""
    found = []
    number = 0
    while ms > 0:
        s.run(50)
        ms -= 50
        told = s.csms.sent("NotifyReport")
        while number < len(told):
            part = told[number]
            assert part["seqNo"] == number, part["seqNo"]
            found += part.get("reportData", [])
            number += 1
            if not part["tbc"]:
                assert number == len(told)
                return found
    raise AssertionError("no end of the report")


def base(s, kind, id=7):
    s.csms.forget()
    answer = s.ask("GetBaseReport", {"requestId": id, "reportBase": kind})
    assert answer == {"status": "Accepted"}, answer
    found = parts(s)
    assert all(p["requestId"] == id for p in s.csms.sent("NotifyReport"))
    return found


def report(s, **wanted):
    s.csms.forget()
    answer = s.ask("GetReport", dict(wanted, requestId=8), 3000)
    if answer != {"status": "Accepted"}:
        return answer
    return [name(entry) for entry in parts(s)]


def name(entry):
    component, variable = entry["component"], entry["variable"]
    text = _named(component)
    evse = component.get("evse")
    if evse:
        text += "@%d" % evse["id"]
        if "connectorId" in evse:
            text += ".%d" % evse["connectorId"]
    return text + "/" + _named(variable)


def _named(part):
    return part["name"] + ("[%s]" % part["instance"] if "instance" in part else "")


def attribute(entry):
    assert len(entry["variableAttribute"]) == 1
    return entry["variableAttribute"][0]


def test_a_full_report_is_what_variables_answer():
    s = setup201(connectors=2, settings={"SecurityCtrlr.BasicAuthPassword": "0123456789abcdef"})
    full = base(s, "FullInventory")
    names = [name(entry) for entry in full]
    assert len(names) == len(set(names)) and len(names) > 100, len(names)
    for i in range(0, len(full), 16):
        asked = [
            {"component": e["component"], "variable": e["variable"]} for e in full[i : i + 16]
        ]
        answer = s.ask("GetVariables", {"getVariableData": asked}, 3000)
        for entry, result in zip(full[i : i + 16], answer["getVariableResult"]):
            attr = attribute(entry)
            assert result["component"] == entry["component"]
            assert result["variable"] == entry["variable"]
            if attr["mutability"] == "WriteOnly":
                assert result["attributeStatus"] == "Rejected" and "value" not in attr
            elif name(entry) != "ClockCtrlr/DateTime":
                assert result["attributeStatus"] == "Accepted", result
                assert result["attributeValue"] == attr.get("value", ""), entry


def test_what_is_told_of_a_variable():
    s = setup201()
    full = {name(entry): entry for entry in base(s, "FullInventory")}
    for entry in full.values():
        about = entry["variableCharacteristics"]
        if " %s " % about["dataType"] in VALUES:
            assert about["valuesList"], entry
    interval = full["OCPPCommCtrlr/HeartbeatInterval"]
    assert attribute(interval) == {
        "type": "Actual",
        "value": "300",
        "mutability": "ReadWrite",
        "persistent": True,
        "constant": False,
    }
    assert interval["variableCharacteristics"] == {
        "dataType": "integer",
        "unit": "s",
        "minLimit": 0,
        "supportsMonitoring": True,
    }
    power = full["EVSE@1/Power"]["variableCharacteristics"]
    assert power["unit"] == "W" and power["maxLimit"] == 3 * 32 * 230
    start = full["TxCtrlr/TxStartPoint"]["variableCharacteristics"]
    assert start["dataType"] == "MemberList" and "EVConnected" in start["valuesList"].split(",")
    state = full["Connector@1.1/AvailabilityState"]
    assert attribute(state)["value"] == "Available"
    assert attribute(state)["mutability"] == "ReadOnly"
    assert attribute(full["OCPPCommCtrlr/MessageTimeout[Default]"])["mutability"] == "ReadOnly"
    assert attribute(full["SecurityCtrlr/BasicAuthPassword"]) == {
        "type": "Actual",
        "mutability": "WriteOnly",
        "persistent": True,
        "constant": False,
    }


def test_configuration_is_what_can_be_set():
    s = setup201()
    found = base(s, "ConfigurationInventory")
    assert {attribute(e)["mutability"] for e in found} == {"ReadWrite", "WriteOnly"}
    full = base(s, "FullInventory")
    writable = [name(e) for e in full if attribute(e)["mutability"] != "ReadOnly"]
    assert writable == [name(e) for e in found]


def test_a_summary_tells_states_and_trouble():
    s = setup201(connectors=2)
    states = [
        "ChargingStation/AvailabilityState",
        "EVSE@1/AvailabilityState",
        "EVSE@2/AvailabilityState",
        "Connector@1.1/AvailabilityState",
        "Connector@2.1/AvailabilityState",
    ]
    assert sorted(name(e) for e in base(s, "SummaryInventory")) == sorted(states)
    s.station.connectors[1].set_error("GroundFailure")
    s.run(300)
    found = {name(e): attribute(e)["value"] for e in base(s, "SummaryInventory")}
    trouble = ["EVSE@2/Problem", "Connector@2.1/Problem", "RCD@2/Tripped"]
    assert sorted(found) == sorted(states + trouble), found
    assert found["EVSE@2/AvailabilityState"] == "Faulted"


def test_reports_by_component_and_variable():
    s = setup201(connectors=2)

    def item(component, variable=None, evse=None, instance=None):
        out = {"component": {"name": component}}
        if evse:
            out["component"]["evse"] = evse
        if variable:
            out["variable"] = {"name": variable}
            if instance:
                out["variable"]["instance"] = instance
        return out

    one = report(s, componentVariable=[item("TxCtrlr", "TxStopPoint")])
    assert one == ["TxCtrlr/TxStopPoint"]
    assert report(s, componentVariable=[item("evse", "power")]) == ["EVSE@1/Power", "EVSE@2/Power"]
    assert report(s, componentVariable=[item("EVSE", "Power", {"id": 2})]) == ["EVSE@2/Power"]
    where = {"id": 2, "connectorId": 1}
    found = report(s, componentVariable=[item("Connector", None, where)])
    assert "Connector@2.1/ConnectorType" in found
    assert all(n.startswith("Connector@2.1/") for n in found)
    found = report(s, componentVariable=[item("DeviceDataCtrlr", "ItemsPerMessage")])
    assert len(found) == 3
    wanted = item("DeviceDataCtrlr", "ItemsPerMessage", None, "getreport")
    assert report(s, componentVariable=[wanted]) == ["DeviceDataCtrlr/ItemsPerMessage[GetReport]"]
    assert report(s, componentVariable=[item("NoSuch")]) == {"status": "EmptyResultSet"}
    assert report(s, componentVariable=[item("EVSE", "Power", {"id": 3})]) == {
        "status": "EmptyResultSet"
    }
    too_many = s.ask("GetReport", {"requestId": 1, "componentVariable": [item("EVSE")] * 33})
    assert too_many.code == "OccurrenceConstraintViolation"


def test_reports_by_criteria():
    s = setup201(connectors=2)
    assert report(s, componentCriteria=["Problem"]) == {"status": "EmptyResultSet"}
    s.station.connectors[0].set_error("OverCurrentFailure")
    found = report(s, componentCriteria=["Problem"])
    assert {n.split("/")[0] for n in found} == {"EVSE@1", "Connector@1.1"}, found
    state = [{"component": {"name": "EVSE"}, "variable": {"name": "AvailabilityState"}}]
    both = report(s, componentCriteria=["Problem"], componentVariable=state)
    assert both == ["EVSE@1/AvailabilityState"]
    found = report(s, componentCriteria=["Active"])
    assert "PowerContactor@1/Active" not in found and "TxCtrlr/TxStartPoint" in found
    s.station.settings.force("LocalAuthListCtrlr.Enabled", "false")
    found = report(s, componentCriteria=["Enabled"])
    assert "TxCtrlr/TxStartPoint" in found and "LocalAuthListCtrlr/Enabled" not in found


def test_one_report_at_a_time():
    s = setup201()
    ask = {"requestId": 1, "reportBase": "FullInventory"}
    assert s.ask("GetBaseReport", ask) == {"status": "Accepted"}
    for action, more in (("GetBaseReport", ask), ("GetReport", {"requestId": 2})):
        assert s.ask(action, more)["status"] == "Rejected"
    assert len(parts(s)) > 100
    assert s.ask("GetBaseReport", ask) == {"status": "Accepted"}


def test_a_report_nobody_hears_ends():
    s = setup201()
    assert s.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    s.connection.disconnect()
    s.run(1000)
    assert not s.station.jobs
    s.connection.connect("ocpp2.0.1")
    s.run(500)
    assert len(base(s, "FullInventory")) > 100


def test_parts_are_small():
    import json

    s = setup201(connectors=2)
    base(s, "FullInventory")
    longest = max(len(json.dumps(p)) for p in s.csms.sent("NotifyReport"))
    assert longest < 4096, longest


def test_variables_of_the_host():
    s = setup201()
    warm = [21.5]
    s.station.publish("@1|HouseSensor.Warmth|decimal|Celsius|-||r|watch", lambda: warm[0])
    s.station.settings.declare("|HouseCtrlr.Floor|int||3||rw|")
    found = report(
        s, componentVariable=[{"component": {"name": n}} for n in ("HouseSensor", "HouseCtrlr")]
    )
    assert found == ["HouseSensor@1/Warmth", "HouseCtrlr/Floor"]
    item = {
        "component": {"name": "HouseSensor", "evse": {"id": 1}},
        "variable": {"name": "Warmth"},
    }
    answer = s.ask("GetVariables", {"getVariableData": [item]}, 1000)["getVariableResult"][0]
    assert answer["attributeValue"] == "21.5"
    answer = s.ask("SetVariables", {"setVariableData": [dict(item, attributeValue="1")]}, 1000)
    assert answer["setVariableResult"][0]["attributeStatusInfo"]["reasonCode"] == "ReadOnly"
    for line in ("HouseSensor|x", "1|A.B|int||-||r|", "@1|A.B|thing||-||r|"):
        try:
            s.station.publish(line, lambda: 1)
        except ValueError:
            continue
        raise AssertionError(line)


class _Nothing:
    """Takes frames and keeps none."""

    def append(self, frame):
        pass


def test_a_full_report_takes_little_memory():
    """At most 16 kB over idle between loops on a 32-bit chip; here objects are twice as large."""
    import gc

    s = setup201(connectors=2)
    base(s, "FullInventory")  # its names stay
    s.run(1000)
    s.csms.frames = _Nothing()
    s.csms.results.clear()
    gc.collect()
    idle = gc.mem_alloc()
    ask = {"requestId": 1, "reportBase": "FullInventory"}
    assert s.ask("GetBaseReport", ask) == {"status": "Accepted"}
    most = loops = 0
    while s.station.dialect.reporting:
        s.run(10)
        if loops % 7 == 0:
            gc.collect()
            most = max(most, gc.mem_alloc() - idle)
        loops += 1
        assert loops < 20000
    assert loops > 100 and most < 40 * 1024, most
