# heap: 3M
"""The nine states, what is reported of them and when (OCPP 1.6 §4.9)."""

from central import Setup


def up(**more):
    s = Setup(**more)
    s.run(500)
    s.csms.forget()
    return s


def test_bay_sensor_is_usage():
    s = up()
    s.c.occupied = True
    s.run(200)
    s.c.occupied = False
    s.run(200)
    assert s.csms.statuses(1) == ["Preparing", "Available"]


def test_ev_not_ready_is_suspended_ev():
    s = up()
    s.plug(ready=False)
    s.run(200)
    s.station.present("T")
    s.run(3000)
    assert s.csms.statuses(1) == ["Preparing", "SuspendedEV"]
    s.c.ev_ready = True
    s.run(200)
    s.c.ev_ready = False
    s.run(200)
    assert s.csms.statuses(1)[2:] == ["Charging", "SuspendedEV"]


def test_evse_comes_before_ev():
    s = up()
    s.charge()
    s.hardware = False
    s.c.evse_ready = False
    s.c.ev_ready = False
    s.run(200)
    assert s.c.status == "SuspendedEVSE"
    s.c.evse_ready = True
    s.run(200)
    assert s.c.status == "SuspendedEV"
    s.c.ev_ready = True
    s.run(200)
    assert s.csms.statuses(1)[-3:] == ["SuspendedEVSE", "SuspendedEV", "Charging"]


def test_no_short_suspension_at_the_start():
    s = up()
    s.hardware = False
    s.c.evse_ready = False
    s.plug()
    s.run(200)
    s.station.present("T")
    s.run(600)
    s.c.evse_ready = True
    s.run(300)
    assert s.csms.statuses(1) == ["Preparing", "Charging"]


def test_faulted_and_back():
    s = up()
    s.c.set_error("HighTemperature")
    s.run(200)
    s.c.clear_error("HighTemperature")
    s.run(200)
    assert s.csms.statuses(1) == ["Faulted", "Available"]
    s.plug()
    s.run(200)
    s.c.set_error("HighTemperature")
    s.run(200)
    s.station.present("T")
    s.run(1000)
    assert s.c.tx is None
    s.c.clear_error()
    s.run(200)
    assert (
        s.csms.statuses(1)[2:4] == ["Preparing", "Faulted"]
        and s.csms.statuses(1)[-1] == "Preparing"
    )


def test_two_errors_the_newest_is_told_the_older_comes_back():
    s = up()
    s.c.set_error("HighTemperature")
    s.run(200)
    s.c.set_error("GroundFailure")
    s.run(200)
    s.c.clear_error("GroundFailure")
    s.run(200)
    s.c.clear_error()
    s.run(200)
    codes = [p["errorCode"] for p in s.csms.sent("StatusNotification")]
    assert codes == ["HighTemperature", "GroundFailure", "HighTemperature", "NoError"]


def test_errors_that_come_together_are_told_one_by_one():
    s = up(settings={"MinimumStatusDuration": "1"})
    for code in ("HighTemperature", "WeakSignal", "GroundFailure", "OverVoltage"):
        s.c.set_error(code, faulted=code != "WeakSignal")
    s.run(10000)
    told = [(p["status"], p["errorCode"]) for p in s.csms.sent("StatusNotification")]
    wanted = ("HighTemperature", "GroundFailure", "OverVoltage")
    assert told == [("Faulted", code) for code in wanted]
    for code in ("OverVoltage", "GroundFailure", "HighTemperature"):
        s.c.clear_error(code)
    s.run(3000)
    assert s.csms.sent("StatusNotification")[-1]["errorCode"] == "WeakSignal"
    s.csms.forget()
    s.c.set_error("GroundFailure")
    s.run(3000)
    s.connection.disconnect()
    s.c.set_error("OverVoltage")
    s.c.set_error("HighTemperature")
    s.run(3000)
    s.connection.connect("ocpp1.6")
    s.run(5000)
    told = [p["errorCode"] for p in s.csms.sent("StatusNotification")]
    assert told == ["GroundFailure", "OverVoltage", "HighTemperature"]


def test_station_error_is_connector_zero():
    s = up()
    s.station.set_error("InternalError", "flash")
    s.run(200)
    s.station.clear_error()
    s.run(200)
    assert s.csms.statuses(0) == ["Faulted", "Available"] and s.csms.statuses(1) == []


def test_minimum_status_duration():
    s = up(settings={"MinimumStatusDuration": "5"})
    s.plug()
    s.run(2000)
    s.unplug()
    s.run(6000)
    assert s.csms.statuses(1) == []
    s.plug()
    s.run(4000)
    assert s.csms.statuses(1) == []
    s.run(2000)
    assert s.csms.statuses(1) == ["Preparing"]
    assert s.csms.sent("StatusNotification")[0]["timestamp"] < "2026-11-21T03:00:10Z"


def test_after_offline_only_what_differs():
    s = up(connectors=2)
    s.connection.disconnect()
    s.plug(1)
    s.run(500)
    s.plug(2)
    s.run(500)
    s.unplug(2)
    s.run(500)
    s.connection.connect("ocpp1.6")
    s.run(500)
    told = s.csms.sent("StatusNotification")
    assert [(p["connectorId"], p["status"]) for p in told] == [(1, "Preparing")], told
    assert told[0]["timestamp"] == "2026-11-21T03:00:00Z"


def test_a_report_without_answer_is_repeated():
    s = up(settings={"ConnectionTimeOut": "0"})
    s.csms.answers["StatusNotification"] = None
    s.plug()
    s.run(35000, 50)
    s.csms.answers["StatusNotification"] = {}
    s.run(65000, 50)
    assert s.csms.statuses(1)[:2] == ["Preparing", "Preparing"]


def test_state_is_never_reported_twice():
    s = up()
    s.plug()
    s.run(30000, 50)
    assert s.csms.statuses(1) == ["Preparing"]


def test_idle_loop_allocates_nothing():
    import micropython

    s = Setup(connectors=2)
    s.run(5000)  # what only messages need has been let go
    loop = s.station.loop
    clock = s.clock
    loop()
    micropython.heap_lock()
    try:
        for _ in range(3000):
            clock.now = (clock.now + 7) & 0x1FFFFFFF
            loop()
    finally:
        micropython.heap_unlock()
