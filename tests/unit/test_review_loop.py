# marks: slow
# heap: 3M
"""loop() raises nothing, whatever the host's functions or the memory do, and goes on with the
rest."""

from central import Setup


def broken(*_):
    raise OSError(5)


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


def errors(s, connector):
    return [
        p["errorCode"] for p in s.csms.sent("StatusNotification") if p["connectorId"] == connector
    ]


def test_an_input_that_can_not_be_read_stops_the_energy_then_heals():
    s = charging(connectors=2)
    s.c.bind("occupied", broken)
    s.run(500)
    assert s.c.charging_permitted  # a glitch is no reason
    s.run(1500)
    assert not s.c.charging_permitted and s.c.tx
    assert errors(s, 1)[-1] == "InternalError"
    assert len(errors(s, 1)) < 10, errors(s, 1)
    s.plug(2)
    s.run(300)
    assert s.csms.statuses(2)[-1] == "Preparing"  # the other one works
    s.c._bound[-1] = ("occupied", lambda: False)
    s.run(12000)
    assert s.c.charging_permitted and s.c.status == "Charging"
    assert errors(s, 1)[-1] == "NoError"


def test_a_transaction_ends_although_an_input_can_not_be_read():
    s = charging()
    s.c.bind("occupied", broken)
    s.run(3000)
    s.station.present("TAG1")
    s.run(1000)
    assert s.c.tx is None and len(s.csms.sent("StopTransaction")) == 1


def test_a_meter_that_fails_is_a_silent_meter():
    s = charging()
    s.run(3000)
    high = s.c.tx.last_wh
    s.c.bind("energy_wh", broken)
    s.run(2000)
    assert s.c.charging_permitted
    s.station.present("TAG1")
    s.run(1000)
    assert s.csms.sent("StopTransaction")[0]["meterStop"] == high


def test_a_register_that_is_no_whole_number():
    for odd in (float("nan"), float("inf"), "12", (1,)):
        s = charging()
        s.run(1000)
        s.wh[0] = 7.9
        s.draw = 0
        s.run(1000)
        s.wh[0] = odd
        s.run(1000)
        s.station.present("TAG1")
        s.run(1000)
        stop = s.csms.sent("StopTransaction")[0]["meterStop"]
        assert isinstance(stop, int), (odd, stop)


def test_a_measurand_that_is_no_number_is_left_out():
    s = Setup(settings={"MeterValuesSampledData": "Voltage", "MeterValueSampleInterval": "2"})
    s.c.measure("Voltage", lambda: "many")
    s.run(500)
    s.charge()
    s.run(5000)
    assert s.c.charging_permitted and s.csms.sent("MeterValues") == []


def test_an_event_listener_that_fails():
    s = up()
    for event in (
        "Authorized",
        "StartTx",
        "StopTx",
        "Status",
        "Accepted",
        "Aborted",
        "DeAuthorized",
    ):
        s.station.on(event, broken)
    s.draw = 10
    s.charge()
    s.station.present("TAG1")
    s.run(500)
    s.unplug()
    s.run(500)
    assert len(s.csms.sent("StartTransaction")) == len(s.csms.sent("StopTransaction")) == 1
    assert s.c.status == "Available"


def test_a_reset_handler_that_fails_is_a_reset_that_failed():
    s = up(settings={"ResetRetries": "0"})
    s.station.on_reset = broken
    assert s.ask("Reset", {"type": "Soft"}) == {"status": "Accepted"}
    s.run(2000)
    assert errors(s, 0)[-1] == "ResetFailure" and not s.station.resetting


def test_an_unlock_handler_that_fails():
    s = up()
    s.station.on_unlock = broken
    assert s.ask("UnlockConnector", {"connectorId": 1}) == {"status": "UnlockFailed"}


def test_two_unlocks_at_a_time():
    s = charging()
    tries = []
    s.station.on_unlock = lambda c: None if len(tries) < 3 and not tries.append(1) else True
    done = []
    s.c.unlock(done.append)
    assert s.ask("UnlockConnector", {"connectorId": 1}, 2000) == {"status": "Unlocked"}
    s.run(500)
    assert done == ["Unlocked"] and len(s.csms.sent("StopTransaction")) == 1


def test_a_settings_watcher_that_fails():
    s = Setup()
    s.station.settings.watch("HeartbeatInterval", broken)
    s.csms.answers["BootNotification"] = {
        "status": "Accepted",
        "interval": 77,
        "currentTime": "2026-11-21T03:00:00Z",
    }
    s.run(1000)
    assert s.csms.statuses(1) == ["Available"]
    assert s.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "5"}) == {
        "status": "Accepted"
    }


def test_a_data_transfer_handler_that_fails():
    s = up()
    s.station.on_data("v", None, broken)
    assert s.ask("DataTransfer", {"vendorId": "v"}).code == "InternalError"
    s.station.on_data("v", None, lambda data: ("Accepted", None))
    assert s.ask("DataTransfer", {"vendorId": "v"}) == {"status": "Accepted"}


def test_a_connection_that_fails_is_dialled_anew():
    s = up()
    step = s.connection.step
    drops = []
    s.connection.step = broken
    s.connection.drop = lambda: drops.append(1)
    for _ in range(20):
        s.station.loop()
    s.connection.step = step
    assert drops
    s.plug()
    s.run(500)
    assert s.csms.statuses(1) == ["Preparing"]


def test_part_of_the_tick_that_fails_is_reported_once_and_the_rest_goes_on():
    s = charging()
    healthy = s.station.registration.step
    s.station.registration.step = broken
    s.run(3000)
    assert errors(s, 0) == ["InternalError"], errors(s, 0)
    s.station.present("TAG1")
    s.run(500)
    assert len(s.csms.sent("StopTransaction")) == 1 and s.c.status == "Finishing"
    s.station.registration.step = healthy
    s.run(65000, 50)
    assert errors(s, 0)[-1] == "NoError"


def test_no_memory_for_a_frame():
    s = up()
    from ocpp import strictjson

    loads = strictjson.loads

    def full(text):
        raise MemoryError

    strictjson.loads = full
    s.connection.far.send('[2,"m1","ClearCache",{}]')
    for _ in range(5):
        s.station.loop()
    strictjson.loads = loads
    s.run(300)
    assert s.csms.results["m1"].code == "InternalError"
    assert s.ask("ClearCache", {}) == {"status": "Accepted"}


def test_compaction_that_fails_is_tried_again():
    s = up()
    log = s.station.log
    runs = []

    def failing():
        runs.append(1)
        yield
        raise MemoryError

    type(log).needs_compact = True
    s.station.log.compact = failing
    try:
        s.run(1000)
    finally:
        type(log).needs_compact = False
    assert len(runs) > 1


def test_a_start_that_can_not_be_written_down_gives_no_energy():
    s = up()
    append = s.station.append

    def full(kind, key, data, stamp=None):
        raise MemoryError

    s.station.append = full
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    for _ in range(50):
        s.run(20)
        assert not s.c.charging_permitted and s.c.tx is None
    s.station.append = append


def test_an_end_that_can_not_be_written_down_is_tried_again():
    s = charging()
    append = s.station.append
    left = [3]

    def full(kind, key, data, stamp=None):
        if left[0]:
            left[0] -= 1
            raise MemoryError
        append(kind, key, data, stamp)

    s.station.append = full
    s.station.present("TAG1")
    s.run(2000)
    assert len(s.csms.sent("StopTransaction")) == 1 and s.c.tx is None
    assert not s.station.log.open_transactions()


def test_a_start_that_fails_half_way_gives_no_energy():
    s = up()
    wanted = s.station.dialect.transaction_id
    s.station.dialect.transaction_id = broken
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    for _ in range(20):
        s.run(50)
        assert not s.c.charging_permitted and s.c.tx is None
    s.station.dialect.transaction_id = wanted
    s.run(15000)
    assert s.c.charging_permitted and len(s.csms.sent("StartTransaction")) == 1
