"""One case of everything in OCPP 1.6 Core that has to do with a session, for the quick subset; the
files test_core_*.py beside this one have the rest."""

import time

from core_support import (
    ENERGY,
    OFFLINE,
    TAG,
    actions,
    begin,
    charged,
    cut,
    energies,
    go_offline,
    go_online,
    reason,
    refusing,
    remote_start,
    statuses,
    steps,
    unix,
    unlock,
    wait_id,
    wait_status,
    wait_stop,
    wait_values,
)
from ocpp_link import Later


def test_card_first(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    cs.act(1, "meter", energy_wh=123456)
    wait_status(ocpp_csms, 1, "Available")
    mark = ocpp_csms.mark()
    cs.card(TAG, connector=1)
    assert ocpp_csms.wait_for("Authorize") == {"idTag": TAG}
    wait_status(ocpp_csms, 1, "Preparing")
    assert cs.connector(1)["authorized"] == TAG and not ocpp_csms.calls("StartTransaction")
    cs.act(1, "plug", current_a=16)
    start = ocpp_csms.wait_for("StartTransaction")
    assert start.pop("timestamp")[-1] == "Z"
    assert start == {"connectorId": 1, "idTag": TAG, "meterStart": 123456}
    shown = cs.wait_connector(1, status="Charging", relay=True, locked=True)
    assert shown["power_w"] == 3 * 230 * 16
    wait_status(ocpp_csms, 1, "Charging")
    assert statuses(ocpp_csms, 1, mark) == ["Preparing", "Charging"]
    assert actions(ocpp_csms, "Authorize", "StartTransaction") == ["Authorize", "StartTransaction"]


def test_the_same_card_stops(ocpp_csms, charger):
    """Without asking the CSMS (§3.4); the cable is released (§4.10)."""
    cs = charger(ocpp_csms, speed=20)
    start = begin(cs, ocpp_csms)
    cs.wait_until(lambda s: s["connectors"][0]["energy_wh"] >= 10)
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    assert reason(stop) == "Local" and stop["idTag"] == TAG and stop["transactionId"] == 1
    assert stop["meterStop"] >= 10 and unix(stop["timestamp"]) > unix(start["timestamp"])
    assert "transactionData" not in stop
    wait_status(ocpp_csms, 1, "Finishing")
    cs.wait_connector(1, relay=False, locked=False, transaction=None, authorized=None)
    cs.act(1, "unplug")
    wait_status(ocpp_csms, 1, "Available", since=5)
    assert len(ocpp_csms.calls("Authorize")) == 1
    assert actions(ocpp_csms, "StartTransaction", "StopTransaction") == [
        "StartTransaction",
        "StopTransaction",
    ]


def test_the_cable_is_pulled_at_the_car(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.act(1, "unplug")
    assert reason(wait_stop(ocpp_csms)) == "EVDisconnected"
    finishing = wait_status(ocpp_csms, 1, "Finishing")
    assert finishing["errorCode"] == "NoError" and finishing["info"] == "EV side disconnected"
    cs.wait_connector(1, relay=False, status="Available", locked=False)
    # Plugged in again it does not charge by itself (§4.10).
    cs.act(1, "plug")
    wait_status(ocpp_csms, 1, "Preparing", since=ocpp_csms.mark())
    time.sleep(0.3)
    shown = cs.connector(1)
    assert shown["relay"] is False and shown["transaction"] is None


def test_the_start_answer_does_not_accept_the_card(ocpp_csms, charger):
    """Errata 3.17, 3.5: DeAuthorized, the cable locked until the same card comes."""
    info = {"transactionId": 5, "idTagInfo": {"status": "Blocked"}}
    ocpp_csms.on("StartTransaction", Later(0.3, info))
    cs = charger(ocpp_csms)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    cs.wait_connector(1, relay=True)
    stop = wait_stop(ocpp_csms, 5)
    assert reason(stop) == "DeAuthorized"
    cs.wait_connector(1, relay=False, locked=True, transaction=None)
    cs.card("STRANGER", connector=1)
    ocpp_csms.wait_for("Authorize", lambda p: p["idTag"] == "STRANGER")
    time.sleep(0.2)
    assert cs.connector(1)["locked"] is True
    cs.card(TAG, connector=1)
    cs.wait_connector(1, locked=False)


def test_two_connectors_at_once(ocpp_csms, charger):
    """Chronological order over both connectors (§3.7), each with its own register."""
    ocpp_csms.facts.tokens["SECOND"] = "Accepted"
    settings = {"MeterValueSampleInterval": "3"}
    cs = charger(ocpp_csms, speed=10, settings=settings)
    cs.act(2, "meter", energy_wh=700000)
    begin(cs, ocpp_csms, 1, current_a=32)
    begin(cs, ocpp_csms, 2, "SECOND", current_a=10)
    for number in (1, 2):
        values = ocpp_csms.wait_for("MeterValues", lambda p, n=number: p["connectorId"] == n)
        assert values["transactionId"] == number
    cs.wait_until(lambda s: s["connectors"][0]["transaction"]["energy_wh"] > 20)
    cs.card("SECOND", connector=2)
    second = wait_stop(ocpp_csms, 2)
    cs.card(TAG, connector=1)
    first = wait_stop(ocpp_csms, 1)
    assert second["meterStop"] >= 700000 and 20 < first["meterStop"] < 700000
    kinds = ("StartTransaction", "StopTransaction", "MeterValues")
    times = []
    for frame in ocpp_csms.frames:
        if frame.sender == "charger" and frame.type == 2 and frame.action in kinds:
            values = frame.payload.get("meterValue")
            times.append(unix(values[0]["timestamp"] if values else frame.payload["timestamp"]))
    assert len(times) >= 6 and times == sorted(times)


def test_sampled_data_in_the_stop(ocpp_csms, charger):
    """§3.16.1, errata 3.14: the begin, each interval, the end; every measurand configured."""
    settings = {
        "StopTxnSampledData": "%s,Current.Import" % ENERGY,
        "StopTxnAlignedData": "",
        "MeterValuesSampledData": "SoC",
        "MeterValueSampleInterval": "10",
    }
    cs = charger(ocpp_csms, speed=20, settings=settings)
    cs.act(1, "meter", energy_wh=5000)
    start = begin(cs, ocpp_csms, current_a=16)
    wait_values(ocpp_csms, 3)
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    data = stop["transactionData"]
    contexts = [{v["context"] for v in entry["sampledValue"]} for entry in data]
    assert contexts[0] == {"Transaction.Begin"} and contexts[-1] == {"Transaction.End"}
    assert contexts[1:-1] == [{"Sample.Periodic"}] * (len(data) - 2) and len(data) >= 5
    for entry in data:
        assert [v["measurand"] for v in entry["sampledValue"]] == [ENERGY] + ["Current.Import"] * 3
    readings = energies(data)
    assert readings[0] == start["meterStart"] == 5000 and readings[-1] == stop["meterStop"]
    assert readings == sorted(readings)
    times = [unix(entry["timestamp"]) for entry in data]
    assert times == sorted(times)
    assert abs(times[0] - unix(start["timestamp"])) <= 1  # at this speed a second is soon over
    assert abs(times[-1] - unix(stop["timestamp"])) <= 1
    assert all(9 <= step <= 12 for step in steps(times[:-1]))


def test_remote_start_then_plug(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    mark = ocpp_csms.mark()
    assert remote_start(ocpp_csms, 2) == {"status": "Accepted"}
    wait_status(ocpp_csms, 2, "Preparing")
    assert cs.connector(2)["authorized"] == TAG
    cs.act(2, "plug")
    start = ocpp_csms.wait_for("StartTransaction")
    assert (start["connectorId"], start["idTag"]) == (2, TAG)
    wait_status(ocpp_csms, 2, "Charging")
    # AuthorizeRemoteTxRequests is false: nobody is asked (§5.11).
    assert "Authorize" not in actions(ocpp_csms, since=mark)
    assert cs.connector(1)["status"] == "Available"


def test_unlock_ends_the_transaction_first(ocpp_csms, charger):
    """§5.18: StopTransaction with UnlockCommand, and then the lock opens."""
    cs = charger(ocpp_csms)
    begin(cs, ocpp_csms)
    cs.wait_connector(1, locked=True)
    assert unlock(ocpp_csms, 1) == "Unlocked"
    assert reason(wait_stop(ocpp_csms, 1)) == "UnlockCommand"
    shown = cs.connector(1)
    assert shown["locked"] is False and shown["relay"] is False and shown["transaction"] is None
    cs.act(1, "unplug", side="station")
    cs.wait_connector(1, status="Available")


def test_two_connectors_offline(ocpp_csms, charger):
    """Order over both connectors; each stop bears the id of its own start."""
    ocpp_csms.facts.unknown_token = "Accepted"
    cs = charger(ocpp_csms, speed=20, settings=OFFLINE)
    go_offline(cs, ocpp_csms)
    for number, tag in ((1, "ONE"), (2, "TWO")):
        cs.act(number, "plug")
        cs.card(tag, connector=number)
        cs.wait_connector(number, status="Charging")
        time.sleep(0.1)
    for number, tag in ((2, "TWO"), (1, "ONE")):
        cs.card(tag, connector=number)
        cs.wait_connector(number, transaction=None)
        time.sleep(0.1)
    cs.card("TWO", connector=2)
    cs.wait_connector(2, status="Charging")
    ocpp_csms.facts.transaction_ids = iter([900, 17, -5])
    go_online(cs)
    wait_id(cs, 2)
    told = [
        f
        for f in ocpp_csms.frames
        if f.type == 2 and f.action in ("StartTransaction", "StopTransaction")
    ]
    found = [(f.action[:4], f.payload.get("idTag"), f.payload.get("transactionId")) for f in told]
    assert found[:5] == [
        ("Star", "ONE", None),
        ("Star", "TWO", None),
        ("Stop", "TWO", 17),
        ("Stop", "ONE", 900),
        ("Star", "TWO", None),
    ]
    times = [unix(f.payload["timestamp"]) for f in told]
    assert times == sorted(times)
    cs.card("TWO", connector=2)
    wait_stop(ocpp_csms, -5)


def test_a_start_that_is_given_up(ocpp_csms, charger):
    """Errata 3.18: what follows bears -1; the charger goes on, also with the next session."""
    settings = {"TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "1"}
    cs = charger(ocpp_csms, speed=10, settings=dict(settings, MeterValueSampleInterval="10"))
    refusing(ocpp_csms, "StartTransaction", 2)
    cs.act(1, "plug")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("MeterValues", lambda p: p["transactionId"] == -1)
    shown = cs.connector(1)
    assert shown["status"] == "Charging" and shown["transaction"]["id"] is None
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    assert stop["transactionId"] == -1 and reason(stop) == "Local"
    assert len(ocpp_csms.calls("StartTransaction")) == 2
    cs.wait_connector(1, status="Finishing")
    cs.card(TAG, connector=1)
    assert wait_id(cs) == 1
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms, 1)


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


def test_a_session_is_resumed(ocpp_csms, charger):
    """OnPowerLoss=resume: the same transaction goes on, and its register too."""
    settings = {"OnPowerLoss": "resume", "MeterValueSampleInterval": "5"}
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
