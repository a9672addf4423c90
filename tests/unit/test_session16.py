# heap: 3M
"""Sessions of OCPP 1.6 over a loopback: the station against a scripted central system."""

from central import Setup


def test_boot_then_all_statuses():
    s = Setup(connectors=2)
    s.run(500)
    assert s.csms.actions() == ["BootNotification"] + ["StatusNotification"] * 3, s.csms.actions()
    assert s.csms.sent("BootNotification")[0] == {
        "chargePointVendor": "ocppy",
        "chargePointModel": "Test",
    }
    first = s.csms.sent("StatusNotification")[0]
    assert first["timestamp"] == "2026-11-21T03:00:00Z", first
    assert [p["connectorId"] for p in s.csms.sent("StatusNotification")] == [0, 1, 2]


def test_plug_first_session():
    s = Setup()
    s.run(500)
    s.csms.forget()
    s.draw = 10
    s.charge()
    s.run(10000)
    assert s.c.status == "Charging"
    s.station.present("TAG1", 1)
    s.run(500)
    assert s.c.status == "Finishing"
    s.unplug()
    s.run(500)
    assert s.csms.statuses(1) == ["Preparing", "Charging", "Finishing", "Available"], (
        s.csms.statuses(1)
    )
    order = [a for a in s.csms.actions() if a != "MeterValues"]
    assert order[:4] == [
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "StatusNotification",
    ], order
    start = s.csms.sent("StartTransaction")[0]
    stop = s.csms.sent("StopTransaction")[0]
    assert start["idTag"] == "TAG1" and start["connectorId"] == 1 and start["meterStart"] == 0
    assert stop["transactionId"] == 1 and stop["idTag"] == "TAG1" and "reason" not in stop
    assert stop["meterStop"] == s.wh[0] > 50, stop


def test_card_first_session():
    s = Setup()
    s.run(500)
    s.csms.forget()
    s.station.present("TAG1")
    s.run(300)
    assert s.c.status == "Preparing" and s.c.authorized == "TAG1"
    s.plug()
    s.run(2000)
    assert s.c.status == "Charging"
    assert s.events == [("StartTx", 1)], s.events


def test_card_first_without_cable_times_out():
    s = Setup(settings={"ConnectionTimeOut": "5"})
    s.run(500)
    s.station.present("TAG1")
    s.run(5500)
    assert s.c.status == "Available" and s.c.authorized is None
    assert ("ConnectionTimeout", 1) in s.events
    s.plug()
    s.run(1000)
    assert s.c.tx is None


def test_plugged_without_card_times_out_into_finishing():
    s = Setup(connectors=2, settings={"ConnectionTimeOut": "5"})
    s.run(500)
    s.plug(1)
    s.run(6000)
    assert s.c.status == "Finishing"
    s.station.present("TAG2")  # somebody else's card must not start here
    s.run(500)
    assert s.c.tx is None and s.station.connectors[1].authorized == "TAG2"
    s.plug(2)
    s.run(1000)
    assert s.station.connectors[1].tx and s.c.tx is None


def test_floating_grant_follows_the_plug():
    s = Setup(connectors=2)
    s.run(500)
    s.station.present("TAG1")
    s.run(300)
    assert s.c.authorized == "TAG1"
    s.plug(2)
    s.run(1000)
    assert s.c.status == "Available" and s.station.connectors[1].tx.id_token == "TAG1"


def test_second_presentation_withdraws():
    s = Setup()
    s.run(500)
    s.station.present("TAG1")
    s.run(300)
    s.station.present("tag1")
    s.run(300)
    assert s.c.status == "Available" and s.c.authorized is None


def test_rejected_card():
    s = Setup()
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    s.run(500)
    s.plug()
    s.run(200)
    s.station.present("BAD")
    s.run(1000)
    assert s.c.tx is None and ("AuthorizationRejected", None) in s.events


def test_without_a_lock_nobody_has_to_come_back():
    """A station that has none holds no cable: it is free again when the car has left."""
    s = Setup(config={"connector_lock": False})
    s.run(500)
    s.charge()
    s.unplug()
    s.run(1000)
    assert s.csms.sent("StopTransaction")[0]["reason"] == "EVDisconnected"
    assert s.c.status == "Available", s.c.status
    s.csms.answers["StartTransaction"] = {"transactionId": 7, "idTagInfo": {"status": "Blocked"}}
    s.plug()
    s.run(200)
    s.station.present("TAG2", 1)
    s.run(2500)
    assert s.csms.sent("StopTransaction")[1]["reason"] == "DeAuthorized"
    s.unplug()
    s.run(1000)
    assert s.c.status == "Available", s.c.status
