"""BootNotification, registration states, time and heartbeat (OCPP 1.6 §4.2, §4.6)."""

import json
import time

import pytest
from core16 import (
    QUICK,
    change,
    make,
    offline,
    payloads,
    reports,
    sent,
    setting,
    wait,
    wait_booted,
)
from ocpp_link import CLOSE, SILENCE, CallError, Later
from patience import patient

pytestmark = pytest.mark.slow

FIELDS = {
    "vendor": ("chargePointVendor", "v" * 20),
    "model": ("chargePointModel", "m" * 20),
    "serial": ("chargePointSerialNumber", "s" * 25),
    "box_serial": ("chargeBoxSerialNumber", "b" * 25),
    "firmware": ("firmwareVersion", "f" * 50),
    "iccid": ("iccid", "i" * 20),
    "imsi": ("imsi", "j" * 20),
    "meter_type": ("meterType", "t" * 25),
    "meter_serial": ("meterSerialNumber", "n" * 25),
}


def waiting(charger, csms, status, **more):
    """A charger that got this answer to its first boot."""
    csms.facts.boot_status = status
    cs = make(charger, csms, wait=False, **more)
    cs.wait_until(lambda s: s["ocpp"]["registration"] == status)
    return cs


def gap(cs, speed):
    """Simulated seconds between the last two BootNotifications, by the charger's clock."""
    sent = [m for m in cs.messages() if m["dir"] == "out" and m["frame"][0] == 2]
    boots = [m["ms"] for m in sent if m["frame"][2] == "BootNotification"]
    return (boots[-1] - boots[-2]) / 1000 * speed


def wait_boots(csms, count, timeout=10):
    wait(lambda: len(sent(csms, "BootNotification")) >= count, "no further boot", timeout)


# -- the message --------------------------------------------------------------------------------


def test_all_fields_at_their_longest(ocpp_csms, charger):
    values = {name: value for name, (_, value) in FIELDS.items()}
    make(charger, ocpp_csms, charge_point=values)
    wanted = {field: value for field, value in FIELDS.values()}
    assert payloads(ocpp_csms, "BootNotification") == [wanted]


@pytest.mark.slow
def test_empty_fields_are_left_out(ocpp_csms, charger):
    values = {name: "" for name in FIELDS if name not in ("vendor", "model")}
    make(charger, ocpp_csms, charge_point={"vendor": "V", "model": "M", **values})
    assert payloads(ocpp_csms, "BootNotification") == [
        {"chargePointVendor": "V", "chargePointModel": "M"}
    ]


@pytest.mark.parametrize("name", ["vendor", "model", "serial", "firmware", "imsi", "meter_type"])
def test_a_field_that_does_not_fit_is_refused(charger, name):
    ended = charger.ends(charge_point={name: FIELDS[name][1] + "x"})
    assert ended.returncode == 2 and "charge_point." + name in ended.stderr


@pytest.mark.slow
def test_nothing_is_sent_before_the_answer(ocpp_csms, charger):
    ocpp_csms.on("BootNotification", Later(0.6))
    cs = make(charger, ocpp_csms, wait=False)
    ocpp_csms.wait_for("BootNotification")
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    time.sleep(0.4)
    assert [f.action for f in sent(ocpp_csms)] == ["BootNotification"]
    cs.wait_accepted()


def test_accepted_reports_every_connector_as_it_is_now(ocpp_csms, charger):
    ocpp_csms.on("BootNotification", Later(1.5))
    cs = make(charger, ocpp_csms, wait=False)
    ocpp_csms.wait_for("BootNotification")
    cs.act(1, "fault", code="GroundFailure")
    cs.act(2, "plug")
    wait_booted(ocpp_csms, cs)
    time.sleep(0.3)
    found = {p["connectorId"]: p for p in payloads(ocpp_csms, "StatusNotification")}
    assert len(payloads(ocpp_csms, "StatusNotification")) == 3
    assert found[0]["status"] == "Available" and found[0]["errorCode"] == "NoError"
    assert found[1]["status"] == "Faulted" and found[1]["errorCode"] == "GroundFailure"
    assert found[2]["status"] == "Preparing"


# -- when there is one --------------------------------------------------------------------------


def test_a_reconnection_does_not_boot_again(ocpp_csms, charger):
    cs = make(charger, ocpp_csms)
    mark = wait_booted(ocpp_csms, cs)
    for n, cut in enumerate((ocpp_csms.drop, ocpp_csms.close)):
        cut()
        ocpp_csms.wait_connected(opened=n + 2)
        cs.wait_until(lambda s: s["ocpp"]["connected"])
    assert setting(ocpp_csms, "NumberOfConnectors") == "2"
    time.sleep(0.3)
    assert [f.action for f in sent(ocpp_csms, since=mark)] == []


@pytest.mark.parametrize("how", ["soft", "hard", "reboot", "kill", "stop"])
@pytest.mark.slow
def test_every_restart_boots(ocpp_csms, charger, how):
    cs = make(charger, ocpp_csms)
    if how in ("soft", "hard"):
        assert ocpp_csms.call("Reset", {"type": how.title()}) == {"status": "Accepted"}
    elif how == "reboot":
        cs.post("/api/reboot", {"reason": "Watchdog"})
    else:
        getattr(cs, how)()
        cs.start()
    wait_boots(ocpp_csms, 2)
    wait_booted(ocpp_csms, cs)


# -- Pending ------------------------------------------------------------------------------------


def test_pending_answers_and_sends_nothing(ocpp_csms, charger):
    ocpp_csms.facts.interval = 30
    cs = waiting(charger, ocpp_csms, "Pending", speed=20)
    assert setting(ocpp_csms, "NumberOfConnectors") == "2"
    assert change(ocpp_csms, "MinimumStatusDuration", "1") == "Accepted"
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    cs.act(2, "fault", code="GroundFailure")
    for action, payload in (
        ("RemoteStartTransaction", {"idTag": "DEADBEEF", "connectorId": 1}),
        ("RemoteStopTransaction", {"transactionId": 1}),
    ):
        assert ocpp_csms.call(action, payload) == {"status": "Rejected"}
    time.sleep(0.5)
    assert [f.action for f in sent(ocpp_csms)] == ["BootNotification"]
    ocpp_csms.facts.boot_status = "Accepted"
    wait_booted(ocpp_csms, cs)
    assert 29 <= gap(cs, 20) <= patient(60)
    assert setting(ocpp_csms, "MinimumStatusDuration") == "1"
    assert [p["status"] for p in reports(ocpp_csms, 2)] == ["Faulted"]


@pytest.mark.slow
def test_pending_keeps_its_interval_over_a_reconnection(ocpp_csms, charger):
    ocpp_csms.facts.interval = 20
    cs = waiting(charger, ocpp_csms, "Pending")
    ocpp_csms.drop()
    ocpp_csms.wait_connected(opened=2)
    assert setting(ocpp_csms, "NumberOfConnectors") == "2"
    ocpp_csms.facts.boot_status = "Accepted"
    wait_booted(ocpp_csms, cs)
    assert gap(cs, 10) >= 19
    assert len(sent(ocpp_csms, "BootNotification")) == 2


# -- Rejected -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_rejected_is_silent_both_ways(ocpp_csms, charger):
    ocpp_csms.facts.interval = 30
    cs = waiting(charger, ocpp_csms, "Rejected", speed=20)
    cs.act(1, "plug")
    with pytest.raises((TimeoutError, ConnectionError)):
        ocpp_csms.call("GetConfiguration", {"key": ["HeartbeatInterval"]}, timeout=0.5)
    assert [f.action for f in sent(ocpp_csms)] == ["BootNotification"]
    ocpp_csms.facts.boot_status = "Accepted"
    wait_booted(ocpp_csms, cs)
    assert 29 <= gap(cs, 20) <= patient(60)
    assert setting(ocpp_csms, "NumberOfConnectors") == "2"


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.slow
def test_interval_zero_does_not_flood(ocpp_csms, charger, status):
    ocpp_csms.facts.interval = 0
    cs = waiting(charger, ocpp_csms, status, speed=60)
    wait_boots(ocpp_csms, 2)
    assert gap(cs, 60) >= 10
    ocpp_csms.facts.boot_status = "Accepted"
    wait_booted(ocpp_csms, cs)


# -- no usable answer ---------------------------------------------------------------------------

NO_ANSWERS = {
    "error": CallError("InternalError", "no data base"),
    "silence": SILENCE,
    "close": CLOSE,
    "status": {"status": "Maybe", "currentTime": "2030-01-01T00:00:00Z", "interval": 5},
    "missing": {"status": "Accepted", "interval": 5},
    "type": {"status": "Accepted", "currentTime": "2030-01-01T00:00:00Z", "interval": "5"},
}


@pytest.mark.parametrize("answer", NO_ANSWERS)
@pytest.mark.slow
def test_boot_is_tried_again(ocpp_csms, charger, answer):
    ocpp_csms.tolerate("csms", "its answer breaks the schema")
    ocpp_csms.on("BootNotification", NO_ANSWERS[answer], times=1)
    cs = make(charger, ocpp_csms, settings={"MessageTimeout": "5"}, speed=30, wait=False)
    ocpp_csms.wait_for("BootNotification")
    assert cs.status()["ocpp"]["registration"] is None
    wait_booted(ocpp_csms, cs)
    if answer != "close":  # then the pause before the next dial is pause enough
        assert gap(cs, 30) >= 5


# -- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "utc"),
    [
        ("2031-02-03T04:05:06Z", "2031-02-03T04:05:"),
        ("2031-02-03T04:05:06.789Z", "2031-02-03T04:05:"),
        ("2031-02-03T04:05:06+02:00", "2031-02-03T02:05:"),
        ("2031-02-03T04:05:06.1-05:30", "2031-02-03T09:35:"),
    ],
)
@pytest.mark.slow
def test_the_clock_follows_the_answer(ocpp_csms, charger, told, utc):
    answer = {"status": "Accepted", "currentTime": told, "interval": 300}
    ocpp_csms.on("BootNotification", answer)
    cs = make(charger, ocpp_csms, speed=1)
    assert cs.status()["time"].startswith(utc)
    cs.act(1, "plug")
    report = ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == "Preparing")
    assert report["timestamp"].startswith(utc) and report["timestamp"].endswith("Z")


@pytest.mark.slow
def test_the_heartbeat_sets_the_clock(ocpp_csms, charger):
    ocpp_csms.facts.interval = 1
    ocpp_csms.on("Heartbeat", {"currentTime": "2033-03-03T03:03:03.5Z"})
    cs = make(charger, ocpp_csms, speed=1)
    ocpp_csms.wait_for("Heartbeat")
    cs.wait_until(lambda s: s["time"].startswith("2033-03-03T03:0"))


# -- heartbeat ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_interval_of_the_answer_counts(ocpp_csms, charger):
    ocpp_csms.facts.interval = 10
    cs = make(charger, ocpp_csms, settings={"HeartbeatInterval": "500"})
    wait_booted(ocpp_csms, cs)
    assert setting(ocpp_csms, "HeartbeatInterval") == "10"
    for _ in range(2):
        ocpp_csms.wait_for("Heartbeat")
    first, second = sent(ocpp_csms, "Heartbeat")[:2]
    assert 9 <= (second.at - first.at) * 10 <= 25
    assert first.payload == {}


@pytest.mark.slow
def test_interval_zero_of_an_acceptance_leaves_the_setting(ocpp_csms, charger):
    ocpp_csms.facts.interval = 0
    make(charger, ocpp_csms, settings={"HeartbeatInterval": "500"})
    assert setting(ocpp_csms, "HeartbeatInterval") == "500"


def test_a_change_of_the_interval_counts_at_once(ocpp_csms, charger):
    cs = make(charger, ocpp_csms)
    mark = wait_booted(ocpp_csms, cs)
    assert change(ocpp_csms, "HeartbeatInterval", "8") == "Accepted"
    ocpp_csms.wait_for("Heartbeat", since=mark)


@pytest.mark.slow
def test_other_traffic_takes_the_place_of_heartbeats(ocpp_csms, charger):
    ocpp_csms.facts.interval = 20
    cs = make(charger, ocpp_csms)
    mark = wait_booted(ocpp_csms, cs)
    for n in range(8):  # of 3 s of the charger
        cs.act(1, "parking", occupied=n % 2 == 0)
        wait(lambda n=n: len(sent(ocpp_csms, "StatusNotification", since=mark)) > n, "not told")
        time.sleep(0.3)
    assert sent(ocpp_csms, "Heartbeat", since=mark) == []
    assert len(sent(ocpp_csms, "StatusNotification", since=mark)) == 8
    ocpp_csms.wait_for("Heartbeat")


@pytest.mark.slow
def test_no_heartbeats_without_network(ocpp_csms, charger):
    ocpp_csms.facts.interval = 5
    cs = make(charger, ocpp_csms)
    offline(cs)
    mark = ocpp_csms.mark()
    time.sleep(2.5)
    began = time.monotonic()
    offline(cs, online=True)
    ocpp_csms.wait_for("Heartbeat", since=mark)
    time.sleep(0.2)
    told = len(sent(ocpp_csms, "Heartbeat", since=mark))
    assert told <= 1 + (time.monotonic() - began) / 0.5  # not one for each that was missed


# -- before anybody answered --------------------------------------------------------------------


@pytest.mark.slow
def test_a_session_before_the_first_answer_is_told_afterwards(ocpp_csms, charger):
    ocpp_csms.facts.tokens = {"CARD": "Accepted"}
    ocpp_csms.unlisten()
    settings = {"AllowOfflineTxForUnknownId": "true"}
    cs = make(charger, ocpp_csms, settings=settings, wait=False)
    cs.act(1, "plug")
    cs.card("CARD", connector=1)
    cs.wait_connector(1, status="Charging")
    time.sleep(0.5)
    ocpp_csms.listen()
    start = ocpp_csms.wait_for("StartTransaction")
    actions = [f.action for f in sent(ocpp_csms)]
    assert actions[0] == "BootNotification" and actions.count("BootNotification") == 1
    told = [f for f in list(ocpp_csms.frames) if f.action == "BootNotification"][1]
    now = json.loads(told.text)[2]["currentTime"]
    assert start["idTag"] == "CARD" and start["timestamp"] < now
    assert start["timestamp"][:10] >= "2024-01-01"


@pytest.mark.slow
def test_quick_settings_are_settings(ocpp_csms, charger):
    """What the other tests rely on is taken by the charger as given."""
    make(charger, ocpp_csms)
    shown = ocpp_csms.call("GetConfiguration", {"key": sorted(QUICK)})
    found = {item["key"]: item["value"] for item in shown["configurationKey"]}
    assert found == QUICK
