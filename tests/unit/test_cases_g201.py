# marks: slow
# heap: 4M
# timeout: 240
"""OCPP 2.0.1 part 6, block G: availability, and what connectors tell."""

from cases201 import Case

OFF = "Inoperative"
ON = "Operative"


def change(s, operative, evse=None, connector=None):
    ask = {"operationalStatus": operative}
    if evse:
        ask["evse"] = {"id": evse}
        if connector:
            ask["evse"]["connectorId"] = connector
    s.forget()
    answer = s.asks("ChangeAvailability", ask)
    s.run(500)
    assert set(answer) == {"status"}
    return answer["status"]


def test_TC_G_01_CS():
    s = Case()
    s.plugs()
    assert s.statuses() == ["Available", "Occupied"]


def test_TC_G_02_CS():
    s = Case()
    s.plugs()
    s.unplugs()
    assert s.statuses() == ["Available", "Occupied", "Available"]


def test_TC_G_03_CS():
    s = Case(connectors=2)
    assert change(s, OFF, 1) == "Accepted"
    assert s.statuses(1) == ["Unavailable"] and s.statuses(2) == []


def test_TC_G_04_CS():
    s = Case(connectors=2)
    change(s, OFF, 1)
    assert change(s, ON, 1) == "Accepted"
    assert s.statuses(1) == ["Available"] and s.statuses(2) == []


def test_TC_G_05_CS():
    s = Case(connectors=2)
    assert change(s, OFF) == "Accepted"
    assert s.statuses(1) == s.statuses(2) == ["Unavailable"]


def test_TC_G_06_CS():
    s = Case(connectors=2)
    change(s, OFF)
    assert change(s, ON) == "Accepted"
    assert s.statuses(1) == s.statuses(2) == ["Available"]


def test_TC_G_07_CS():
    s = Case(connectors=2)
    assert change(s, OFF, 1, 1) == "Accepted"
    assert s.statuses(1) == ["Unavailable"] and s.statuses(2) == []


def test_TC_G_08_CS():
    s = Case(connectors=2)
    change(s, OFF, 1, 1)
    assert change(s, ON, 1, 1) == "Accepted"
    assert s.statuses(1) == ["Available"] and s.statuses(2) == []


def test_TC_G_09_CS():
    s = Case()
    assert change(s, ON, 1) == "Accepted" and s.statuses() == []


def test_TC_G_10_CS():
    s = Case()
    change(s, OFF, 1)
    assert change(s, OFF, 1) == "Accepted" and s.statuses() == []


def scheduled(stop, evse=None, connector=None):
    """Inoperative while a car charges; what follows the end of its transaction."""
    s = Case(stop=stop, connectors=2)
    s.charge(1)
    s.run(1500)
    assert change(s, OFF, evse, connector) == "Scheduled"
    assert s.statuses(1) == [] and s.statuses(2) == ([] if evse else ["Unavailable"])
    assert s.c.charging_permitted
    s.card("TAG1", 1)
    s.run(1500)
    if stop == "EVConnected":
        assert s.statuses(1) == [] and s.c.tx
        s.unplugs(1)
    assert s.last()["eventType"] == "Ended"
    assert s.statuses(1)[-1] == "Unavailable" and not s.c.free
    s.unplugs(1)
    assert s.statuses(1)[-1] == "Unavailable"


def test_TC_G_11_CS():
    scheduled("Authorized", 1)
    scheduled("EVConnected", 1)


def test_TC_G_12_CS():
    s = Case()
    assert change(s, ON) == "Accepted" and s.statuses() == []


def test_TC_G_13_CS():
    s = Case()
    change(s, OFF)
    assert change(s, OFF) == "Accepted" and s.statuses() == []


def test_TC_G_14_CS():
    scheduled("Authorized")
    scheduled("EVConnected")


def test_TC_G_15_CS():
    s = Case()
    assert change(s, ON, 1, 1) == "Accepted" and s.statuses() == []


def test_TC_G_16_CS():
    s = Case()
    change(s, OFF, 1, 1)
    assert change(s, OFF, 1, 1) == "Accepted" and s.statuses() == []


def test_TC_G_17_CS():
    scheduled("Authorized", 1, 1)


def persists(evse=None, connector=None):
    s = Case(connectors=2)
    assert change(s, OFF, evse, connector) == "Accepted"
    t = s.reboot()
    t.online()
    assert t.statuses(1) == ["Unavailable"]
    assert t.statuses(2) == ["Available" if evse else "Unavailable"]
    assert change(t, ON, evse, connector) == "Accepted"
    assert t.statuses(1) == ["Available"]


def test_TC_G_18_CS():
    persists(1)


def test_TC_G_19_CS():
    persists(1, 1)


def test_TC_G_21_CS():
    persists()


# -- cases of our own --


def test_unknown_ones():
    s = Case()
    assert change(s, OFF, 2) == "Rejected" and change(s, OFF, 1, 2) == "Rejected"


def test_lock_failure():
    """G05: it is told by NotifyEvent, and nothing is charged."""
    s = Case()
    s.plugs()
    s.c.set_error("ConnectorLockFailure")
    s.card()
    s.run(1500)
    assert s.txs() == [] and not s.c.charging_permitted
    s.check()
    event = s.csms.sent("NotifyEvent")[0]["eventData"][0]
    assert event["component"] == {
        "name": "ConnectorPlugRetentionLock",
        "evse": {"id": 1, "connectorId": 1},
    }
    assert event["variable"] == {"name": "Problem"} and event["actualValue"] == "true"
    assert event["trigger"] == "Alerting"
    assert event["eventNotificationType"] == "HardWiredNotification"
    assert s.statuses()[-1] == "Faulted"
    s.offline()  # it waits for the link
    s.c.clear_error("ConnectorLockFailure")
    s.run(1500)
    s.online()
    s.run(1500)
    s.check()
    first = event["eventId"]
    event = s.csms.sent("NotifyEvent")[1]["eventData"][0]
    assert event["eventId"] > first
    assert event["actualValue"] == "false" and event["cleared"] is True
    assert s.statuses()[-1] == "Occupied"


def test_a_fault_ends_a_transaction_whatever_the_stop_points():
    for code, why in (
        ("GroundFailure", "GroundFault"),
        ("OverCurrentFailure", "OvercurrentFault"),
        ("OtherError", "Other"),
    ):
        s = Case(stop="ParkingBayOccupancy")
        s.charge()
        s.c.set_error(code)
        s.run(1000)
        assert s.news()[-1] == ("Ended", "AbnormalCondition", "EVConnected", why)
        assert s.statuses()[-1] == "Faulted"
