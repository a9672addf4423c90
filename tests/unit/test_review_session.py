# marks: slow
# heap: 3M
"""Races of plug, card, fault, availability, lock and reset; outputs that must be safe at any
time."""

from central import Setup


def up(**more):
    s = Setup(**more)
    s.run(500)
    s.csms.forget()
    return s


def charging(**more):
    s = up(**more)
    s.draw = 10
    s.charge()
    return s


def test_a_fault_takes_the_permission_at_once():
    s = charging()
    s.c.set_error("GroundFailure")
    assert not s.c.charging_permitted


def test_a_fault_of_the_station_stops_every_transaction_and_every_start():
    s = charging(connectors=2)
    s.station.set_error("OtherError", "emergency stop", "", "EmergencyStop")
    assert not s.c.charging_permitted
    s.run(1000)
    assert s.csms.sent("StopTransaction")[0]["reason"] == "EmergencyStop"
    s.plug(2)
    s.run(300)
    s.station.present("TAG2", 2)
    s.run(2000)
    c2 = s.station.connectors[1]
    assert c2.tx is None and not c2.charging_permitted
    remote = {"idTag": "R", "connectorId": 2}
    assert s.ask("RemoteStartTransaction", remote) == {"status": "Rejected"}
    s.station.clear_error()
    assert s.ask("RemoteStartTransaction", remote) == {"status": "Accepted"}
    s.run(1000)
    assert c2.charging_permitted


def test_a_warning_of_the_station_stops_nothing():
    s = charging()
    s.station.set_error("WeakSignal", faulted=False)
    s.run(1000)
    assert s.c.charging_permitted


def test_free_vend_begins_once_what_was_in_the_way_is_gone():
    def fault(s, there):
        s.c.set_error("OverVoltage") if there else s.c.clear_error()

    def available(s, gone):
        s.station.change_availability(1, not gone)

    for hinder in (fault, available):
        s = up(settings={"FreeVend": "true"})
        hinder(s, True)
        s.plug()
        s.run(1000)
        assert s.c.tx is None
        hinder(s, False)
        s.run(1000)
        assert s.c.tx, hinder


def test_what_was_ended_does_not_begin_again_by_itself():
    s = up(settings={"FreeVend": "true", "FreeVendIdTag": "HOUSE"})
    s.plug()
    s.run(1000)
    s.c.set_error("OverVoltage")
    s.run(500)
    s.c.clear_error()
    s.run(500)
    assert s.c.tx is None and s.c.status == "Finishing"


def test_two_cars_plugged_at_the_same_time_with_one_fixed_tag():
    s = up(connectors=2, settings={"PlugAndChargeIdTag": "FLEET"})
    s.plug(1)
    s.plug(2)
    s.run(3000)
    assert [c.tx is not None for c in s.station.connectors] == [True, True]


def test_a_card_that_is_asked_for_does_not_block_a_remote_start_of_the_same():
    s = up(connectors=2, settings={"AuthorizeRemoteTxRequests": "true"})
    s.plug(1)
    s.plug(2)
    s.run(300)
    for n in (1, 2):
        s.ask("RemoteStartTransaction", {"idTag": "R", "connectorId": n}, 20)
    s.run(2000)
    assert [c.tx is not None for c in s.station.connectors] == [True, True]


def test_unplugging_while_the_transaction_ends_by_card_frees_the_cable():
    s = charging(settings={"UnlockConnectorOnEVSideDisconnect": "false"})
    s.hardware = False  # the contactor takes its time
    s.station.present("TAG1")
    s.run(300)
    s.unplug()
    s.run(300)
    s.c.evse_ready = False
    s.run(500)
    assert s.csms.sent("StopTransaction")[0].get("reason") is None
    assert not s.c.lock_wanted and s.c.status == "Available"
    infos = [p.get("info") for p in s.csms.sent("StatusNotification")]
    assert "EV side disconnected" not in infos


def test_no_session_begins_while_a_reset_is_under_way():
    s = up(settings={"ResetRetries": "0"})
    s.csms.answers["Authorize"] = None
    s.plug()
    s.run(300)
    s.station.present("TAG1")
    s.run(200)
    kinds = []
    s.station.on_reset = kinds.append
    assert s.ask("Reset", {"type": "Soft"}, 100) == {"status": "Accepted"}
    s.csms.end.send('[3,"%s",{"idTagInfo":{"status":"Accepted"}}]' % s.station.rpc.sent.id)
    assert not s.c.begin("HOST", authorized=True)
    s.run(2000)
    assert s.c.tx is None and s.c.grant is None and kinds


def test_free_vend_does_not_begin_while_a_reset_is_under_way():
    s = up(settings={"FreeVend": "true"})
    s.station.on_reset = lambda kind: None
    s.station.reset("Soft")
    s.plug()
    s.run(2000)
    assert s.c.tx is None and not s.csms.sent("StartTransaction")


def test_resets_on_and_on_do_not_put_the_restart_off():
    s = charging()
    kinds = []
    s.station.on_reset = kinds.append
    s.c.stop_ready = False  # nothing comes to an end
    for _ in range(35):
        s.ask("Reset", {"type": "Soft"}, 100)
        s.run(1000, 50)
    assert kinds and kinds[0] == "Soft", kinds


def test_a_hard_reset_overtakes_a_soft_one():
    s = charging()
    kinds = []
    s.station.on_reset = kinds.append
    s.c.stop_ready = False
    s.ask("Reset", {"type": "Soft"})
    s.run(1000)
    assert s.ask("Reset", {"type": "Hard"}) == {"status": "Accepted"}
    s.run(4000)
    assert kinds == ["Hard"]


def test_availability_that_can_not_be_kept_is_not_changed():
    s = up(connectors=2)
    s.station.store.save = lambda name, value: False
    assert s.ask("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {
        "status": "Rejected"
    }
    assert s.ask("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}) == {
        "status": "Rejected"
    }
    s.run(500)
    assert s.c.status == "Available" and s.csms.statuses(1) == s.csms.statuses(0) == []


def test_what_is_made_unavailable_at_once_is_so():
    s = charging()
    s.ask("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    s.station.present("TAG1")
    s.run(500)
    s.ask("ChangeAvailability", {"connectorId": 1, "type": "Operative"})
    assert s.ask("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {
        "status": "Accepted"
    }
    s.run(300)
    assert s.c.status == "Unavailable"


def test_the_same_error_again_is_no_news():
    s = up()
    for _ in range(20):
        s.c.set_error("HighTemperature", "hot", faulted=False)
        s.station.set_error("WeakSignal", faulted=False)
        s.run(100)
    codes = [p["errorCode"] for p in s.csms.sent("StatusNotification")]
    assert sorted(codes) == ["HighTemperature", "WeakSignal"], codes


def test_long_words_of_the_host_do_not_silence_a_connector():
    s = up()
    s.c.note("x" * 80)
    s.c.set_error("Melting", "i" * 80, "v" * 300, "c" * 80)
    s.station.set_error("InternalError", "i" * 80, "v" * 300, "c" * 80)
    s.run(500)
    assert s.csms.statuses(1) == ["Faulted"] and s.csms.statuses(0) == ["Faulted"]


def test_no_answer_to_authorize_because_another_call_blocks_the_line():
    s = up(settings={"AllowOfflineTxForUnknownId": "true", "AuthorizationTimeout": "5"})
    s.csms.answers["DataTransfer"] = None
    s.station.call("DataTransfer", {"vendorId": "x"})
    s.run(100)
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(6000)
    assert s.c.tx


def test_a_card_that_waits_while_the_link_goes_is_judged_offline():
    s = up(settings={"AllowOfflineTxForUnknownId": "true"})
    s.csms.answers["DataTransfer"] = None
    s.station.call("DataTransfer", {"vendorId": "x"})
    s.run(100)
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(200)
    s.connection.disconnect()
    s.run(1000)
    assert s.c.tx
    s.csms.forget()
    s.connection.connect("ocpp1.6")
    s.run(1000)
    assert s.csms.sent("Authorize") == []


def test_a_cache_that_is_not_what_it_should_be():
    for odd in (
        [],
        5,
        {"tag1": 7},
        {"tag1": []},
        {"tag1": ["Accepted", None, "x", None]},
        {"tag1": {"a": 1}, "t2": ["Accepted", None, None, 1]},
        {"tag1": ["Accepted"]},
    ):
        s = up(settings={"LocalPreAuthorize": "true"})
        for n in range(8):
            s.station.store.save("cache%d" % n, odd)
        s.plug()
        s.run(200)
        s.station.present("TAG1")
        s.run(1000)
        assert s.c.tx, odd


def test_state_files_that_are_not_what_they_should_be():
    for odd in ([], 5, "x", {"HeartbeatInterval": 5, "x": []}, [None, "0"], None, True):
        s = Setup()
        for name in ("settings", "availability", "boot", "transactions"):
            s.station.store.save(name, odd)
        t = s.restart()
        t.run(1000)
        assert t.csms.statuses(1) == ["Available"], odd


def test_an_identifier_longer_than_the_protocol_carries_is_no_other_one():
    s = up(settings={"AllowOfflineTxForUnknownId": "true"})
    s.plug()
    s.run(200)
    s.station.present("A" * 21)
    s.run(1000)
    assert s.c.tx is None and s.csms.sent("Authorize") == s.csms.sent("StartTransaction") == []
    s.connection.disconnect()
    s.run(200)
    s.station.present("A" * 21)
    s.run(1000)
    assert s.c.tx is None


def test_identifiers_of_any_script():
    s = up()
    s.charge(1, 'Ää漢字😀"\\')
    s.station.present('Ää漢字😀"\\')
    s.run(500)
    assert len(s.csms.sent("StopTransaction")) == 1
    assert s.csms.sent("StartTransaction")[0]["idTag"] == 'Ää漢字😀"\\'


def test_the_clock_is_set_back_while_charging():
    s = charging(settings={"MeterValueSampleInterval": "5", "ClockAlignedDataInterval": "900"})
    s.run(11000, 50)
    before = len(s.csms.sent("MeterValues"))
    s.clock.set_unix(s.clock.unix() - 7200)
    s.run(11000, 50)
    assert len(s.csms.sent("MeterValues")) >= before + 2
    s.station.present("TAG1")
    s.run(500)
    times = [
        p["timestamp"] for p in s.csms.sent("StartTransaction") + s.csms.sent("StopTransaction")
    ]
    assert times == sorted(times)


def test_huge_settings():
    s = up(settings={"MinimumStatusDuration": "0"})
    for key in (
        "HeartbeatInterval",
        "WebSocketPingInterval",
        "MeterValueSampleInterval",
        "ConnectionTimeOut",
        "TransactionMessageRetryInterval",
        "MaxEnergyOnInvalidId",
    ):
        for value, status in (
            ("2147483647", "Accepted"),
            ("2147483648", "Rejected"),
            ("-1", "Rejected"),
            ("99999999999999999999", "Rejected"),
            ("1e3", "Rejected"),
            ("", "Rejected"),
            ("0x10", "Rejected"),
        ):
            answer = s.ask("ChangeConfiguration", {"key": key, "value": value})
            assert answer == {"status": status}, (key, value, answer)
    s.draw = 10
    s.charge()
    s.run(5000)
    assert s.c.charging_permitted


def test_a_status_that_waits_goes_out_when_the_wait_is_taken_back():
    s = up(settings={"MinimumStatusDuration": "2147483647"})
    s.plug()
    s.run(2000)
    assert s.csms.statuses(1) == []
    assert s.ask("ChangeConfiguration", {"key": "MinimumStatusDuration", "value": "0"}) == {
        "status": "Accepted"
    }
    s.run(500)
    assert s.csms.statuses(1) == ["Preparing"]


def test_a_lock_is_not_opened_under_a_new_session():
    s = up()
    opened = []
    s.station.on_unlock = lambda c: True if opened else None
    done = []
    s.c.unlock(done.append)
    s.run(500)
    s.charge()
    opened.append(1)
    s.run(1000)
    assert s.c.lock_wanted and s.c.charging_permitted and done == ["UnlockFailed"], done


def test_a_lock_is_not_opened_while_the_transaction_does_not_end():
    s = charging()
    s.station.on_unlock = lambda c: True
    s.c.stop_ready = False
    assert s.ask("UnlockConnector", {"connectorId": 1}, 20000) == {"status": "UnlockFailed"}
    assert s.c.lock_wanted and s.c.tx


def test_a_connector_number_that_is_none():
    from support import raises

    s = up(connectors=2)
    for number in (0, -1, 3, 99):
        raises(ValueError, s.station.present, "TAG1", number)
    s.run(500)
    assert s.csms.sent("Authorize") == []
