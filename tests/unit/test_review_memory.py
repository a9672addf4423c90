# heap: 3M
"""No memory for a moment, at any place: nothing is stuck afterwards, nothing is given up."""

from central import Setup


class Once:
    """Has the method `name` of an object fail `times` times."""

    def __init__(self, obj, name, times=1, error=MemoryError):
        self.left = times
        self._fn = getattr(obj, name)
        self._error = error
        setattr(obj, name, self)

    def __call__(self, *arguments, **named):
        if self.left:
            self.left -= 1
            raise self._error
        return self._fn(*arguments, **named)


def up(**more):
    s = Setup(**more)
    s.run(500)
    s.csms.forget()
    return s


def test_a_card_can_be_held_again():
    for where in ("authorize", "offline"):
        s = up(settings={"AllowOfflineTxForUnknownId": "true", "AuthorizationTimeout": "5"})
        if where == "authorize":
            once = Once(s.station.dialect, "authorize")
        else:
            s.csms.answers["Authorize"] = None
            once = Once(s.station.authorization, "offline")
        s.plug()
        s.run(200)
        try:
            s.station.present("TAG1")
        except MemoryError:
            pass  # told to whoever reads the card
        s.run(11000)
        assert once.left == 0 and s.c.tx is None, where
        s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Accepted"}}
        s.station.present("TAG1")
        s.run(1000)
        assert s.c.tx, where


def test_the_boot_is_tried_again():
    s = Setup(online=False)
    once = Once(s.station.dialect, "boot")
    s.connection.connect("ocpp1.6")
    s.run(150000, 50)
    assert once.left == 0 and s.station.registration.accepted
    assert len(s.csms.sent("BootNotification")) == 1


def test_heartbeats_go_on():
    s = up()
    s.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "5"})
    once = Once(s.station.dialect, "heartbeat")
    s.run(150000, 50)
    assert once.left == 0
    s.csms.forget()
    s.run(16000, 50)
    assert len(s.csms.sent("Heartbeat")) >= 3


def test_a_transaction_message_is_not_given_up():
    s = up(settings={"TransactionMessageRetryInterval": "5"})
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    while not s.c.tx:
        s.run(10)
    check = s.station.rpc.check
    failed = []

    def full(action, is_request, payload, lenient):
        if action == "StartTransaction" and not failed:
            failed.append(1)
            raise MemoryError
        check(action, is_request, payload, lenient)

    s.station.rpc.check = full
    s.run(20000, 50)
    assert failed and s.station.log.parked() == 0
    assert len(s.csms.sent("StartTransaction")) == 1


def test_a_status_that_can_not_be_told_is_tried_once():
    s = up()
    count = [0]

    def status(*_):
        count[0] += 1
        return "StatusNotification", {"connectorId": "x"}

    s.station.dialect.status = status
    s.plug()
    s.run(5000)
    assert count[0] == 1, count
    del s.station.dialect.status
    s.unplug()
    s.run(500)
    assert s.csms.statuses(1) == ["Available"]


def test_the_answer_to_a_start_counts_although_what_follows_fails():
    s = up(settings={"TransactionMessageRetryInterval": "5"})
    s.plug()
    s.run(200)
    s.station.present("TAG1")
    while not s.c.tx:
        s.run(10)
    s.station.authorization.busy = True  # or it were let go, and with it what fails
    once = Once(s.station.authorization, "learn")
    s.run(20000, 50)
    assert once.left == 0 and s.station.log.pending() == 0
    assert len(s.csms.sent("StartTransaction")) <= 2
    s.station.present("TAG1")
    s.run(1000)
    assert len(s.csms.sent("StopTransaction")) == 1
