"""The programs of docs/examples, each run as its documentation says, and the code blocks of
docs/api.md."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from mpunit import ROOT, micropython
from ocpp_link import CallError
from patience import patient

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def example():
    """`example(name, *arguments)` starts one; it must end by itself, without a traceback."""
    started = []

    def start(name, *arguments):
        process = subprocess.Popen(
            [micropython(), str(EXAMPLES / name), *map(str, arguments)],
            env={**os.environ, "MICROPYPATH": ".frozen:%s" % (ROOT / "lib")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


def printed(process):
    out, _ = process.communicate(timeout=patient(30))
    assert process.returncode == 0, out
    assert "Traceback" not in out, out
    return out.splitlines()


def test_the_complete_charger_under_16(ocpp_csms, example, tmp_path):
    ocpp_csms.subprotocols = ["ocpp1.6"]
    process = example("charger.py", ocpp_csms.url, "cp001", tmp_path)
    start = ocpp_csms.wait_for("StartTransaction")
    data = {"vendorId": "com.example", "messageId": "Hello", "data": "you"}
    answer = ocpp_csms.call("DataTransfer", data)
    assert answer == {"status": "Accepted", "data": "hello you"}
    refused = ocpp_csms.call("Reset", {"type": "Soft"}) if charging(ocpp_csms) else None
    assert refused == {"status": "Rejected"}
    diagnostics = ocpp_csms.call("GetDiagnostics", {"location": "ftp://127.0.0.1/"})
    assert diagnostics == {}
    key = {"key": "ExampleMaxCurrent", "value": "20"}
    assert ocpp_csms.call("ChangeConfiguration", key) == {"status": "Accepted"}
    stop = ocpp_csms.wait_for("StopTransaction")
    assert start["meterStart"] == 120000 and stop["meterStop"] > 120500
    assert stop["idTag"] == start["idTag"] == "DEADBEEF"
    lines = printed(process)
    assert lines[0] == "StartTx DEADBEEF" and "StopTx" in lines, lines
    assert "MeterValues result" in lines and lines[-1].startswith("DataTransfer "), lines
    assert len(ocpp_csms.calls("MeterValues")) >= 2


def charging(csms):
    status = csms.wait_for("StatusNotification", lambda p: p["status"] == "Charging")
    return status["connectorId"] == 1


def test_the_complete_charger_under_201(ocpp_csms, example, tmp_path):
    process = example("charger.py", ocpp_csms.url, "cp001", tmp_path)
    lines = printed(process)
    assert lines[0] == "StartTx DEADBEEF" and lines[-1].startswith("DataTransfer "), lines
    types = [p["eventType"] for p in ocpp_csms.calls("TransactionEvent")]
    assert types[0] == "Started" and types[-1] == "Ended" and "Updated" in types


def test_the_rpc_alone(ocpp_csms, example):
    ocpp_csms.tolerate("charger", "boots with its own logic")
    process = example("rpc_alone.py", ocpp_csms.url, "cp001")
    ocpp_csms.wait_for("Heartbeat")
    assert ocpp_csms.call("ClearCache", {}) == {"status": "Accepted"}
    with pytest.raises(CallError) as e:
        ocpp_csms.call("GetConfiguration", {})
    assert e.value.code == "NotImplemented"
    assert ocpp_csms.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
    assert printed(process) == ["heartbeats 1"]


def test_the_domain_with_a_foreign_rpc(example, tmp_path):
    lines = printed(example("foreign_rpc.py", tmp_path))
    assert lines[0] == "BootNotification" and lines[-1] == "StatusNotification"
    order = [line for line in lines if "Transaction" in line]
    assert order == ["StartTransaction", "StopTransaction"]
    assert "{'status': 'Accepted'}" in lines


def test_the_manual_shows_what_is_tested():
    """Each example that docs/api.md names exists, and each of them is named there."""
    text = (ROOT / "docs" / "api.md").read_text()
    named = set(re.findall(r"\(examples/([\w.]+)\)", text))
    assert named == {path.name for path in EXAMPLES.glob("*.py")}
    assert Path(EXAMPLES / "charger.py").read_text().startswith('"""A complete charger')
