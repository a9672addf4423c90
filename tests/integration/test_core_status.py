"""StatusNotification (OCPP 1.6 §4.9 and errata): transitions of sessions, MinimumStatusDuration,
and what is told after an absence. Names of tests: rows and columns of the table of transitions."""

import time

import pytest
from core16 import (
    SEV,
    SEVSE,
    A,
    C,
    F,
    P,
    X,
    charge,
    offline,
    payloads,
    ready,
    remote_stop,
    reports,
    unix,
    wait_reports,
)

pytestmark = pytest.mark.slow

WARNED = {P, SEV, SEVSE, F}  # where EVCommunicationError may be told


# -- before a transaction ----------------------------------------------------------------------


@pytest.mark.slow
def test_a2_plug_b1_unplug(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    cs.act(1, "plug")
    wait_reports(ocpp_csms, 1, [P], mark)
    cs.act(1, "unplug")
    wait_reports(ocpp_csms, 1, [P, A], mark)
    assert reports(ocpp_csms, 2, mark) == reports(ocpp_csms, 0, mark) == []


@pytest.mark.slow
def test_a2_bay_b1_bay_left(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    cs.act(1, "parking", occupied=True)
    wait_reports(ocpp_csms, 1, [P], mark)
    cs.act(1, "parking", occupied=False)
    wait_reports(ocpp_csms, 1, [P, A], mark)


@pytest.mark.slow
def test_a2_card_b1_second_presentation(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    cs.card("DEADBEEF", connector=1)
    wait_reports(ocpp_csms, 1, [P], mark)
    cs.card("DEADBEEF", connector=1)
    wait_reports(ocpp_csms, 1, [P, A], mark)
    assert len(payloads(ocpp_csms, "Authorize")) == 1


@pytest.mark.slow
def test_a2_card_b1_nobody_plugs_in(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, settings={"ConnectionTimeOut": "8"})
    cs.card("DEADBEEF", connector=1)
    wait_reports(ocpp_csms, 1, [P], mark)
    p, a = wait_reports(ocpp_csms, 1, [P, A], mark)
    assert 7 <= unix(a["timestamp"]) - unix(p["timestamp"]) <= 10
    assert payloads(ocpp_csms, "StartTransaction") == []


@pytest.mark.slow
def test_a2_remote_start_b1_time_out(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, settings={"ConnectionTimeOut": "8"})
    request = {"idTag": "DEADBEEF", "connectorId": 2}
    assert ocpp_csms.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    wait_reports(ocpp_csms, 2, [P, A], mark)
    assert cs.connector(2)["authorized"] is None


@pytest.mark.slow
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


@pytest.mark.slow
def test_b5_e4_d5_e3_c5_a_station_that_offers_nothing(ocpp_csms, charger):
    """Without its diode a car is not offered energy; SuspendedEVSE goes before SuspendedEV."""
    cs, _ = ready(charger, ocpp_csms)
    cs.act(1, "plug", ev="B")
    cs.wait_connector(1, status=P)
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_c6_f1_the_cable_is_pulled_at_the_car_and_the_transaction_ends(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [P, C], mark)
    cs.act(1, "unplug")
    told = wait_reports(ocpp_csms, 1, [P, C, F, A], mark)
    assert told[2]["errorCode"] == "NoError" and told[2]["info"] == "EV side disconnected"
    assert "info" not in told[3]
    assert ocpp_csms.wait_for("StopTransaction")["reason"] == "EVDisconnected"


@pytest.mark.slow
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


# -- MinimumStatusDuration ---------------------------------------------------------------------


@pytest.mark.slow
def test_what_is_short_is_not_told(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, settings={"MinimumStatusDuration": "20"})
    cs.act(1, "plug")
    time.sleep(0.15)
    cs.act(1, "unplug")
    time.sleep(2.3)
    assert reports(ocpp_csms, 1, mark) == []
    before = unix(cs.status()["time"])
    began = time.monotonic()
    cs.act(1, "plug")
    cs.wait_connector(1, status=P)
    after = unix(cs.status()["time"])
    told = wait_reports(ocpp_csms, 1, [P], mark)[0]
    assert time.monotonic() - began >= 1.9
    assert before <= unix(told["timestamp"]) <= after  # when it began, not when it was told


@pytest.mark.slow
def test_short_states_of_a_session_are_left_out(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms, settings={"MinimumStatusDuration": "20"})
    charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [C], mark)
    cs.act(1, "ev", state="B")
    time.sleep(0.15)
    cs.act(1, "ev", state="C")
    time.sleep(2.3)
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_fault_in_an_absence_that_is_still_there(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    offline(cs)
    cs.act(1, "fault", code="OverVoltage")
    cs.wait_connector(1, status=X)
    offline(cs, online=True)
    told = wait_reports(ocpp_csms, 1, [X], mark)[0]
    assert told["errorCode"] == "OverVoltage"


@pytest.mark.slow
def test_a_report_that_was_lost_is_told_again(ocpp_csms, charger):
    """The link dies between the report and its answer: nobody knows whether it arrived."""
    cs, mark = ready(charger, ocpp_csms)
    ocpp_csms.on("StatusNotification", lambda p: ocpp_csms.drop(), times=1)
    cs.act(1, "plug")
    ocpp_csms.wait_connected(opened=2)
    wait_reports(ocpp_csms, 1, [P, P], mark)
    time.sleep(0.2)
    assert len(reports(ocpp_csms, 1, mark)) == 2
