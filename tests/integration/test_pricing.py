"""California pricing of OCPP 1.6 over DataTransfer, as the charger process speaks it."""

import json

import pytest
from core16 import charge, make

pytestmark = pytest.mark.slow

VENDOR = "org.openchargealliance.costmsg"


def tell(csms, message, data):
    payload = {"vendorId": VENDOR, "messageId": message, "data": json.dumps(data)}
    return csms.call("DataTransfer", payload)["status"]


def test_a_session_with_its_price(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, settings={"CustomIdleFeeAfterStop": "true"})
    price = {"idToken": "DEADBEEF", "priceText": "0.30 a kWh"}
    assert tell(ocpp_csms, "SetUserPrice", price) == "Accepted"
    start = charge(cs, ocpp_csms)
    id = next(iter(ocpp_csms.facts.transactions))
    cost = {
        "transactionId": id,
        "timestamp": start["timestamp"],
        "meterValue": start["meterStart"],
        "cost": 1.25,
        "state": "Charging",
        "triggerMeterValue": {"atEnergykWh": (start["meterStart"] + 1) / 1000},
    }
    assert tell(ocpp_csms, "RunningCost", cost) == "Accepted"
    cs.wait_until(lambda status: status["connectors"][0]["transaction"].get("cost") == 1.25)
    ocpp_csms.wait_for(
        "MeterValues", lambda p: p["meterValue"][0]["sampledValue"][0].get("context") == "Other"
    )
    cs.card("DEADBEEF", connector=1)
    ocpp_csms.wait_for("StopTransaction")
    assert tell(ocpp_csms, "FinalCost", {"transactionId": id, "cost": 1.5}) == "Accepted"
    cs.act(1, "unplug")
    told = ocpp_csms.wait_for("DataTransfer")
    assert told["vendorId"] == VENDOR and told["messageId"] == "ConnectorUnplugged"
    assert json.loads(told["data"])["transactionId"] == id
