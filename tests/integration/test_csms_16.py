"""The CSMS with OCPP 1.6 stations."""

import asyncio
import signal

import pytest
from csms_process import CSMS, exchange, raw_station, run, station

from ocpp.v16 import call

pytestmark = pytest.mark.slow

T0, T1, T2 = "2026-01-01T10:00:00Z", "2026-01-01T10:10:00.500Z", "2026-01-01T11:00:00Z"


@pytest.fixture(scope="module")
def csms(tmp_path_factory):
    with CSMS(tmp_path_factory.mktemp("csms")) as process:
        yield process
        assert "Traceback" not in process.log()


def start_call(tag="DEADBEEF", meter=100, at=T0, connector=1):
    return call.StartTransaction(
        connector_id=connector, id_tag=tag, meter_start=meter, timestamp=at
    )


def sample(value, **more):
    return {"timestamp": T1, "sampled_value": [{"value": str(value), **more}]}


def test_boot_heartbeat_and_status(csms):
    async def body():
        async with station(csms, "boot 1/ä") as cp:
            boot = await cp.call(call.BootNotification("Sim", "ocppy"))
            assert (boot.status, boot.interval) == ("Accepted", 300)
            assert boot.current_time.endswith("Z")
            beat = await cp.call(call.Heartbeat())
            assert beat.current_time >= boot.current_time
            await cp.call(call.StatusNotification(0, "NoError", "Available"))
            await cp.call(call.StatusNotification(2, "GroundFailure", "Faulted", info="wet"))
            return csms.get("/api/stations/boot%201%2F%C3%A4")

    shown = run(body())
    assert shown["id"] == "boot 1/ä"
    assert shown["connected"] is True
    assert shown["unknown"] is True
    assert shown["version"] == "1.6"
    assert shown["registration"] == "Accepted"
    assert shown["boot"] == {"chargePointModel": "Sim", "chargePointVendor": "ocppy"}
    assert shown["status"]["status"] == "Available"
    connector = {"id": 1, "status": "Faulted", "error_code": "GroundFailure", "info": "wet"}
    assert shown["evses"] == [{"id": 2, "connectors": [connector]}]


def test_session_is_stored_with_meter_values(csms):
    async def body():
        async with station(csms, "session") as cp:
            assert (await cp.call(call.Authorize("deadbeef"))).id_tag_info == {
                "status": "Accepted"
            }
            started = await cp.call(start_call())
            assert started.id_tag_info["status"] == "Accepted"
            id = started.transaction_id
            values = [
                sample(150),
                sample(0.25, unit="kWh", measurand="Energy.Active.Import.Register"),
            ]
            await cp.call(call.MeterValues(1, values, transaction_id=id))
            current = csms.get("/api/stations/session")["transactions"]
            assert [(t["id"], t["energy_wh"], t["active"]) for t in current] == [(id, 150, True)]
            data = [sample(400, context="Transaction.End")]
            stop = call.StopTransaction(400, T2, id, "Local", "DEADBEEF", data)
            assert (await cp.call(stop)).id_tag_info["status"] == "Accepted"
            return csms.get("/api/transactions/%d" % id)

    tx = run(body())
    assert (tx["station"], tx["evse"], tx["idTag"], tx["version"]) == (
        "session",
        1,
        "DEADBEEF",
        "1.6",
    )
    assert (tx["start"], tx["stop"], tx["active"], tx["reason"]) == (T0, T2, False, "Local")
    assert (tx["meter_start"], tx["meter_stop"], tx["energy_wh"]) == (100, 400, 300)
    values = [v["sampledValue"][0]["value"] for v in tx["meter_values"]]
    assert values == ["150", "0.25", "400"]
    assert csms.get("/api/stations/session")["transactions"] == []


def test_repeated_delivery_keeps_its_identity(csms):
    async def body():
        async with station(csms, "repeat") as cp:
            ids = [(await cp.call(start_call())).transaction_id for _ in range(2)]
            assert ids[0] == ids[1]
            other = (await cp.call(start_call(meter=101))).transaction_id
            assert other > ids[0]
            for _ in range(2):
                await cp.call(call.MeterValues(1, [sample(150)], transaction_id=ids[0]))
                stop = call.StopTransaction(200, T2, ids[0], transaction_data=[sample(200)])
                assert (await cp.call(stop)).id_tag_info is None
            return ids[0]

    tx = csms.get("/api/transactions/%d" % run(body()))
    assert len(tx["meter_values"]) == 2
    assert tx["energy_wh"] == 100
    rows = csms.get("/api/transactions?station=repeat")["transactions"]
    assert len(rows) == 2


@pytest.mark.parametrize("id", [-1, 0, 987654321, 10**25])
def test_stop_of_an_unknown_transaction_is_stored(csms, id):
    async def body():
        async with raw_station(csms, "orphan") as socket:
            payload = {"transactionId": id, "timestamp": T2, "meterStop": 5, "reason": "PowerLoss"}
            for n in "12":
                assert await exchange(socket, 2, n, "StopTransaction", payload) == [3, n, {}]

    run(body())
    tx = csms.get("/api/transactions/%d?station=orphan" % id)
    assert (tx["id"], tx["start"], tx["meter_stop"]) == (id, None, 5)
    assert (tx["reason"], tx["active"], tx["energy_wh"]) == ("PowerLoss", False, None)


def test_a_new_transaction_avoids_an_id_claimed_by_a_stop(csms):
    async def body():
        async with station(csms, "claim") as cp:
            first = (await cp.call(start_call())).transaction_id
            claimed = first + 2  # the stop's own row is first + 1
            await cp.call(call.StopTransaction(9, T2, claimed))
            new = (await cp.call(start_call(meter=7))).transaction_id
            assert new > claimed
            assert csms.get("/api/transactions/%d?station=claim" % claimed)["meter_stop"] == 9

    run(body())


@pytest.mark.parametrize(
    "fields, info",
    [
        ({"status": "Accepted"}, {"status": "Accepted"}),
        ({"status": "Blocked"}, {"status": "Blocked"}),
        ({"status": "ConcurrentTx"}, {"status": "ConcurrentTx"}),
        ({"status": "NoCredit"}, {"status": "Blocked"}),
        ({"status": "NotAtThisTime"}, {"status": "Invalid"}),
        ({"status": "Unknown"}, {"status": "Invalid"}),
        ({"group": "G1"}, {"status": "Accepted", "parentIdTag": "G1"}),
        (
            {"expiry": "2099-01-01T00:00:00Z"},
            {"status": "Accepted", "expiryDate": "2099-01-01T00:00:00Z"},
        ),
        (
            {"expiry": "2020-01-01T00:00:00Z"},
            {"status": "Expired", "expiryDate": "2020-01-01T00:00:00Z"},
        ),
        (
            {"status": "Blocked", "expiry": "2020-01-01T00:00:00Z"},
            {"status": "Blocked", "expiryDate": "2020-01-01T00:00:00Z"},
        ),
    ],
)
def test_token_in_the_words_of_16(csms, fields, info):
    status, token = csms.api("PUT", "/api/tokens/Words16", fields)
    assert status == 200, token

    async def body():
        async with raw_station(csms, "tokens") as socket:
            answer = await exchange(socket, 2, "1", "Authorize", {"idTag": "WORDS16"})
            assert answer == [3, "1", {"idTagInfo": info}]
            start = {"connectorId": 1, "idTag": "words16", "meterStart": 0, "timestamp": T0}
            answer = await exchange(socket, 2, "2", "StartTransaction", start)
            assert answer[2]["idTagInfo"] == info

    run(body())


def test_unlisted_token_is_invalid_but_its_energy_is_stored(csms):
    async def body():
        async with station(csms, "unlisted") as cp:
            assert (await cp.call(call.Authorize("NOBODY"))).id_tag_info == {"status": "Invalid"}
            started = await cp.call(start_call("NOBODY"))
            assert started.id_tag_info == {"status": "Invalid"}
            assert csms.get("/api/transactions/%d" % started.transaction_id)["idTag"] == "NOBODY"

    run(body())


def test_every_other_request_is_answered(csms):
    requests = [
        (call.DataTransfer("com.example", "m", "d"), "UnknownVendorId"),
        (call.DiagnosticsStatusNotification("Uploading"), None),
        (call.FirmwareStatusNotification("Downloading"), None),
        (call.SignedFirmwareStatusNotification("Downloaded", 3), None),
        (call.LogStatusNotification("Idle", 4), None),
        (call.SecurityEventNotification("SettingSystemTime", T0, ""), None),
        (call.SignCertificate("csr"), "Rejected"),
        (call.MeterValues(0, [sample(1)]), None),
    ]

    async def body():
        async with station(csms, "others") as cp:
            for request, status in requests:
                answer = await cp.call(request)
                assert answer is not None, request
                assert getattr(answer, "status", None) == status

    run(body())
    states = csms.get("/api/stations/others")["states"]
    assert states == {"diagnostics": "Uploading", "firmware": "Downloaded", "log": "Idle"}


BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": T0}


@pytest.mark.parametrize(
    "action, payload, code, word",
    [
        ("Nonsense", {}, "NotImplemented", "Nonsense"),
        ("bootNotification", BOOT, "NotImplemented", "bootNotification"),
        ("Reset", {"type": "Soft"}, "NotSupported", "Reset"),
        ("BootNotification", {"chargePointVendor": "V"}, "OccurenceConstraintViolation", "Model"),
        ("BootNotification", {**BOOT, "x": 1}, "FormationViolation", "x"),
        ("BootNotification", [], "FormationViolation", "object"),
        ("BootNotification", {**BOOT, "iccid": 5}, "TypeConstraintViolation", "iccid"),
        ("BootNotification", {**BOOT, "iccid": "5" * 21}, "PropertyConstraintViolation", "iccid"),
        (
            "StartTransaction",
            {**START, "connectorId": True},
            "TypeConstraintViolation",
            "connectorId",
        ),
        (
            "StartTransaction",
            {**START, "timestamp": "now"},
            "PropertyConstraintViolation",
            "timestamp",
        ),
        (
            "StartTransaction",
            {**START, "meterStart": 10**30},
            "PropertyConstraintViolation",
            "large",
        ),
        (
            "StatusNotification",
            {"connectorId": 1, "errorCode": "Error", "status": "Available"},
            "PropertyConstraintViolation",
            "errorCode",
        ),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": [{"timestamp": T0, "sampledValue": [{}]}]},
            "OccurenceConstraintViolation",
            "meterValue[0].sampledValue[0].value",
        ),
    ],
)
def test_bad_requests(csms, action, payload, code, word):
    async def body():
        async with raw_station(csms, "bad16") as socket:
            answer = await exchange(socket, 2, "x", action, payload)
            assert answer[:3] == [4, "x", code]
            assert word in answer[3]
            assert answer[4] == {}
            assert (await exchange(socket, 2, "y", "Heartbeat", {}))[:2] == [3, "y"]

    run(body())


def test_acknowledged_transactions_survive_a_kill(tmp_path):
    async def session(csms):
        async with station(csms, "killed") as cp:
            await cp.call(call.BootNotification("M", "V"))
            id = (await cp.call(start_call())).transaction_id
            await cp.call(call.MeterValues(1, [sample(150)], transaction_id=id))
            await asyncio.to_thread(csms.stop, signal.SIGKILL)
            return id

    async def rest(csms, id):
        async with station(csms, "killed") as cp:
            assert (await cp.call(start_call())).transaction_id == id
            await cp.call(call.StopTransaction(160, T2, id))
            return (await cp.call(start_call(meter=160))).transaction_id

    id = run(session(CSMS(tmp_path)))
    with CSMS(tmp_path) as csms:
        tx = csms.get("/api/transactions/%d" % id)
        assert (tx["active"], tx["energy_wh"], len(tx["meter_values"])) == (True, 50, 1)
        assert run(rest(csms, id)) > id
        assert csms.get("/api/transactions/%d" % id)["energy_wh"] == 60


def test_station_state_and_frames_survive_a_restart(tmp_path):
    async def body(csms):
        async with station(csms, "kept") as cp:
            await cp.call(call.BootNotification("M", "V"))
            await cp.call(call.StatusNotification(1, "NoError", "Charging"))

    with CSMS(tmp_path) as csms:
        run(body(csms))
        before = csms.get("/api/stations/kept/messages")["messages"]
    with CSMS(tmp_path) as csms:
        shown = csms.get("/api/stations/kept")
        assert (shown["connected"], shown["registration"]) == (False, "Accepted")
        assert shown["evses"][0]["connectors"][0]["status"] == "Charging"
        assert csms.get("/api/stations/kept/messages")["messages"] == before
        run(body(csms))
        after = csms.get("/api/stations/kept/messages?after=%d" % before[-1]["n"])["messages"]
        assert [f["frame"][0] for f in after] == [2, 3, 2, 3]


def test_tokens_of_the_configuration_and_of_the_api_survive_a_restart(tmp_path):
    with CSMS(tmp_path) as csms:
        assert csms.api("DELETE", "/api/tokens/DEADBEEF")[0] == 200
        assert csms.api("PUT", "/api/tokens/MINE", {"group": "G"})[0] == 200
    with CSMS(tmp_path, {"tokens": {"BOSS": "Accepted", "GUEST": {"status": "Blocked"}}}) as csms:
        listed = {t["idTag"]: t["status"] for t in csms.get("/api/tokens")["tokens"]}
    assert "DEADBEEF" not in listed
    assert [listed[n] for n in ("MINE", "BOSS", "GUEST")] == ["Accepted", "Accepted", "Blocked"]


def test_a_new_store_holds_only_the_tokens_of_the_configuration(tmp_path):
    config = {"tokens": {"BOSS": "Accepted"}, "unknown_tokens": "Blocked"}

    async def body(csms):
        async with raw_station(csms, "cp1") as socket:
            for tag, status in [("BOSS", "Accepted"), ("DEADBEEF", "Blocked")]:
                answer = await exchange(socket, 2, "1", "Authorize", {"idTag": tag})
                assert answer[2] == {"idTagInfo": {"status": status}}

    with CSMS(tmp_path, config) as csms:
        assert [t["idTag"] for t in csms.get("/api/tokens")["tokens"]] == ["BOSS"]
        run(body(csms))


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_boot_answer_from_the_configuration_and_from_the_api(tmp_path, status):
    async def body(csms):
        async with station(csms, "cp1") as cp:
            boot = await cp.call(call.BootNotification("M", "V"))
            assert (boot.status, boot.interval) == (status, 7)
            assert csms.get("/api/stations/cp1")["registration"] == status
            code, _ = csms.api("PUT", "/api/stations/cp1", {"boot": {"status": "Accepted"}})
            assert code == 200
            boot = await cp.call(call.BootNotification("M", "V"))
            assert (boot.status, boot.interval) == ("Accepted", 7)

    with CSMS(tmp_path, {"boot": {"status": status, "interval": 7}}) as csms:
        run(body(csms))
