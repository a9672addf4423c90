"""The CSMS does wrong on request: each deed on the wire, by chance that repeats itself."""

import asyncio
import json
import sys

import pytest
import websockets
from csms_process import CSMS, TOOLS, exchange, raw_station, run

sys.path.insert(0, str(TOOLS))

from csms_app.misbehaviour import Rules

pytestmark = pytest.mark.slow

BEAT = ["Heartbeat", {}]
START = {"connectorId": 1, "idTag": "X", "timestamp": "2026-01-01T00:00:00Z", "meterStart": 5}


@pytest.fixture(scope="module")
def csms(tmp_path_factory):
    with CSMS(tmp_path_factory.mktemp("csms")) as process:
        yield process
        assert "Traceback" not in process.log()


def misbehave(csms, *rules, seed=0):
    status, answer = csms.api("PUT", "/api/misbehaviour", {"seed": seed, "rules": list(rules)})
    assert status == 200, answer


async def received(socket, seconds=0.5):
    """All texts that come until there is silence."""
    texts = []
    try:
        while True:
            texts.append(await asyncio.wait_for(socket.recv(), seconds))
    except asyncio.TimeoutError:
        return texts


def talk(csms, id, *frames, seconds=0.5):
    """What a 1.6 station of this name gets for its frames."""

    async def body():
        async with raw_station(csms, id) as socket:
            for frame in frames:
                await socket.send(json.dumps(frame))
            return [json.loads(t) for t in await received(socket, seconds)]

    return run(body())


def test_drop_is_by_action_and_count(csms):
    misbehave(csms, {"do": "drop", "action": "Heartbeat", "times": 1})
    calls = [[2, "1", *BEAT], [2, "2", *BEAT], [2, "3", "Authorize", {"idTag": "X"}]]
    assert [f[1] for f in talk(csms, "drop", *calls)] == ["2", "3"]
    assert csms.get("/api/misbehaviour")["rules"][0]["fired"] == 1


def test_delay_lets_others_overtake(csms):
    misbehave(csms, {"do": "delay", "seconds": 0.3, "times": 1})
    assert [f[1] for f in talk(csms, "delay", [2, "1", *BEAT], [2, "2", *BEAT])] == ["2", "1"]


def test_double_and_reorder(csms):
    misbehave(csms, {"do": "double", "station": "twice"})
    assert [f[1] for f in talk(csms, "twice", [2, "1", *BEAT])] == ["1", "1"]
    misbehave(csms, {"do": "reorder", "times": 1, "seconds": 60})
    calls = [[2, "1", *BEAT], [2, "2", *BEAT], [2, "3", *BEAT]]
    assert [f[1] for f in talk(csms, "order", *calls)] == ["2", "1", "3"]


def test_error_after_and_before_handling(csms):
    rule = {"do": "error", "code": "GenericError", "action": "StartTransaction"}
    misbehave(csms, rule)
    answer = talk(csms, "err1", [2, "1", "StartTransaction", START])[0]
    assert answer[:3] == [4, "1", "GenericError"]
    assert len(csms.get("/api/transactions?station=err1")["transactions"]) == 1
    misbehave(csms, {**rule, "on": "request"})
    answer = talk(csms, "err2", [2, "1", "StartTransaction", START])[0]
    assert answer[:3] == [4, "1", "GenericError"]
    assert csms.get("/api/transactions?station=err2")["transactions"] == []


def test_garbage_and_foreign_id(csms):
    async def body():
        async with raw_station(csms, "junk") as socket:
            await socket.send(json.dumps([2, "1", *BEAT]))
            return await received(socket)

    misbehave(csms, {"do": "garbage", "text": "{{"})
    assert run(body()) == ["{{"]
    misbehave(csms, {"do": "foreign_id"})
    (answer,) = talk(csms, "junk", [2, "1", *BEAT])
    assert answer[0] == 3 and answer[1] != "1" and "currentTime" in answer[2]


def test_close(csms):
    async def body():
        async with raw_station(csms, "close") as socket:
            with pytest.raises(websockets.ConnectionClosed) as e:
                await exchange(socket, 2, "1", *BEAT)
            assert e.value.rcvd.code == 1011

    misbehave(csms, {"do": "close"})
    run(body())


def test_half_open_answers_not_even_a_ping_until_the_station_comes_again(csms):
    async def body():
        async with raw_station(csms, "half", ping_interval=None, close_timeout=0.1) as socket:
            await socket.send(json.dumps([2, "1", *BEAT]))
            assert await received(socket) == []
            pong = await socket.ping()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(pong, 0.5)
            async with raw_station(csms, "half") as again:
                assert (await exchange(again, 2, "2", *BEAT))[:2] == [3, "2"]

    misbehave(csms, {"do": "half_open", "times": 1})
    run(body())


def test_own_call_is_dropped_or_doubled(csms):
    async def body():
        async with raw_station(csms, "own") as socket:
            status, _ = await csms.send("own", "ClearCache", {}, "?timeout=0.3")
            assert status == 504
            sent = asyncio.ensure_future(csms.send("own", "ClearCache", {}))
            first, second = [json.loads(await socket.recv()) for _ in range(2)]
            assert first == second
            for _ in range(2):
                await socket.send(json.dumps([3, first[1], {"status": "Accepted"}]))
            assert await sent == (200, {"result": {"status": "Accepted"}})

    rules = [{"do": "drop", "on": "call", "times": 1}, {"do": "double", "on": "call"}]
    misbehave(csms, *rules)
    run(body())


def test_delete_ends_it(csms):
    misbehave(csms, {"do": "drop"})
    assert csms.api("DELETE", "/api/misbehaviour") == (200, {})
    assert csms.get("/api/misbehaviour") == {"seed": 0, "rules": []}
    assert talk(csms, "well", [2, "1", *BEAT])[0][:2] == [3, "1"]


@pytest.mark.parametrize(
    "rule, named",
    [
        ({}, "rules[0].do"),
        ({"do": "explode"}, "rules[0].do"),
        ({"do": "drop", "probability": 2}, "rules[0].probability"),
        ({"do": "drop", "seconds": -1}, "rules[0].seconds"),
        ({"do": "drop", "times": 1.5}, "rules[0].times"),
        ({"do": "drop", "colour": 1}, "rules[0].colour"),
        ({"do": "garbage", "on": "request"}, "rules[0].do"),
        ({"do": "error", "on": "call"}, "rules[0].do"),
        ("drop", "rules[0]"),
    ],
)
def test_a_bad_rule_is_named_and_changes_nothing(csms, rule, named):
    misbehave(csms, {"do": "drop", "station": "nobody"})
    status, answer = csms.api("PUT", "/api/misbehaviour", {"rules": [rule]})
    assert status == 400 and answer["error"].startswith(named + ":"), answer
    assert csms.get("/api/misbehaviour")["rules"][0]["station"] == "nobody"
    csms.api("DELETE", "/api/misbehaviour")


def test_chance_repeats_itself_by_seed_and_station():
    def fates(seed, station):
        rules = Rules()
        rules.set({"seed": seed, "rules": [{"do": "drop", "probability": 0.5}]})
        return [bool(rules.pick(station, "answer", "Heartbeat")) for _ in range(200)]

    assert fates(1, "a") == fates(1, "a")
    assert fates(1, "a") != fates(2, "a")
    assert fates(1, "a") != fates(1, "b")
    assert 70 < sum(fates(1, "a")) < 130
