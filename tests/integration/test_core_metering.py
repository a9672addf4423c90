"""Metering of OCPP 1.6 Core (§3.16, §4.7, §9.1): what is measured when, and how it is told."""

import time

import pytest
from core16 import change, sent, setting, wait
from core_support import (
    ENERGY,
    OFFLINE,
    TAG,
    begin,
    energies,
    sampled,
    steps,
    unix,
    wait_id,
    wait_stop,
    wait_values,
)

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset

# What the station of the simulation measures: measurand -> (unit, phases, location)
MEASURED = {
    ENERGY: ("Wh", [None], "Outlet"),
    "Power.Active.Import": ("W", [None], "Outlet"),
    "Current.Import": ("A", ["L1", "L2", "L3"], "Outlet"),
    "Voltage": ("V", ["L1-N", "L2-N", "L3-N"], "Outlet"),
    "Frequency": (None, [None], "Outlet"),  # errata 3.86: 1.6 has no unit for it
    "Temperature": ("Celsius", [None], "Body"),
    "SoC": ("Percent", [None], "EV"),
}
LISTS = (
    "MeterValuesSampledData",
    "MeterValuesAlignedData",
    "StopTxnSampledData",
    "StopTxnAlignedData",
)


def moments(messages):
    return [unix(m["meterValue"][0]["timestamp"]) for m in messages]


# -- sampled ----------------------------------------------------------------------------------


def test_every_interval_from_the_start(ocpp_csms, charger):
    cs = charger(ocpp_csms, speed=20, settings={"MeterValueSampleInterval": "15"})
    cs.act(1, "meter", energy_wh=16777216)  # more than a 32-bit float can count
    start = begin(cs, ocpp_csms, current_a=32)
    told = wait_values(ocpp_csms, 3)
    for message in told:
        assert message["connectorId"] == 1 and message["transactionId"] == 1
        assert len(message["meterValue"]) == 1
        assert all(v["context"] == "Sample.Periodic" for v in sampled(message["meterValue"]))
    begun = unix(start["timestamp"])
    for n, at in enumerate(moments(told), 1):
        assert begun + 15 * n - 1 <= at <= begun + 15 * n + 2
    readings = [energies(m["meterValue"]) for m in told]
    assert all(len(r) == 1 for r in readings)
    # 22.08 kW for 15 s are 92 Wh.
    grown = steps([16777216] + [r[0] for r in readings])
    assert all(80 <= step <= 104 for step in grown), grown
    cs.card(TAG, connector=1)
    assert wait_stop(ocpp_csms)["meterStop"] >= readings[-1][0]


@pytest.mark.parametrize("measurand", MEASURED)
def test_a_measurand(ocpp_csms, charger, measurand):
    """Unit, phases, location; a phase may be asked for alone where there are any."""
    unit, phases, location = MEASURED[measurand]
    settings = {"MeterValueSampleInterval": "2", "MeterValuesSampledData": measurand}
    cs = charger(ocpp_csms, speed=10, settings=settings)
    begin(cs, ocpp_csms, current_a=10, soc=55)
    found = sampled(ocpp_csms.wait_for("MeterValues")["meterValue"], measurand)
    assert [v.get("phase") for v in found] == phases
    for value in found:
        assert value.get("unit") == unit and value.get("location", "Outlet") == location
        assert value.get("format", "Raw") == "Raw"
        float(value["value"])
    expected = {"Power.Active.Import": 6900, "Current.Import": 10, "Voltage": 230, "Frequency": 50}
    if measurand in expected:
        assert {float(v["value"]) for v in found} == {expected[measurand]}
    if measurand == "SoC":
        assert found[0]["value"] == "55"
    for phase in ("L1", "L2", "L3"):
        wanted = "Accepted" if len(phases) == 3 else "Rejected"
        one = "%s.%s" % (measurand, phase)
        assert change(ocpp_csms, "StopTxnSampledData", one) == wanted


def test_phases_of_the_car(ocpp_csms, charger):
    """One phase in use: the others are told as 0 A, the power is that of one phase."""
    settings = {
        "MeterValueSampleInterval": "2",
        "MeterValuesSampledData": "Current.Import,Power.Active.Import,Voltage.L2",
    }
    cs = charger(ocpp_csms, speed=10, settings=settings)
    begin(cs, ocpp_csms, current_a=16, phases=1)
    values = ocpp_csms.wait_for("MeterValues")["meterValue"]
    current = {v["phase"]: float(v["value"]) for v in sampled(values, "Current.Import")}
    assert current == {"L1": 16, "L2": 0, "L3": 0}
    assert float(sampled(values, "Power.Active.Import")[0]["value"]) == 16 * 230
    assert [v["phase"] for v in sampled(values, "Voltage")] in (["L2"], ["L2-N"])
    assert len(values[0]["sampledValue"]) == 5


def test_nothing_is_sampled_with_an_interval_of_zero(ocpp_csms, charger):
    settings = {"MeterValueSampleInterval": "0", "ClockAlignedDataInterval": "0"}
    cs = charger(ocpp_csms, speed=100, settings=settings)
    begin(cs, ocpp_csms)
    cs.pass_time(120)
    assert not ocpp_csms.calls("MeterValues")
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms)
    assert not ocpp_csms.calls("MeterValues")


def test_the_interval_changes_at_once(ocpp_csms, charger):
    cs = charger(ocpp_csms, speed=20, settings={"MeterValueSampleInterval": "3600"})
    begin(cs, ocpp_csms)
    time.sleep(0.5)
    assert not ocpp_csms.calls("MeterValues")
    assert change(ocpp_csms, "MeterValueSampleInterval", "10") == "Accepted"
    first, second = moments(wait_values(ocpp_csms, 2))
    assert 9 <= second - first <= 12
    assert change(ocpp_csms, "MeterValueSampleInterval", "0") == "Accepted"
    mark = ocpp_csms.mark()
    time.sleep(1.2)
    assert not sent(ocpp_csms, "MeterValues", mark)


def test_no_samples_without_a_transaction(ocpp_csms, charger):
    cs = charger(ocpp_csms, speed=50, settings={"MeterValueSampleInterval": "5"})
    cs.act(1, "plug")
    time.sleep(0.5)
    assert not ocpp_csms.calls("MeterValues")
    cs.card(TAG, connector=1)
    ocpp_csms.wait_for("MeterValues")
    cs.card(TAG, connector=1)
    wait_stop(ocpp_csms)
    mark = ocpp_csms.mark()
    time.sleep(0.5)
    assert not sent(ocpp_csms, "MeterValues", mark)


# -- the lists --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", LISTS)
def test_lists_are_checked(ocpp_csms, charger, key):
    """§3.16.4: what is not measured here is rejected, and nothing changes."""
    charger(ocpp_csms, settings={key + "MaxLength": "3"})
    assert setting(ocpp_csms, key + "MaxLength") == "3"
    good = "%s,Current.Import,Voltage.L1-N" % ENERGY
    assert change(ocpp_csms, key, good) == "Accepted"
    for bad in (
        "Energy.Active.Export.Register",  # a measurand of OCPP, but not measured
        "%s,Power.Reactive.Import" % ENERGY,
        "Energy.Active.Import",
        "Foo",
        "Voltage.L4",
        "Voltage.L1-L2",
        "Frequency.L1",
        "%s,,Voltage" % ENERGY,
        good + ",SoC",  # four items
    ):
        assert change(ocpp_csms, key, bad) == "Rejected", bad
        assert setting(ocpp_csms, key) == good
    assert change(ocpp_csms, key, "") == "Accepted"
    assert setting(ocpp_csms, key) in ("", None)


def test_an_empty_list_sends_nothing(ocpp_csms, charger):
    settings = {"MeterValueSampleInterval": "5", "MeterValuesSampledData": ""}
    cs = charger(ocpp_csms, speed=50, settings=settings)
    begin(cs, ocpp_csms)
    time.sleep(0.6)
    assert not ocpp_csms.calls("MeterValues")
    assert change(ocpp_csms, "MeterValuesSampledData", "SoC,Temperature") == "Accepted"
    values = ocpp_csms.wait_for("MeterValues")["meterValue"][0]["sampledValue"]
    assert [v["measurand"] for v in values] == ["SoC", "Temperature"]


# -- clock-aligned ----------------------------------------------------------------------------


def test_clock_aligned(ocpp_csms, charger):
    """At multiples of the interval from midnight, for every connector, transaction or not."""
    settings = {
        "ClockAlignedDataInterval": "30",
        "MeterValueSampleInterval": "0",
        "MeterValuesAlignedData": "%s,Power.Active.Import" % ENERGY,
    }
    cs = charger(ocpp_csms, speed=40, settings=settings)
    begin(cs, ocpp_csms, current_a=16)
    id = wait_id(cs)
    mark = ocpp_csms.mark()
    for number in (1, 2):
        message = ocpp_csms.wait_for(
            "MeterValues", lambda p, n=number: p["connectorId"] == n, since=mark
        )
        assert message.get("transactionId") == (id if number == 1 else None)
        values = message["meterValue"][0]["sampledValue"]
        assert [v["measurand"] for v in values] == [ENERGY, "Power.Active.Import"]
        assert {v["context"] for v in values} == {"Sample.Clock"}
        assert float(values[1]["value"]) == (11040 if number == 1 else 0)
    told = [p for p in ocpp_csms.calls("MeterValues") if p["connectorId"] == 1]
    while len(told) < 3:
        told.append(ocpp_csms.wait_for("MeterValues", lambda p: p["connectorId"] == 1, since=mark))
    for at in moments(told):
        assert at % 30 <= 8, at  # a fifth of a second late


def test_clock_aligned_interval_changes_at_once(ocpp_csms, charger):
    cs = charger(ocpp_csms, speed=40, connectors=1)
    time.sleep(0.3)
    assert not ocpp_csms.calls("MeterValues")
    assert change(ocpp_csms, "ClockAlignedDataInterval", "20") == "Accepted"
    first, second = moments(wait_values(ocpp_csms, 2))
    assert abs(second - first - 20) <= 8 and first % 20 <= 8
    assert change(ocpp_csms, "ClockAlignedDataInterval", "0") == "Accepted"
    mark = ocpp_csms.mark()
    time.sleep(1.3)
    assert not sent(ocpp_csms, "MeterValues", mark)
    assert cs.connector(1)["status"] == "Available"


def test_clock_aligned_outside_a_transaction_is_not_queued(ocpp_csms, charger):
    """§3.7: what belongs to a transaction is queued while offline, the rest need not be."""
    settings = {"ClockAlignedDataInterval": "10", "MeterValueSampleInterval": "0"}
    cs = charger(ocpp_csms, speed=20, settings=settings)
    begin(cs, ocpp_csms)
    wait_values(ocpp_csms, 1)
    number = wait_id(cs)
    cs.post("/api/network", {"online": False})
    ocpp_csms.wait_disconnected()
    cs.pass_time(30)
    mark = ocpp_csms.mark()
    cs.post("/api/network", {"online": True})

    def of_the_first():
        told = [f.payload for f in sent(ocpp_csms, "MeterValues", mark)]
        return [p for p in told if p["connectorId"] == 1]

    wait(lambda: len(of_the_first()) >= 4, "not told", 30)
    mine = of_the_first()
    assert all(p["transactionId"] == number for p in mine)
    assert moments(mine) == sorted(set(moments(mine)))
    assert all(at % 10 <= 4 for at in moments(mine))


# -- in StopTransaction -----------------------------------------------------------------------


def test_no_data_in_the_stop_by_default(ocpp_csms, charger):
    """§3.16.5"""
    settings = {"StopTxnSampledData": "", "StopTxnAlignedData": ""}
    cs = charger(ocpp_csms, settings=settings)
    begin(cs, ocpp_csms)
    cs.card(TAG, connector=1)
    assert "transactionData" not in wait_stop(ocpp_csms)


def test_aligned_data_in_the_stop(ocpp_csms, charger):
    settings = {
        "StopTxnSampledData": "",
        "StopTxnAlignedData": ENERGY,
        "ClockAlignedDataInterval": "10",
        "MeterValuesAlignedData": "",
        "MeterValueSampleInterval": "0",
    }
    cs = charger(ocpp_csms, speed=20, settings=settings)
    start = begin(cs, ocpp_csms)
    cs.pass_time(30)
    assert not ocpp_csms.calls("MeterValues")
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    data = stop["transactionData"]
    contexts = [entry["sampledValue"][0]["context"] for entry in data]
    assert contexts[0] == "Transaction.Begin" and contexts[-1] == "Transaction.End"
    assert set(contexts[1:-1]) == {"Sample.Clock"} and len(contexts) >= 4
    assert all(unix(entry["timestamp"]) % 10 <= 1 for entry in data[1:-1])
    readings = energies(data)
    assert readings == sorted(readings)
    assert (readings[0], readings[-1]) == (start["meterStart"], stop["meterStop"])


def test_a_long_stop_keeps_its_ends(ocpp_csms, charger):
    """Errata 3.91: at most StopTransactionMaxMeterValues; first and last always."""
    settings = {
        "StopTxnSampledData": ENERGY,
        "MeterValuesSampledData": ENERGY,
        "MeterValueSampleInterval": "3",
    }
    cs = charger(ocpp_csms, speed=25, settings=settings)
    most = int(setting(ocpp_csms, "StopTransactionMaxMeterValues"))
    start = begin(cs, ocpp_csms)
    wait_values(ocpp_csms, 2 * most + 3)
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    data = stop["transactionData"]
    assert most // 2 <= len(data) <= most
    readings = energies(data)
    assert (readings[0], readings[-1]) == (start["meterStart"], stop["meterStop"])
    gaps = steps([unix(entry["timestamp"]) for entry in data[:-1]])
    assert max(gaps) <= 4 * min(gaps), gaps


# -- the register -----------------------------------------------------------------------------


def test_the_register_never_goes_back(ocpp_csms, charger):
    """Errata 3.78: registers of one transaction are monotonic, whatever the meter does."""
    settings = {"MeterValueSampleInterval": "2", "StopTxnSampledData": ENERGY}
    cs = charger(ocpp_csms, speed=10, settings=settings)
    cs.act(1, "meter", energy_wh=8000)
    begin(cs, ocpp_csms)
    wait_values(ocpp_csms, 1)
    cs.act(1, "meter", energy_wh=100)
    wait_values(ocpp_csms, 2)
    cs.act(1, "meter", energy_wh=9000)
    wait_values(ocpp_csms, 2)
    cs.card(TAG, connector=1)
    stop = wait_stop(ocpp_csms)
    told = [energies(p["meterValue"])[0] for p in ocpp_csms.calls("MeterValues")]
    assert told == sorted(told) and told[0] >= 8000 and told[-1] >= 9000
    assert stop["meterStop"] >= told[-1]
    inside = energies(stop["transactionData"])
    assert inside == sorted(inside)
    # The next transaction begins at what the meter says.
    shown = cs.connector(1)["energy_wh"]
    cs.wait_connector(1, status="Finishing")
    cs.card(TAG, connector=1)
    assert ocpp_csms.wait_for("StartTransaction", since=5)["meterStart"] >= 8000
    assert shown >= 9000


def test_a_large_register_is_an_exact_integer(ocpp_csms, charger):
    cs = charger(ocpp_csms, speed=10, settings={"MeterValueSampleInterval": "2"})
    cs.act(1, "meter", energy_wh=2147483000)
    start = begin(cs, ocpp_csms, current_a=6, phases=1)
    assert start["meterStart"] == 2147483000
    first, second = (energies(p["meterValue"])[0] for p in wait_values(ocpp_csms, 2))
    assert 2147483000 <= first <= second <= 2147483010


def test_status_shows_what_is_metered(ocpp_csms, charger):
    cs = charger(ocpp_csms, speed=20)
    cs.act(1, "meter", energy_wh=1000)
    begin(cs, ocpp_csms, current_a=16)
    shown = cs.wait_until(
        lambda s: (s["connectors"][0]["transaction"] or {}).get("energy_wh", 0) >= 60
    )["connectors"][0]
    assert shown["power_w"] == 11040 and shown["energy_wh"] >= 1060
    # 60 Wh at 11.04 kW take 19.6 s.
    assert 18 <= shown["transaction"]["seconds"] <= 28
    cs.act(1, "ev", current_a=6)
    assert cs.wait_connector(1, power_w=4140)["relay"] is True


def test_values_of_an_offline_hour(ocpp_csms, charger):
    """Meter values of a transaction are queued, each with the time it was taken (§3.7)."""
    settings = dict(OFFLINE, MeterValueSampleInterval="60")
    cs = charger(ocpp_csms, speed=200, settings=settings)
    begin(cs, ocpp_csms)
    wait_values(ocpp_csms, 1)
    cs.post("/api/network", {"online": False})
    ocpp_csms.wait_disconnected()
    mark = ocpp_csms.mark()
    queued = cs.wait_until(lambda s: s["ocpp"]["queued"] >= 12)["ocpp"]["queued"]
    cs.post("/api/network", {"online": True})
    wait(lambda: len(sent(ocpp_csms, "MeterValues", mark)) >= queued, "not told", 30)
    told = [f.payload for f in sent(ocpp_csms, "MeterValues", mark)]
    # A machine that is busy for 100 ms makes a moment late by 20 s, but not those after it.
    between = steps(moments(told))
    assert all(30 <= step <= 90 for step in between), between
    assert abs(sum(between) - 60 * len(between)) <= 30, between
    readings = [energies(p["meterValue"])[0] for p in told]
    assert readings == sorted(readings)
