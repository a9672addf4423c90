"""StatusNotification (OCPP 1.6 §4.9 and errata): every transition that a station of this kind can
make, faults, availability, and what is told after an absence. Names of tests: rows and columns of
the table of transitions."""

import time
from datetime import datetime

import pytest
from core16 import (
    charge,
    make,
    offline,
    payloads,
    reports,
    wait_booted,
    wait_reports,
)

A, P, C, F = "Available", "Preparing", "Charging", "Finishing"
SEV, SEVSE, U, X = "SuspendedEV", "SuspendedEVSE", "Unavailable", "Faulted"
CODES = (
    "ConnectorLockFailure",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
    "LocalListConflict",
)
WARNED = {P, SEV, SEVSE, F}  # where EVCommunicationError may be told


def ready(charger, csms, **more):
    """A charger that has told its statuses, and the mark behind them."""
    cs = make(charger, csms, **more)
    return cs, wait_booted(csms, cs)


def availability(csms, connector, kind):
    request = {"connectorId": connector, "type": kind}
    return csms.call("ChangeAvailability", request)["status"]


def remote_stop(csms, start):
    request = {"transactionId": start["transactionId"]}
    assert csms.call("RemoteStopTransaction", request) == {"status": "Accepted"}


def unix(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# -- before a transaction ----------------------------------------------------------------------


def test_a2_plug_b1_unplug(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    cs.act(1, "plug")
    wait_reports(ocpp_csms, 1, [P], mark)
    cs.act(1, "unplug")
    wait_reports(ocpp_csms, 1, [P, A], mark)
    assert reports(ocpp_csms, 2, mark) == reports(ocpp_csms, 0, mark) == []


def test_a2_bay_b1_bay_left(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    cs.act(1, "parking", occupied=True)
    wait_reports(ocpp_csms, 1, [P], mark)
    cs.act(1, "parking", occupied=False)
    wait_reports(ocpp_csms, 1, [P, A], mark)


def test_a2_card_b1_second_presentation(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    cs.card("DEADBEEF", connector=1)
    wait_reports(ocpp_csms, 1, [P], mark)
    cs.card("DEADBEEF", connector=1)
    wait_reports(ocpp_csms, 1, [P, A], mark)
    assert len(payloads(ocpp_csms, "Authorize")) == 1


def test_a2_card_b1_nobody_plugs_in(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, settings={"ConnectionTimeOut": "8"})
    cs.card("DEADBEEF", connector=1)
    wait_reports(ocpp_csms, 1, [P], mark)
    p, a = wait_reports(ocpp_csms, 1, [P, A], mark)
    assert 7 <= unix(a["timestamp"]) - unix(p["timestamp"]) <= 10
    assert payloads(ocpp_csms, "StartTransaction") == []


def test_a2_remote_start_b1_time_out(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, settings={"ConnectionTimeOut": "8"})
    request = {"idTag": "DEADBEEF", "connectorId": 2}
    assert ocpp_csms.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    wait_reports(ocpp_csms, 2, [P, A], mark)
    assert cs.connector(2)["authorized"] is None


def test_b6_nobody_authorized_f1(ocpp_csms, charger):
    """Errata 3.20: not Available, so that nobody else's card starts on this cable."""
    cs, mark = ready(charger, ocpp_csms, settings={"ConnectionTimeOut": "8"})
    cs.act(1, "plug")
    p, f = wait_reports(ocpp_csms, 1, [P, F], mark)
    assert 7 <= unix(f["timestamp"]) - unix(p["timestamp"]) <= 10
    cs.card("DEADBEEF")
    cs.wait_connector(2, authorized="DEADBEEF")
    assert cs.connector(1)["transaction"] is None
    cs.act(1, "unplug")
    wait_reports(ocpp_csms, 1, [P, F, A], mark)


# -- in a transaction --------------------------------------------------------------------------


def test_b3_c6_f1_a_session(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    start = charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [P, C], mark)
    remote_stop(ocpp_csms, start)
    wait_reports(ocpp_csms, 1, [P, C, F], mark)
    cs.act(1, "unplug")
    told = wait_reports(ocpp_csms, 1, [P, C, F, A], mark)
    assert {p["errorCode"] for p in told} == {"NoError"}
    assert [unix(p["timestamp"]) for p in told] == sorted(unix(p["timestamp"]) for p in told)
    assert reports(ocpp_csms, 2, mark) == []


def test_b4_d3_c4_d6_a_car_that_waits(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    start = charge(cs, ocpp_csms, ev="B")
    wait_reports(ocpp_csms, 1, [P, SEV], mark)
    cs.act(1, "ev", state="C")
    wait_reports(ocpp_csms, 1, [P, SEV, C], mark)
    cs.act(1, "ev", state="B")
    wait_reports(ocpp_csms, 1, [P, SEV, C, SEV], mark)
    remote_stop(ocpp_csms, start)
    wait_reports(ocpp_csms, 1, [P, SEV, C, SEV, F], mark)


def test_b5_e4_d5_e3_c5_a_station_that_offers_nothing(ocpp_csms, charger):
    """Without its diode a car is not offered energy; SuspendedEVSE goes before SuspendedEV."""
    cs, _ = ready(charger, ocpp_csms)
    cs.act(1, "plug", ev="B")
    cs.act(1, "pilot", diode=False)
    cs.card("DEADBEEF", connector=1)
    steps = (
        (SEVSE, None),
        (SEV, lambda: cs.act(1, "pilot", diode=True)),
        (SEVSE, lambda: cs.act(1, "pilot", diode=False)),
        (SEVSE, lambda: cs.act(1, "ev", state="C")),
        (C, lambda: cs.act(1, "pilot", diode=True)),
        (SEVSE, lambda: cs.act(1, "pilot", diode=False)),
    )
    for state, act in steps:
        mark = ocpp_csms.mark()
        if act:
            act()
        time.sleep(0.2)
        cs.wait_connector(1, status=state, relay=state == C)
        told = reports(ocpp_csms, 1, mark)
        assert not told or told[-1]["status"] == state
    warned = [p for p in reports(ocpp_csms, 1) if p["errorCode"] != "NoError"]
    assert {p["errorCode"] for p in warned} == {"EVCommunicationError"}
    assert {p["status"] for p in warned} <= WARNED
    told = [p["status"] for p in reports(ocpp_csms, 1)]
    told = [s for n, s in enumerate(told) if n == 0 or s != told[n - 1]]
    assert told == [A, P, SEVSE, SEV, SEVSE, C, SEVSE]
    assert payloads(ocpp_csms, "StopTransaction") == []


def test_c5_e6_invalidated_by_the_start_answer(ocpp_csms, charger):
    ocpp_csms.on("StartTransaction", {"idTagInfo": {"status": "Blocked"}, "transactionId": 5})
    settings = {"StopTransactionOnInvalidId": "false"}
    cs, mark = ready(charger, ocpp_csms, settings=settings)
    start = charge(cs, ocpp_csms)
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == SEVSE)
    assert [p["status"] for p in reports(ocpp_csms, 1, mark)] in ([P, C, SEVSE], [P, SEVSE])
    assert not cs.connector(1)["relay"]
    remote_stop(ocpp_csms, start)
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == F)


def test_d3_c1_the_cable_is_pulled_at_the_car_and_the_transaction_goes_on(ocpp_csms, charger):
    settings = {"StopTransactionOnEVSideDisconnect": "false"}
    cs, mark = ready(charger, ocpp_csms, settings=settings)
    charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [P, C], mark)
    cs.act(1, "unplug")
    told = wait_reports(ocpp_csms, 1, [P, C, SEV], mark)[-1]
    assert told["errorCode"] == "NoError" and told["info"] == "EV side disconnected"
    assert not cs.connector(1)["relay"]
    back = ocpp_csms.mark()
    cs.act(1, "plug")
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == C, since=back)
    told = reports(ocpp_csms, 1, back)  # the station may need a moment to offer energy again
    assert [p["status"] for p in told] in ([C], [SEVSE, C]) and "info" not in told[-1]
    assert payloads(ocpp_csms, "StopTransaction") == []


def test_c6_f1_the_cable_is_pulled_at_the_car_and_the_transaction_ends(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [P, C], mark)
    cs.act(1, "unplug")
    told = wait_reports(ocpp_csms, 1, [P, C, F, A], mark)
    assert told[2]["errorCode"] == "NoError" and told[2]["info"] == "EV side disconnected"
    assert "info" not in told[3]
    assert ocpp_csms.wait_for("StopTransaction")["reason"] == "EVDisconnected"


def test_f2_the_same_card_again(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    first = charge(cs, ocpp_csms)
    remote_stop(ocpp_csms, first)
    wait_reports(ocpp_csms, 1, [P, C, F], mark)
    cs.card("DEADBEEF", connector=1)
    ocpp_csms.wait_for("StartTransaction")
    told = wait_reports(ocpp_csms, 1, [P, C, F, P, C], mark)
    assert told[3]["status"] == P
    assert cs.connector(1)["transaction"]["id"] != first["transactionId"]


# -- unavailable -------------------------------------------------------------------------------


def test_a8_h1_out_of_service_and_back(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    for kind, wanted in (("Inoperative", [U]), ("Operative", [U, A])):
        assert availability(ocpp_csms, 1, kind) == "Accepted"
        wait_reports(ocpp_csms, 1, wanted, mark)
        assert cs.connector(1)["availability"] == kind
        assert availability(ocpp_csms, 1, kind) == "Accepted"  # what it is already
    time.sleep(0.2)
    assert len(reports(ocpp_csms, 1, mark)) == 2
    assert reports(ocpp_csms, 0, mark) == reports(ocpp_csms, 2, mark) == []


def test_h2_a_car_came_meanwhile(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    availability(ocpp_csms, 1, "Inoperative")
    wait_reports(ocpp_csms, 1, [U], mark)
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    request = {"idTag": "DEADBEEF", "connectorId": 1}
    assert ocpp_csms.call("RemoteStartTransaction", request) == {"status": "Rejected"}
    time.sleep(0.4)
    assert cs.connector(1)["status"] == U
    assert payloads(ocpp_csms, "StartTransaction") == []
    availability(ocpp_csms, 1, "Operative")
    wait_reports(ocpp_csms, 1, [U, P], mark)
    cs.card("DEADBEEF", connector=1)
    wait_reports(ocpp_csms, 1, [U, P, C], mark)


def test_h3_free_vend_starts_once_it_may(ocpp_csms, charger):
    """A station without authorization means needs no action of its user."""
    settings = {"FreeVend": "true", "FreeVendIdTag": "FREE"}
    ocpp_csms.facts.tokens = {"FREE": "Accepted"}
    cs, mark = ready(charger, ocpp_csms, settings=settings)
    availability(ocpp_csms, 1, "Inoperative")
    wait_reports(ocpp_csms, 1, [U], mark)
    cs.act(1, "plug")
    time.sleep(0.3)
    assert payloads(ocpp_csms, "StartTransaction") == []
    availability(ocpp_csms, 1, "Operative")
    assert ocpp_csms.wait_for("StartTransaction", timeout=5)["idTag"] == "FREE"
    cs.wait_connector(1, status=C)


@pytest.mark.parametrize("connector", [1, 0])
def test_c6_f8_scheduled_while_charging(ocpp_csms, charger, connector):
    cs, mark = ready(charger, ocpp_csms)
    start = charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [P, C], mark)
    assert availability(ocpp_csms, connector, "Inoperative") == "Scheduled"
    time.sleep(0.2)
    assert cs.connector(1)["status"] == C and cs.connector(1)["relay"]
    if connector == 0:  # what is not charging is out of service at once
        wait_reports(ocpp_csms, 2, [U], mark)
    remote_stop(ocpp_csms, start)
    wait_reports(ocpp_csms, 1, [P, C, F], mark)
    cs.act(1, "unplug")
    wait_reports(ocpp_csms, 1, [P, C, F, U], mark)
    if connector == 0:
        wait_reports(ocpp_csms, 0, [U], mark)


def test_scheduled_and_called_off(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    start = charge(cs, ocpp_csms)
    assert availability(ocpp_csms, 1, "Inoperative") == "Scheduled"
    assert availability(ocpp_csms, 1, "Operative") == "Accepted"
    remote_stop(ocpp_csms, start)
    cs.wait_connector(1, status=F)
    cs.act(1, "unplug")
    wait_reports(ocpp_csms, 1, [P, C, F, A], mark)


def test_connector_zero_and_back(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    assert availability(ocpp_csms, 0, "Inoperative") == "Accepted"
    for n in (0, 1, 2):
        wait_reports(ocpp_csms, n, [U], mark)
    cs.card("DEADBEEF")
    time.sleep(0.2)
    assert availability(ocpp_csms, 0, "Operative") == "Accepted"
    for n in (0, 1, 2):
        wait_reports(ocpp_csms, n, [U, A], mark)
    assert payloads(ocpp_csms, "StartTransaction") == []


def test_unknown_connectors(ocpp_csms, charger):
    make(charger, ocpp_csms)
    for connector in (3, -1, 2147483647):
        assert availability(ocpp_csms, connector, "Inoperative") == "Rejected"


@pytest.mark.parametrize("how", ["kill", "stop", "soft", "reboot"])
def test_unavailable_survives_a_restart(ocpp_csms, charger, how):
    cs, _ = ready(charger, ocpp_csms)
    assert availability(ocpp_csms, 2, "Inoperative") == "Accepted"
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == U)
    mark = ocpp_csms.mark()
    if how == "soft":
        ocpp_csms.call("Reset", {"type": "Soft"})
    elif how == "reboot":
        cs.post("/api/reboot", {"reason": "PowerUp"})
    else:
        getattr(cs, how)()
        cs.start()
    ocpp_csms.wait_for("BootNotification", since=mark)
    for n, wanted in ((0, A), (1, A), (2, U)):
        wait_reports(ocpp_csms, n, [wanted], mark)
    assert cs.connector(2)["availability"] == "Inoperative"


def test_the_whole_station_stays_unavailable_over_a_restart(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    availability(ocpp_csms, 0, "Inoperative")
    cs.wait_connector(1, status=U)
    cs.kill()
    mark = ocpp_csms.mark()
    cs.start()
    for n in (0, 1, 2):
        wait_reports(ocpp_csms, n, [U], mark)
    assert availability(ocpp_csms, 0, "Operative") == "Accepted"
    for n in (0, 1, 2):
        wait_reports(ocpp_csms, n, [U, A], mark)


# -- faults ------------------------------------------------------------------------------------


def test_every_error_code(ocpp_csms, charger):
    """A fault or, where charging could go on, a warning: never a code without its status."""
    cs, _ = ready(charger, ocpp_csms)
    for code in CODES:
        mark = ocpp_csms.mark()
        fields = {"info": "why " + code, "vendor_id": "org.example", "vendor_code": "V-7"}
        cs.act(1, "fault", code=code, **fields)
        told = ocpp_csms.wait_for("StatusNotification", since=mark, timeout=5)
        assert told["errorCode"] == code and told["connectorId"] == 1
        assert told["status"] in (X, A) and told["info"] == "why " + code
        assert (told["vendorId"], told["vendorErrorCode"]) == ("org.example", "V-7")
        mark = ocpp_csms.mark()
        cs.delete("/api/connectors/1/fault", {"code": code})
        told = ocpp_csms.wait_for("StatusNotification", since=mark, timeout=5)
        assert (told["status"], told["errorCode"]) == (A, "NoError")
        assert not {"info", "vendorId", "vendorErrorCode"} & set(told)


def test_minimum_required_error_codes(ocpp_csms, charger):
    """MREC: a code of OCPP 1.6, and the CX code as the vendor's."""
    cs, _ = ready(charger, ocpp_csms)
    same = {
        "CX001": "ConnectorLockFailure",
        "CX002": "GroundFailure",
        "CX003": "HighTemperature",
        "CX004": "OverCurrentFailure",
        "CX005": "OverVoltage",
        "CX006": "UnderVoltage",
    }
    for n in range(1, 27):
        code = "CX%03d" % n
        mark = ocpp_csms.mark()
        cs.act(2, "fault", code=code)
        told = ocpp_csms.wait_for("StatusNotification", since=mark, timeout=5)
        assert told["connectorId"] == 2 and told["vendorErrorCode"] == code
        assert told["vendorId"] == "https://chargex.inl.gov"
        assert told["errorCode"] not in ("NoError", "EVCommunicationError") and told["status"] in (
            A,
            X,
        )
        assert told["errorCode"] == same.get(code, told["errorCode"])
        mark = ocpp_csms.mark()
        cs.delete("/api/connectors/2/fault", {"code": code})
        told = ocpp_csms.wait_for("StatusNotification", since=mark, timeout=5)
        assert (told["status"], told["errorCode"]) == (A, "NoError")


@pytest.mark.parametrize("state", [A, P, F, U])
def test_i_fault_and_back(ocpp_csms, charger, state):
    """A9, B9, F9, H9 and I1, I2, I6, I8: back to the state before."""
    cs, _ = ready(charger, ocpp_csms)
    if state == P:
        cs.act(1, "plug")
    elif state == F:
        remote_stop(ocpp_csms, charge(cs, ocpp_csms))
    elif state == U:
        availability(ocpp_csms, 1, "Inoperative")
    cs.wait_connector(1, status=state)
    if state != A:
        ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == state)
    mark = ocpp_csms.mark()
    cs.act(1, "fault", code="GroundFailure")
    wait_reports(ocpp_csms, 1, [X], mark)
    cs.delete("/api/connectors/1/fault")
    told = wait_reports(ocpp_csms, 1, [X, state], mark)
    assert [p["errorCode"] for p in told] == ["GroundFailure", "NoError"]


@pytest.mark.parametrize("state", [C, SEV, SEVSE])
def test_c9_d9_e9_a_fault_opens_the_contactor(ocpp_csms, charger, state):
    cs, _ = ready(charger, ocpp_csms)
    charge(cs, ocpp_csms, ev="B" if state == SEV else "C")
    if state == SEVSE:
        cs.act(1, "pilot", diode=False)
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == state)
    mark = ocpp_csms.mark()
    cs.act(1, "fault", code="OverCurrentFailure")
    told = wait_reports(ocpp_csms, 1, [X], mark)[0]
    assert told["errorCode"] == "OverCurrentFailure"
    assert not cs.connector(1)["relay"]
    assert ocpp_csms.wait_for("StopTransaction", timeout=5)["reason"] == "Other"
    cs.act(1, "pilot", diode=True)
    cs.delete("/api/connectors/1/fault")
    cs.wait_connector(1, status=F)
    assert cs.connector(1)["transaction"] is None  # I6: not by itself into a new one


def test_a_faulted_connector_takes_nobody(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    cs.act(1, "fault", code="GroundFailure")
    cs.wait_connector(1, status=X)
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    request = {"idTag": "DEADBEEF", "connectorId": 1}
    assert ocpp_csms.call("RemoteStartTransaction", request) == {"status": "Rejected"}
    time.sleep(0.3)
    assert payloads(ocpp_csms, "StartTransaction") == [] and not cs.connector(1)["relay"]
    cs.act(2, "plug")
    cs.card("DEADBEEF")  # the other one works
    assert ocpp_csms.wait_for("StartTransaction")["connectorId"] == 2


def test_a_warning_does_not_stop(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [P, C], mark)
    cs.act(1, "fault", code="WeakSignal")
    told = wait_reports(ocpp_csms, 1, [P, C, C], mark)[-1]
    assert told["errorCode"] == "WeakSignal" and cs.connector(1)["relay"]
    cs.delete("/api/connectors/1/fault")
    told = wait_reports(ocpp_csms, 1, [P, C, C, C], mark)[-1]
    assert told["errorCode"] == "NoError"


def test_a_fault_is_told_before_a_newer_warning(ocpp_csms, charger):
    """Faulted bears the code of what faults it."""
    cs, _ = ready(charger, ocpp_csms)
    cs.act(1, "fault", code="GroundFailure")
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == X)
    mark = ocpp_csms.mark()
    cs.act(1, "fault", code="WeakSignal")
    cs.act(1, "fault", code="EVCommunicationError")
    time.sleep(0.4)
    assert reports(ocpp_csms, 1, mark) == []
    cs.delete("/api/connectors/1/fault", {"code": "GroundFailure"})
    told = wait_reports(ocpp_csms, 1, [A], mark)[0]
    assert told["errorCode"] == "WeakSignal"


@pytest.mark.parametrize("state", [A, P, C, SEV, F, U, X])
def test_ev_communication_error_is_a_warning_in_some_states(ocpp_csms, charger, state):
    """§4.9: only with Preparing, SuspendedEV, SuspendedEVSE and Finishing."""
    cs, _ = ready(charger, ocpp_csms)
    if state == P:
        cs.act(1, "plug")
    elif state in (C, SEV):
        charge(cs, ocpp_csms, ev="C" if state == C else "B")
    elif state == F:
        remote_stop(ocpp_csms, charge(cs, ocpp_csms))
    elif state == U:
        availability(ocpp_csms, 1, "Inoperative")
    elif state == X:
        cs.act(1, "fault", code="GroundFailure")
    cs.wait_connector(1, status=state)
    if state != A:
        ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == state)
    mark = ocpp_csms.mark()
    cs.act(1, "fault", code="EVCommunicationError", info="no answer")
    if state in WARNED:
        told = ocpp_csms.wait_for("StatusNotification", since=mark, timeout=5)
        assert (told["status"], told["errorCode"]) == (state, "EVCommunicationError")
        assert told["info"] == "no answer"
    time.sleep(0.3)
    for told in reports(ocpp_csms, 1, mark):
        assert told["errorCode"] != "EVCommunicationError" or told["status"] in WARNED
    assert cs.connector(1)["status"] == state


def test_pilot_faults(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [P, C], mark)
    cs.act(1, "pilot", state="E")
    told = wait_reports(ocpp_csms, 1, [P, C, X], mark)[-1]
    assert told["errorCode"] != "NoError" and not cs.connector(1)["relay"]
    assert ocpp_csms.wait_for("StopTransaction")["reason"] == "Other"
    cs.act(1, "pilot", state=None)
    cs.wait_connector(1, status=F)


def test_a_lock_that_jams(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    cs.act(1, "lock", jam=True)
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    told = ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == X, timeout=5)
    assert told["errorCode"] == "ConnectorLockFailure"
    assert not cs.connector(1)["relay"] and not cs.connector(1)["locked"]


def test_connector_zero_knows_three_states(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    charge(cs, ocpp_csms)
    cs.act(1, "fault", code="GroundFailure")
    cs.wait_connector(1, status=X)
    availability(ocpp_csms, 0, "Inoperative")
    wait_reports(ocpp_csms, 0, [U], mark)
    assert reports(ocpp_csms, 0, mark)[0]["errorCode"] == "NoError"


# -- MinimumStatusDuration ---------------------------------------------------------------------


def test_what_is_short_is_not_told(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, settings={"MinimumStatusDuration": "5"})
    cs.act(1, "plug")
    time.sleep(0.15)
    cs.act(1, "unplug")
    time.sleep(1)
    assert reports(ocpp_csms, 1, mark) == []
    cs.act(1, "plug")
    began = time.monotonic()
    told = wait_reports(ocpp_csms, 1, [P], mark)[0]
    assert 0.4 <= time.monotonic() - began <= 1.2
    now = unix(cs.status()["time"])
    assert 4 <= now - unix(told["timestamp"]) <= 12  # when it began, not when it was told


def test_short_states_of_a_session_are_left_out(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, settings={"MinimumStatusDuration": "4"})
    charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [C], mark)
    cs.act(1, "ev", state="B")
    time.sleep(0.15)
    cs.act(1, "ev", state="C")
    time.sleep(0.8)
    assert [p["status"] for p in reports(ocpp_csms, 1, mark)] == [C]


# -- after an absence --------------------------------------------------------------------------


def test_after_an_absence_what_differs_is_told(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    offline(cs)
    cs.act(1, "plug")
    cs.wait_connector(1, status=P)
    cs.act(1, "unplug")
    cs.wait_connector(1, status=A)
    cs.act(2, "plug")
    cs.wait_connector(2, status=P)
    time.sleep(0.3)
    before = unix(cs.status()["time"])
    offline(cs, online=True)
    told = wait_reports(ocpp_csms, 2, [P], mark)[0]
    assert unix(told["timestamp"]) < before
    time.sleep(0.3)
    assert len(payloads(ocpp_csms, "StatusNotification", mark)) == 1


def test_after_an_absence_in_the_order_of_events(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, connectors=3)
    offline(cs)
    for n in (3, 1, 2):
        cs.act(n, "plug")
        time.sleep(0.15)
    offline(cs, online=True)
    for n in (1, 2, 3):
        wait_reports(ocpp_csms, n, [P], mark)
    told = payloads(ocpp_csms, "StatusNotification", mark)
    assert [p["connectorId"] for p in told] == [3, 1, 2]
    assert [p["timestamp"] for p in told] == sorted(p["timestamp"] for p in told)


def test_a_fault_in_an_absence_that_is_still_there(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    offline(cs)
    cs.act(1, "fault", code="OverVoltage")
    cs.wait_connector(1, status=X)
    offline(cs, online=True)
    told = wait_reports(ocpp_csms, 1, [X], mark)[0]
    assert told["errorCode"] == "OverVoltage"


def test_a_report_that_was_lost_is_told_again(ocpp_csms, charger):
    """The link dies between the report and its answer: nobody knows whether it arrived."""
    cs, mark = ready(charger, ocpp_csms)
    ocpp_csms.on("StatusNotification", lambda p: ocpp_csms.drop(), times=1)
    cs.act(1, "plug")
    ocpp_csms.wait_connected(opened=2)
    wait_reports(ocpp_csms, 1, [P, P], mark)
    time.sleep(0.2)
    assert len(reports(ocpp_csms, 1, mark)) == 2
