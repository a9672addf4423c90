# heap: 4M
"""TriggerMessage and ExtendedTriggerMessage (OCPP 1.6 §5.17, errata 3.35, 3.46; security
whitepaper §5.5, §6.16)."""

from central import Setup

from ocpp.iso import to_iso
from ocpp.rpc import CallError

BOTH = ("TriggerMessage", "ExtendedTriggerMessage")


def ready(connectors=2, settings=None, **more):
    s = Setup(connectors, settings=settings, **more)
    s.run(500)
    s.csms.forget()
    return s


def ask(s, action, message, number=None):
    payload = {"requestedMessage": message}
    if number is not None:
        payload["connectorId"] = number
    answer = s.ask(action, payload)
    s.run(500)
    return answer["status"] if isinstance(answer, dict) else answer.code


def order(s):
    """What the station sent: actions, and "answer" for its answers."""
    return [frame[2] if frame[0] == 2 else "answer" for _, frame in s.csms.frames]


def test_the_answer_comes_first():
    for action in BOTH:
        for message in ("Heartbeat", "StatusNotification", "MeterValues"):
            s = ready(1)
            assert ask(s, action, message) == "Accepted"
            assert order(s)[:2] == ["answer", message] and set(order(s)[1:]) == {message}


def test_heartbeat_ignores_the_connector_and_sets_the_clock():
    s = ready()
    s.csms.answers["Heartbeat"] = {"currentTime": to_iso(s.csms.time() + 100)}
    assert ask(s, "TriggerMessage", "Heartbeat", 99) == "Accepted"
    assert s.csms.sent("Heartbeat") == [{}]
    assert abs(s.station.clock.unix() - s.csms.time() - 100) < 2


def test_status_of_one_of_the_station_and_of_all():
    for action in BOTH:
        s = ready()
        for number, ids in ((1, [1]), (2, [2]), (0, [0]), (None, [0, 1, 2])):
            s.csms.forget()
            assert ask(s, action, "StatusNotification", number) == "Accepted"
            told = s.csms.sent("StatusNotification")
            assert [p["connectorId"] for p in told] == ids
            assert all(p["status"] == "Available" and p["timestamp"] for p in told)
        for number in (3, -1):
            assert ask(s, action, "StatusNotification", number) == "Rejected"


def test_a_status_is_told_although_it_waits_for_its_duration():
    s = ready(1, {"MinimumStatusDuration": "60"})
    s.plug()
    s.run(500)
    assert s.csms.sent("StatusNotification") == []
    assert ask(s, "TriggerMessage", "StatusNotification", 1) == "Accepted"
    assert s.csms.statuses(1) == ["Preparing"]
    s.run(61000, 50)
    assert s.csms.statuses(1) == ["Preparing"]  # told already


def contexts(payload):
    return {v.get("context") for v in payload["meterValue"][0]["sampledValue"]}


def test_meter_values_are_those_of_the_sampled_data():
    s = ready(settings={"MeterValuesSampledData": "Energy.Active.Import.Register"})
    s.wh[0], s.wh[1] = 111, 222
    for number, wanted in ((1, ["111"]), (None, ["111", "222"]), (0, ["111", "222"])):
        s.csms.forget()
        assert ask(s, "TriggerMessage", "MeterValues", number) == "Accepted"
        told = s.csms.sent("MeterValues")
        assert [p["meterValue"][0]["sampledValue"][0]["value"] for p in told] == wanted
        assert all(contexts(p) == {"Trigger"} and "transactionId" not in p for p in told)
    assert ask(s, "TriggerMessage", "MeterValues", 3) == "Rejected"
    s.charge(2)
    s.csms.forget()
    assert ask(s, "ExtendedTriggerMessage", "MeterValues", 2) == "Accepted"
    assert s.csms.sent("MeterValues")[0]["transactionId"] == 1


def test_no_meter_values_without_a_measurand_or_the_time():
    s = ready(1, {"MeterValuesSampledData": ""})
    assert ask(s, "TriggerMessage", "MeterValues") == "Rejected"
    s = Setup()
    s.csms.answers["BootNotification"] = {
        "status": "Pending",
        "interval": 600,
        "currentTime": "1970-01-01T00:00:00Z",  # not believed
    }
    s.run(500)
    assert ask(s, "TriggerMessage", "MeterValues") == "Rejected"


def test_boot_notification_only_until_accepted():
    s = ready()
    for action in BOTH:
        assert ask(s, action, "BootNotification") == "Rejected"
    s = Setup()
    boot = {"status": "Pending", "interval": 600, "currentTime": to_iso(s.csms.time())}
    s.csms.answers["BootNotification"] = boot
    s.run(500)
    for n in (2, 3):
        assert ask(s, BOTH[n - 2], "BootNotification") == "Accepted"
        assert len(s.csms.sent("BootNotification")) == n
    boot["status"] = "Accepted"
    assert ask(s, "TriggerMessage", "BootNotification") == "Accepted"
    assert s.station.online


def test_messages_while_pending():
    s = Setup()
    boot = {"status": "Pending", "interval": 600, "currentTime": to_iso(s.csms.time())}
    s.csms.answers["BootNotification"] = boot
    s.run(500)
    for message in ("Heartbeat", "StatusNotification", "MeterValues"):
        assert ask(s, "TriggerMessage", message, 1) == "Accepted", message
        assert len(s.csms.sent(message)) == 1, message


def test_what_is_accepted_is_sent_on_the_next_connection():
    s = ready(1)
    s.csms.answers["DataTransfer"] = None  # the way out is blocked
    s.station.call("DataTransfer", {"vendorId": "v"})
    s.run(200)
    assert ask(s, "TriggerMessage", "Heartbeat") == "Accepted"
    assert s.csms.sent("Heartbeat") == []
    s.connection.disconnect()
    s.run(500)
    s.connection.connect("ocpp1.6")
    s.run(1000)
    assert s.csms.sent("Heartbeat") == [{}]


class Op:
    """Stands for the module of an operation."""


def test_the_messages_of_other_parts():
    s = ready(1)
    asked = []
    op = s.station.op

    def stand_in(package, action):
        found = Op()
        if action in ("FirmwareStatusNotification", "SignedFirmwareStatusNotification"):
            found.current = lambda dialect: {"status": "Idle"}
        elif action == "SignCertificate":
            found.triggered = lambda dialect, number: asked.append(number)
        elif action == "LogStatusNotification":
            return None
        else:
            return op(package, action)
        return found

    for action in ("FirmwareStatusNotification", "SignedFirmwareStatusNotification"):
        s.csms.answers[action] = {}
    s.station.op = stand_in
    assert ask(s, "TriggerMessage", "FirmwareStatusNotification") == "Accepted"
    assert ask(s, "ExtendedTriggerMessage", "FirmwareStatusNotification", 1) == "Accepted"
    assert s.csms.sent() == [
        ("FirmwareStatusNotification", {"status": "Idle"}),
        ("SignedFirmwareStatusNotification", {"status": "Idle"}),
    ]
    assert ask(s, "ExtendedTriggerMessage", "SignChargePointCertificate") == "Rejected"
    assert asked == [None]
    assert ask(s, "ExtendedTriggerMessage", "LogStatusNotification") == "NotImplemented"


def test_unknown_messages_and_malformed_requests():
    s = ready(1)
    for action in BOTH:
        assert ask(s, action, "StartTransaction") == "NotImplemented"
        assert ask(s, action, "") == "NotImplemented"
        for wrong in (
            {},
            {"requestedMessage": 5},
            {"requestedMessage": "Heartbeat", "connectorId": "1"},
            {"requestedMessage": "Heartbeat", "more": 1},
        ):
            assert isinstance(s.ask(action, wrong), CallError), wrong
    assert ask(s, "TriggerMessage", "LogStatusNotification") == "NotImplemented"
    s.run(1000)
    assert s.csms.sent() == []
