# marks: slow
# heap: 3M
"""A central system that answers oddly, late, twice, or something else than it was asked."""

import json

from central import Setup

TIME = "2026-11-21T03:00:00Z"


def up(**more):
    s = Setup(**more)
    s.run(500)
    s.csms.forget()
    return s


def started(answer, **more):
    s = up(**more)
    s.csms.answers["StartTransaction"] = answer
    s.draw = 10
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(2000)
    return s


def boot(**fields):
    answer = {"status": "Accepted", "interval": 300, "currentTime": TIME}
    answer.update(fields)
    return answer


def test_intervals_of_all_kinds():
    for interval in (-5, 0, 2147483647, 2**62, 60.0):
        s = Setup()
        s.csms.answers["BootNotification"] = boot(interval=interval)
        s.run(1000)
        assert s.station.registration.accepted, interval
        assert s.csms.statuses(1) == ["Available"]
        s.run(20000, 50)
        assert s.csms.sent("Heartbeat") == [], interval


def test_boot_answers_that_are_none():
    for answer in (
        [],
        {},
        boot(status="Maybe"),
        boot(interval="5"),
        boot(interval=None),
        boot(interval=1.5),
        boot(currentTime=5),
        boot(currentTime="now"),
    ):
        s = Setup()
        s.csms.answers["BootNotification"] = answer
        s.run(1000)
        assert s.station.registration.status is None, answer
        s.csms.answers["BootNotification"] = boot()
        s.run(31000, 50)
        assert s.station.registration.accepted


def test_the_boot_is_sent_again_on_a_new_connection():
    s = Setup()
    s.csms.answers["BootNotification"] = None
    s.run(1000)
    s.connection.disconnect()
    s.run(1000)
    s.csms.answers["BootNotification"] = boot()
    s.connection.connect("ocpp1.6")
    s.run(1000)
    assert s.station.registration.accepted


def test_a_rejected_station_keeps_its_silence_over_a_reconnection():
    s = Setup()
    s.csms.answers["BootNotification"] = boot(status="Rejected", interval=60)
    s.run(1000)
    s.connection.disconnect()
    s.run(1000)
    s.connection.connect("ocpp1.6")
    s.run(5000)
    assert len(s.csms.sent("BootNotification")) == 1


def test_after_days_without_a_link_the_boot_is_sent_at_once():
    for days in (2, 4, 5, 8):
        s = Setup(online=False)
        for _ in range(days * 24):
            s.clock.advance(3600000)
            s.station.loop()
        s.connection.connect("ocpp1.6")
        s.run(1000)
        assert len(s.csms.sent("BootNotification")) == 1, days


def test_heartbeats_do_not_pile_up_when_nobody_answers():
    s = up(settings={"MessageTimeout": "600"})
    s.csms.answers["DataTransfer"] = None
    s.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "1"})
    seen = []
    s.station.call("DataTransfer", {"vendorId": "x"})
    s.run(100)
    s.station.call("DataTransfer", {"vendorId": "y"}, lambda result, error: seen.append(error))
    s.run(60000, 50)
    assert seen == [] and s.station.rpc.dropped == 0
    assert len(s.station.rpc._queue) <= 2


def test_a_start_that_was_taken_is_not_told_twice():
    odd = (
        {"transactionId": 9, "idTagInfo": None},
        {"transactionId": 9},
        {"transactionId": 9, "idTagInfo": {}},
        {"transactionId": 9, "idTagInfo": {"status": "Accepted", "expiryDate": ""}},
        {"transactionId": 9, "idTagInfo": {"status": "Accepted", "parentIdTag": "p" * 30}},
    )
    for answer in odd:
        s = started(answer)
        s.run(70000, 100)
        assert len(s.csms.sent("StartTransaction")) == 1 and s.station.log.parked() == 0, answer
        assert s.c.charging_permitted and s.c.transaction.id == 9
        s.station.present("TAG1")
        s.run(1000)
        assert s.csms.sent("StopTransaction")[0]["transactionId"] == 9


def test_a_status_nobody_knows_is_a_refusal():
    s = started({"transactionId": 9, "idTagInfo": {"status": "NoCredit"}})
    assert s.c.tx is None and s.csms.sent("StopTransaction")[0]["reason"] == "DeAuthorized"
    assert len(s.csms.sent("StartTransaction")) == 1
    s = up(settings={"AllowOfflineTxForUnknownId": "true"})
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "NoCredit"}}
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(1000)
    assert s.c.tx is None


def test_a_start_answered_without_an_id_is_a_failure():
    for answer in (
        {},
        {"transactionId": "abc", "idTagInfo": {"status": "Accepted"}},
        {"transactionId": None, "idTagInfo": {"status": "Accepted"}},
        {"transactionId": 1.5, "idTagInfo": {"status": "Accepted"}},
    ):
        s = started(
            answer,
            settings={"TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "5"},
        )
        s.run(10000, 50)
        assert len(s.csms.sent("StartTransaction")) == 2 and s.station.log.parked() == 1, answer
        s.station.present("TAG1")
        s.run(1000)
        assert s.csms.sent("StopTransaction")[0]["transactionId"] == -1


def test_a_stop_answered_oddly_is_answered():
    for answer in (
        {"idTagInfo": {"status": "Odd"}},
        {"idTagInfo": None},
        {"x": 1},
        {"idTagInfo": 5},
    ):
        s = started({"transactionId": 9, "idTagInfo": {"status": "Accepted"}})
        s.csms.answers["StopTransaction"] = answer
        s.station.present("TAG1")
        s.run(70000, 100)
        assert len(s.csms.sent("StopTransaction")) == 1, answer
        assert s.station.log.pending() == s.station.log.parked() == 0


def test_what_can_not_be_told_is_parked_and_holds_nothing_up():
    from ocpp import txlog

    s = up()
    for data in (
        {"connector": 1},
        {"connector": 1, "id": 5, "wh": 0},
        {"connector": 1, "id": "A", "wh": None},
    ):
        key = s.station.log.new_key()
        s.station.append(txlog.START, key, data)
        s.station.append(txlog.UPDATE, key, {"connector": 1, "values": [["x"]]})
        s.station.append(txlog.END, key, {"wh": None, "why": "Local"})
    s.run(1000)
    s.charge()
    s.run(1000)
    assert [p["idTag"] for p in s.csms.sent("StartTransaction")] == ["TAG1"]
    assert s.station.log.pending() == 0 and s.station.log.parked() == 9


def test_meter_values_our_own_schema_refuses_do_not_hold_up_the_stop():
    s = up(settings={"MeterValuesSampledData": "Voltage", "MeterValueSampleInterval": "2"})
    s.c.measures.append(("Voltage", None, "Hz", "Outlet", lambda: 50))
    s.charge()
    s.run(5000)
    s.station.present("TAG1")
    s.run(1000)
    assert len(s.csms.sent("StopTransaction")) == 1


def test_a_reason_the_protocol_has_not():
    s = up()
    s.charge()
    s.c.end(reason="Bored")
    s.run(1000)
    assert s.csms.sent("StopTransaction")[0]["reason"] == "Other"


def test_a_late_answer_and_a_second_answer_change_nothing():
    s = started(None, settings={"MessageTimeout": "5", "TransactionMessageRetryInterval": "5"})
    first = [f for d, f in s.csms.frames if f[0] == 2 and f[2] == "StartTransaction"][0]
    s.run(5000)
    late = json.dumps([3, first[1], {"transactionId": 4, "idTagInfo": {"status": "Invalid"}}])
    s.connection.far.send(late)
    s.run(500)
    assert s.c.charging_permitted and s.c.transaction.id is None
    s.csms.answers["StartTransaction"] = {"transactionId": 5, "idTagInfo": {"status": "Accepted"}}
    s.run(6000)
    s.connection.far.send(late)
    s.run(500)
    assert s.c.transaction.id == 5 and s.c.charging_permitted


def test_an_answer_to_a_question_of_the_last_connection_is_kept_back():
    s = up()
    tries = []
    s.station.on_unlock = lambda c: True if tries else None
    s.connection.far.send('[2,"old","UnlockConnector",{"connectorId":1}]')
    s.run(300)
    s.connection.disconnect()
    s.run(100)
    s.connection.connect("ocpp1.6")
    s.run(300)
    tries.append(1)
    s.run(500)
    assert "old" not in s.csms.results


def test_error_instead_of_an_answer_with_anything_in_it():
    for frame in (
        '[4,"%s"]',
        '[4,"%s","X"]',
        '[4,"%s",5,5,5]',
        '[4,"%s",null,null,null]',
        '[4,"%s","GenericError","",{},1]',
        '[3,"%s"]',
        '[3,"%s",5]',
        '[3,"%s",[],1]',
    ):
        s = up(settings={"MessageTimeout": "5"})
        s.csms.answers["DataTransfer"] = None
        seen = []
        s.station.call(
            "DataTransfer", {"vendorId": "x"}, lambda *told, seen=seen: seen.append(told)
        )
        s.run(200)
        s.connection.far.send(frame % s.station.rpc.sent.id)
        s.run(6000)
        assert len(seen) == 1 and seen[0][0] is None, (frame, seen)
        assert s.ask("ClearCache", {}) == {"status": "Accepted"}


def test_stop_with_calls_in_the_queue():
    s = up()
    s.charge()
    s.csms.answers["DataTransfer"] = None
    for _ in range(5):
        s.station.call("DataTransfer", {"vendorId": "x"})
    s.run(50)
    s.station.stop()
    s.run(2000)
    assert s.c.tx and not s.station.busy
    s.station.stop()
    s.station.call("DataTransfer", {"vendorId": "x"})
    s.station.present("TAG1")
    s.run(1000)
    assert s.c.tx is None and s.station.log.pending()
