# heap: 4M
"""Sessions of OCPP 2.0.1 over a loopback: the same domain through the other dialect."""

from central import Setup


def setup201(version="2.0.1", protocol="ocpp2.0.1", **more):
    s = Setup(
        config={"ocpp": {"url": "ws://x/", "id": "cp", "version": version}}, online=False, **more
    )
    s.connection.connect(protocol)
    s.run(500)
    return s


def statuses(s, evse=1):
    return [p["connectorStatus"] for p in s.csms.sent("StatusNotification") if p["evseId"] == evse]


def events(s):
    return s.csms.sent("TransactionEvent")


def told(s):
    """(eventType, triggerReason, chargingState) of each TransactionEvent."""
    return [
        (e["eventType"], e["triggerReason"], e["transactionInfo"].get("chargingState"))
        for e in events(s)
    ]


def test_boot_then_statuses_of_the_evses():
    s = setup201(connectors=2)
    assert s.csms.actions() == ["BootNotification"] + ["StatusNotification"] * 2, s.csms.actions()
    assert s.csms.sent("BootNotification")[0] == {
        "reason": "PowerUp",
        "chargingStation": {"vendorName": "ocppy", "model": "Test"},
    }
    assert s.csms.sent("StatusNotification") == [
        {
            "timestamp": "2026-11-21T03:00:00Z",
            "connectorStatus": "Available",
            "evseId": n,
            "connectorId": 1,
        }
        for n in (1, 2)
    ]


def test_a_session():
    s = setup201(settings={"MeterValueSampleInterval": "5"})
    s.csms.forget()
    s.draw = 10
    s.charge()
    id = s.c.transaction.id
    s.run(10000)
    assert s.c.status == "Occupied"
    s.station.present("TAG1", 1)
    s.run(500)
    s.unplug()
    s.run(500)
    assert statuses(s) == ["Occupied", "Available"], statuses(s)
    card = {"idToken": "TAG1", "type": "ISO14443"}
    assert s.csms.sent("Authorize") == [{"idToken": card}]
    assert told(s) == [
        ("Started", "Authorized", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Updated", "MeterValuePeriodic", None),
        ("Updated", "MeterValuePeriodic", None),
        ("Ended", "StopAuthorized", "EVConnected"),
    ], told(s)
    for n, e in enumerate(events(s)):
        assert e["seqNo"] == n and e["evse"] == {"id": 1, "connectorId": 1} and "offline" not in e
        assert e["transactionInfo"]["transactionId"] == id and len(id) <= 36
    start, end = events(s)[0], events(s)[-1]
    assert start["idToken"] == card and end["idToken"] == card
    assert "idToken" not in events(s)[2]
    assert end["transactionInfo"]["stoppedReason"] == "Local"
    assert start["meterValue"] == [
        {
            "timestamp": start["timestamp"],
            "sampledValue": [
                {
                    "value": 0,
                    "context": "Transaction.Begin",
                    "measurand": "Energy.Active.Import.Register",
                    "location": "Outlet",
                    "unitOfMeasure": {"unit": "Wh"},
                }
            ],
        }
    ]
    last = end["meterValue"][-1]["sampledValue"][0]
    assert last["context"] == "Transaction.End" and last["value"] == s.wh[0] > 50


def test_the_id_is_shown_at_once_and_differs_each_time():
    s = setup201()
    ids = []
    for _ in range(2):
        s.connection.disconnect()
        s.run(200)
        s.station.auth_cache_put({"idTag": "TAG1"})
        s.charge()
        ids.append(s.c.transaction.id)
        s.station.present("TAG1", 1)
        s.unplug()
        s.run(1000)
        s.connection.connect("ocpp2.0.1")
        s.run(1000)
    assert ids[0] != ids[1]
    assert [e["transactionInfo"]["transactionId"] for e in events(s)] == [
        ids[0],
        ids[0],
        ids[0],
        ids[1],
        ids[1],
        ids[1],
    ], events(s)
    other = setup201()
    other.charge()
    assert other.c.transaction.id not in ids


def test_what_happened_offline_says_so():
    s = setup201()
    s.station.auth_cache_put({"idTag": "TAG1"})
    s.connection.disconnect()
    s.run(200)
    s.charge()
    s.run(1000)
    s.csms.forget()
    s.connection.connect("ocpp2.0.1")
    s.run(1000)
    s.station.present("TAG1", 1)
    s.run(500)
    assert [e.get("offline") for e in events(s)] == [True, True, None], events(s)


def test_card_first_starts_when_the_cable_is_plugged_in():
    s = setup201()
    s.station.present("TAG1", type="MacAddress")
    s.run(300)
    assert s.csms.sent("Authorize") == [{"idToken": {"idToken": "TAG1", "type": "MacAddress"}}]
    s.plug()
    s.run(2000)
    s.station.present("TAG1")
    s.run(500)
    assert told(s)[0] == ("Started", "CablePluggedIn", "EVConnected")
    assert [e["idToken"]["type"] for e in (events(s)[0], events(s)[-1])] == ["MacAddress"] * 2


def test_a_card_for_whichever_connector_is_plugged_in_first():
    s = setup201(connectors=2)
    s.station.present("TAG1")
    s.run(300)
    s.plug(2)
    s.run(1000)
    assert told(s)[0][:2] == ("Started", "CablePluggedIn") and events(s)[0]["evse"]["id"] == 2


def test_states_of_the_transfer_are_told():
    settings = {"StopTransactionOnEVSideDisconnect": "false", "TxCtrlr.TxStopPoint": "Authorized"}
    s = setup201(settings=settings)
    s.charge()
    s.run(1000)
    s.c.ev_ready = False
    s.run(1500)
    s.unplug()
    s.run(1500)
    s.plug()
    s.run(2500)
    assert told(s) == [
        ("Started", "Authorized", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Updated", "ChargingStateChanged", "SuspendedEV"),
        ("Updated", "EVCommunicationLost", "Idle"),
        ("Updated", "CablePluggedIn", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ], told(s)


def test_unplugging_ends():
    s = setup201()
    s.charge()
    s.run(500)
    s.unplug()
    s.run(1000)
    end = events(s)[-1]
    assert end["triggerReason"] == "EVCommunicationLost" and "idToken" not in end
    assert end["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    assert end["transactionInfo"]["chargingState"] == "Idle"


def test_what_is_measured_keeps_unit_phase_and_value():
    s = setup201(settings={"SampledDataCtrlr.TxUpdatedInterval": "5"})
    s.c.measure("Voltage", lambda: 230.5, phase="L1-N")
    s.c.measure("Frequency", lambda: 50, location="Inlet")
    wanted = "Energy.Active.Import.Register,Voltage,Frequency"
    s.station.settings.force("SampledDataCtrlr.TxUpdatedMeasurands", wanted)
    s.wh[0] = 16777217
    s.charge()
    s.run(5000)
    sampled = next(e for e in events(s) if e["triggerReason"] == "MeterValuePeriodic")
    values = sampled["meterValue"]
    assert len(values) == 1
    energy, voltage, frequency = values[0]["sampledValue"]
    assert energy["value"] == 16777217 and isinstance(energy["value"], int)
    assert energy["context"] == "Sample.Periodic"
    assert voltage["value"] == 230.5 and voltage["phase"] == "L1-N"
    assert voltage["unitOfMeasure"] == {"unit": "V"} and voltage["location"] == "Outlet"
    assert frequency["unitOfMeasure"] == {"unit": "Hz"} and frequency["location"] == "Inlet"


def test_measurands_at_start_and_end():
    s = setup201()
    s.c.measure("Voltage", lambda: 231, phase="L1")
    s.station.settings.force("SampledDataCtrlr.TxStartedMeasurands", "Voltage")
    s.station.settings.force("SampledDataCtrlr.TxEndedMeasurands", "Voltage")
    s.wh[0] = 700
    s.charge()
    s.station.present("TAG1", 1)
    s.run(500)
    for e, context in ((events(s)[0], "Transaction.Begin"), (events(s)[-1], "Transaction.End")):
        found = [
            (v["measurand"], v["value"])
            for m in e["meterValue"]
            for v in m["sampledValue"]
            if v["context"] == context
        ]
        assert found == [("Voltage", 231), ("Energy.Active.Import.Register", 700)], found


def test_more_values_than_a_record_holds_are_thinned_out():
    phases = ("L1", "L2", "L3")
    for version in (("2.0.1", "ocpp2.0.1"), ("1.6", "ocpp1.6")):
        intervals = ("MeterValueSampleInterval", "SampledDataCtrlr.TxEndedInterval")
        s = setup201(*version, settings={name: "5" for name in intervals})
        for measurand in ("Voltage", "Current.Import", "Power.Active.Import"):
            for phase in phases:
                s.c.measure(measurand, lambda: 230.123, phase=phase)
        wanted = "Voltage,Current.Import,Power.Active.Import,Energy.Active.Import.Register"
        s.station.settings.force("StopTxnSampledData", wanted)
        s.draw = 10
        s.charge()
        s.run(70000, 50)
        s.station.present("TAG1")
        s.run(1000)
        if version[0] == "1.6":
            values = s.csms.sent("StopTransaction")[0]["transactionData"]
        else:
            values = events(s)[-1]["meterValue"]
        contexts = [v["sampledValue"][0]["context"] for v in values]
        assert contexts[0] == "Transaction.Begin" and contexts[-1] == "Transaction.End"
        assert 2 < len(contexts) < 10, contexts


def test_clock_aligned_values_outside_a_transaction():
    s = setup201(settings={"AlignedDataCtrlr.Interval": "60"})
    s.csms.forget()
    s.run(61000, 50)
    sent = s.csms.sent("MeterValues")
    assert len(sent) == 1 and sent[0]["evseId"] == 1
    assert sent[0]["meterValue"][0]["sampledValue"][0]["context"] == "Sample.Clock"
    s.charge()
    s.run(60000, 50)
    assert len(s.csms.sent("MeterValues")) == 1
    assert [t for t in told(s) if t[1] == "MeterValueClock"] == [
        ("Updated", "MeterValueClock", None)
    ]


def test_a_refused_token_does_not_charge():
    s = setup201()
    for status in ("Blocked", "NoCredit", "NotAtThisTime", "Unknown"):
        s.csms.answers["Authorize"] = {"idTokenInfo": {"status": status}}
        s.plug()
        s.run(200)
        s.station.present("T-" + status)
        s.run(500)
        assert s.c.tx is None, status
    assert len(s.csms.sent("Authorize")) == 4 and events(s) == []


def test_the_group_stops():
    s = setup201()
    group = {"idToken": "FAMILY", "type": "Central"}
    s.csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": group}}
    s.charge(tag="MUM")
    s.station.present("DAD")
    s.run(500)
    end = events(s)[-1]
    assert end["eventType"] == "Ended" and end["idToken"]["idToken"] == "DAD"


def test_what_is_known_of_a_token_expires():
    s = setup201()
    info = {"status": "Accepted", "cacheExpiryDateTime": "2026-11-21T03:00:30Z"}
    s.csms.answers["Authorize"] = s.csms.answers["TransactionEvent"] = {"idTokenInfo": info}
    s.charge()
    s.station.present("TAG1")
    s.unplug()
    s.run(500)
    s.connection.disconnect()
    s.charge()
    s.station.present("TAG1")
    s.unplug()
    s.run(30000, 50)
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(500)
    assert s.c.tx is None


def test_a_token_found_invalid_at_the_start_ends_the_transaction():
    s = setup201()
    s.csms.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Invalid"}}
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(2000)
    end = events(s)[-1]
    assert end["triggerReason"] == "Deauthorized" and s.c.tx is None
    assert end["transactionInfo"]["stoppedReason"] == "DeAuthorized"


def test_a_token_revoked_later_suspends():
    s = setup201(
        settings={"TxCtrlr.StopTxOnInvalidId": "false", "SampledDataCtrlr.TxUpdatedInterval": "5"}
    )
    s.charge()
    s.csms.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Blocked"}}
    s.run(7000)
    assert s.c.tx and not s.c.charging_permitted
    assert told(s)[-1] == ("Updated", "ChargingStateChanged", "SuspendedEVSE"), told(s)


def test_a_start_that_is_not_taken_does_not_hold_back_what_follows():
    from ocpp.rpc import CallError

    settings = {"TransactionMessageAttempts": "1"}
    s = setup201(settings=settings)
    s.csms.answers["TransactionEvent"] = lambda p: (
        CallError("InternalError", "") if p["eventType"] == "Started" else {}
    )
    s.charge()
    id = s.c.transaction.id
    s.station.present("TAG1")
    s.run(1000)
    assert [t[0] for t in told(s)] == ["Started", "Updated", "Ended"], told(s)
    assert events(s)[-1]["transactionInfo"]["transactionId"] == id


def test_a_power_cut_ends_with_the_last_value_known():
    s = setup201()
    s.draw = 10
    s.charge()
    id = s.c.transaction.id
    s.run(60000, 50)
    t = s.restart(config=s.config, online=False)
    t.run(500)
    t.connection.connect("ocpp2.0.1")
    t.run(15000, 50)
    end = events(t)[-1]
    assert end["eventType"] == "Ended" and end["transactionInfo"]["transactionId"] == id
    assert end["transactionInfo"]["stoppedReason"] == "PowerLoss"
    assert end["seqNo"] == len(events(s)) and end["offline"] is True
    assert end["meterValue"][-1]["sampledValue"][0]["value"] > 300


def test_a_resumed_transaction_keeps_its_id():
    s = setup201(settings={"OnPowerLoss": "resume"})
    s.charge()
    id = s.c.transaction.id
    t = s.restart(config=s.config, online=False)
    t.plug()
    t.connection.connect("ocpp2.0.1")
    t.run(3000)
    assert t.c.transaction.id == id
    t.station.present("TAG1")
    t.run(1000)
    assert events(t)[-1]["transactionInfo"]["transactionId"] == id
    numbers = [e["seqNo"] for e in events(t)]  # the last one before the cut may come twice
    assert numbers[-2:] == [2, 3] and min(numbers) >= 1, numbers


def test_a_resumed_transaction_whose_start_is_not_told_yet_keeps_its_id():
    s = setup201(settings={"OnPowerLoss": "resume"})
    s.csms.answers["TransactionEvent"] = None
    s.charge()
    t = s.restart(config=s.config, online=False)
    t.plug()
    t.run(1000)
    assert t.c.transaction.id == s.c.transaction.id is not None
    t.connection.connect("ocpp2.0.1")
    t.run(1000)
    assert events(t)[0]["eventType"] == "Started"
    assert events(t)[0]["transactionInfo"]["transactionId"] == t.c.transaction.id


def test_without_the_csms_time_nothing_breaks():
    s = Setup(config={"ocpp": {"url": "ws://x/", "id": "cp", "version": "2.0.1"}}, online=False)
    s.csms.answers["BootNotification"] = {
        "status": "Accepted",
        "interval": 300,
        "currentTime": "1970-01-01T00:00:00Z",
    }
    s.connection.connect("ocpp2.0.1")
    s.run(500)
    assert statuses(s) == ["Available"]
