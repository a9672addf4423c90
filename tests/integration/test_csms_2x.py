"""The CSMS with OCPP 2.0.1 and 2.1 stations."""

import pytest
from csms_process import CSMS, OCPP, TOOLS, VERSIONS_2, exchange, raw_station, run, station

from ocpp.routing import on

pytestmark = pytest.mark.slow

T0, T1, T2 = "2026-01-01T10:00:00Z", "2026-01-01T10:10:00.500Z", "2026-01-01T11:00:00Z"
TOKEN = {"idToken": "DEADBEEF", "type": "ISO14443"}
EVSE = {"id": 1, "connectorId": 1}

both = pytest.mark.parametrize("version", VERSIONS_2)
only21 = pytest.mark.skipif("2.1" not in VERSIONS_2, reason="`ocpp` package without 2.1")


@pytest.fixture(scope="module")
def csms(tmp_path_factory):
    with CSMS(tmp_path_factory.mktemp("csms")) as process:
        yield process
        assert "Traceback" not in process.log()


def event(kind, seq, trigger, tx="tx-1", **more):
    payload = {"eventType": kind, "timestamp": T0, "triggerReason": trigger, "seqNo": seq}
    return {**payload, "transactionInfo": {"transactionId": tx}, **more}


def _status(call):
    return call.StatusNotification(
        timestamp=T0, connector_status="Occupied", evse_id=2, connector_id=1
    )


def _notify_report(call, entry):
    return call.NotifyReport(request_id=1, generated_at=T0, seq_no=0, report_data=[entry])


def energy(wh, **more):
    return [{"timestamp": T1, "sampledValue": [{"value": wh, **more}]}]


async def ask(socket, action, payload):
    """The result of a request."""
    answer = await exchange(socket, 2, "m", action, payload)
    assert answer[:2] == [3, "m"], answer
    return answer[2]


@both
def test_boot_and_status(csms, version):
    call = OCPP[version].call

    async def body():
        async with station(csms, "boot" + version, version) as cp:
            box = {"model": "Sim", "vendorName": "ocppy"}
            boot = await cp.call(call.BootNotification(charging_station=box, reason="PowerUp"))
            assert (boot.status, boot.interval) == ("Accepted", 300)
            await cp.call(_status(call))
            assert (await cp.call(call.Heartbeat())).current_time.endswith("Z")
            return csms.get("/api/stations/boot" + version)

    shown = run(body())
    assert shown["version"] == version
    assert shown["boot"]["chargingStation"] == {"model": "Sim", "vendorName": "ocppy"}
    connector = {"id": 1, "status": "Occupied", "timestamp": T0}
    assert shown["evses"] == [{"id": 2, "connectors": [connector]}]


@both
def test_session_is_stored_once(csms, version):
    id = "tx-" + version

    async def body():
        async with raw_station(csms, "session" + version, version) as socket:
            answer = await ask(socket, "Authorize", {"idToken": TOKEN})
            assert answer == {"idTokenInfo": {"status": "Accepted"}}
            started = event("Started", 0, "Authorized", id, evse=EVSE, idToken=TOKEN)
            started["meterValue"] = energy(1.1, unitOfMeasure={"unit": "Wh", "multiplier": 3})
            updated = event("Updated", 1, "MeterValuePeriodic", id, meterValue=energy(1500))
            updated["transactionInfo"]["chargingState"] = "Charging"
            for message in (started, started, updated, updated):
                answer = await ask(socket, "TransactionEvent", message)
                assert answer == (
                    {"idTokenInfo": {"status": "Accepted"}} if "idToken" in message else {}
                )
            [tx] = csms.get("/api/stations/session" + version)["transactions"]
            assert (tx["id"], tx["energy_wh"], tx["charging_state"]) == (id, 400, "Charging")
            ended = event("Ended", 2, "EVDeparted", id, meterValue=energy(2100), timestamp=T2)
            ended["transactionInfo"]["stoppedReason"] = "EVDisconnected"
            await ask(socket, "TransactionEvent", ended)

    run(body())
    tx = csms.get("/api/transactions/%s" % id)
    assert (tx["evse"], tx["connector"], tx["idTag"], tx["type"]) == (1, 1, "DEADBEEF", "ISO14443")
    assert (tx["start"], tx["stop"], tx["reason"]) == (T0, T2, "EVDisconnected")
    assert (tx["meter_start"], tx["meter_stop"], tx["energy_wh"]) == (1100, 2100, 1000)
    assert [e["seqNo"] for e in tx["events"]] == [0, 1, 2]
    assert len(tx["meter_values"]) == 3
    assert csms.get("/api/stations/session" + version)["transactions"] == []


def test_same_transaction_id_at_two_stations(csms):
    async def body(name):
        async with raw_station(csms, name, "2.0.1") as socket:
            await ask(socket, "TransactionEvent", event("Started", 0, "CablePluggedIn", "same"))

    for name in ("twin1", "twin2"):
        run(body(name))
    for name in ("twin1", "twin2"):
        tx = csms.get("/api/transactions/same?station=" + name)
        assert tx["station"] == name


def test_late_and_lost_events(csms):
    async def body():
        async with raw_station(csms, "late", "2.0.1") as socket:
            await ask(socket, "TransactionEvent", event("Ended", 2, "EVDeparted", "late"))
            await ask(
                socket, "TransactionEvent", event("Updated", 1, "Trigger", "late", offline=True)
            )

    run(body())
    tx = csms.get("/api/transactions/late")
    assert tx["active"] is False
    assert [e["seqNo"] for e in tx["events"]] == [2, 1]


@both
@pytest.mark.parametrize(
    "fields, token, info",
    [
        ({"status": "NoCredit"}, {}, {"status": "NoCredit"}),
        ({"status": "ConcurrentTx"}, {}, {"status": "ConcurrentTx"}),
        ({"status": "Unknown"}, {}, {"status": "Unknown"}),
        ({"type": "eMAID"}, {}, {"status": "Invalid"}),
        ({"type": "iso14443"}, {}, {"status": "Accepted"}),
        (
            {"group": "G"},
            {},
            {"status": "Accepted", "groupIdToken": {"idToken": "G", "type": "Central"}},
        ),
        (
            {"expiry": "2020-01-01T00:00:00Z"},
            {},
            {"status": "Expired", "cacheExpiryDateTime": "2020-01-01T00:00:00Z"},
        ),
        (None, {"idToken": "nobody"}, {"status": "Invalid"}),
        (None, {"idToken": "", "type": "NoAuthorization"}, {"status": "Accepted"}),
        (None, {"idToken": "remote-17", "type": "Central"}, {"status": "Accepted"}),
    ],
)
def test_token_in_the_words_of_2x(csms, version, fields, token, info):
    if fields is not None:
        status, answer = csms.api("PUT", "/api/tokens/Words2", fields)
        assert status == 200, answer

    async def body():
        async with raw_station(csms, "tokens" + version, version) as socket:
            id_token = {"idToken": "WORDS2", "type": "ISO14443", **token}
            assert await ask(socket, "Authorize", {"idToken": id_token}) == {"idTokenInfo": info}

    run(body())


@both
def test_device_model_from_reports_and_calls(csms, version):
    variables = [
        {"component": {"name": "Ctrlr"}, "variable": {"name": "Interval"}, "attributeValue": "10"}
    ]
    result = {k: variables[0][k] for k in ("component", "variable")}

    class ChargePoint(OCPP[version].ChargePoint):
        @on("GetVariables")
        def get_variables(self, **_):
            told = {"attributeStatus": "Accepted", "attributeValue": "9", **result}
            return OCPP[version].call_result.GetVariables(get_variable_result=[told])

        @on("SetVariables")
        def set_variables(self, **_):
            return OCPP[version].call_result.SetVariables(
                set_variable_result=[{"attributeStatus": "Accepted", **result}]
            )

    def model():
        return csms.get("/api/stations/%s" % name)["device_model"]

    name = "model" + version
    report = {
        "component": {"name": "EVSE", "evse": {"id": 1}},
        "variable": {"name": "Power"},
        "variableAttribute": [{"value": "11000", "mutability": "ReadOnly"}],
        "variableCharacteristics": {"dataType": "decimal", "supportsMonitoring": False},
    }

    async def body():
        async with station(csms, name, version, ChargePoint) as cp:
            call = OCPP[version].call
            await cp.call(_notify_report(call, report))
            [entry] = model()
            assert entry["variableAttribute"] == report["variableAttribute"]
            assert entry["variableCharacteristics"]["dataType"] == "decimal"
            query = {"getVariableData": [result]}
            status, answer = await csms.send(name, "GetVariables", query)
            assert (status, answer["result"]["getVariableResult"][0]["attributeValue"]) == (
                200,
                "9",
            )
            assert model()[1]["variableAttribute"] == [{"type": "Actual", "value": "9"}]
            await csms.send(name, "SetVariables", {"setVariableData": variables})
            assert model()[1]["variableAttribute"] == [{"type": "Actual", "value": "10"}]

    run(body())


@both
def test_every_station_request_has_a_valid_answer(csms, version, monkeypatch):
    """Each is sent with the required fields only; the answers were checked before sending."""
    monkeypatch.syspath_prepend(str(TOOLS))
    from csms_app import csms as central
    from csms_app import schemas

    async def body():
        async with raw_station(csms, "all" + version, version) as socket:
            for action in sorted(central.HANDLERS[version]):
                payload = schemas.skeleton(version, action)
                if not schemas.is_confirmed(version, action):
                    continue
                answer = await exchange(socket, 2, action, action, payload)
                assert answer[:2] == [3, action], answer
                schemas.check(version, action, False, answer[2])

    run(body())


@both
@pytest.mark.parametrize(
    "action, payload, code",
    [
        ("Nonsense", {}, "NotImplemented"),
        ("Reset", {"type": "Immediate"}, "NotSupported"),
        ("Heartbeat", {"x": 1}, "FormatViolation"),
        ("StatusNotification", {"timestamp": T0}, "OccurrenceConstraintViolation"),
        ("Authorize", {"idToken": {"idToken": 5, "type": "Local"}}, "TypeConstraintViolation"),
        (
            "NotifyReport",
            {"requestId": 1, "generatedAt": "x", "seqNo": 0},
            "PropertyConstraintViolation",
        ),
        (
            "NotifyReport",
            {"requestId": 1, "generatedAt": T0, "seqNo": 0, "reportData": []},
            "OccurrenceConstraintViolation",
        ),
    ],
)
def test_bad_requests(csms, version, action, payload, code):
    async def body():
        async with raw_station(csms, "bad2", version) as socket:
            assert (await exchange(socket, 2, "x", action, payload))[:3] == [4, "x", code]
            assert (await exchange(socket, 2, "y", "Heartbeat", {}))[:2] == [3, "y"]

    run(body())


@both
def test_a_station_that_is_not_accepted_gets_security_errors(tmp_path, version):
    boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
    report = {"requestId": 1, "generatedAt": T0, "seqNo": 0}
    started = event("Started", 0, "CablePluggedIn")

    async def body(csms, status):
        csms.api("PUT", "/api/stations/cp", {"boot": {"status": status}})
        async with raw_station(csms, "cp", version) as socket:
            assert (await ask(socket, "BootNotification", boot))["status"] == status
            answer = await exchange(socket, 2, "1", "TransactionEvent", started)
            assert answer[:3] == [4, "1", "SecurityError"]
            assert (await exchange(socket, 2, "2", "NotifyReport", report))[0] == 4
            assert (await exchange(socket, 2, "3", "Heartbeat", {}))[0] == 4
            code, answer = await csms.send("cp", "ClearCache", {})
            assert code == 409 and answer["error"].startswith("not allowed: "), answer

    with CSMS(tmp_path) as csms:
        run(body(csms, "Rejected"))
        run(body(csms, "Pending"))
        assert csms.get("/api/transactions") == {"transactions": []}


@only21
def test_transaction_limit_of_a_token(csms):
    limit = {"maxEnergy": 5000, "maxTime": 60}
    assert csms.api("PUT", "/api/tokens/LIMITED", {"limit": limit})[0] == 200

    async def body():
        async with raw_station(csms, "limit", "2.1") as socket:
            token = {"idToken": "LIMITED", "type": "ISO14443"}
            started = event("Started", 0, "Authorized", "limited", evse=EVSE, idToken=token)
            answer = await ask(socket, "TransactionEvent", started)
            assert answer["transactionLimit"] == limit

    run(body())


@only21
def test_unconfirmed_messages(csms):
    stream = {"id": 1, "pending": 0, "basetime": T0, "data": [{"t": 0, "v": "1"}]}

    async def body():
        async with raw_station(csms, "send", "2.1") as socket:
            await socket.send(
                '[6, "s", "NotifyPeriodicEventStream", %s]' % str(stream).replace("'", '"')
            )
            await socket.send('[6, "t", "Heartbeat", {}]')
            await socket.send('[5, "u", "InternalError", "", {}]')
            assert (await exchange(socket, 2, "1", "Heartbeat", {}))[:2] == [3, "1"]
            answer = await exchange(socket, 2, "2", "NotifyPeriodicEventStream", stream)
            assert answer[:3] == [4, "2", "MessageTypeNotSupported"]

    run(body())
    assert "refused our answer: InternalError" in csms.log()
