"""`tools/config check FILE`: what the firmware would say, on a PC, all of it at once."""

import json
import subprocess

import mpunit
import pytest
from clients import ROOT

GOOD = {"ocpp": {"url": "ws://127.0.0.1:9000/", "id": "cp001"}}
BAD = {
    "board": "esp32_devkitc",
    **GOOD,
    "connectors": [{"contactor": {"pin": "GPIO6"}, "pilot": {"adc": "GPIO13"}, "mater": {}}],
    "rfid": {"driver": "pn532", "i2c": 4},
}
# The same by the firmware's own interpreter
_ON_THE_DEVICE = """
import json, sys, boardfile, config
try:
    config.check(json.load(open(sys.argv[1])), boardfile.names(), config.is_file)
except config.ConfigError as e:
    for line in e.lines or [str(e)]:
        print("config:", line)
"""


def check(tmp_path, data):
    path = tmp_path / "config.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    command = [ROOT / "tools" / "config", "check", path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    return done.returncode, done.stdout, done.stderr.splitlines()


@pytest.mark.parametrize("board", ["sim", "pico_w", "smartevse_v3", "relay_socket"])
def test_good(tmp_path, board):
    status, out, problems = check(tmp_path, {"board": board, **GOOD})
    assert status == 0 and not problems and "is good" in out


def test_shipped_example(tmp_path):
    text = (ROOT / "boards" / "sim" / "config.json").read_text()
    assert check(tmp_path, text)[0] == 0


def test_all_problems_and_the_same_as_on_the_device(tmp_path):
    status, out, problems = check(tmp_path, BAD)
    assert status == 2 and not out and len(problems) == 4, problems
    assert sum("GPIO6" in line for line in problems) == 1
    command = [mpunit.micropython(), "-c", _ON_THE_DEVICE, tmp_path / "config.json"]
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        env=mpunit.micropython_env(sources=True),
    )
    assert sorted(done.stdout.splitlines()) == sorted(problems), done.stderr


def test_hardware_and_the_rest(tmp_path):
    bad = {**BAD, "ocpp": {"url": "ws://x/"}}
    status, _, problems = check(tmp_path, bad)
    assert status == 2 and len(problems) == 5, problems
    assert "ocpp.id is missing" in problems[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{", "not JSON: Expecting property name"),
        ('{"ocpp": {"id": "x",}}', "line 1 column 2"),
        ("\ufeff{}", "not JSON: Unexpected UTF-8 BOM"),
        ('{"ocpp": NaN}', "not JSON"),
        ('{"ocpp": {"id": "x", "id": "y"}}', 'key "id" is there twice'),
        ([], "not an object"),
        ({"board": "esp32", **GOOD}, 'board is "esp32"'),
        ({**GOOD, "rfid": {}}, "unknown key rfid"),
        ({"board": "sim", **GOOD, "connectors": [{}]}, "connectors is [{}]"),
    ],
)
def test_bad(tmp_path, data, words):
    status, _, problems = check(tmp_path, data)
    assert status == 2 and len(problems) == 1 and words in problems[0], problems


def test_usage_and_missing_file(tmp_path):
    done = subprocess.run([ROOT / "tools" / "config"], capture_output=True, text=True)
    assert done.returncode == 2 and "usage" in done.stderr
    command = [ROOT / "tools" / "config", "check", tmp_path / "none.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "there is no none.json" in done.stderr
