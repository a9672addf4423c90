# heap: 4M
"""What a host may do beside the protocol: enable and disable from several sources, errors by
identifier."""

from central import Setup
from support import raises


def ready(connectors=2, settings=None, **more):
    s = Setup(connectors, settings=settings, **more)
    s.run(500)
    s.csms.forget()
    return s


def availability(s):
    s.run(200)
    return [c.availability for c in s.station.connectors]


def change(s, number, kind):
    return s.ask("ChangeAvailability", {"connectorId": number, "type": kind})["status"]


ON, OFF = "Operative", "Inoperative"


def test_a_source_of_low_priority_yields_to_the_central_system():
    s = ready()
    assert s.station.enable(1, "app", False) == "Accepted"
    assert availability(s) == [ON, ON]  # the central system says operative
    assert s.station.enable(1, "app", False, 100) == "Accepted"
    assert availability(s) == [OFF, ON] and s.csms.statuses(1) == ["Unavailable"]
    assert change(s, 1, ON) == "Rejected" and availability(s) == [OFF, ON]
    s.station.enable(1, "app", None)
    assert availability(s) == [ON, ON]


def test_the_highest_priority_decides_and_of_equal_ones_who_disables():
    s = ready(1)
    assert change(s, 1, OFF) == "Accepted"
    s.station.enable(1, "technician", True, 10)
    assert availability(s) == [ON]
    assert change(s, 1, OFF) == "Rejected"
    s.station.enable(1, "key", False, 10)
    assert availability(s) == [OFF]
    s.station.enable(1, "key", False, 11)
    assert availability(s) == [ON]
    s.station.enable(1, "boss", False, 0)
    assert availability(s) == [OFF]
    for source in ("technician", "key", "boss"):
        s.station.enable(1, source, None)
    assert availability(s) == [OFF]  # as the central system has left it
    assert change(s, 1, ON) == "Accepted" and availability(s) == [ON]


def test_the_whole_station_and_a_transaction():
    s = ready()
    s.charge(1)
    s.station.present("TAG2", 2)
    s.run(200)
    assert s.station.enable(0, "key", False, 1) == "Scheduled"
    assert availability(s) == [OFF, OFF] and s.csms.statuses(0) == ["Unavailable"]
    assert s.station.connectors[1].authorized is None
    assert s.c.tx and change(s, 0, ON) == "Rejected"
    assert s.station.enable(0, "key", None) == "Accepted"
    assert availability(s) == [ON, ON]


def test_what_only_the_central_system_said_survives_a_restart():
    s = ready()
    assert change(s, 2, OFF) == "Accepted"
    s.station.enable(1, "key", False, 1)
    assert availability(s) == [OFF, OFF]
    assert availability(s.restart()) == [ON, OFF]


def test_priorities_and_numbers_that_are_none():
    s = ready()
    for priority in (-1, 10001, "1", None):
        raises(ValueError, s.station.enable, 1, "key", False, priority)
    for number in (3, -1, "1"):
        raises(ValueError, s.station.enable, number, "key", False)
    assert availability(s) == [ON, ON]


def told(s, number=1):
    s.run(500)
    found = [p for p in s.csms.sent("StatusNotification") if p["connectorId"] == number]
    s.csms.forget()
    return [(p["status"], p["errorCode"], p.get("vendorErrorCode"), p.get("info")) for p in found]


def test_errors_by_identifier():
    s = ready(1)
    s.station.raise_error(1, "a", "CX018", "Low")
    s.station.raise_error(1, "b", "PilotFault", "High", "pilot at -3 V")
    assert told(s) == [
        ("Faulted", "OtherError", "CX014", "pilot at -3 V"),
    ]
    s.station.raise_error(1, "c", "EVSEContactorFault")
    assert told(s) == [("Faulted", "OtherError", "CX017", "EVSEContactorFault")]
    assert s.station.withdraw_error(1, "b") and not s.station.withdraw_error(1, "b")
    assert told(s) == []  # still the newest
    assert s.station.withdraw_error(1, "c")
    assert told(s) == [("Available", "HighTemperature", "CX018", "CableOverTempDerate")]
    assert s.station.withdraw_error(1) and told(s) == [("Available", "NoError", None, None)]


def test_one_report_each_and_only_once():
    s = ready(1)
    for id, name in (("1", "WeakSignal"), ("2", "GroundFailure"), ("3", "OverVoltage")):
        s.station.raise_error(1, id, name, "Medium")
    codes = [(p[0], p[1]) for p in told(s)]
    assert codes == [("Available", c) for c in ("WeakSignal", "GroundFailure", "OverVoltage")]
    s.station.raise_error(1, "3", "OverVoltage", "Medium")
    assert told(s) == []


def test_faulted_only_where_no_energy_can_be_delivered():
    s = ready(1)
    s.charge(1)
    s.csms.forget()
    s.station.raise_error(1, "x", "OverVoltage", "High", inoperative=False)
    s.run(500)
    assert s.c.tx and told(s)[0][:2] == ("Charging", "OverVoltage")
    s.station.raise_error(1, "x", "OverVoltage", "Low", inoperative=True)
    s.run(500)
    assert s.c.tx is None and ("Faulted", "OverVoltage") in [p[:2] for p in told(s)]


def test_errors_of_the_station_and_own_names():
    s = ready(1)
    s.station.raise_error(0, 5, "DoorOpen", "Low", "door")
    assert told(s, 0) == [("Available", "OtherError", "DoorOpen", "door")]
    s.station.set_error("InternalError", faulted=False)
    assert s.station.withdraw_error(0) and [e.code for e in s.station.errors] == ["InternalError"]
    raises(ValueError, s.station.raise_error, 1, 1, "GroundFailure", "Fatal")
    raises(ValueError, s.station.raise_error, 1, 1, "")
    raises(ValueError, s.station.raise_error, 9, 1, "GroundFailure")


def test_settings_watched_by_the_host():
    s = ready()
    one, all = [], []
    s.station.settings.watch("HeartbeatInterval", one.append)
    s.station.settings.watch("*", lambda name, value: all.append((name, value)))
    for key, value in (("HeartbeatInterval", "60"), ("FreeVend", "true"), ("FreeVend", "true")):
        answer = s.ask("ChangeConfiguration", {"key": key, "value": value})
        assert answer == {"status": "Accepted"}
    s.station.settings.force("NumberOfConnectors", "2")  # no change
    assert one == [60] and all == [("HeartbeatInterval", 60), ("FreeVend", True)]
    raises(KeyError, s.station.settings.watch, "Nothing", print)
