"""TriggerMessage and ExtendedTriggerMessage over a real connection (OCPP 1.6 §5.17)."""

from core16 import charge, make, ready


def trigger(csms, message, number=None, action="TriggerMessage"):
    request = {"requestedMessage": message}
    if number is not None:
        request["connectorId"] = number
    mark = csms.mark()
    return csms.call(action, request)["status"], mark


def test_each_message_follows(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    for action in ("TriggerMessage", "ExtendedTriggerMessage"):
        for message in ("Heartbeat", "MeterValues", "StatusNotification"):
            status, mark = trigger(ocpp_csms, message, None, action)
            assert status == "Accepted", message
            ocpp_csms.wait_for(message, since=mark)
        assert trigger(ocpp_csms, "BootNotification", None, action)[0] == "Rejected"
    status, mark = trigger(ocpp_csms, "StatusNotification")
    for number in (0, 1, 2):
        told = ocpp_csms.wait_for(
            "StatusNotification", lambda p, n=number: p["connectorId"] == n, since=mark
        )
        assert told["status"] == "Available"
    for action, message, sent in (
        ("TriggerMessage", "DiagnosticsStatusNotification", "DiagnosticsStatusNotification"),
        ("TriggerMessage", "FirmwareStatusNotification", "FirmwareStatusNotification"),
        ("ExtendedTriggerMessage", "LogStatusNotification", "LogStatusNotification"),
        (
            "ExtendedTriggerMessage",
            "FirmwareStatusNotification",
            "SignedFirmwareStatusNotification",
        ),
    ):
        status, mark = trigger(ocpp_csms, message, None, action)
        assert status == "Accepted"
        assert ocpp_csms.wait_for(sent, since=mark) == {"status": "Idle"}
    start = charge(cs, ocpp_csms)
    status, mark = trigger(ocpp_csms, "MeterValues", 1)
    values = ocpp_csms.wait_for("MeterValues", since=mark)
    assert values["transactionId"] == start["transactionId"]
    contexts = {v["context"] for v in values["meterValue"][0]["sampledValue"]}
    assert contexts == {"Trigger"}
    assert trigger(ocpp_csms, "StatusNotification", 9)[0] == "Rejected"
    assert trigger(ocpp_csms, "Heartbeat", 9)[0] == "Accepted"


def test_boot_notification_while_pending(ocpp_csms, charger):
    ocpp_csms.facts.boot_status = "Pending"
    ocpp_csms.facts.interval = 3600
    cs = make(charger, ocpp_csms, wait=False)
    ocpp_csms.wait_for("BootNotification")
    ocpp_csms.facts.boot_status = "Accepted"
    status, mark = trigger(ocpp_csms, "BootNotification")
    assert status == "Accepted"
    ocpp_csms.wait_for("BootNotification", since=mark)
    cs.wait_accepted()


def test_what_nobody_knows(ocpp_csms, charger):
    make(charger, ocpp_csms).wait_accepted()
    for action in ("TriggerMessage", "ExtendedTriggerMessage"):
        answer = ocpp_csms.call(action, {"requestedMessage": "StopTransaction"}, check=False)
        assert answer == {"status": "NotImplemented"}
