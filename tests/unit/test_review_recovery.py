# marks: slow
# heap: 3M
"""Restarts in any state, also where the log was damaged."""

from central import Setup

from ocpp import txlog


def charging(settings=None, **more):
    s = Setup(settings=settings, **more)
    s.run(500)
    s.draw = 10
    s.charge()
    s.run(1000)
    return s


def without_start(s, last=None):
    """A new boot whose log has lost the START's record; `last`: what is left of it."""
    t = s.restart()
    original = t.station.log.last

    def damaged(key):
        known = original(key)
        known["data"] = {}
        known["wh"] = known["at"] = last
        return known

    t.station.log.last = damaged
    return t


def test_a_damaged_start_is_ended_not_resumed():
    for policy in ("resume", "stop"):
        s = charging({"OnPowerLoss": policy})
        t = without_start(s)
        t.plug()
        t.run(15000, 50)
        stops = t.csms.sent("StopTransaction")
        assert len(stops) == 1 and stops[0]["transactionId"] == 1, policy
        assert stops[0]["meterStop"] == t.wh[0]
        assert t.c.tx is None and t.station.log.pending() == t.station.log.parked() == 0


def test_who_was_refused_before_the_power_cut_gets_nothing_after_it():
    settings = {"OnPowerLoss": "resume", "StopTransactionOnInvalidId": "false"}
    s = Setup(settings=settings)
    s.csms.answers["StartTransaction"] = {"transactionId": 9, "idTagInfo": {"status": "Invalid"}}
    s.run(500)
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    s.run(2000)
    assert s.c.tx and not s.c.charging_permitted
    t = s.restart()
    t.plug()
    for _ in range(50):
        t.run(50)
        assert not t.c.charging_permitted
    assert t.c.tx and t.c.tx.id == 9


def test_resumed_the_meter_is_read_and_sampled():
    s = charging({"OnPowerLoss": "resume", "MeterValueSampleInterval": "5"})
    t = s.restart()
    t.draw = 10
    t.plug()
    t.run(11000, 50)
    assert t.c.charging_permitted and len(t.csms.sent("MeterValues")) >= 2
    t.station.present("TAG1")
    t.run(1000)
    assert t.csms.sent("StopTransaction")[0]["transactionId"] == 1


def test_a_meter_that_fails_at_boot_does_not_stop_the_recovery():
    s = charging({"OnPowerLoss": "resume"})
    s.run(20000, 50)
    t = s.restart()

    def broken():
        raise OSError(5)

    t.c.bind("energy_wh", broken)
    t.plug()
    t.run(15000, 50)
    assert len(t.csms.sent("StopTransaction")) == 1


def test_restart_while_the_transaction_ends():
    s = charging()
    s.hardware = False  # the contactor takes its time
    s.station.present("TAG1")
    s.run(500)
    assert s.c.tx
    t = s.restart()
    t.run(1000)
    assert len(t.csms.sent("StopTransaction")) == 1 and t.c.tx is None


def test_restart_again_and_again_tells_one_start_and_one_stop():
    s = charging({"AllowOfflineTxForUnknownId": "true"}, online=False)
    for _ in range(4):
        s = s.restart(online=False)
        s.run(300)
    s = s.restart()
    s.run(2000)
    kinds = [a for a in s.csms.actions() if "Transaction" in a]
    assert kinds == ["StartTransaction", "StopTransaction"], kinds


def test_fewer_connectors_than_before():
    s = Setup(connectors=2, settings={"OnPowerLoss": "resume"})
    s.run(500)
    s.charge(2)
    t = Setup(1, s.config["settings"], s.root)
    t.run(1000)
    assert len(t.csms.sent("StopTransaction")) == 1


def test_two_open_transactions_of_one_connector():
    s = charging({"OnPowerLoss": "resume"})
    key = s.station.log.new_key()
    s.station.append(txlog.START, key, {"connector": 1, "id": "B", "wh": 5})
    s.run(500)
    t = s.restart()
    t.plug()
    t.run(2000)
    assert t.c.tx and len(t.csms.sent("StopTransaction")) == 1


def test_boot_reasons_nobody_knows():
    s = charging()
    t = s.restart()
    t.station.boot_reason = "Aliens"
    t.run(1000)
    assert t.csms.sent("StopTransaction")[0]["reason"] == "Other"


def test_flash_that_takes_nothing():
    import ocpp.records as records

    s = Setup(settings={"AllowOfflineTxForUnknownId": "true"})
    s.run(500)
    append, replace = records.append, records.replace

    def full(path, raw):
        raise OSError(28)

    records.append = records.replace = full
    try:
        s.draw = 10
        for n in range(12):  # more than memory holds
            s.connection.disconnect()
            s.charge(1, "TAG1")
            s.run(60000, 200)
            assert s.c.charging_permitted, n
            s.station.present("TAG1")
            s.run(500)
            s.unplug()
            s.run(500)
            s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Accepted"}}
            s.connection.connect("ocpp1.6")
            s.run(200)
            if n == 0:
                s.csms.answers["StartTransaction"] = s.csms.answers["StopTransaction"] = None
    finally:
        records.append, records.replace = append, replace
    assert s.c.status == "Available"
    assert not [e for e in s.station.errors if "failed" in e.info], [
        e.info for e in s.station.errors
    ]
