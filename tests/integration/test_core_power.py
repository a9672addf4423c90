"""Power cuts, restarts, and a full flash: no transaction is lost, and each end has its reason
(OCPP 1.6 §7.36, §4.10; contract: SIGKILL, SIGTERM, /api/reboot, --world)."""

import os
import shutil
import subprocess
import time

import pytest
from core16 import change, sent, setting
from core_support import (
    OFFLINE,
    QUICK_RETRY,
    TAG,
    begin,
    charged,
    cut,
    reason,
    unix,
    wait_id,
    wait_status,
    wait_stop,
)
from ocpp_link import SILENCE

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset

RESUME = {"OnPowerLoss": "resume"}


# -- the power goes ----------------------------------------------------------------------------


def test_a_power_cut_of_two_sessions(ocpp_csms, charger):
    ocpp_csms.facts.tokens["SECOND"] = "Accepted"
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    begin(cs, ocpp_csms, 2, "SECOND")
    wait_id(cs, 2)
    cut(cs, ocpp_csms)
    for number in (1, 2):
        assert reason(wait_stop(ocpp_csms, number)) == "PowerLoss"
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    assert len(ocpp_csms.calls("StopTransaction")) == 2


def test_the_car_is_still_there_after_the_cut(ocpp_csms, charger):
    """OnPowerLoss=stop: the transaction ends, and the car does not charge without a new card."""
    cs = charger(ocpp_csms, world="keep")
    begin(cs, ocpp_csms)
    wait_id(cs)
    cut(cs, ocpp_csms)
    assert reason(wait_stop(ocpp_csms, 1)) == "PowerLoss"
    shown = cs.connector(1)
    assert shown["plugged"] is True and shown["relay"] is False and shown["transaction"] is None
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("StartTransaction")
    assert wait_id(cs) == 2


def test_resumed_again_and_again(ocpp_csms, charger):
    cs = charger(ocpp_csms, world="keep", settings=RESUME)
    begin(cs, ocpp_csms)
    wait_id(cs)
    for _ in range(3):
        cut(cs, ocpp_csms)
        cs.wait_connector(1, status="Charging", relay=True)
    cs.wait_accepted()
    assert wait_id(cs) == 1
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 1)) == "Local"
    assert len(ocpp_csms.calls("StartTransaction")) == 1


def test_the_car_has_gone_during_the_cut(ocpp_csms, charger):
    """OnPowerLoss=resume without the car: PowerLoss."""
    cs = charger(ocpp_csms, speed=20, settings=RESUME)
    begin(cs, ocpp_csms)
    wait_id(cs)
    cut(cs, ocpp_csms)
    assert reason(wait_stop(ocpp_csms, 1)) == "PowerLoss"
    assert cs.connector(1)["transaction"] is None


def test_the_meter_has_gone_back_during_the_cut(ocpp_csms, charger):
    """Nothing to go on from: PowerLoss, with the register known before."""
    cs = charger(ocpp_csms, world="keep", settings=RESUME)
    cs.act(1, "meter", energy_wh=5000)
    begin(cs, ocpp_csms)
    wait_id(cs)
    cs.act(1, "meter", energy_wh=100)
    cut(cs, ocpp_csms)
    stop = wait_stop(ocpp_csms, 1)
    assert reason(stop) == "PowerLoss" and 5000 <= stop["meterStop"] < 5100


def test_a_resumed_start_is_answered(ocpp_csms, charger):
    """The answer comes after the cut: its id is taken over."""
    ocpp_csms.on("StartTransaction", SILENCE, times=1)
    cs = charger(ocpp_csms, world="keep", settings=RESUME)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("StartTransaction")
    cut(cs, ocpp_csms)
    cs.wait_connector(1, status="Charging")
    assert wait_id(cs) == 1
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 1)) == "Local"


def test_a_resumed_start_is_refused(ocpp_csms, charger):
    refused = {"transactionId": 5, "idTagInfo": {"status": "Invalid"}}
    ocpp_csms.on("StartTransaction", refused)
    ocpp_csms.on("StartTransaction", SILENCE, times=1)
    cs = charger(ocpp_csms, world="keep", settings=RESUME)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("StartTransaction")
    cut(cs, ocpp_csms)
    assert reason(wait_stop(ocpp_csms, 5)) == "DeAuthorized"


def test_no_energy_for_a_deauthorized_car_after_a_cut(ocpp_csms, charger):
    """StopTransactionOnInvalidId=false and a resumed transaction: still no energy."""
    refused = {"transactionId": 5, "idTagInfo": {"status": "Invalid"}}
    ocpp_csms.on("StartTransaction", refused)
    settings = dict(RESUME, StopTransactionOnInvalidId="false")
    cs = charger(ocpp_csms, world="keep", settings=settings)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    wait_status(ocpp_csms, 1, "SuspendedEVSE")
    mark = cut(cs, ocpp_csms)
    wait_status(ocpp_csms, 1, "SuspendedEVSE", since=mark)
    before = cs.connector(1)
    time.sleep(0.5)
    after = cs.connector(1)
    assert after["transaction"]["id"] == 5 and after["relay"] is False
    assert after["energy_wh"] == before["energy_wh"]


def test_a_scheduled_unavailability_outlives_the_cut(ocpp_csms, charger):
    cs = charger(ocpp_csms, world="keep")
    begin(cs, ocpp_csms)
    wait_id(cs)
    off = {"connectorId": 1, "type": "Inoperative"}
    assert ocpp_csms.call("ChangeAvailability", off) == {"status": "Scheduled"}
    mark = cut(cs, ocpp_csms)
    assert reason(wait_stop(ocpp_csms, 1)) == "PowerLoss"
    wait_status(ocpp_csms, 1, "Unavailable", since=mark)


@pytest.mark.slow
def test_cuts_at_any_moment(ocpp_csms, charger):
    """From before the authorization to after the stop: each session that was told of has one start
    and one stop, both perhaps repeated, never changed."""
    ocpp_csms.facts.unknown_token = "Accepted"

    def answer(payload):
        number = int(payload["idTag"][1:])
        return {"transactionId": 100 + number, "idTagInfo": {"status": "Accepted"}}

    ocpp_csms.on("StartTransaction", answer)
    cs = charger(ocpp_csms, speed=5)
    for n in range(10):
        tag = "T%d" % n
        cs.act(1, "plug")
        cs.card(tag, connector=1)
        if n % 2:
            time.sleep(0.2)
            cs.card(tag, connector=1)
        time.sleep(0.02 * n)
        cut(cs, ocpp_csms)
        cs.wait_until(
            lambda s: s["ocpp"]["registration"] == "Accepted" and not s["ocpp"]["queued"]
        )
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    starts, stops = {}, {}
    for frame in sent(ocpp_csms, "StartTransaction"):
        starts.setdefault(int(frame.payload["idTag"][1:]) + 100, []).append(frame.payload)
    for frame in sent(ocpp_csms, "StopTransaction"):
        stops.setdefault(frame.payload["transactionId"], []).append(frame.payload)
    assert set(starts) == set(stops) and len(starts) >= 5
    for told in list(starts.values()) + list(stops.values()):
        assert all(payload == told[0] for payload in told)
    registers = []
    for number in sorted(starts):
        registers += [starts[number][0]["meterStart"], stops[number][0]["meterStop"]]
    assert registers == sorted(registers)


def test_a_cut_before_the_start_is_answered(ocpp_csms, charger):
    """The start is told again unchanged; the stop bears the id that the answer to it gave."""
    ocpp_csms.on("StartTransaction", SILENCE, times=1)
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("StartTransaction")
    cs.wait_connector(1, status="Charging")
    ocpp_csms.facts.transaction_ids = iter([77])
    cut(cs, ocpp_csms)
    assert reason(wait_stop(ocpp_csms, 77)) == "PowerLoss"
    first, second = sent(ocpp_csms, "StartTransaction")
    assert first.payload == second.payload


def test_a_cut_before_the_stop_is_answered(ocpp_csms, charger):
    """Told again unchanged, once."""
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_id(cs)
    ocpp_csms.on("StopTransaction", SILENCE, times=1)
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)
    cut(cs, ocpp_csms)
    stop = wait_stop(ocpp_csms, 1)
    assert reason(stop) == "Local"
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    first, second = sent(ocpp_csms, "StopTransaction")
    assert first.payload == second.payload


def test_cuts_without_a_csms(ocpp_csms, charger):
    """Two sessions and two cuts, nobody to tell: all is told later, in order, dated."""
    cs = charger(ocpp_csms, settings=dict(OFFLINE, **QUICK_RETRY))
    ocpp_csms.unlisten()
    begun = time.time()
    for tag in ("ONE", "TWO"):
        cs.act(1, "plug")
        cs.card(tag, connector=1)
        cs.wait_connector(1, status="Charging")
        time.sleep(0.3)
        cs.kill()
        cs.start()
        cs.wait_connector(1, transaction=None, status="Available")
    ended = time.time()
    ocpp_csms.facts.unknown_token = "Accepted"
    ocpp_csms.listen()
    assert reason(wait_stop(ocpp_csms, 2)) == "PowerLoss"
    wanted = ("StartTransaction", "StopTransaction")
    told = [f for f in ocpp_csms.frames if f.type == 2 and f.action in wanted]
    assert [f.action for f in told] == list(wanted) * 2
    assert [f.payload.get("idTag") for f in told] == ["ONE", None, "TWO", None]
    times = [unix(f.payload["timestamp"]) for f in told]
    assert times == sorted(times)
    # The clock is not known between the cut and the first contact: no worse than the pauses.
    assert begun - 2 <= times[0] and times[-1] <= ended + 2


def test_sigterm_leaves_the_transaction_alone(ocpp_csms, charger):
    """Contract: a clean stop ends no transaction; it is on flash, and goes on or ends later."""
    cs = charger(ocpp_csms, world="keep", settings=RESUME)
    begin(cs, ocpp_csms)
    wait_id(cs)
    assert cs.stop() == 0
    ocpp_csms.wait_disconnected()
    assert not ocpp_csms.calls("StopTransaction")
    cs.start()
    shown = cs.wait_connector(1, status="Charging", relay=True)
    assert shown["transaction"]["idTag"] == TAG
    assert wait_id(cs) == 1
    cs.card(TAG, connector=1)
    assert reason(wait_stop(ocpp_csms, 1)) == "Local"


def test_sigterm_then_the_end(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_id(cs)
    assert cs.stop() == 0
    cs.start()
    assert reason(wait_stop(ocpp_csms, 1)) == "PowerLoss"


# -- restarts of the firmware ------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, why",
    [
        ("PowerUp", "PowerLoss"),
        ("Watchdog", "Reboot"),
        ("LocalReset", "Reboot"),
        (None, "PowerLoss"),
    ],
)
def test_reboots(ocpp_csms, charger, kind, why):
    """The car stays plugged in; the transaction ends with the reason of the restart."""
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    wait_id(cs)
    cs.post("/api/reboot", {"reason": kind} if kind else {})
    assert cs.connector(1)["relay"] is False
    assert reason(wait_stop(ocpp_csms, 1)) == why
    cs.wait_accepted()
    assert len(ocpp_csms.calls("BootNotification")) == 2
    assert cs.wait_connector(1, transaction=None)["plugged"] is True


def test_a_reboot_may_be_resumed(ocpp_csms, charger):
    cs = charger(ocpp_csms, settings=RESUME)
    begin(cs, ocpp_csms)
    wait_id(cs)
    cs.post("/api/reboot", {"reason": "PowerUp"})
    ocpp_csms.wait_connected(opened=2)
    cs.wait_connector(1, status="Charging", relay=True)
    assert wait_id(cs) == 1 and not ocpp_csms.calls("StopTransaction")


def test_settings_survive(ocpp_csms, charger):
    """What the CSMS changed wins over the configuration, and survives a power cut."""
    cs = charger(ocpp_csms, settings={"ConnectionTimeOut": "33", "HeartbeatInterval": "100"})
    answer = ocpp_csms.call("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "44"})
    assert answer == {"status": "Accepted"}
    cut(cs, ocpp_csms)
    cs.wait_accepted()
    kept = cs.get("/api/settings")
    assert kept["ConnectionTimeOut"] == "44"


# -- a full flash ------------------------------------------------------------------------------


@pytest.fixture
def small_flash(tmp_path):
    """A folder that holds 256 kB and no more."""
    folder = tmp_path / "flash"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(["mount", *options], capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder):
    """Take all that is left."""
    with open(folder / "ballast", "ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    assert shutil.disk_usage(folder).free == 0


def test_a_full_flash(ocpp_csms, charger, small_flash):
    """Charging goes on, online all is told; a warning is logged and reported."""
    settings = {"MeterValueSampleInterval": "10"}
    cs = charger(ocpp_csms, speed=25, flash=small_flash, settings=settings)
    begin(cs, ocpp_csms)
    wait_id(cs)
    fill(small_flash)
    charged(cs, 100)
    assert cs.connector(1)["relay"] is True
    warning = ocpp_csms.wait_for(
        "StatusNotification", lambda p: p["connectorId"] == 0 and p["errorCode"] != "NoError"
    )
    assert "flash" in warning["info"].lower()
    assert warning["status"] == "Available"  # a warning: charging goes on (§4.9)
    # What is delivered makes room, which may do for a moment.
    cs.wait_until(lambda s: fill(small_flash) or "flash" in "".join(s["faults"]))
    assert "txlog" in cs.log
    fill(small_flash)
    # What could not be kept is not promised.
    assert change(ocpp_csms, "ConnectionTimeOut", "77") == "Rejected"
    assert setting(ocpp_csms, "ConnectionTimeOut") == "60"
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms, 1)
    assert reason(stop) == "Local" and stop["meterStop"] >= 100
    # A whole session more, and then there is room again.
    mark = ocpp_csms.mark()
    cs.wait_connector(1, status="Finishing")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("StartTransaction", since=mark)
    cs.wait_connector(1, status="Charging")
    assert wait_id(cs) == 2
    (small_flash / "ballast").unlink()
    charged(cs, 100)
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 2)
    cleared = ocpp_csms.wait_for(
        "StatusNotification",
        lambda p: p["connectorId"] == 0 and p["errorCode"] == "NoError",
        since=mark,
    )
    assert cleared["status"] == "Available"
