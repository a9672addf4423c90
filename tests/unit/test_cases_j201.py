# marks: slow
# heap: 4M
# timeout: 240
"""OCPP 2.0.1 part 6, block J: meter values."""

from cases201 import CARD, Case, samples

REGISTER = "Energy.Active.Import.Register"
BOTH = REGISTER + ",Voltage"


def measuring(settings, **more):
    s = Case(settings=settings, **more)
    for c in s.station.connectors:
        c.measure("Voltage", lambda: 230, phase="L1-N")
    for name in (
        "AlignedDataCtrlr.Measurands",
        "AlignedDataCtrlr.TxEndedMeasurands",
        "SampledDataCtrlr.TxStartedMeasurands",
        "SampledDataCtrlr.TxUpdatedMeasurands",
        "SampledDataCtrlr.TxEndedMeasurands",
    ):
        if name not in settings:
            s.station.settings.force(name, BOTH)
    s.draw = 3
    return s


def seconds(stamps):
    from ocpp.iso import from_iso

    found = [from_iso(t) for t in stamps]
    return [b - a for a, b in zip(found, found[1:])]


def context_of(value):
    return value["sampledValue"][0]["context"]


def test_TC_J_01_CS():
    s = measuring({"AlignedDataCtrlr.Interval": "10"}, connectors=2)
    s.run(35000, 50)
    s.check()
    sent = s.csms.sent("MeterValues")
    assert len(sent) == 6
    for evse in (1, 2):
        values = [p["meterValue"][0] for p in sent if p["evseId"] == evse]
        assert seconds([v["timestamp"] for v in values]) == [10, 10]
        for v in values:
            assert [x["context"] for x in v["sampledValue"]] == ["Sample.Clock"] * 2
            assert [x["measurand"] for x in v["sampledValue"]] == BOTH.split(",")
    assert len({p["meterValue"][0]["timestamp"] for p in sent}) == 3  # the same for both


def test_TC_J_02_CS():
    settings = {"AlignedDataCtrlr.Interval": "10", "SampledDataCtrlr.TxUpdatedInterval": "0"}
    s = measuring(settings, connectors=2)
    s.charge()
    s.forget()
    s.run(35000, 50)
    s.check()
    assert {p["evseId"] for p in s.csms.sent("MeterValues")} == {2}
    clock = [e for e in s.txs() if e["triggerReason"] == "MeterValueClock"]
    assert len(clock) == 3 and seconds([e["timestamp"] for e in clock]) == [10, 10]
    for e in clock:
        assert [m for m, _ in samples(e, "Sample.Clock")] == BOTH.split(",")
        assert e["meterValue"][0]["timestamp"] == e["timestamp"]


def test_TC_J_03_CS():
    settings = {
        "AlignedDataCtrlr.TxEndedInterval": "10",
        "SampledDataCtrlr.TxEndedMeasurands": "",
    }
    s = measuring(settings)
    s.charge()
    s.run(35000, 50)
    s.card()
    values = s.last()["meterValue"]
    clock = [v for v in values if context_of(v) == "Sample.Clock"]
    assert len(clock) == 3 and values[0] is clock[0]
    assert seconds([v["timestamp"] for v in clock]) == [10, 10]
    assert [x["measurand"] for x in clock[0]["sampledValue"]] == BOTH.split(",")
    assert context_of(values[-1]) == "Transaction.End"


def test_TC_J_06_CS():
    settings = {
        "AlignedDataCtrlr.Interval": "10",
        "AlignedDataCtrlr.SendDuringIdle": "true",
        "SampledDataCtrlr.TxUpdatedInterval": "0",
        "SampledDataCtrlr.TxStartedMeasurands": "",
    }
    s = measuring(settings, connectors=2)
    s.run(11000, 50)
    assert len(s.csms.sent("MeterValues")) == 2
    s.charge()
    s.forget()
    s.run(25000, 50)
    assert s.actions() == [], s.actions()
    s.card()
    s.unplugs()
    s.forget()
    s.run(11000, 50)
    assert len(s.csms.sent("MeterValues")) >= 2


def test_TC_J_07_CS():
    for start in ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"):
        s = measuring({}, start=start)
        s.wh[0] = 500
        s.plugs()
        s.card()
        s.run(2000)
        first = s.txs()[0]
        assert first["eventType"] == "Started"
        assert samples(first, "Transaction.Begin") == [(REGISTER, 500), ("Voltage", 230)]


def test_TC_J_08_CS():
    for n in (1, 2):
        s = measuring({}, start="Authorized", connectors=2)
        s.wh[n - 1] = 700
        s.card()
        first = s.last()
        assert first["eventType"] == "Started" and first["triggerReason"] == "Authorized"
        assert "evse" not in first and "meterValue" not in first and first["idToken"] == CARD
        s.plugs(n)
        second = s.txs()[1]
        assert second["triggerReason"] == "CablePluggedIn" and second["evse"]["id"] == n
        assert samples(second, "Transaction.Begin") == [(REGISTER, 700), ("Voltage", 230)]
        assert s.station.connectors[n - 1].charging_permitted
        assert s.statuses(n) == ["Available", "Occupied"] and s.statuses(3 - n) == ["Available"]
        s.card("TAG1", n)
        end = s.last()
        assert end["eventType"] == "Ended" and end["evse"]["id"] == n
        assert [e["seqNo"] for e in s.txs()] == list(range(len(s.txs())))


def test_a_transaction_that_found_its_connector_ends_there_after_a_power_cut():
    s = measuring({}, start="Authorized", connectors=2)
    s.wh[1] = 700
    s.card()
    s.plugs(2)
    s.run(20000, 50)
    register = s.wh[1]
    t = s.reboot()
    t.run(300)
    t.online()
    t.run(15000, 50)
    end = t.last()
    assert end["eventType"] == "Ended"
    told = samples(end, "Transaction.End")[0][1]
    assert register - 100 <= told <= register, (told, register)


def test_nobody_came():
    s = measuring({"TxCtrlr.EVConnectionTimeOut": "10"}, start="Authorized", connectors=2)
    s.card()
    s.run(11000)
    end = s.last()
    assert end["eventType"] == "Ended" and end["triggerReason"] == "EVConnectTimeout"
    assert "evse" not in end and "meterValue" not in end


def test_TC_J_09_CS():
    s = measuring({"SampledDataCtrlr.TxUpdatedInterval": "10"})
    s.charge()
    s.run(35000, 50)
    found = [e for e in s.txs() if e["triggerReason"] == "MeterValuePeriodic"]
    assert len(found) == 3 and seconds([e["timestamp"] for e in found]) == [10, 10]
    for e in found:
        assert [m for m, _ in samples(e, "Sample.Periodic")] == BOTH.split(",")


def test_TC_J_10_CS():
    s = measuring({"SampledDataCtrlr.TxEndedInterval": "10"})
    s.charge()
    s.run(35000, 50)
    s.card()
    values = s.last()["meterValue"]
    assert [context_of(v) for v in values] == (
        ["Transaction.Begin"] + ["Sample.Periodic"] * 3 + ["Transaction.End"]
    )
    assert seconds([v["timestamp"] for v in values[1:4]]) == [10, 10]
    for v in values:
        assert [x["measurand"] for x in v["sampledValue"]] == BOTH.split(",")


def signed_values(e):
    return [v for m in e["meterValue"] for v in m["sampledValue"] if "signedMeterValue" in v]


def test_TC_J_11_CS():
    settings = {"SampledDataCtrlr.TxEndedInterval": "10", "SampledDataCtrlr.SignReadings": "true"}
    for key, wanted in (("Never", ""), ("EveryMeterValue", "S0VZ")):
        settings["OCPPCommCtrlr.PublicKeyWithSignedMeterValue"] = key
        s = measuring(settings)
        s.c.sign = lambda context, token: ("OCMF", "ECDSA", "OCMF|{}|%s" % context, "KEY")
        s.charge()
        s.run(25000, 50)
        s.card()
        found = signed_values(s.last())
        assert [v["context"] for v in found] == ["Transaction.Begin", "Transaction.End"]
        assert [v["signedMeterValue"]["publicKey"] for v in found] == [wanted] * 2


def test_TC_J_04_CS():
    settings = {
        "AlignedDataCtrlr.TxEndedInterval": "10",
        "AlignedDataCtrlr.SignReadings": "true",
        "SampledDataCtrlr.TxEndedMeasurands": "",
    }
    s = measuring(settings)
    s.c.sign = lambda context, token: ("OCMF", "ECDSA", "OCMF|{}|%s" % context, "KEY")
    s.charge()
    s.run(25000, 50)
    s.card()
    found = signed_values(s.last())
    assert [v["context"] for v in found] == ["Sample.Clock"] * 2
    assert all([v["signedMeterValue"]["publicKey"] == "" for v in found])


def test_switched_off():
    settings = {
        "SampledDataCtrlr.Enabled": "false",
        "AlignedDataCtrlr.Enabled": "false",
        "AlignedDataCtrlr.Interval": "5",
        "SampledDataCtrlr.TxUpdatedInterval": "5",
    }
    s = measuring(settings)
    s.run(6000)
    s.charge()
    s.run(12000, 50)
    s.card()
    assert s.csms.sent("MeterValues") == []
    assert not [e for e in s.txs() if e["eventType"] == "Updated" and "meterValue" in e]
    assert [len(m["sampledValue"]) for m in s.last()["meterValue"]] == [1]  # what is billed


def test_a_bay_says_nothing_of_a_transaction_without_an_evse():
    s = measuring({"TxCtrlr.TxStopPoint": "EVConnected"}, start="Authorized", connectors=2)
    s.card()
    s.bay(n=1)
    assert [t[1] for t in s.news()] == ["Authorized"]
    s.card()
    assert s.news() == [("Ended", "StopAuthorized", "Idle", "Local")] and s.c.tx is None
