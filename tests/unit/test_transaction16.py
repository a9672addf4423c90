# heap: 3M
"""Transactions: how they end, what is told, and how it is delivered (OCPP 1.6 §3.7, §4.8, §4.10,
§5)."""

from central import Setup

from ocpp.rpc import CallError


def charging(settings=None, **more):
    s = Setup(settings=settings, **more)
    s.run(500)
    s.draw = 10
    s.charge()
    return s


def stop(s):
    stops = s.csms.sent("StopTransaction")
    assert len(stops) == 1, stops
    return stops[0]


def test_ev_side_disconnect_stops():
    s = charging()
    s.unplug()
    s.run(1000)
    assert stop(s)["reason"] == "EVDisconnected" and "idTag" not in stop(s)
    assert s.csms.statuses(1)[-2:] == ["Finishing", "Available"]
    infos = [
        p.get("info") for p in s.csms.sent("StatusNotification") if p["status"] == "Finishing"
    ]
    assert infos == ["EV side disconnected"] and not s.c.lock_wanted


def test_a_car_that_comes_before_the_end_is_another_one():
    """OCPP 1.6 §4.9 F2, also where the contactor takes its time."""
    for wait in (0, 300):
        s = charging()
        s.c.stop_ready = not wait
        s.unplug()
        s.run(200)
        s.plug()
        s.run(wait)
        s.c.stop_ready = True
        s.run(500)
        assert stop(s)["reason"] == "EVDisconnected" and s.c.status == "Preparing"
        assert s.csms.sent("StatusNotification")[-1].get("info") is None
        s.run(61000)  # nobody comes with a card: ConnectionTimeOut
        assert s.c.status == "Finishing"


def test_ev_side_disconnect_suspends():
    s = charging({"StopTransactionOnEVSideDisconnect": "false"})
    s.unplug()
    s.run(1000)
    assert s.c.tx and s.c.status == "SuspendedEV" and not s.c.charging_permitted
    assert s.csms.sent("StatusNotification")[-1]["info"] == "EV side disconnected"
    s.plug()
    s.run(1000)
    assert s.c.status == "Charging" and s.csms.sent("StopTransaction") == []


def test_ev_side_disconnect_keeps_the_cable_while_the_transaction_runs():
    """OCPP 1.6 §4.10: StopTransactionOnEVSideDisconnect=false has priority over the other key."""
    for unlock in ("true", "false"):
        s = charging(
            {
                "StopTransactionOnEVSideDisconnect": "false",
                "UnlockConnectorOnEVSideDisconnect": unlock,
            }
        )
        s.unplug()
        s.run(1000)
        assert s.c.tx and s.c.lock_wanted
        s.station.present("TAG1")
        s.run(1000)
        assert stop(s)["idTag"] == "TAG1" and not s.c.lock_wanted


def test_ev_side_disconnect_keeps_the_cable():
    s = charging({"UnlockConnectorOnEVSideDisconnect": "false"})
    s.unplug()
    s.run(1000)
    assert s.c.lock_wanted and s.c.status == "Finishing"
    s.station.present("TAG1")
    s.run(500)
    assert not s.c.lock_wanted and s.c.status == "Available"


def test_remote_stop():
    s = charging()
    assert s.ask("RemoteStopTransaction", {"transactionId": 99}) == {"status": "Rejected"}
    assert s.ask("RemoteStopTransaction", {"transactionId": 1}) == {"status": "Accepted"}
    s.run(500)
    assert stop(s)["reason"] == "Remote"
    assert s.ask("RemoteStopTransaction", {"transactionId": 1}) == {"status": "Rejected"}


def test_fault_stops():
    s = charging()
    s.c.set_error("GroundFailure", "wet", "vendor", "42")
    s.run(1000)
    assert stop(s)["reason"] == "Other"
    told = [p for p in s.csms.sent("StatusNotification") if p["status"] == "Faulted"][0]
    assert told["errorCode"] == "GroundFailure" and told["info"] == "wet"
    assert told["vendorId"] == "vendor" and told["vendorErrorCode"] == "42"
    s.c.clear_error("GroundFailure")
    s.run(500)
    assert (
        s.c.status == "Finishing"
        and s.csms.sent("StatusNotification")[-1]["errorCode"] == "NoError"
    )


def test_emergency_stop_has_its_reason():
    s = charging()
    s.c.set_error("OtherError", "", "https://chargex.inl.gov", "CX008")
    s.run(1000)
    assert stop(s)["reason"] == "EmergencyStop"


def test_warning_does_not_stop():
    s = charging()
    s.c.set_error("WeakSignal", faulted=False)
    s.run(1000)
    last = s.csms.sent("StatusNotification")[-1]
    assert last["errorCode"] == "WeakSignal" and last["status"] == "Charging" and s.c.tx


def test_unlock_stops_and_opens():
    s = charging()
    tries = []
    s.station.on_unlock = lambda c: None if len(tries) < 3 and not tries.append(1) else True
    assert s.ask("UnlockConnector", {"connectorId": 1}, 2000) == {"status": "Unlocked"}
    s.run(500)
    assert stop(s)["reason"] == "UnlockCommand" and len(tries) == 3


def test_unlock_fails_is_missing_or_unknown():
    s = Setup()
    s.run(500)
    assert s.ask("UnlockConnector", {"connectorId": 1}) == {"status": "NotSupported"}
    s.station.on_unlock = lambda c: False
    assert s.ask("UnlockConnector", {"connectorId": 1}) == {"status": "UnlockFailed"}
    assert s.ask("UnlockConnector", {"connectorId": 7}) == {"status": "NotSupported"}
    s.station.on_unlock = lambda c: None
    assert s.ask("UnlockConnector", {"connectorId": 1}, 20000) == {"status": "UnlockFailed"}


def test_remote_start_with_and_without_connector():
    s = Setup(connectors=2)
    s.run(500)
    assert s.ask("RemoteStartTransaction", {"idTag": "R", "connectorId": 3}) == {
        "status": "Rejected"
    }
    assert s.ask("RemoteStartTransaction", {"idTag": "R", "connectorId": 0}) == {
        "status": "Rejected"
    }
    assert s.ask("RemoteStartTransaction", {"idTag": "R", "connectorId": 2}) == {
        "status": "Accepted"
    }
    assert s.ask("RemoteStartTransaction", {"idTag": "Q", "connectorId": 2}) == {
        "status": "Rejected"
    }
    s.plug(2)
    s.run(1500)
    assert s.csms.sent("StartTransaction")[0]["idTag"] == "R" and s.csms.sent("Authorize") == []
    s.plug(1)
    s.run(200)
    assert s.ask("RemoteStartTransaction", {"idTag": "W"}) == {"status": "Accepted"}
    s.run(1500)
    assert s.c.tx.id_token == "W"
    assert s.ask("RemoteStartTransaction", {"idTag": "X"}) == {"status": "Rejected"}


def test_remote_start_authorizes_if_told_so():
    s = Setup(settings={"AuthorizeRemoteTxRequests": "true"})
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    s.run(500)
    s.plug()
    s.run(200)
    assert s.ask("RemoteStartTransaction", {"idTag": "R"}) == {"status": "Accepted"}
    s.run(1500)
    assert s.c.tx is None and s.csms.sent("Authorize") == [{"idTag": "R"}]


def test_remote_start_on_what_can_not_charge():
    s = Setup()
    s.run(500)
    s.c.set_error("OverCurrentFailure")
    s.run(100)
    assert s.ask("RemoteStartTransaction", {"idTag": "R", "connectorId": 1}) == {
        "status": "Rejected"
    }
    s.c.clear_error()
    assert s.ask("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {
        "status": "Accepted"
    }
    assert s.ask("RemoteStartTransaction", {"idTag": "R", "connectorId": 1}) == {
        "status": "Rejected"
    }


def test_remote_start_profile_is_kept():
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
        },
    }
    s = Setup()
    s.run(500)
    s.plug()
    s.run(200)
    assert s.ask("RemoteStartTransaction", {"idTag": "R", "chargingProfile": profile}) == {
        "status": "Accepted"
    }
    s.run(1000)
    assert s.c.tx and s.c.limit_ma == 10000
    profile["chargingProfilePurpose"] = "TxDefaultProfile"
    assert s.ask("RemoteStartTransaction", {"idTag": "R", "chargingProfile": profile}) == {
        "status": "Rejected"
    }


def test_reset_soft_stops_delivers_then_restarts():
    s = charging()
    kinds = []
    s.station.on_reset = lambda kind: kinds.append((kind, s.station.log.pending()))
    assert s.ask("Reset", {"type": "Soft"}) == {"status": "Accepted"}
    s.run(1000)
    assert stop(s)["reason"] == "SoftReset" and kinds == [("Soft", 0)], kinds


def test_reset_hard_does_not_wait_for_ever():
    s = charging()
    kinds = []
    s.station.on_reset = lambda kind: kinds.append(kind)
    s.csms.answers["StopTransaction"] = None
    assert s.ask("Reset", {"type": "Hard"}) == {"status": "Accepted"}
    s.run(4000)
    assert stop(s)["reason"] == "HardReset" and kinds == ["Hard"]


def test_reset_is_tried_again_then_reported():
    s = Setup(settings={"ResetRetries": "2"})
    s.run(500)
    tries = []
    s.station.on_reset = lambda kind: bool(tries.append(kind))
    assert s.ask("Reset", {"type": "Soft"}) == {"status": "Accepted"}
    s.run(40000, 50)
    assert len(tries) == 3
    assert s.csms.sent("StatusNotification")[-1]["errorCode"] == "ResetFailure"
    assert s.station.rpc.connection.connected and not s.station.resetting


def test_reset_that_nobody_can_do():
    s = Setup()
    s.run(500)
    assert s.ask("Reset", {"type": "Soft"}) == {"status": "Rejected"}


def test_stop_ready_and_start_ready_delay():
    s = Setup()
    s.run(500)
    s.c.start_ready = False
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(1000)
    assert s.csms.sent("StartTransaction") == []
    s.c.start_ready = True
    s.run(200)
    assert len(s.csms.sent("StartTransaction")) == 1
    s.c.stop_ready = False
    s.station.present("TAG1")
    s.run(1000)
    assert s.csms.sent("StopTransaction") == []
    s.c.stop_ready = True
    s.run(200)
    assert len(s.csms.sent("StopTransaction")) == 1


def test_meter_stop_waits_for_the_contactor():
    s = charging()
    s.hardware = False  # the contactor stays closed for a while
    s.station.present("TAG1")
    s.run(1000)
    assert s.csms.sent("StopTransaction") == []
    s.wh[0] += 7
    s.c.evse_ready = False
    s.run(200)
    assert stop(s)["meterStop"] == s.wh[0]


def test_offline_transaction_is_delivered_in_order():
    s = Setup(connectors=2, settings={"AllowOfflineTxForUnknownId": "true"})
    s.run(500)
    s.connection.disconnect()
    s.draw = 10
    s.charge(1, "A")
    s.charge(2, "B")
    s.run(3000)
    s.station.present("A")
    s.run(500)
    s.station.present("B")
    s.run(500)
    s.csms.forget()
    s.connection.connect("ocpp1.6")
    s.run(1000)
    seen = [
        (a, p.get("idTag"), p.get("transactionId")) for a, p in s.csms.sent() if "Transaction" in a
    ]
    assert seen == [
        ("StartTransaction", "A", None),
        ("StartTransaction", "B", None),
        ("StopTransaction", "A", 1),
        ("StopTransaction", "B", 2),
    ], seen
    times = [p["timestamp"] for a, p in s.csms.sent() if "Transaction" in a]
    assert times == sorted(times) and times[0] < times[-1]


def test_transaction_ids_of_any_kind():
    for id in (0, -1, 9223372036854775807, 1):
        s = Setup()
        s.csms.answers["StartTransaction"] = {
            "transactionId": id,
            "idTagInfo": {"status": "Accepted"},
        }
        s.run(500)
        s.charge()
        assert s.c.transaction.id == id
        assert s.ask("RemoteStopTransaction", {"transactionId": id}) == {"status": "Accepted"}
        s.run(500)
        assert stop(s)["transactionId"] == id


def test_failed_start_is_tried_again_then_followed_with_minus_one():
    s = Setup(
        settings={"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "10"}
    )
    s.csms.answers["StartTransaction"] = CallError("InternalError", "")
    s.run(500)
    s.charge()
    assert len(s.csms.sent("StartTransaction")) == 1
    s.run(10000, 50)
    assert len(s.csms.sent("StartTransaction")) == 2
    s.run(15000, 50)
    assert len(s.csms.sent("StartTransaction")) == 2
    s.run(6000, 50)
    starts = s.csms.sent("StartTransaction")
    assert len(starts) == 3 and starts[0] == starts[1] == starts[2]
    assert s.c.tx and s.station.log.parked() == 1
    s.station.present("TAG1")
    s.run(500)
    assert stop(s)["transactionId"] == -1


def test_nothing_but_transactions_waits_for_a_retry():
    s = Setup()
    s.csms.answers["StartTransaction"] = None
    s.run(500)
    s.charge()
    s.run(31000, 50)
    s.csms.forget()
    s.station.call("DataTransfer", {"vendorId": "x"})
    s.run(500)
    assert s.csms.sent("DataTransfer") == [{"vendorId": "x"}]


def test_availability_scheduled_persistent_and_station_wide():
    s = charging(connectors=2)
    assert s.ask("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {
        "status": "Scheduled"
    }
    assert s.ask("ChangeAvailability", {"connectorId": 9, "type": "Inoperative"}) == {
        "status": "Rejected"
    }
    assert s.c.status == "Charging"
    s.station.present("TAG1")
    s.run(500)
    assert s.c.status == "Finishing"
    s.unplug()
    s.run(500)
    assert s.c.status == "Unavailable"
    assert s.csms.statuses(1)[-2:] == ["Finishing", "Unavailable"]
    t = s.restart()
    t.run(12000, 50)
    assert t.csms.statuses(1) == ["Unavailable"] and t.csms.statuses(2) == ["Available"]
    assert t.ask("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}) == {
        "status": "Accepted"
    }
    t.run(500)
    assert t.csms.statuses(0)[-1] == "Unavailable" and t.csms.statuses(2)[-1] == "Unavailable"
    assert t.ask("ChangeAvailability", {"connectorId": 0, "type": "Operative"}) == {
        "status": "Accepted"
    }
    t.run(500)
    assert [t.csms.statuses(n)[-1] for n in range(3)] == ["Available"] * 3


def test_power_cut_ends_the_open_transaction():
    s = charging(settings={"MeterValueSampleInterval": "10"})
    s.run(65000, 50)
    reported = s.csms.sent("MeterValues")[-1]
    t = s.restart()
    t.run(1000)
    stops = t.csms.sent("StopTransaction")
    assert len(stops) == 1 and stops[0]["reason"] == "PowerLoss" and stops[0]["transactionId"] == 1
    last = [
        v
        for v in reported["meterValue"][0]["sampledValue"]
        if v.get("measurand", "").startswith("Energy")
    ][0]
    assert stops[0]["meterStop"] >= int(last["value"]) > 500
    assert s.wh[0] - stops[0]["meterStop"] <= 110
    t.run(1000)
    assert len(t.csms.sent("StopTransaction")) == 1


def test_reboot_reasons():
    for boot, reason in (
        ("PowerUp", "PowerLoss"),
        ("Watchdog", "Reboot"),
        ("LocalReset", "Reboot"),
    ):
        s = charging()
        t = s.restart()
        t.station.boot_reason = boot
        t.run(1000)
        assert t.csms.sent("StopTransaction")[0]["reason"] == reason


def test_power_cut_resumes():
    s = charging(settings={"OnPowerLoss": "resume"})
    s.run(30000, 50)
    t = s.restart()
    t.draw = 10
    t.plug()
    t.run(3000)
    assert t.c.tx and t.c.status == "Charging" and t.csms.sent("StopTransaction") == []
    assert t.csms.sent("StartTransaction") == []
    t.station.present("TAG1")
    t.run(500)
    assert stop(t)["transactionId"] == 1 and stop(t)["meterStop"] == t.wh[0]


def test_power_cut_does_not_resume_without_the_car():
    s = charging(settings={"OnPowerLoss": "resume"})
    t = s.restart()
    t.run(5000)
    assert t.csms.sent("StopTransaction") == []
    t.run(7000)
    assert stop(t)["reason"] == "PowerLoss"


def test_offline_through_a_power_cut():
    s = Setup(settings={"AllowOfflineTxForUnknownId": "true"}, online=False)
    s.run(500)
    s.draw = 10
    s.charge()
    s.run(20000, 50)
    t = s.restart(online=False)
    t.run(5000)
    t.connection.connect("ocpp1.6")
    t.run(2000)
    kinds = [a for a in t.csms.actions() if "Transaction" in a]
    assert kinds == ["StartTransaction", "StopTransaction"], t.csms.actions()
    for p in t.csms.sent("StartTransaction") + t.csms.sent("StopTransaction"):
        assert p["timestamp"] >= "2026-11-2", p


def test_register_never_counts_down_in_a_transaction():
    s = charging()
    s.run(5000)
    high = s.c.tx.last_wh
    s.wh[0] = 0
    s.run(1000)
    s.station.present("TAG1")
    s.run(500)
    assert stop(s)["meterStop"] >= high


def test_silent_meter():
    s = charging()
    s.run(3000)
    s.wh[0] = None
    s.draw = 0
    s.run(1000)
    s.station.present("TAG1")
    s.run(500)
    assert isinstance(stop(s)["meterStop"], int) and stop(s)["meterStop"] > 0
