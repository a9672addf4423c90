"""The protocol layer as a library: states, calls, handlers, reports. No network."""

import asyncio
import json
import logging
import sys

import pytest
import websockets
from csms_process import TOOLS, exchange, run

sys.path.insert(0, str(TOOLS))

from csms_app import (
    Ambiguous,
    Busy,
    CallError,
    Central,
    Handler,
    NotAllowed,
    Offline,
    UnknownStation,
    machine,
)
from csms_app.device_model import DeviceModel, Reports, typed

T0 = "2026-01-01T00:00:00Z"
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
REPORT = {"requestId": 1, "reportBase": "FullInventory"}


class Recorder(Handler):
    """Answers boots with `status`, keeps the events."""

    def __init__(self):
        self.status = "Accepted"
        self.events = []

    def on_BootNotification(self, station, payload):
        return {"status": self.status, "interval": 1, "currentTime": T0}

    def on_Authorize(self, station, payload):
        return {"idTokenInfo": {"status": "Accepted"}}

    def connected(self, station):
        self.events.append("connected")

    def disconnected(self, station):
        self.events.append("disconnected")

    def ready(self, station):
        self.events.append("ready")

    def reboot_required(self, station, action):
        self.events.append("reboot_required")

    def report_received(self, station, report):
        self.events.append(("report", report.request_id, report.missing))

    def call_answered(self, station, action, payload, answer):
        self.events.append(("answered", action, answer))

    def call_timed_out(self, station, action, payload):
        self.events.append(("timeout", action))


class Far:
    """The station's end: a 2.0.1 station that answers calls with `answers` (None: not at all)."""

    def __init__(self, central, version="2.0.1", id="cp"):
        self.central, self.id = central, id
        self.answers = {}
        self.calls = []  # actions we were called with
        self._got = asyncio.Queue()
        self.wire = central.connect(id, version, self._send)
        self.station = central.stations[id]

    async def _send(self, text):
        frame = json.loads(text)
        if frame[0] != 2:
            self._got.put_nowait(frame)
            return
        self.calls.append(frame[2])
        answer = self.answers.get(frame[2], {"status": "Accepted"})
        if answer is not None:
            kind = [4, frame[1], *answer] if isinstance(answer, list) else [3, frame[1], answer]
            asyncio.get_running_loop().create_task(self.wire.rpc.receive(json.dumps(kind)))

    async def ask(self, action, payload):
        """The answer's type and payload, or type and code."""
        await self.wire.rpc.receive(json.dumps([2, "m", action, payload]))
        frame = await asyncio.wait_for(self._got.get(), 5)
        return frame[0], frame[2]

    async def status(self):
        payload = {"timestamp": T0, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
        return await self.ask("StatusNotification", payload)

    async def report(self, seq, more, *data):
        payload = {"requestId": 1, "generatedAt": T0, "seqNo": seq, "tbc": more}
        if data:
            payload["reportData"] = list(data)
        return await self.ask("NotifyReport", payload)

    async def leave(self):
        await self.central.disconnect(self.id, self.wire)


def entry(component, variable, value, kind="string"):
    return {
        "component": {"name": component},
        "variable": {"name": variable},
        "variableAttribute": [{"value": value}],
        "variableCharacteristics": {"dataType": kind, "supportsMonitoring": False},
    }


def central(**options):
    made = Central(Recorder(), **options)
    made.add_station("cp", evses=2)
    return made


def test_life_of_a_station():
    async def body():
        c = central()
        far = Far(c)
        states = [far.station.state]
        assert await far.ask("Heartbeat", {}) == (4, "SecurityError")
        c.handler.status = "Pending"
        await far.ask("BootNotification", BOOT)
        states.append(far.station.state)
        c.handler.status = "Accepted"
        await far.ask("BootNotification", BOOT)
        states.append(far.station.state)
        assert await far.status() == (3, {})
        states.append(far.station.state)
        assert (await far.ask("Heartbeat", {}))[0] == 3
        states.append(far.station.state)
        await far.leave()
        states.append(far.station.state)
        far = Far(c)
        states.append(far.station.state)
        assert (await far.ask("Heartbeat", {}))[0] == 3
        await c.call(far.station, "Reset", {"type": "OnIdle"})
        states.append(far.station.state)
        wanted = "connected pending provisioning provisioning idle offline reconnecting resetting"
        assert states == wanted.split()
        assert far.station.evses[1][1]["status"] == "Available"
        told = [e for e in c.handler.events if isinstance(e, str)]
        assert told == ["connected", "ready", "disconnected", "connected", "ready"]
        await far.leave()

    run(body())


def test_the_example_of_the_readme(capsys):
    text = (TOOLS / "csms_app" / "README.md").read_text()
    example = {}
    exec(text.split("```python\n")[1].split("```")[0], example)
    value = entry("OCPPCommCtrlr", "HeartbeatInterval", "60", "integer")
    report = {"requestId": 1, "generatedAt": T0, "seqNo": 0, "reportData": [value]}

    async def body():
        options = {"subprotocols": ["ocpp2.0.1"]}
        async with websockets.serve(example["serve"], "127.0.0.1", 0, **options) as server:
            port = server.sockets[0].getsockname()[1]
            async with websockets.connect("ws://127.0.0.1:%d/cp001" % port, **options) as socket:
                await exchange(socket, 2, "1", "BootNotification", BOOT)
                token = {"idToken": {"idToken": "X", "type": "Local"}}
                await socket.send(json.dumps([2, "2", "Authorize", token]))
                frames = [json.loads(await socket.recv()) for _ in range(2)]
                assert [3, "2", {"idTokenInfo": {"status": "Accepted"}}] in frames
                (asked,) = [f for f in frames if f[0] == 2]
                assert asked[2] == "GetBaseReport"
                await socket.send(json.dumps([3, asked[1], {"status": "Accepted"}]))
                assert (await exchange(socket, 2, "3", "NotifyReport", report)) == [3, "3", {}]

    run(body())
    assert capsys.readouterr().out == "[] 60\n"


def test_every_state_and_event_of_the_table():
    assert set(machine.TABLE) == {
        *"disconnected connected booting pending provisioning idle offline reconnecting".split(),
        "resetting",
    }
    events = {e for row in machine.TABLE.values() for e in row}
    reached = {s for row in machine.TABLE.values() for s in row.values()}
    assert reached == set(machine.TABLE)
    for state, row in machine.TABLE.items():
        for event in events - set(row):
            with pytest.raises(NotAllowed):
                machine.after(state, event)


@pytest.mark.parametrize("state", sorted(machine.TABLE))
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_what_may_be_said_in_each_state(state, version):
    working = state in ("provisioning", "idle", "reconnecting", "resetting")
    old = version == "1.6"
    here = state in ("connected", "booting", "pending") or working
    assert machine.may_come(state, version, "TransactionEvent") == (working or old)
    assert machine.may_come(state, version, "BootNotification") == (here or old)
    assert machine.may_go(state, version, "GetVariables") == (working or state == "pending")
    assert machine.may_go(state, version, "ClearCache") == (
        working or (old and state == "pending")
    )
    assert machine.may_go(state, version, "RemoteStartTransaction") == working
    assert machine.may_come(state, version, "MeterValues", {"MeterValues"}) == (
        working or old or state == "pending"
    )


def test_pending_allows_what_was_asked_for():
    async def body():
        c = central()
        c.handler.status = "Pending"
        far = Far(c)
        await far.ask("BootNotification", BOOT)
        with pytest.raises(NotAllowed):
            await c.call(far.station, "ClearCache", {})
        assert await far.report(0, False) == (4, "SecurityError")
        await c.call(far.station, "GetBaseReport", REPORT)
        assert await far.report(0, False) == (3, {})
        assert await far.report(0, False) == (4, "SecurityError")
        assert await far.ask("Heartbeat", {}) == (4, "SecurityError")
        await c.call(far.station, "TriggerMessage", {"requestedMessage": "Heartbeat"})
        assert (await far.ask("Heartbeat", {}))[0] == 3
        assert await far.ask("Heartbeat", {}) == (4, "SecurityError")
        far.answers["TriggerMessage"] = {"status": "NotImplemented"}
        await c.call(far.station, "TriggerMessage", {"requestedMessage": "Heartbeat"})
        assert await far.ask("Heartbeat", {}) == (4, "SecurityError")
        await far.leave()

    run(body())


def test_a_report_goes_on_while_the_station_asks_again():
    """A BootNotification repeated between two parts is no start of it (use case B02)."""

    async def body():
        c = central()
        c.handler.status = "Pending"
        far = Far(c)
        await far.ask("BootNotification", BOOT)
        await c.call(far.station, "GetBaseReport", REPORT)
        assert await far.report(0, True) == (3, {})
        await far.ask("BootNotification", BOOT)
        assert await far.report(1, False) == (3, {})
        await c.call(far.station, "GetBaseReport", REPORT)
        await far.leave()
        far = Far(c)
        await far.ask("BootNotification", BOOT)
        assert await far.report(0, False) == (4, "SecurityError")
        await far.leave()

    run(body())


def test_unknown_stations_by_policy():
    async def body():
        with pytest.raises(UnknownStation):
            Far(central(), id="stranger")
        c = central(unknown="accept")
        far = Far(c, id="stranger")
        assert far.station.unknown and not c.station("cp").unknown
        await far.leave()

    run(body())


async def booted(**options):
    c = central(**options)
    far = Far(c)
    await far.ask("BootNotification", BOOT)
    return c, far


def test_calls_wait_for_their_turn_or_are_refused():
    async def body():
        c, far = await booted()
        far.answers["ClearCache"] = None
        first = asyncio.ensure_future(c.call(far.station, "ClearCache", {}, 0.2))
        await asyncio.sleep(0)
        second = c.call_later(far.station, "GetLocalListVersion", {})
        far.answers["GetLocalListVersion"] = {"versionNumber": 3}
        await asyncio.sleep(0.05)
        assert far.calls == ["ClearCache"]
        with pytest.raises(asyncio.TimeoutError):
            await first
        assert await second == {"versionNumber": 3}
        assert c.handler.events[-2:] == [
            ("timeout", "ClearCache"),
            ("answered", "GetLocalListVersion", {"versionNumber": 3}),
        ]
        await far.leave()
        with pytest.raises(Offline):
            await c.call(far.station, "ClearCache", {})

        c, far = await booted(busy="refuse")
        far.answers["ClearCache"] = None
        first = c.call_later(far.station, "ClearCache", {})
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await c.call(far.station, "ClearCache", {})
        await far.leave()
        with pytest.raises(Offline):
            await first

    run(body())


def test_call_from_another_thread_and_callerror():
    async def body():
        c, far = await booted()
        call = asyncio.to_thread(c.call_sync, far.station, "ClearCache", {}, 5)
        assert await call == {"status": "Accepted"}
        far.answers["ClearCache"] = ["NotSupported", "no cache", {}]
        with pytest.raises(CallError) as e:
            await asyncio.to_thread(c.call_sync, far.station, "ClearCache", {}, 5)
        assert e.value.code == "NotSupported"
        await far.leave()

    run(body())


def test_a_crashing_handler_does_not_take_the_station_down(caplog):
    caplog.set_level(logging.CRITICAL, "csms")

    async def body():
        c, far = await booted()
        token = {"idToken": {"idToken": "X", "type": "Local"}}
        c.handler.on_Authorize = lambda station, payload: 1 / 0
        c.handler.changed = lambda station: 1 / 0
        assert await far.ask("Authorize", token) == (4, "InternalError")
        del c.handler.on_Authorize
        assert (await far.ask("Authorize", token))[0] == 3
        assert await far.ask("SecurityEventNotification", {"type": "x", "timestamp": T0}) == (
            4,
            "NotSupported",
        )
        c.handler.on_BootNotification = lambda station, payload: {"status": "Perhaps"}
        assert await far.ask("BootNotification", BOOT) == (4, "InternalError")
        assert far.station.state == "connected"
        del c.handler.on_BootNotification
        assert (await far.ask("BootNotification", BOOT))[0] == 3
        await far.leave()

    run(body())


def test_reply_later():
    async def body():
        c, far = await booted()
        later = asyncio.get_running_loop().create_future()
        c.handler.on_Authorize = lambda station, payload: later
        token = {"idToken": {"idToken": "X", "type": "Local"}}
        asked = asyncio.ensure_future(far.ask("Authorize", token))
        assert await c.call(far.station, "ClearCache", {}) == {"status": "Accepted"}
        assert not asked.done()
        later.set_result({"idTokenInfo": {"status": "Blocked"}})
        assert await asked == (3, {"idTokenInfo": {"status": "Blocked"}})
        await far.leave()

    run(body())


def test_device_model_of_base_and_partial_reports():
    async def body():
        c, far = await booted()
        model = far.station.model
        await c.call(far.station, "GetBaseReport", REPORT)
        await far.report(0, True, entry("OCPPCommCtrlr", "HeartbeatInterval", "60", "integer"))
        await far.report(1, False, entry("Old", "Thing", "1"))
        await c.call(far.station, "GetReport", {"requestId": 1})
        await far.report(0, False, entry("ocppcommctrlr", "heartbeatinterval", "90", "integer"))
        assert model.lookup("OCPPCommCtrlr", "HeartbeatInterval") == 90
        assert model.lookup("Old", "Thing") == "1"
        await c.call(far.station, "GetBaseReport", REPORT)
        await far.report(0, True, entry("OCPPCommCtrlr", "HeartbeatInterval", "30", "integer"))
        await far.report(3, False)
        assert model.lookup("Old", "Thing") == "1"  # parts 1 and 2 are missing
        await c.call(far.station, "GetBaseReport", REPORT)
        await far.report(0, False, entry("OCPPCommCtrlr", "HeartbeatInterval", "30", "integer"))
        with pytest.raises(KeyError):
            model.lookup("Old", "Thing")
        reports = [e for e in c.handler.events if e[0] == "report"]
        assert reports == [("report", 1, m) for m in ([], [], [1, 2], [])]
        await far.leave()

    run(body())


def test_variables_set_and_read_are_merged_and_a_reboot_is_told():
    async def body():
        c, far = await booted()
        at = {"component": {"name": "A"}, "variable": {"name": "B"}}
        far.answers["SetVariables"] = {"setVariableResult": [dict(at, attributeStatus="Accepted")]}
        wanted = {"setVariableData": [dict(at, attributeValue="5")]}
        await c.call(far.station, "SetVariables", wanted)
        assert far.station.model.lookup("A", "B") == "5"
        far.answers["SetVariables"]["setVariableResult"][0]["attributeStatus"] = "RebootRequired"
        await c.call(far.station, "SetVariables", wanted)
        assert "reboot_required" in c.handler.events
        got = dict(at, attributeStatus="Accepted", attributeValue="7")
        far.answers["GetVariables"] = {"getVariableResult": [got]}
        await c.call(far.station, "GetVariables", {"getVariableData": [at]})
        assert far.station.model.lookup("a", "b") == "7"
        await far.leave()

    run(body())


def test_lookup_finds_what_is_meant():
    model = DeviceModel()
    for evse in (1, 2):
        model.merge(
            [
                dict(
                    entry("EVSE", "Power", "7.5", "decimal"),
                    component={"name": "EVSE", "evse": {"id": evse}},
                )
            ]
        )
    assert model.lookup("evse", "power", evse=2) == 7.5
    with pytest.raises(Ambiguous):
        model.lookup("EVSE", "Power")
    with pytest.raises(KeyError):
        model.lookup("EVSE", "Power", evse=3)
    assert model.lookup("EVSE", "Power", "Target", evse=1) is None


@pytest.mark.parametrize(
    "kind, text, value",
    [
        ("integer", "12", 12),
        ("integer", "twelve", "twelve"),
        ("decimal", "1.5", 1.5),
        ("boolean", "TRUE", True),
        ("boolean", "perhaps", "perhaps"),
        ("MemberList", "A, B", ["A", "B"]),
        ("SequenceList", "", []),
        ("OptionList", "A", "A"),
        ("string", "12", "12"),
        ("integer", None, None),
    ],
)
def test_values_have_types(kind, text, value):
    assert typed(kind, text) == value


def test_reports_never_finished_do_not_pile_up():
    reports = Reports()
    for request in range(1000):
        reports.expect(request)
    assert not reports.expects(0) and reports.expects(999)


def test_the_older_connection_of_an_identity_loses():
    async def body():
        c, far = await booted()
        again = Far(c)
        assert (again.station.state, again.station.link) == ("reconnecting", again.wire)
        await far.leave()
        assert again.station.state == "reconnecting"
        await again.leave()
        assert again.station.state == "offline"

    run(body())
