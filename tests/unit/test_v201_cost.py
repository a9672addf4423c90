# marks: slow
# heap: 4M
"""Prices and costs: OCPP 2.0.1 I, with the customData of California; the same over 1.6."""

import json

from central import NOW, Setup
from test_session201 import setup201

from ocpp.iso import to_iso
from ocpp.rpc import CallError

COST = "org.openchargealliance.costmsg"


def wired(s):
    s.told = []
    s.station.on_price = lambda c, told: s.told.append((c and c.id, told))
    return s


def up16(**more):
    s = wired(Setup(**more))
    s.run(500)
    return s


def transfer(s, message, data, vendor=COST):
    text = data if isinstance(data, str) else json.dumps(data)
    payload = {"vendorId": vendor, "messageId": message, "data": text}
    return s.ask("DataTransfer", payload, 3000)["status"]


# -- 2.0.1 --


def test_i02_running_cost():
    s = wired(setup201(connectors=2))
    assert s.ask("CostUpdated", {"totalCost": 1, "transactionId": "none"}) == {}
    assert s.told == []
    s.charge(2)
    request = {"totalCost": 1.25, "transactionId": s.station.connectors[1].tx.id}
    assert s.ask("CostUpdated", request) == {}
    assert s.told == [(2, {"kind": "running", "cost": 1.25})]
    s.run(1000)
    assert "pricing" not in s.station._parts
    s.station.on_price = None
    assert s.ask("CostUpdated", request).code == "NotSupported"


def test_cost_updated_bad_fields():
    s = wired(setup201())
    for payload in (
        {},
        {"totalCost": 1},
        {"totalCost": "1", "transactionId": "x"},
        {"totalCost": 1, "transactionId": 5},
        {"totalCost": 1, "transactionId": "x" * 37},
        {"totalCost": 1, "transactionId": "x", "more": 1},
    ):
        assert s.ask("CostUpdated", payload).code.endswith("Violation"), payload


def test_i01_i03_price_of_an_identifier_and_final_cost():
    s = wired(setup201())
    message = {"format": "UTF8", "language": "en", "content": "0.30 a kWh"}
    extra = [{"format": "UTF8", "language": "de", "content": "0,30 je kWh"}]
    custom = {"vendorId": "org.openchargealliance.multilanguage", "personalMessageExtra": extra}
    info = {"status": "Accepted", "personalMessage": message, "customData": custom}
    info["language1"] = "de"
    s.csms.answers["Authorize"] = {"idTokenInfo": info}

    def event(p):
        if p["eventType"] == "Ended":
            return {"totalCost": 7.5, "updatedPersonalMessage": message}
        return {"totalCost": 0.5} if p["eventType"] == "Updated" else {}

    s.csms.answers["TransactionEvent"] = event
    s.charge()
    assert s.told[0] == (
        None,
        {
            "kind": "user",
            "id_token": "TAG1",
            "text": "0.30 a kWh",
            "language": "en",
            "texts": extra,
            "languages": ["de"],
        },
    )
    s.station.present("TAG1", 1)
    s.run(2000)
    assert s.told[-1][1]["cost"] == 7.5 and s.told[-1][1]["kind"] == "final", s.told
    assert s.told[-1][1]["text"] == "0.30 a kWh"
    assert ("running", 0.5) in [(t["kind"], t.get("cost")) for _, t in s.told]


def test_i04_no_cost_at_the_end():
    s = wired(setup201(settings={"TariffCostCtrlr.TotalCostFallbackMessage": "See your bill"}))
    s.charge()
    s.station.present("TAG1", 1)
    s.run(2000)
    assert s.told == [(None, {"kind": "final", "text": "See your bill"})], s.told


def test_i05_no_tariff_of_ones_own():
    s = wired(setup201(settings={"TariffCostCtrlr.TariffFallbackMessage": "0.50 a kWh"}))
    s.charge()
    assert s.told == [(None, {"kind": "user", "id_token": "TAG1", "text": "0.50 a kWh"})], s.told
    s = wired(setup201(settings={"TariffCostCtrlr.TariffFallbackMessage": "0.50 a kWh"}))
    s.csms.answers["Authorize"] = {"idTokenInfo": {"status": "Invalid"}}
    s.plug()
    s.run(200)
    s.station.present("TAG1", 1)
    s.run(1000)
    assert s.told == []


def test_california_in_custom_data():
    s = wired(setup201(settings={"MeterValueSampleInterval": "0"}))
    s.charge()
    s.draw = 10
    custom = {
        "vendorId": COST,
        "timestamp": to_iso(NOW),
        "state": "Charging",
        "chargingPrice": {"kWhPrice": 0.3},
        "triggerMeterValue": {"atTime": to_iso(s.station.clock.unix() + 20)},
    }
    request = {"totalCost": 2, "transactionId": s.c.tx.id, "customData": custom}
    s.csms.forget()
    assert s.ask("CostUpdated", request) == {}
    told = s.told[-1][1]
    assert told["state"] == "Charging" and told["chargingPrice"] == {"kWhPrice": 0.3}, told
    s.run(19000, 50)
    assert s.csms.sent("TransactionEvent") == []
    s.run(3000, 50)
    event = s.csms.sent("TransactionEvent")[0]
    assert event["triggerReason"] == "Trigger", event
    assert event["meterValue"][0]["sampledValue"][0]["context"] == "Other"


# -- 1.6 --


def test_user_price_16():
    s = up16()
    extra = [{"format": "UTF8", "language": "nl", "content": "duur"}]
    price = {"idToken": "TAG1", "priceText": "dear", "priceTextExtra": extra}
    assert transfer(s, "SetUserPrice", price) == "Accepted"
    assert s.told == [(None, {"kind": "user", "id_token": "TAG1", "text": "dear", "texts": extra})]


def test_authorization_waits_for_the_price():
    s = up16(settings={"WaitForSetUserPriceTimeout": "5000"})
    s.plug()
    s.run(200)
    s.station.present("TAG1", 1)
    s.run(2000)
    assert s.c.authorized is None and len(s.csms.sent("Authorize")) == 1
    assert transfer(s, "SetUserPrice", {"idToken": "TAG1", "priceText": "x"}) == "Accepted"
    s.run(500)
    assert s.c.authorized == "TAG1"
    s.station.present("TAG1", 1)
    s.run(500)
    s.unplug()
    s.run(500)
    s.plug()
    s.run(200)
    s.station.present("TAG2", 1)  # no price for this one: in the end it goes on
    s.run(4000)
    assert s.c.authorized is None
    s.run(2000)
    assert s.c.authorized == "TAG2"


def test_the_usual_price_where_none_is_told():
    settings = {
        "WaitForSetUserPriceTimeout": "1000",
        "DefaultPrice": json.dumps({"priceText": "dear"}),
    }
    s = up16(settings=settings)
    s.charge()
    s.run(2000)
    assert s.told == [(None, {"kind": "user", "id_token": "TAG1", "text": "dear"})], s.told
    settings["DefaultPriceText,nl"] = json.dumps({"priceText": "duur"})
    settings["Language"] = "nl"
    s = up16(settings=settings)
    s.charge()
    s.run(2000)
    assert s.told[0][1]["text"] == "duur", s.told


def test_a_price_that_came_before():
    s = up16(settings={"WaitForSetUserPriceTimeout": "5000"})
    transfer(s, "SetUserPrice", {"idToken": "TAG1", "priceText": "x"})
    s.charge()
    assert s.c.authorized == "TAG1"


def running(s, **more):
    told = {
        "transactionId": s.c.tx.id,
        "timestamp": to_iso(NOW),
        "meterValue": 10,
        "cost": 1.5,
        "state": "Charging",
    }
    return transfer(s, "RunningCost", dict(told, **more))


def test_running_and_final_cost_16():
    s = up16()
    s.charge()
    s.run(500)
    assert running(s, chargingPrice={"kWhPrice": 0.2}) == "Accepted"
    connector, told = s.told[-1]
    assert connector == 1 and told["kind"] == "running" and told["cost"] == 1.5, told
    assert told["chargingPrice"] == {"kWhPrice": 0.2}
    tx = s.c.tx.id
    s.station.present("TAG1", 1)
    s.run(1500)
    final = {"transactionId": tx, "cost": 3.0, "priceText": "3 $", "qrCodeText": "https://x"}
    assert transfer(s, "FinalCost", final) == "Accepted"
    connector, told = s.told[-1]
    assert told["kind"] == "final" and told["text"] == "3 $" and told["qrCodeText"], told


def contexts(s):
    return [p["meterValue"][0]["sampledValue"][0]["context"] for p in s.csms.sent("MeterValues")]


def test_meter_values_at_the_moments_named():
    s = up16(settings={"MeterValueSampleInterval": "0"})
    power = [0]
    s.c.measure("Power.Active.Import", lambda: power[0])
    s.charge()
    s.run(500)
    s.csms.forget()
    trigger = {
        "atTime": to_iso(s.station.clock.unix() + 10),
        "atEnergykWh": 0.05,
        "atPowerkW": 8,
        "atCPStatus": ["SuspendedEV", "Finishing"],
    }
    assert running(s, triggerMeterValue=trigger) == "Accepted"
    s.run(9000, 50)
    assert contexts(s) == []
    s.run(2000, 50)
    assert contexts(s) == ["Other"]
    s.wh[0] = 49
    s.run(1000, 50)
    s.wh[0] = 50
    s.run(2000, 50)
    assert len(contexts(s)) == 2
    for watts, count in ((7900, 2), (8100, 2), (9000, 3), (9100, 3), (7900, 3), (5000, 4)):
        power[0] = watts
        s.run(1500, 50)
        assert len(contexts(s)) == count, (watts, contexts(s))
    s.c.ev_ready = False
    s.run(2000, 50)
    assert s.c.status == "SuspendedEV" and len(contexts(s)) == 5
    s.station.present("TAG1", 1)
    s.run(2000, 50)
    assert s.c.status == "Finishing" and len(contexts(s)) == 6
    s.unplug()
    s.run(1000)
    assert "pricing" not in s.station._parts


def test_idle_fee_after_the_stop():
    s = up16(settings={"CustomIdleFeeAfterStop": "true"})
    s.charge()
    s.run(500)
    tx = s.c.tx.id
    assert running(s) == "Accepted"
    s.station.present("TAG1", 1)
    s.run(3000)
    assert s.csms.sent("DataTransfer") == []
    s.unplug()
    s.run(1000)
    (told,) = s.csms.sent("DataTransfer")
    assert told["vendorId"] == COST and told["messageId"] == "ConnectorUnplugged"
    data = json.loads(told["data"])
    assert data["transactionId"] == tx and data["timestamp"][:10] == to_iso(NOW)[:10]


def test_what_is_refused():
    s = up16()
    s.charge()
    s.run(500)
    for message, data in (
        ("SetUserPrice", "{"),
        ("SetUserPrice", "[]"),
        ("SetUserPrice", {"priceText": "x"}),
        ("SetUserPrice", {"idToken": "x"}),
        ("SetUserPrice", {"idToken": 5, "priceText": "x"}),
        ("RunningCost", {"cost": 1}),
        ("RunningCost", {"transactionId": s.c.tx.id + 1, "cost": 1}),
        ("RunningCost", {"transactionId": s.c.tx.id, "cost": "1"}),
        ("RunningCost", {"transactionId": s.c.tx.id, "cost": 1, "triggerMeterValue": 5}),
        (
            "RunningCost",
            {"transactionId": s.c.tx.id, "cost": 1, "triggerMeterValue": {"atTime": "x"}},
        ),
        ("FinalCost", {"cost": 1}),
        ("FinalCost", {"transactionId": 1, "cost": -1}),
        ("FinalCost", ""),
    ):
        assert transfer(s, message, data) == "Rejected", (message, data)
    assert s.told == []
    assert transfer(s, "Other", {}) == "UnknownMessageId"
    assert s.ask("DataTransfer", {"vendorId": COST})["status"] == "UnknownMessageId"
    s.station.settings.force("CustomDisplayCostAndPrice", "false")
    assert transfer(s, "SetUserPrice", {"idToken": "x", "priceText": "x"}) == "UnknownVendorId"


def test_keys_of_1_6():
    s = up16()
    keys = (
        "CustomDisplayCostAndPrice NumberOfDecimalsForCostValues DefaultPrice DefaultPriceText"
        " TimeOffset NextTimeOffsetTransitionDateTime TimeOffsetNextTransition"
        " CustomIdleFeeAfterStop SupportedLanguages CustomMultiLanguageMessages Language"
        " WaitForSetUserPriceTimeout ISO15118PnCEnabled ContractValidationOffline"
        " CentralContractValidationAllowed ISO15118CertificateManagementEnabled"
        " CertSigningWaitMinimum CertSigningRepeatTimes DefaultPriceText,nl"
    ).split()
    answer = s.ask("GetConfiguration", {"key": keys}, 3000)
    assert answer.get("unknownKey", []) == [], answer
    assert len(answer["configurationKey"]) == len(keys)

    def change(key, value):
        return s.ask("ChangeConfiguration", {"key": key, "value": value})["status"]

    price = json.dumps({"priceText": "5 ct", "priceTextOffline": "?"})
    assert change("DefaultPriceText,nl", price) == "Accepted"
    assert change("DefaultPriceText,xx", price) == "NotSupported"
    assert change("DefaultPrice", "five") == "Rejected"
    assert change("DefaultPrice", price) == "Accepted"
    assert change("WaitForSetUserPriceTimeout", "30001") == "Rejected"
    assert change("SupportedLanguages", "xx") == "Rejected" and CallError
    assert s.station.settings.get("DefaultPriceText,nl") == price
