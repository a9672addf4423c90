"""The CSMS's protocol layer as a library, and its handlers without a network."""

import asyncio
import json
import subprocess
import sys

import pytest
from csms_process import TOOLS, environment, run
from patience import patient

sys.path.insert(0, str(TOOLS))

from csms_app import auth, metering, protocol, rpc, schemas, summary
from csms_app.config import load
from csms_app.csms import CSMS, HANDLERS
from csms_app.store import Store


def test_protocol_layer_needs_neither_http_nor_sqlite():
    program = (
        "import sys; from csms_app import Central, Handler, CallError, RPC, protocol, station;"
        "print(sorted({'aiohttp', 'sqlite3', 'websockets'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=patient(20)
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


class Pair:
    """Two RPC ends joined by memory; `echo` is what the far end answers with."""

    def __init__(self, version="1.6", echo=None):
        self.flaws = []
        self.near = rpc.RPC(version, self._to_far, self._refuse, on_flaw=self.flaws.append)
        self.far = rpc.RPC(version, self._to_near, echo or self._refuse)

    async def __aenter__(self):
        self.near.start()
        self.far.start()
        return self

    async def __aexit__(self, *exc):
        await self.near.close()
        await self.far.close()

    async def _to_far(self, text):
        asyncio.get_running_loop().create_task(self.far.receive(text))

    async def _to_near(self, text):
        asyncio.get_running_loop().create_task(self.near.receive(text))

    async def _refuse(self, action, payload):
        raise protocol.CallError("NotSupported", action)


def test_call_over_any_transport():
    async def answer(action, payload):
        return {"status": "Accepted"}

    async def body():
        async with Pair(echo=answer) as pair:
            assert await pair.near.call("ClearCache", {}, 1) == {"status": "Accepted"}
            with pytest.raises(protocol.CallError) as e:
                await pair.far.call("ClearCache", {}, 1)
            assert e.value.code == "NotSupported"

    run(body())


def test_a_handler_may_call_the_station():
    async def body():
        async def answer(action, payload):
            if action == "DataTransfer":
                return await pair.far.call("ClearCache", {}, 1)
            return {}

        async def near_answer(action, payload):
            return {"status": "Accepted"}

        pair = Pair(echo=answer)
        pair.near._on_call = near_answer
        async with pair:
            result = await pair.near.call("DataTransfer", {"vendorId": "v"}, 1)
            assert result == {"status": "Accepted"}

    run(body())


def test_one_call_at_a_time_then_timeout_then_offline():
    async def never(action, payload):
        await asyncio.sleep(60)

    async def body():
        async with Pair(echo=never) as pair:
            first = asyncio.ensure_future(pair.near.call("ClearCache", {}, 0.1))
            await asyncio.sleep(0)
            assert pair.near.busy
            with pytest.raises(rpc.Busy):
                await pair.near.call("ClearCache", {}, 1)
            with pytest.raises(asyncio.TimeoutError):
                await first
            assert not pair.near.busy
            second = asyncio.ensure_future(pair.near.call("ClearCache", {}, 10))
            await asyncio.sleep(0)
            await pair.near.close()
            with pytest.raises(rpc.Offline):
                await second
            with pytest.raises(rpc.Offline):
                await pair.near.call("ClearCache", {}, 1)

    run(body())


@pytest.mark.parametrize("broken", [lambda: 1 / 0, lambda: {"status": "no such field"}])
def test_a_handler_that_crashes_answers_internal_error(broken):
    async def crash(action, payload):
        return {"currentTime": "2026-01-01T00:00:00Z"} if action == "Heartbeat" else broken()

    async def body():
        async with Pair(echo=crash) as pair:
            with pytest.raises(protocol.CallError) as e:
                await pair.near.call("Authorize", {"idTag": "A"}, 1)
            assert e.value.code == "InternalError"
            assert "division" not in e.value.description
            assert await pair.near.call("Heartbeat", {}, 1)

    run(body())


def test_answer_against_the_schema_is_refused_in_21():
    if "2.1" not in schemas.versions():
        pytest.skip("`ocpp` package without 2.1")
    sent = []

    async def send(text):
        sent.append(json.loads(text))

    async def body():
        end = rpc.RPC("2.1", send, None)
        call = asyncio.ensure_future(end.call("ClearCache", {}, 1))
        while not sent:
            await asyncio.sleep(0)
        await end.receive(json.dumps([3, sent[0][1], {}]))
        assert await call == {}

    run(body())
    assert sent[1][:3] == [5, sent[0][1], "OccurrenceConstraintViolation"]


def test_the_configuration_in_the_readme_is_accepted(tmp_path):
    text = (TOOLS / "csms_app" / "README.md").read_text()
    text = text.split("## Configuration")[1]
    example = json.loads(text.split("```json\n")[1].split("```")[0])
    for name in ("server.pem", "server.key", "ca.pem"):
        (tmp_path / name).touch()
    path = tmp_path / "csms.json"
    path.write_text(json.dumps(example))
    loaded = load(path)
    defaults = load(None)
    assert loaded.keys() == defaults.keys() == example.keys()
    for name in example.keys() - {"tokens", "stations", "tls"}:
        assert loaded[name] == defaults[name] == example[name], name


def test_asynchronous_handlers(tmp_path, monkeypatch):
    async def slow(csms, station, payload):
        await asyncio.sleep(0)
        return {"status": "Accepted"}

    async def body():
        central = CSMS(load(None), Store(tmp_path / "x.sqlite"))
        station = central.station("cp")
        station.version = "1.6"
        monkeypatch.setitem(HANDLERS["1.6"], "DataTransfer", slow)
        assert await central.handle(station, "DataTransfer", {}) == {"status": "Accepted"}
        central.store.close()

    run(body())


@pytest.mark.parametrize(
    "text, zone, at",
    [
        ("2026-01-31T12:00:00Z", True, "2026-01-31T12:00:00"),
        ("2026-01-31T12:00:00.123456789z", True, "2026-01-31T12:00:00.123456"),
        ("2026-01-31T12:00:00+02:00", True, "2026-01-31T10:00:00"),
        ("2026-01-31T12:00:00-0130", True, "2026-01-31T13:30:00"),
        ("2026-12-31T23:59:60Z", True, "2026-12-31T23:59:59"),
        ("2026-01-31T12:00:00", False, "2026-01-31T12:00:00"),
        ("2026-01-31T12:00:00", True, None),
        ("2026-02-30T12:00:00Z", True, None),
        ("2026-01-31T24:00:00Z", True, None),
        ("2026-01-31", True, None),
        ("٢٠٢٦-01-31T12:00:00Z", True, None),
        ("0001-01-01T00:00:00+23:00", True, None),
        ("2026-01-31T12:00:00Z\n", True, None),
    ],
)
def test_times(text, zone, at):
    if at is None:
        with pytest.raises(ValueError):
            schemas.parse_time(text, zone)
    else:
        assert schemas.parse_time(text, zone).isoformat() == at + "+00:00"


def test_the_example_of_every_request_is_valid_or_nearly():
    """Examples fill all required fields with the right types."""
    for version in schemas.versions():
        for action in schemas.actions(version):
            example = schemas.skeleton(version, action)
            try:
                schemas.check(version, action, True, example)
            except schemas.Violation as e:
                assert e.kind == "property", (version, action, str(e))


@pytest.mark.parametrize(
    "sample, wh",
    [
        ({"value": "12"}, 12),
        ({"value": "1.5", "unit": "kWh"}, 1500),
        ({"value": 1.5, "unitOfMeasure": {"multiplier": 3}}, 1500),
        ({"value": 1, "unitOfMeasure": {"unit": "kWh", "multiplier": -3}}, 1),
        ({"value": "12", "phase": "L1"}, None),
        ({"value": "12", "measurand": "Voltage"}, None),
        ({"value": "12", "location": "Inlet"}, None),
        ({"value": "AB12", "format": "SignedData"}, None),
        ({"value": "much"}, None),
        ({"value": "inf"}, None),
        ({"value": "nan"}, None),
        ({"value": 1, "unitOfMeasure": {"multiplier": 10**9}}, None),
    ],
)
def test_energy_register_of_a_sample(sample, wh):
    assert metering.register_wh([{"sampledValue": [sample]}]) == wh


def test_passwords_are_kept_as_salted_hashes():
    kept = auth.hashed("s3cret")
    assert "s3cret" not in kept
    assert kept != auth.hashed("s3cret")
    assert auth.matches(kept, b"s3cret")
    assert not auth.matches(kept, b"S3cret")


def test_redaction_covers_every_way_to_send_a_password():
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    frames = [
        ["ChangeConfiguration", {"key": "authorizationkey", "value": "s3cret"}],
        ["SetVariables", {"setVariableData": [{**variable, "attributeValue": "s3cret"}]}],
        ["SetNetworkProfile", {"connectionData": {"basicAuthPassword": "s3cret"}}],
        ["SetNetworkProfile", {"connectionData": {"vpn": {"password": "s3cret"}}}],
        ["SetNetworkProfile", {"connectionData": {"apn": {"apnPassword": "s3cret"}}}],
    ]
    for action, payload in frames:
        frame = [2, "1", action, payload]
        before = json.dumps(frame)
        assert "s3cret" not in json.dumps(protocol.redact(frame))
        assert json.dumps(frame) == before
        assert "s3cret" not in summary.Summary().line("out", frame)


def test_frames_are_bounded(tmp_path):
    store = Store(tmp_path / "x.sqlite", keep_frames=50)
    for n in range(2500):
        store.add_frame("a", "t", "in", [2, str(n), "Heartbeat", {}])
        if n % 100 == 0:
            store.flush()
    store.add_frame("b", "t", "in", "text")
    store.flush()
    count = store.db.execute("SELECT count(*) FROM frames WHERE station = 'a'").fetchone()[0]
    assert 50 <= count <= 1050
    assert store.frames("a")[-1]["frame"][1] == "2499"
    store.close()


def test_a_subscriber_that_lags_behind_loses_the_oldest(tmp_path):
    async def body():
        central = CSMS(load(None), Store(tmp_path / "x.sqlite"))
        queue = central.subscribe()
        for n in range(2001):
            central.publish("frame", n=n)
        assert (queue.qsize(), queue.lost) == (2000, True)
        assert queue.get_nowait()["n"] == 1
        central.store.close()

    run(body())
