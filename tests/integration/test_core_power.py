"""Power cuts, restarts, and a full flash: no transaction is lost, and each end has its reason
(OCPP 1.6 §7.36, §4.10; contract: SIGKILL, SIGTERM, /api/reboot, --world)."""

import os
import shutil
import subprocess
import time

import pytest
from core_support import (
    OFFLINE,
    QUICK_RETRY,
    TAG,
    actions,
    begin,
    change,
    configuration,
    energies,
    reason,
    sent,
    unix,
    wait_id,
    wait_status,
    wait_stop,
)
from ocpp_link import SILENCE

RESUME = {"OnPowerLoss": "resume"}


def cut(cs, csms):
    """A power cut, and the power back."""
    cs.kill()
    csms.wait_disconnected()
    mark = csms.mark()
    cs.start()
    return mark


def charged(cs, least, number=1):
    """Wait until the transaction has so many Wh; what it has."""

    def enough(status):
        tx = status["connectors"][number - 1]["transaction"]
        return tx is not None and tx["energy_wh"] >= least

    return cs.wait_until(enough)["connectors"][number - 1]["transaction"]["energy_wh"]


# -- the power goes ----------------------------------------------------------------------------


def test_a_power_cut_while_charging(ocpp_csms, charger):
    """PowerLoss, with a register that is at most 100 Wh behind and a time before the cut."""
    cs = charger(ocpp_csms, speed=20)
    cs.act(1, "meter", energy_wh=40000)
    start = begin(cs, ocpp_csms)
    had = charged(cs, 250)
    wait_id(cs)
    mark = cut(cs, ocpp_csms)
    stop = wait_stop(ocpp_csms, 1)
    assert reason(stop) == "PowerLoss" and "idTag" not in stop
    assert had - 100 <= stop["meterStop"] - 40000 <= had + 120
    assert unix(stop["timestamp"]) >= unix(start["timestamp"])
    told = actions(ocpp_csms, "BootNotification", "StopTransaction", since=mark)
    assert told == ["BootNotification", "StopTransaction"]
    shown = cs.connector(1)
    assert shown["status"] == "Available" and shown["plugged"] is False
    # The meter's register is the meter's own: nothing is lost of it.
    assert shown["energy_wh"] >= stop["meterStop"]
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    assert len(ocpp_csms.calls("StopTransaction")) == 1


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


def test_a_session_is_resumed(ocpp_csms, charger):
    """OnPowerLoss=resume: the same transaction goes on, and its register too."""
    settings = dict(RESUME, MeterValueSampleInterval="5")
    cs = charger(ocpp_csms, speed=10, world="keep", settings=settings)
    begin(cs, ocpp_csms)
    before = charged(cs, 50)
    wait_id(cs)
    mark = cut(cs, ocpp_csms)
    cs.wait_accepted()
    shown = cs.wait_connector(1, status="Charging", relay=True, locked=True)
    assert shown["transaction"]["id"] == 1 and shown["transaction"]["idTag"] == TAG
    assert charged(cs, before + 20) >= before + 20
    wait_status(ocpp_csms, 1, "Charging", since=mark)
    # What was not known to be answered at the cut may come once more before.
    after = ocpp_csms.wait_for(
        "MeterValues", lambda p: energies(p["meterValue"])[0] >= before, since=mark
    )
    assert after["transactionId"] == 1
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms, 1)
    assert reason(stop) == "Local" and stop["meterStop"] >= before + 20
    assert len(ocpp_csms.calls("StartTransaction")) == 1
    assert len(ocpp_csms.calls("StopTransaction")) == 1


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
    assert "flash" in cs.status()["faults"][0]
    assert "txlog" in cs.log
    # What could not be kept is not promised.
    assert change(ocpp_csms, "ConnectionTimeOut", "77") == "Rejected"
    assert configuration(ocpp_csms, "ConnectionTimeOut") == "60"
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
