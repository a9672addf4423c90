"""Faults and warnings as StatusNotification tells them (OCPP 1.6 §4.9, §7.6)."""

import time

import pytest
from core16 import (
    SEV,
    SEVSE,
    A,
    C,
    F,
    P,
    U,
    X,
    availability,
    charge,
    payloads,
    ready,
    remote_stop,
    reports,
    wait_reports,
)

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


# -- faults ------------------------------------------------------------------------------------


@pytest.mark.slow
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


@pytest.mark.slow
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
@pytest.mark.slow
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
@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_lock_that_jams(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    cs.act(1, "lock", jam=True)
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    told = ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == X, timeout=5)
    assert told["errorCode"] == "ConnectorLockFailure"
    assert not cs.connector(1)["relay"] and not cs.connector(1)["locked"]


@pytest.mark.slow
def test_connector_zero_knows_three_states(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    charge(cs, ocpp_csms)
    cs.act(1, "fault", code="GroundFailure")
    cs.wait_connector(1, status=X)
    availability(ocpp_csms, 0, "Inoperative")
    wait_reports(ocpp_csms, 0, [U], mark)
    assert reports(ocpp_csms, 0, mark)[0]["errorCode"] == "NoError"
