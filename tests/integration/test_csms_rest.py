"""The CSMS's HTTP API."""

import asyncio
import json
import urllib.parse
import urllib.request

import pytest
import websockets
from csms_process import CSMS, basic, exchange, raw_station, run, until
from patience import patient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def csms(tmp_path_factory):
    with CSMS(tmp_path_factory.mktemp("csms")) as process:
        yield process
        assert "Traceback" not in process.log()


async def answer_next(socket, *answer):
    """Take the CSMS's next CALL, answer it. `answer`: [type, ...] without the message id."""
    frame = json.loads(await asyncio.wait_for(socket.recv(), 10))
    if answer:
        await socket.send(json.dumps([answer[0], frame[1], *answer[1:]]))
    return frame


async def call_and_answer(csms, id, action, payload, *answer):
    """(the frame the station got, (status, API answer)) of a CALL that gets `answer`."""
    async with raw_station(csms, id) as socket:
        sent = asyncio.ensure_future(csms.send(id, action, payload))
        frame = await answer_next(socket, *answer)
        return frame, await sent


def test_call_with_a_result(csms):
    asked = {"key": ["HeartbeatInterval"]}
    result = {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "7"}]}
    frame, answer = run(call_and_answer(csms, "c1", "GetConfiguration", asked, 3, result))
    assert (frame[0], frame[2:]) == (2, ["GetConfiguration", asked])
    assert answer == (200, {"result": result})
    assert csms.get("/api/stations/c1")["configuration"] == result["configurationKey"]


def test_call_with_an_error(csms):
    error = [4, "NotSupported", "no lock", {"a": 1}]
    _, answer = run(call_and_answer(csms, "c1", "UnlockConnector", {"connectorId": 1}, *error))
    error = {"code": "NotSupported", "description": "no lock", "details": {"a": 1}}
    assert answer == (200, {"error": error})


def test_call_with_an_answer_against_the_schema_is_flagged(csms):
    _, answer = run(call_and_answer(csms, "c1", "Reset", {"type": "Soft"}, 3, {"status": "Maybe"}))
    assert answer == (200, {"result": {"status": "Maybe"}})
    assert "answer to Reset violates the schema: status: 'Maybe'" in csms.log()


def test_call_without_a_body_sends_an_empty_payload(csms):
    async def body():
        async with raw_station(csms, "c1") as socket:
            path = "/api/stations/c1/call/ClearCache"
            sent = asyncio.ensure_future(asyncio.to_thread(csms.request, "POST", path))
            frame = await answer_next(socket, 3, {"status": "Accepted"})
            assert frame[3] == {}
            return await sent

    assert run(body()) == (200, {"result": {"status": "Accepted"}})


def test_second_call_is_refused_while_one_is_open(csms):
    async def body():
        async with raw_station(csms, "busy") as socket:
            first = asyncio.ensure_future(csms.send("busy", "ClearCache", {}))
            frame = json.loads(await socket.recv())
            status, answer = await csms.send("busy", "ClearCache", {})
            assert status == 409
            assert "ClearCache" in answer["error"]
            # Its own requests are answered meanwhile, and a foreign answer ends nothing.
            assert (await exchange(socket, 2, "h", "Heartbeat", {}))[:2] == [3, "h"]
            await socket.send('[3, "foreign", {"status": "Rejected"}]')
            await socket.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
            assert await first == (200, {"result": {"status": "Accepted"}})

    run(body())


def test_no_answer(csms):
    async def body():
        async with raw_station(csms, "mute") as socket:
            status, answer = await csms.send("mute", "ClearCache", {}, "?timeout=0.2")
            assert (status, "ClearCache" in answer["error"]) == (504, True)
            late = json.loads(await socket.recv())
            await socket.send(json.dumps([3, late[1], {"status": "Rejected"}]))
            sent = asyncio.ensure_future(csms.send("mute", "ClearCache", {}))
            await answer_next(socket, 3, {"status": "Accepted"})
            assert await sent == (200, {"result": {"status": "Accepted"}})

    run(body())


def test_offline(csms):
    async def body():
        async with raw_station(csms, "gone") as socket:
            sent = asyncio.ensure_future(csms.send("gone", "ClearCache", {}))
            await socket.recv()
        assert (await sent)[0] == 503
        await until(lambda: not csms.get("/api/stations/gone")["connected"])
        assert (await csms.send("gone", "ClearCache", {}))[0] == 503

    run(body())
    assert csms.api("PUT", "/api/stations/never", {})[0] == 200
    assert csms.api("POST", "/api/stations/never/call/Reset", {})[0] == 503


@pytest.mark.parametrize(
    "action, payload, status, word",
    [
        ("Reset", {"type": "Firm"}, 400, "type: 'Firm' is not one of Hard, Soft"),
        ("Reset", {}, 400, "type: is missing"),
        ("Reset", {"type": "Soft", "typ": 1}, 400, "typ: is not a field"),
        ("UnlockConnector", {"connectorId": "1"}, 400, "connectorId: '1' is not of type integer"),
        (
            "SetChargingProfile",
            {"connectorId": 0, "csChargingProfiles": {"chargingProfileId": 1.5}},
            400,
            "csChargingProfiles.chargingProfileId",
        ),
        ("reset", {}, 404, "did you mean Reset?"),
        ("Nonsense", {}, 404, "Nonsense"),
    ],
)
def test_the_payload_is_checked_first(csms, action, payload, status, word):
    async def body():
        async with raw_station(csms, "check") as socket:
            got, answer = await csms.send("check", action, payload)
            assert (got, word in answer["error"]) == (status, True), answer
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(socket.recv(), 0.05)

    run(body())


def test_limits_of_one_decimal_are_valid(csms):
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 4.1}],
        },
    }
    payload = {"connectorId": 1, "csChargingProfiles": profile}
    accepted = [3, {"status": "Accepted"}]
    frame, answer = run(call_and_answer(csms, "c1", "SetChargingProfile", payload, *accepted))
    assert (frame[3], answer[0]) == (payload, 200)
    profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = 4.15

    async def body():
        async with raw_station(csms, "c1"):
            return await csms.send("c1", "SetChargingProfile", payload)

    status, answer = run(body())
    assert (status, "chargingSchedulePeriod[0].limit" in answer["error"]) == (400, True)


def test_unchecked_call_for_the_bench(csms):
    async def body():
        async with raw_station(csms, "c1") as socket:
            sent = asyncio.ensure_future(csms.send("c1", "Nonsense", {"a": 1}, "?check=0"))
            frame = await answer_next(socket, 4, "NotImplemented", "", {})
            assert frame[2:] == ["Nonsense", {"a": 1}]
            assert (await sent)[1]["error"]["code"] == "NotImplemented"

    run(body())


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/api/stations/nobody", 404),
        ("GET", "/api/stations/nobody/messages", 404),
        ("POST", "/api/stations/nobody/call/Reset", 404),
        ("GET", "/api/transactions/99999", 404),
        ("GET", "/api/tokens/nobody", 404),
        ("DELETE", "/api/tokens/nobody", 404),
        ("GET", "/api/actions/3.0", 404),
        ("GET", "/api", 404),
        ("GET", "/../main.py", 404),
        ("DELETE", "/api/stations", 405),
        ("POST", "/api/tokens/A", 405),
        ("GET", "/api/stations/x/call/Reset", 405),
        ("PUT", "/api/stations/" + "x" * 49, 400),
        ("PUT", "/api/stations/a%0Ab", 400),
        ("PUT", "/api/tokens/" + "x" * 256, 400),
    ],
)
def test_wrong_paths_and_methods(csms, method, path, status):
    got, answer = csms.request(method, path)
    assert got == status
    assert list(answer) == ["error"]


@pytest.mark.parametrize(
    "data",
    [b"{", b"[]", b'"x"', b"\xff\xfe", b'{"status": NaN}', b'{"group": "\\ud800"}', b"[" * 100000],
)
def test_malformed_bodies(csms, data):
    status, answer = csms.request("PUT", "/api/tokens/BAD", data)
    assert (status, list(answer)) == (400, ["error"])
    assert csms.api("GET", "/api/tokens/BAD")[0] == 404


def test_oversize_body(csms):
    status, answer = csms.request("PUT", "/api/tokens/BAD", b" " * (2**20 + 1))
    assert (status, list(answer)) == (413, ["error"])


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "٣", "9" * 40])
def test_bad_numbers_in_the_query(csms, after):
    assert csms.api("PUT", "/api/stations/q", {})[0] == 200
    query = urllib.parse.urlencode({"after": after})
    status, answer = csms.api("GET", "/api/stations/q/messages?" + query)
    assert (status, "after" in answer["error"]) == (400, True)


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "inf", "x", "601"])
def test_bad_timeouts(csms, timeout):
    csms.api("PUT", "/api/stations/q", {})
    status, answer = csms.api("POST", "/api/stations/q/call/Reset?timeout=" + timeout, {})
    assert (status, "timeout" in answer["error"]) == (400, True)


def test_other_web_pages_are_kept_out(csms):
    host = csms.http.split("/")[2]
    for headers, status in [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example:9001"}, 403),
        ({"Origin": "http://" + host}, 200),
        ({"Host": "localhost:9001"}, 200),
    ]:
        assert csms.request("PUT", "/api/tokens/CSRF", b"{}", headers)[0] == status, headers


def test_tokens(csms):
    shipped = csms.get("/api/tokens/deadbeef")
    assert (shipped["idTag"], shipped["status"]) == ("DEADBEEF", "Accepted")
    fields = {
        "status": "Blocked",
        "type": "ISO14443",
        "group": "G",
        "expiry": "2030-01-01T00:00:00Z",
        "limit": 5000,
    }
    expected = {**fields, "idTag": "Caf\u00e9/1", "limit": {"maxEnergy": 5000}}
    path = "/api/tokens/Caf%C3%A9%2F1"
    assert csms.api("PUT", path, fields) == (200, expected)
    assert csms.get(path) == expected
    assert expected in csms.get("/api/tokens")["tokens"]
    assert csms.api("PUT", path, {})[1]["status"] == "Accepted"
    assert csms.get(path)["group"] is None
    assert csms.api("DELETE", path) == (200, {})
    assert csms.api("GET", path)[0] == 404


@pytest.mark.parametrize(
    "fields, word",
    [
        ({"status": "accepted"}, "status"),
        ({"status": ["Accepted"]}, "status"),
        ({"status": None}, "status"),
        ({"parent": "G"}, "parent"),
        ({"group": ""}, "group"),
        ({"group": "x" * 37}, "group"),
        ({"type": 3}, "type"),
        ({"expiry": "2030-01-01"}, "expiry"),
        ({"expiry": 5}, "expiry"),
        ({"limit": "many"}, "limit"),
        ({"limit": {"maxPower": 1}}, "limit.maxPower"),
        ({"limit": {"maxTime": -1}}, "limit.maxTime"),
    ],
)
def test_bad_tokens(csms, fields, word):
    status, answer = csms.api("PUT", "/api/tokens/BAD", fields)
    assert (status, word in answer["error"]) == (400, True)


def test_register_a_station(csms):
    status, shown = csms.api("PUT", "/api/stations/reg", {"password": "s3cret", "evses": 2})
    assert (status, shown["unknown"], shown["password"]) == (200, False, True)
    assert [e["id"] for e in shown["evses"]] == [1, 2]
    assert shown["connected"] is False
    assert "s3cret" not in json.dumps(csms.get("/api/stations"))
    assert csms.api("PUT", "/api/stations/reg", {"evses": 3})[1]["password"] is True
    assert csms.api("PUT", "/api/stations/reg", {"password": None})[1]["password"] is False
    for fields, word in [
        ({"evses": 0}, "evses"),
        ({"evses": "2"}, "evses"),
        ({"password": ""}, "password"),
        ({"pasword": "x"}, "pasword"),
        ({"boot": {"status": "Maybe"}}, "boot.status"),
    ]:
        status, answer = csms.api("PUT", "/api/stations/reg", fields)
        assert (status, word in answer["error"]) == (400, True)


def test_sql_and_markup_are_only_text(csms):
    nasty = "<script>alert(1)</script>'; DROP TABLE tokens; --"
    quoted = urllib.parse.quote(nasty, safe="")
    assert csms.api("PUT", "/api/tokens/" + quoted, {"group": "' OR 1=1"})[0] == 200
    assert csms.get("/api/tokens/" + quoted)["idTag"] == nasty

    async def body():
        async with raw_station(csms, nasty[:48]) as socket:
            await exchange(socket, 2, "1", "Authorize", {"idTag": "<img onerror=x>"})

    run(body())
    id = urllib.parse.quote(nasty[:48], safe="")
    assert "<img onerror=x>" in json.dumps(csms.get("/api/stations/%s/messages" % id))
    with urllib.request.urlopen(csms.http) as page:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        text = page.read().decode()
        assert "script>alert" not in text
    with urllib.request.urlopen(csms.http + "app.js") as script:
        text = script.read().decode()
    # The one page builds its nodes from text: nothing that parses markup may come in.
    for parser in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert parser not in text
    with urllib.request.urlopen(csms.http + "api/stations") as answer:
        assert answer.headers["Content-Type"].startswith("application/json")


def test_messages(csms):
    async def body():
        async with raw_station(csms, "msgs") as socket:
            await exchange(socket, 2, "1", "Heartbeat", {})
            await socket.send("no frame")
            await socket.recv()

    run(body())
    first = csms.get("/api/stations/msgs/messages")["messages"]
    assert [sorted(m) for m in first] == [["dir", "frame", "n", "t"]] * 4
    assert [m["dir"] for m in first] == ["in", "out", "in", "out"]
    assert first[0]["frame"] == [2, "1", "Heartbeat", {}]
    assert first[2]["frame"] == "no frame"
    assert first[3]["frame"][:3] == [4, "-1", "FormationViolation"]
    numbers = [m["n"] for m in first]
    assert numbers == sorted(set(numbers))
    after = csms.get("/api/stations/msgs/messages?after=%d" % numbers[1])["messages"]
    assert after == first[2:]
    assert csms.get("/api/stations/msgs/messages?limit=1")["messages"] == first[3:]
    assert csms.get("/api/stations/msgs/messages?after=0&limit=1")["messages"] == first[:1]
    assert csms.get("/api/stations/msgs/messages?after=%d" % numbers[3])["messages"] == []


def test_passwords_are_masked_and_follow_the_station(csms):
    assert csms.api("PUT", "/api/stations/secret", {"password": "old"})[0] == 200
    headers = {"additional_headers": basic("secret", "old")}
    change = {"key": "AuthorizationKey", "value": "0123456789ABCDEF0123"}

    async def body():
        async with raw_station(csms, "secret", **headers) as socket:
            sent = asyncio.ensure_future(csms.send("secret", "ChangeConfiguration", change))
            frame = await answer_next(socket, 3, {"status": "Accepted"})
            assert frame[3] == change
            assert (await sent)[0] == 200
        with pytest.raises(websockets.InvalidStatus):
            async with raw_station(csms, "secret", **headers):
                pass
        new = basic("secret", change["value"])
        async with raw_station(csms, "secret", additional_headers=new):
            pass

    run(body())
    shown = json.dumps(csms.get("/api/stations/secret/messages"))
    assert change["value"] not in shown + csms.log()
    assert "***" in shown


def test_events(csms):
    stream = urllib.request.urlopen(csms.http + "api/events", timeout=patient(10))

    def next_event(type):
        while True:
            line = stream.readline()
            assert line, "the stream ended"
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                if event["type"] == type:
                    return event

    assert stream.headers["Content-Type"] == "text/event-stream"
    csms.api("PUT", "/api/tokens/EV", {"status": "Blocked"})
    assert next_event("token")["token"]["status"] == "Blocked"
    csms.api("DELETE", "/api/tokens/EV")
    assert next_event("token")["token"] is None

    async def body():
        async with raw_station(csms, "ev1") as socket:
            start = {
                "connectorId": 1,
                "idTag": "A",
                "meterStart": 0,
                "timestamp": "2026-01-01T00:00:00Z",
            }
            await exchange(socket, 2, "1", "StartTransaction", start)

    run(body())
    event = next_event("station")
    assert (event["id"], event["station"]["connected"]) == ("ev1", True)
    event = next_event("frame")
    assert (event["station"], event["dir"], event["frame"][2]) == ("ev1", "in", "StartTransaction")
    event = next_event("transaction")
    assert (event["transaction"]["station"], event["transaction"]["active"]) == ("ev1", True)
    while next_event("station")["station"]["connected"]:
        pass
    stream.close()


def test_actions_for_the_form(csms):
    actions = csms.get("/api/actions/1.6")["actions"]
    assert actions["RemoteStopTransaction"] == {"transactionId": 0}
    assert "DataTransfer" in actions
    assert "BootNotification" not in actions


def test_lists_can_be_narrowed(csms):
    start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-01-01T00:00:00Z"}

    async def body():
        async with raw_station(csms, "narrow") as socket:
            for n in range(3):
                payload = dict(start, meterStart=n)
                answer = await exchange(socket, 2, str(n), "StartTransaction", payload)
            stop = {
                "transactionId": answer[2]["transactionId"],
                "meterStop": 9,
                "timestamp": start["timestamp"],
            }
            await exchange(socket, 2, "s", "StopTransaction", stop)

    run(body())
    for query, count in [("", 3), ("&active=1", 2), ("&active=0", 1), ("&limit=2", 2)]:
        rows = csms.get("/api/transactions?station=narrow" + query)["transactions"]
        assert len(rows) == count, query
    assert "meter_values" in rows[0]
    brief = csms.get("/api/transactions?station=narrow&brief=1")["transactions"]
    assert "meter_values" not in brief[0]
