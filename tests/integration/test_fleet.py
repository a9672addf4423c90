"""`tools/fleet`: many stations at a CSMS, in one process and in several, and their end."""

import os
import re
import signal
import subprocess
import time

import pytest
from clients import ROOT
from patience import patient
from test_scenario_tool import left_over

FLEET = str(ROOT / "tools" / "fleet")
SUMMARY = re.compile(r"fleet: (\d+) of (\d+) online, (\d+) charging, (\d+) sessions, ")


def begin(folder, *words):
    return subprocess.Popen(
        [FLEET, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )


def watch(process, fits, timeout=90):
    """Read summaries until one fits (online, stations, charging, sessions)."""
    end = time.monotonic() + patient(timeout)
    for line in process.stdout:
        found = SUMMARY.match(line)
        if found and fits(*map(int, found.groups())):
            return line
        assert time.monotonic() < end, line
    raise AssertionError("the fleet ended")


def finish(process, folder, number=signal.SIGINT):
    """End it by a signal; what it still said."""
    process.send_signal(number)
    text, _ = process.communicate(timeout=patient(30))
    assert process.returncode == 0, text
    assert left_over(str(folder)) == []
    assert "Traceback" not in text
    return text


@pytest.mark.slow
@pytest.mark.parametrize("count, processes", [(20, 1), (7, 2)])
def test_stations_live_side_by_side(csms, tmp_path, count, processes):
    server = csms()
    options = ["--url", server.url, "--processes", processes, "--speed", 10, "--stagger", 0.05]
    fleet = begin(tmp_path, count, *options)
    try:
        watch(
            fleet,
            lambda online, all, charging, sessions: (
                online == all == count and sessions > count // 2
            ),
        )
        stations = {s["id"]: s for s in server.get("/api/stations?brief=1")["stations"]}
        assert sorted(stations) == ["fleet-%03d" % n for n in range(1, count + 1)]
        assert all(s["connected"] for s in stations.values())
        # They do not share what they are
        serials = [s["boot"]["chargePointSerialNumber"] for s in stations.values()]
        assert len(set(serials)) == count
        # A setting of one is not that of another, a reset of one none of another
        change = {"key": "MeterValueSampleInterval", "value": "123"}
        assert server.call("fleet-003", "ChangeConfiguration", change)["result"] == {
            "status": "Accepted"
        }
        for station, value in (("fleet-003", "123"), ("fleet-004", "60")):
            asked = {"key": ["MeterValueSampleInterval"]}
            (key,) = server.call(station, "GetConfiguration", asked)["result"]["configurationKey"]
            assert key["value"] == value, station
        before = boots(server, "fleet-005"), boots(server, "fleet-006")
        answer = server.call("fleet-005", "Reset", {"type": "Hard"})
        assert answer["result"] == {"status": "Accepted"}
        watch(fleet, lambda *_: boots(server, "fleet-005") > before[0])
        assert boots(server, "fleet-006") == before[1]
    finally:
        text = finish(fleet, tmp_path)
    assert "fleet: stops" in text
    transactions = server.get("/api/transactions?brief=1")["transactions"]
    assert len({t["station"] for t in transactions}) >= count // 3
    assert len({t["start"] for t in transactions}) >= count // 3  # not all at once


def boots(server, station):
    frames = server.get("/api/stations/%s/messages?after=0" % station)["messages"]
    frames = [m["frame"] for m in frames if m["dir"] == "in"]
    return sum(f[0] == 2 and f[2] == "BootNotification" for f in frames)


def test_with_a_csms_of_its_own_in_201(tmp_path):
    fleet = begin(tmp_path, 2, "--csms", "--version", "2.0.1", "--stagger", 0)
    try:
        watch(fleet, lambda online, *_: online == 2)
    finally:
        finish(fleet, tmp_path, signal.SIGTERM)


@pytest.mark.parametrize(
    "words", [[], ["0"], ["x"], ["3", "--speed", "0"], ["3", "--vesrion", "1"]]
)
def test_wrong_use(words):
    done = subprocess.run([FLEET, *words], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("fleet: ")
    assert done.stderr.count("\n") == 1
