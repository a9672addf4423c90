# heap: 3M
"""Registration, heartbeat and clock (OCPP 1.6 §4.2, §4.6)."""

import json

from central import NOW, Setup
from support import FakeClock

from ocpp.iso import to_iso
from ocpp.rpc import CallError

TIME = to_iso(NOW)


def boot(status, interval):
    return {"status": status, "interval": interval, "currentTime": TIME}


def test_all_fields_come_from_the_configuration():
    info = {
        "vendor": "V",
        "model": "M",
        "serial": "S",
        "box_serial": "B",
        "firmware": "1.2",
        "meter_type": "mt",
        "meter_serial": "ms",
        "iccid": "ic",
        "imsi": "im",
    }
    s = Setup(config={"charge_point": info})
    s.run(300)
    assert s.csms.sent("BootNotification")[0] == {
        "chargePointVendor": "V",
        "chargePointModel": "M",
        "chargePointSerialNumber": "S",
        "chargeBoxSerialNumber": "B",
        "firmwareVersion": "1.2",
        "meterType": "mt",
        "meterSerialNumber": "ms",
        "iccid": "ic",
        "imsi": "im",
    }


def test_pending_sends_nothing_and_answers():
    s = Setup()
    s.csms.answers["BootNotification"] = boot("Pending", 10)
    s.run(9000)
    assert s.csms.actions() == ["BootNotification"], s.csms.actions()
    answer = s.ask("GetConfiguration", {"key": ["HeartbeatInterval"]})
    assert answer["configurationKey"][0]["key"] == "HeartbeatInterval"
    assert s.ask("RemoteStartTransaction", {"idTag": "A"}) == {"status": "Rejected"}
    s.plug()
    s.run(500)
    s.csms.answers["BootNotification"] = boot("Accepted", 60)
    s.run(2000)
    assert s.csms.actions()[:2] == ["BootNotification"] * 2
    assert s.csms.statuses(1) == ["Preparing"]


def test_rejected_is_silent_until_the_interval_ends():
    s = Setup()
    s.csms.answers["BootNotification"] = boot("Rejected", 5)
    s.run(1000)
    assert s.ask("GetConfiguration", {}) is None
    s.run(3000)
    assert s.csms.actions() == ["BootNotification"]
    s.run(2000)
    assert s.csms.actions() == ["BootNotification"] * 2


def test_interval_zero_does_not_flood():
    s = Setup()
    s.csms.answers["BootNotification"] = boot("Pending", 0)
    s.run(50000, 50)
    assert len(s.csms.sent("BootNotification")) == 1
    s.run(15000, 50)
    assert len(s.csms.sent("BootNotification")) == 2


def test_one_at_a_time_where_answers_are_slow():
    for version, settings in (("1.6", {}), ("2.0.1", {"MessageTimeout": "600"})):
        clock = FakeClock()
        if version == "1.6":
            clock.least_ms = 300000  # time runs fast: a timeout of the network is longer
        config = {"ocpp": {"url": "ws://x/", "id": "cp", "version": version}}
        s = Setup(clock=clock, config=config, settings=settings, online=False)
        s.csms.answers["BootNotification"] = None
        s.connection.connect("ocpp" + version)
        s.run(1000)
        if version == "2.0.1":  # lost, and there again before anybody looked
            s.connection.disconnect()
            s.connection.connect("ocpp" + version)
        s.run(110000, 50)
        asked = [f[1] for d, f in s.csms.frames if f[2] == "BootNotification"]
        s.csms.end.send('[3,"%s",%s]' % (asked[-1], json.dumps(boot("Accepted", 900))))
        s.run(400000, 50)
        assert len(s.csms.sent("BootNotification")) == len(asked) <= 2, (version, asked)
        assert s.station.online


def test_error_and_silence_are_tried_again():
    for answer, wait in ((CallError("InternalError", ""), 31000), (None, 61000)):
        s = Setup()
        s.csms.answers["BootNotification"] = answer
        s.run(1000)
        assert len(s.csms.sent("BootNotification")) == 1
        s.run(wait, 50)
        assert len(s.csms.sent("BootNotification")) == 2
        assert s.station.registration.status is None


def test_answer_that_breaks_the_schema_is_no_answer():
    s = Setup()
    s.csms.answers["BootNotification"] = {"status": "Maybe", "interval": 5, "currentTime": TIME}
    s.run(1000)
    assert s.station.registration.status is None and s.clock.unix() is None


def test_calls_are_answered_before_the_boot_is():
    s = Setup()
    s.csms.answers["BootNotification"] = None
    s.run(300)
    assert "configurationKey" in s.ask("GetConfiguration", {})


def test_heartbeats_when_idle_only():
    s = Setup()
    s.csms.answers["BootNotification"] = boot("Accepted", 10)
    s.run(500)
    s.csms.forget()
    s.run(25000, 50)
    assert len(s.csms.sent("Heartbeat")) == 2
    s.csms.forget()
    for _n in range(4):  # other traffic proves the link
        s.station.call("DataTransfer", {"vendorId": "x"})
        s.run(6000, 50)
    assert s.csms.sent("Heartbeat") == []
    assert s.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "3"}) == {
        "status": "Accepted"
    }
    s.csms.forget()
    s.run(10000, 50)
    assert len(s.csms.sent("Heartbeat")) == 3


def test_reconnection_does_not_boot_again():
    s = Setup()
    s.run(500)
    s.csms.forget()
    s.connection.disconnect()
    s.run(1000)
    s.connection.connect("ocpp1.6")
    s.run(1000)
    assert s.csms.actions() == [], s.csms.actions()


def test_clock_from_the_answers():
    s = Setup()
    s.csms.answers["BootNotification"] = boot("Accepted", 5)
    s.run(1000)
    assert abs(s.clock.unix() - NOW) <= 1
    s.csms.answers["Heartbeat"] = {"currentTime": "2026-11-21T04:30:00.123Z"}
    s.run(6000, 50)
    assert abs(s.clock.unix() - NOW - 5400) <= 2
    s.csms.answers["Heartbeat"] = {
        "currentTime": "1970-01-01T00:00:00Z"
    }  # a server without a clock
    s.run(6000, 50)
    assert s.clock.unix() > NOW


def test_unknown_and_unsupported_actions():
    s = Setup()
    s.run(500)
    assert s.ask("MakeCoffee", {}).code == "NotImplemented"
    assert s.ask("Authorize", {"idTag": "A"}).code == "NotSupported"
    assert s.ask("StatusNotification", {}).code == "NotSupported"


def test_schema_errors_have_their_codes():
    s = Setup()
    s.run(500)
    assert s.ask("Reset", {"type": "Medium"}).code == "PropertyConstraintViolation"
    assert s.ask("Reset", {"type": 5}).code == "TypeConstraintViolation"
    assert s.ask("Reset", {}).code == "OccurenceConstraintViolation"
    assert s.ask("Reset", {"type": "Soft", "x": 1}).code == "FormationViolation"
    s.connection.far.send('[2,"b1","Reset",{"type":"So')
    s.run(200)
    assert s.csms.results["b1"].code == "FormationViolation"
    assert s.ask("GetConfiguration", {})
