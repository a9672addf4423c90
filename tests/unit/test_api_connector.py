# marks: slow
# heap: 3M
"""The host's view of a connector: inputs, outputs, begin and end, errors, unlock, events."""

from central import Setup
from support import raises

from ocpp.rpc import CallError


def ready(connectors=1, **more):
    s = Setup(connectors, **more)
    s.run(500)
    s.csms.forget()
    return s


def told(s, *names):
    """The events `names` as they come: [(event, connector number or None)]."""
    seen = []
    for name in names:
        s.station.on(name, lambda event, c: seen.append((event, c.id if c else None)))
    return seen


# -- inputs --------------------------------------------------------------------------------------


def test_every_input_can_be_written_or_bound():
    car = {"plugged": False, "ev_ready": False, "occupied": False}
    s = ready(hardware=False)
    c = s.c
    for name in car:
        c.bind(name, lambda name=name: car[name])
    c.bind("evse_ready", lambda: c.charging_permitted)
    car["occupied"] = True
    s.run(300)
    assert c.status == "Preparing" and c.occupied is True
    car["occupied"] = False
    s.run(300)
    assert c.status == "Available"
    car["plugged"] = True
    s.run(300)
    assert c.status == "Preparing" and c.plugged is True
    assert c.begin("TAG1")
    s.run(3000)
    assert c.status == "SuspendedEV"
    car["ev_ready"] = True
    s.run(300)
    assert c.status == "Charging" and c.charging_permitted is True
    c.bind("evse_ready", lambda: False)  # the later binding counts
    s.run(300)
    assert c.status == "SuspendedEVSE"


def test_start_and_stop_wait_until_the_hardware_is_ready():
    s = ready()
    s.c.start_ready = False
    s.plug()
    s.c.begin("TAG1", authorized=True)
    s.run(2000)
    assert s.c.transaction is None and s.c.authorized == "TAG1"
    s.c.start_ready = True
    s.run(2000)
    assert s.csms.sent("StartTransaction")
    s.c.stop_ready = False
    assert s.c.end()
    s.run(3000)
    assert s.c.transaction.ending == "Local" and not s.c.charging_permitted
    assert s.csms.sent("StopTransaction") == []
    s.c.stop_ready = True
    s.run(300)
    assert s.c.transaction is None and len(s.csms.sent("StopTransaction")) == 1


def test_the_register_is_whole_wh_and_may_fall_silent():
    register = [1000.9]
    s = ready()
    s.c.bind("energy_wh", lambda: register[0])
    s.charge()
    assert s.csms.sent("StartTransaction")[0]["meterStart"] == 1000
    register[0] = 1500.2
    s.run(2000)
    assert s.c.transaction.energy_wh == 500
    register[0] = None
    s.c.end()
    s.run(500)
    assert s.csms.sent("StopTransaction")[0]["meterStop"] == 1500


def test_wrong_inputs_and_measurands():
    c = ready().c
    assert "evse_ready" in str(raises(ValueError, c.bind, "ready", len))
    assert "function" in str(raises(TypeError, c.bind, "plugged", True))
    assert "Voltage" in str(raises(ValueError, c.measure, "Volts", len))
    assert "L1-N" in str(raises(ValueError, c.measure, "Voltage", len, "V", "L4"))
    assert "kWh" in str(raises(ValueError, c.measure, "Voltage", len, "mV"))
    assert "Inlet" in str(raises(ValueError, c.measure, "Voltage", len, "V", "L1", "Here"))
    assert "function" in str(raises(TypeError, c.measure, "Voltage", 230))
    assert "text" in str(raises(TypeError, c.measure, None, len))
    assert c.measures == []


def test_further_measurands_are_sent():
    s = Setup(settings={"MeterValuesSampledData": "Voltage.L1,SoC,Power.Active.Import"})
    s.station.settings.force("MeterValueSampleInterval", "1")
    s.c.measure("Voltage", lambda: 230.5, "V", "L1-N")
    s.c.measure("SoC", lambda: 40, location="EV")
    s.run(500)
    s.charge()
    s.run(2000)
    values = s.csms.sent("MeterValues")[0]["meterValue"][0]["sampledValue"]
    assert [(v["measurand"], v["value"], v.get("unit"), v["location"]) for v in values] == [
        ("Voltage", "230.5", "V", "Outlet"),
        ("SoC", "40", "Percent", "EV"),
    ], values


# -- outputs and queries -------------------------------------------------------------------------


def test_outputs_and_queries_through_a_session():
    s = ready()
    c = s.c

    def view():
        return (c.authorized, c.transaction is not None, c.charging_permitted, c.lock_wanted)

    assert view() == (None, False, False, False) and c.limit_ma is None
    s.plug()
    c.start_ready = False
    c.begin("TAG1", authorized=True)
    s.run(300)
    assert view() == ("TAG1", False, False, False)
    c.start_ready = True
    s.run(1000)
    assert view() == ("TAG1", True, True, True)
    s.wh[0] = 250
    s.run(2000)
    tx = c.transaction
    assert (tx.id, tx.id_token, tx.energy_wh, tx.start_wh) == (1, "TAG1", 250, 0)
    assert 2 <= tx.seconds <= 4 and tx.ending is None
    c.stop_ready = False
    c.end()
    s.run(100)
    assert view() == ("TAG1", True, False, True) and tx.ending == "Local"
    c.stop_ready = True
    s.run(500)
    assert view() == (None, False, False, False) and c.availability == "Operative"
    assert c.free and c.finishing


def test_a_limit_is_offered_current():
    s = Setup(
        settings={"MeterValuesSampledData": "Current.Offered", "MeterValueSampleInterval": "1"}
    )
    s.run(500)
    s.charge()
    s.c.limit_ma = 16500
    s.run(1500)
    value = s.csms.sent("MeterValues")[-1]["meterValue"][0]["sampledValue"][0]
    assert (value["value"], value["unit"]) == ("16.5", "A")


# -- begin and end -------------------------------------------------------------------------------


def test_begin_asks_the_central_system():
    s = ready()
    s.plug()
    assert s.c.begin("TAG1") is True
    s.run(1000)
    assert s.csms.sent("Authorize") == [{"idTag": "TAG1"}]
    assert s.c.transaction.id_token == "TAG1"
    assert s.c.begin("TAG2") is False  # in use


def test_begin_refused_by_the_central_system():
    s = ready()
    events = told(s, "AuthorizationRejected")
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    s.plug()
    assert s.c.begin("TAG1") is True
    s.run(1000)
    assert s.c.authorized is None and events == [("AuthorizationRejected", 1)]


def test_begin_without_asking_anybody():
    s = ready()
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    s.plug()
    assert s.c.begin("TAG1", authorized=True, parent="FLEET")
    s.run(1000)
    assert s.csms.sent("Authorize") == [] and s.csms.sent("StartTransaction")
    assert s.c.transaction.parent == "FLEET"


def test_begin_where_nothing_can():
    s = ready()
    s.c.set_error("GroundFailure")
    assert s.c.begin("TAG1") is False
    s.c.clear_error()
    assert s.station.change_availability(1, False) == "Accepted"
    assert s.c.begin("TAG1", authorized=True) is False
    assert s.station.change_availability(1, True) == "Accepted"
    assert s.c.begin("TAG1", authorized=True) is True


def test_a_reserved_connector():
    s = ready()
    events = told(s, "ReservationConflict", "NoConnector")
    s.c.reservation = 5
    assert s.c.begin("TAG1") is False and events == [("ReservationConflict", 1)]
    s.station.present("TAG1", 1)
    s.run(500)
    assert s.c.authorized is None and events == [("ReservationConflict", 1)] * 2
    answer = s.ask("RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"})
    assert answer == {"status": "Rejected"} and len(events) == 3


def test_identifiers_that_are_none():
    s = ready()
    for fn, most in (
        (s.c.begin, 20),  # OCPP 1.6 §7.28
        (lambda id: s.station.authorize(id, print), 20),
        (s.station.present, 36),  # longer ones than the version has are refused like unknown ones
    ):
        for id_token in ("", "x" * (most + 1)):
            assert "1 to %d" % most in str(raises(ValueError, fn, id_token))
        assert "text" in str(raises(TypeError, fn, 12345678))
    s.charge()
    raises(ValueError, s.c.end, "x" * 21)
    s.c.end()
    s.run(500)
    s.csms.forget()
    for number in (0, 2, -1, "1"):
        assert "connector" in str(raises(ValueError, s.station.present, "TAG1", number)), number
    s.station.present("x" * 21, 1)
    s.run(500)
    assert s.csms.sent("Authorize") == [] and s.c.authorized is None


def test_end_with_nothing_to_end():
    s = ready()
    assert s.c.end() is False and s.c.end("TAG1", authorized=True) is False
    s.plug()
    s.c.start_ready = False
    s.c.begin("TAG1", authorized=True)
    assert s.c.end("tag1") is True and s.c.authorized is None  # withdrawn before it began
    s.run(500)
    assert s.csms.sent("StartTransaction") == []


def ended(s, *arguments, **named):
    assert s.c.end(*arguments, **named) is True
    s.run(1000)
    return s.csms.sent("StopTransaction")


def test_end_by_whoever_began_it():
    s = ready()
    s.charge()
    stop = ended(s, "tag1")[0]
    assert stop["idTag"] == "tag1" and "reason" not in stop
    assert len(s.csms.sent("Authorize")) == 1  # not asked again


def test_end_without_an_identifier_and_its_reason():
    s = ready()
    s.charge()
    stop = ended(s, reason="EmergencyStop")[0]
    assert stop["reason"] == "EmergencyStop" and "idTag" not in stop


def test_a_reason_of_the_hosts_own_is_other():
    s = ready()
    s.charge()
    assert ended(s, reason="CoffeeBreak")[0]["reason"] == "Other"


def test_end_by_somebody_else():
    s = ready()
    groups = {"TAG1": "FLEET", "TAG2": "FLEET", "TAG3": "OTHER"}
    s.csms.answers["Authorize"] = lambda p: {
        "idTagInfo": {"status": "Accepted", "parentIdTag": groups[p["idTag"]]}
    }
    events = told(s, "AuthorizationRejected")
    s.charge()
    assert ended(s, "TAG3") == [] and events == [("AuthorizationRejected", 1)]
    assert s.c.transaction and s.c.charging_permitted
    assert ended(s, "TAG2")[0]["idTag"] == "TAG2"


def test_end_by_somebody_else_without_asking():
    s = ready()
    s.charge()
    assert ended(s, "STAFF", "Local", authorized=True)[0]["idTag"] == "STAFF"
    assert len(s.csms.sent("Authorize")) == 1


# -- errors and the lock -------------------------------------------------------------------------


def test_errors_with_their_details():
    s = ready()
    s.c.set_error("GroundFailure", "RCD", "com.example", "E7")
    s.run(500)
    assert (
        s.c.faulted
        and s.c.status == "Faulted"
        and [e.code for e in s.c.errors] == ["GroundFailure"]
    )
    sent = s.csms.sent("StatusNotification")[-1]
    assert (sent["errorCode"], sent["info"]) == ("GroundFailure", "RCD")
    assert (sent["vendorId"], sent["vendorErrorCode"]) == ("com.example", "E7")
    s.c.clear_error("GroundFailure")
    s.run(500)
    assert not s.c.faulted and s.csms.statuses(1)[-1] == "Available"
    s.c.set_error("WeakSignal", faulted=False)
    s.run(500)
    assert s.c.status == "Available"
    assert s.csms.sent("StatusNotification")[-1]["errorCode"] == "WeakSignal"


def test_an_error_that_ocpp_has_no_word_for():
    s = ready()
    s.c.set_error("DoorOpen")
    s.run(500)
    sent = s.csms.sent("StatusNotification")[-1]
    assert (sent["status"], sent["errorCode"]) == ("Faulted", "OtherError")
    assert sent["vendorErrorCode"] == "DoorOpen"


def test_an_error_of_the_station_itself():
    s = ready()
    s.station.set_error("InternalError", "fan")
    s.run(500)
    sent = s.csms.sent("StatusNotification")[0]
    assert (sent["connectorId"], sent["status"], sent["info"]) == (0, "Faulted", "fan")
    assert s.c.begin("TAG1") is False
    s.station.set_error("InternalError", "fan 2")
    assert len(s.station.errors) == 1
    s.station.clear_error()
    s.run(500)
    assert s.csms.statuses(0)[-1] == "Available"


def unlocked(s, answers):
    """Outcome of `unlock` with a lock that answers so."""
    s.station.on_unlock = (lambda c: answers.pop(0)) if answers else None
    got = []
    s.c.unlock(got.append)
    s.run(500)
    return got


def test_unlock():
    s = ready()
    assert unlocked(s, []) == ["NotSupported"]
    assert unlocked(s, [None, None, True]) == ["Unlocked"]
    assert unlocked(s, [None, False]) == ["UnlockFailed"]
    s.charge()
    assert unlocked(s, [True]) == ["Unlocked"]
    assert s.c.transaction is None and not s.c.lock_wanted
    assert s.csms.sent("StopTransaction")[0]["reason"] == "UnlockCommand"


def test_a_lock_that_never_answers():
    s = ready()
    s.station.on_unlock = lambda c: None
    got = []
    s.c.unlock(got.append)
    s.run(14000)
    assert got == []
    s.run(2000)
    assert got == ["UnlockFailed"]


# -- events --------------------------------------------------------------------------------------


def test_events_of_a_session():
    s = ready()
    events = told(s, "Authorized", "StartTx", "StopTx", "Status")
    s.charge()
    s.c.end()
    s.run(500)
    assert [e for e in events if e[0] != "Status"] == [
        ("Authorized", 1),
        ("StartTx", 1),
        ("StopTx", 1),
    ]
    assert ("Status", 1) in events


def test_events_of_what_did_not_come_to_pass():
    s = ready(settings={"ConnectionTimeOut": "5", "AuthorizationTimeout": "2"})
    events = told(
        s,
        "ConnectionTimeout",
        "Aborted",
        "AuthorizationTimeout",
        "NoConnector",
        "AuthorizationRejected",
    )
    s.c.begin("TAG1")
    s.run(6000)
    s.c.start_ready = False
    s.plug()
    s.c.begin("TAG1")
    s.run(500)
    s.unplug()
    s.run(500)
    assert events == [("ConnectionTimeout", 1), ("Aborted", 1)], events
    s.csms.answers["Authorize"] = None
    s.c.begin("TAG2")
    s.run(3000)
    assert events[2:] == [("AuthorizationTimeout", None), ("AuthorizationRejected", 1)], events


def test_events_of_the_central_system():
    s = ready()
    events = told(s, "RemoteStart", "RemoteStop", "DeAuthorized")
    s.plug()
    s.ask("RemoteStartTransaction", {"idTag": "TAG1", "connectorId": 1})
    s.run(1000)
    s.ask("RemoteStopTransaction", {"transactionId": s.c.transaction.id})
    s.run(1000)
    assert events == [("RemoteStart", 1), ("RemoteStop", 1)]
    s.unplug()
    s.run(500)
    s.csms.answers["StartTransaction"] = {"transactionId": 7, "idTagInfo": {"status": "Invalid"}}
    s.plug()
    s.c.begin("TAG2")
    s.run(1500)
    assert events[2:] == [("DeAuthorized", 1)]


def test_events_of_the_station():
    s = Setup(settings={"TransactionMessageAttempts": "1"})
    events = told(s, "Accepted", "TimeSet", "Parked", "NoConnector")
    s.run(500)
    assert events == [("TimeSet", None), ("Accepted", None)], events
    s.csms.answers["StartTransaction"] = CallError("InternalError")
    s.charge()
    s.run(500)
    assert events[2:] == [("Parked", None)]
    s.station.present("TAG2")
    s.run(500)
    assert events[3:] == [("NoConnector", None)]


def test_a_host_that_fails_does_not_stop_a_transaction():
    s = ready()

    def fails(event, connector):
        raise KeyError("host")

    s.station.on("StartTx", fails)
    events = told(s, "StartTx")
    s.charge()
    assert s.c.charging_permitted and events == [("StartTx", 1)]


def test_events_and_functions_that_are_none():
    s = ready()
    assert "StartTx" in str(raises(ValueError, s.station.on, "StartTX", len))
    assert "function" in str(raises(TypeError, s.station.on, "StartTx", None))
    raises(AttributeError, getattr, s.station, "no_such_function")
