"""The simulated station seen from both sides: what happens at the control API is what OCPP tells
(contract; OCPP 1.6 §4.9, §7.6)."""

import time

import pytest
from clients import ApiError
from core16 import change
from core_support import TAG, begin, reason, statuses, wait_status, wait_stop

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset

WARNINGS = (
    "EVCommunicationError",
    "LocalListConflict",
    "ReaderFailure",
    "ResetFailure",
    "WeakSignal",
)
FAULTS = (
    "ConnectorLockFailure",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "UnderVoltage",
)


def test_every_error_code(ocpp_csms, charger):
    """Faults make a connector Faulted, warnings leave it as it is; both are told and cleared."""
    cs = charger(ocpp_csms)
    cs.act(1, "plug", ev="B")
    wait_status(ocpp_csms, 1, "Preparing")
    for code in FAULTS + WARNINGS:
        mark = ocpp_csms.mark()
        cs.act(1, "fault", code=code)
        status = "Faulted" if code in FAULTS else "Preparing"
        assert wait_status(ocpp_csms, 1, status, since=mark)["errorCode"] == code
        assert cs.connector(1)["faults"] == [code]
        mark = ocpp_csms.mark()
        cs.delete("/api/connectors/1/fault", {"code": code})
        assert wait_status(ocpp_csms, 1, "Preparing", since=mark)["errorCode"] == "NoError"
    assert statuses(ocpp_csms, 2) == ["Available"]


def test_two_faults_at_once(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "fault", code="OverVoltage")
    wait_status(ocpp_csms, 1, "Faulted")
    cs.act(1, "fault", code="GroundFailure", info="30 mA")
    told = ocpp_csms.wait_for("StatusNotification", lambda p: p["errorCode"] == "GroundFailure")
    assert told["status"] == "Faulted" and told["info"] == "30 mA"
    assert sorted(cs.connector(1)["faults"]) == ["GroundFailure", "OverVoltage"]
    cs.delete("/api/connectors/1/fault", {"code": "GroundFailure"})
    time.sleep(0.3)
    assert cs.connector(1)["status"] == "Faulted"
    cs.delete("/api/connectors/1/fault")
    wait_status(ocpp_csms, 1, "Available", since=10)


def test_no_session_on_a_faulted_connector(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "fault", code="GroundFailure")
    wait_status(ocpp_csms, 1, "Faulted")
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    time.sleep(0.4)
    shown = cs.connector(1)
    assert shown["transaction"] is None and shown["relay"] is False
    assert not ocpp_csms.calls("StartTransaction")


def test_the_bay_is_taken(ocpp_csms, charger):
    """§4.9 A2: bay occupancy is usage, before the cable and after it."""
    cs = charger(ocpp_csms)
    cs.act(1, "parking", occupied=True)
    wait_status(ocpp_csms, 1, "Preparing")
    mark = ocpp_csms.mark()
    cs.act(1, "parking", occupied=False)
    wait_status(ocpp_csms, 1, "Available", since=mark)
    cs.act(1, "parking", occupied=True)
    begin(cs, ocpp_csms)
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    cs.act(1, "unplug")
    time.sleep(0.4)
    assert cs.connector(1)["status"] != "Available"
    cs.act(1, "parking", occupied=False)
    cs.wait_connector(1, status="Available")


def test_the_pilot_diode_is_missing(ocpp_csms, charger):
    """§4.9: EVCommunicationError is a warning, never with Charging or Faulted; no energy."""
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_status(ocpp_csms, 1, "Charging")
    mark = ocpp_csms.mark()
    cs.act(1, "pilot", diode=False)
    assert cs.connector(1)["relay"] is False
    told = wait_status(ocpp_csms, 1, "SuspendedEVSE", since=mark)
    assert told["errorCode"] == "EVCommunicationError"
    mark = ocpp_csms.mark()
    cs.act(1, "pilot", diode=True)
    assert wait_status(ocpp_csms, 1, "Charging", since=mark)["errorCode"] == "NoError"
    for frame in ocpp_csms.calls("StatusNotification"):
        if frame["errorCode"] == "EVCommunicationError":
            assert frame["status"] not in ("Charging", "Faulted", "Available")
    assert not ocpp_csms.calls("StopTransaction")


def test_the_battery_gets_full(ocpp_csms, charger):
    """§4.9 C4: the car stops by itself; the transaction goes on until somebody ends it."""
    cs = charger(ocpp_csms, speed=200)
    begin(cs, ocpp_csms, soc=99)
    wait_status(ocpp_csms, 1, "SuspendedEV")
    shown = cs.wait_connector(1, relay=False, ev="B")
    assert 500 <= shown["transaction"]["energy_wh"] <= 800 and shown["power_w"] == 0
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 1)) == "Local"


def test_phases_and_currents(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms, current_a=16, phases=2)
    assert cs.connector(1)["power_w"] == 2 * 230 * 16
    cs.act(1, "ev", current_a=100)
    cs.wait_connector(1, power_w=2 * 230 * 32)  # what the wiring carries
    cs.act(1, "ev", current_a=0)
    cs.wait_connector(1, power_w=0, relay=True)


def test_the_lock_fails_to_lock(ocpp_csms, charger):
    """ConnectorLockFailure, and no energy on a cable that can be pulled."""
    cs = charger(ocpp_csms)
    cs.act(1, "lock", jam=True)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    told = wait_status(ocpp_csms, 1, "Faulted")
    assert told["errorCode"] == "ConnectorLockFailure"
    shown = cs.wait_connector(1, transaction=None)
    assert shown["relay"] is False and shown["energy_wh"] == 0
    for stop in ocpp_csms.calls("StopTransaction"):
        assert reason(stop) == "Other" and stop["meterStop"] == 0
    mark = ocpp_csms.mark()
    cs.act(1, "lock", jam=False)
    ocpp_csms.wait_for("StatusNotification", lambda p: p["errorCode"] == "NoError", since=mark)


def test_the_lock_guards_the_stations_side(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    cs.act(1, "unplug", side="station")  # nothing is locked yet
    cs.wait_connector(1, status="Available")
    begin(cs, ocpp_csms)
    cs.wait_connector(1, locked=True)
    with pytest.raises(ApiError) as refused:
        cs.act(1, "unplug", side="station")
    assert refused.value.status == 409
    assert cs.connector(1)["plugged"] is True
    cs.card(TAG, connector=1)
    cs.wait_connector(1, locked=False)
    cs.act(1, "unplug", side="station")
    cs.wait_connector(1, status="Available")


def test_acts_without_an_effect_are_no_errors(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "unplug")
    cs.act(1, "ev", state="C")
    cs.delete("/api/connectors/1/fault")
    cs.act(1, "lock", jam=False)
    cs.post("/api/network", {"online": True})
    time.sleep(0.3)
    assert cs.connector(1)["status"] == "Available" and cs.connector(1)["ev"] == "A"
    assert ocpp_csms.opened == 1


def test_the_api_answers_during_a_restart(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.post("/api/reboot", {"reason": "Watchdog"})
    shown = cs.status()
    assert shown["ocpp"]["connected"] is False and len(shown["connectors"]) == 2
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    cs.post("/api/settings", {"HeartbeatInterval": "77"})
    ocpp_csms.wait_connected(opened=2)
    cs.wait_accepted()
    assert cs.connector(1)["plugged"] is True
    wait_status(ocpp_csms, 1, "Preparing")


def test_the_minimum_duration_hides_what_is_short(ocpp_csms, charger):
    """MinimumStatusDuration: a car that comes and goes at once is not told."""
    cs = charger(ocpp_csms, speed=10)
    assert change(ocpp_csms, "MinimumStatusDuration", "20") == "Accepted"
    wait_status(ocpp_csms, 2, "Available")
    mark = ocpp_csms.mark()
    cs.act(1, "plug", ev="B")
    cs.wait_until(lambda s: s["connectors"][0]["status"] == "Preparing")
    cs.act(1, "unplug")
    cs.wait_until(lambda s: s["connectors"][0]["status"] == "Available")
    assert statuses(ocpp_csms, 1, mark) in ([], ["Available"])
    cs.act(1, "plug", ev="B")
    wait_status(ocpp_csms, 1, "Preparing", since=mark)
    assert statuses(ocpp_csms, 1, mark) in (["Preparing"], ["Available", "Preparing"])
