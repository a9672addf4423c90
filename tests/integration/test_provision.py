"""`tools/provision` against the firmware's own console, over a pseudo-terminal."""

import json
import os
import pty
import subprocess
import tty

import pytest
from clients import ROOT
from mpunit import micropython, micropython_env
from patience import patient

# The console as it is before there is a configuration.
_CONSOLE = """
import asyncio, sys
from talk import change
from terminal import serial
folder = sys.argv[1]
commands = {
    "set": lambda rest: change(folder, "pico_w", "set", rest),
    "config": lambda rest: change(folder, "pico_w", "config", rest),
    "reboot": lambda rest: sys.exit(0),
}

async def main():
    task = asyncio.create_task(serial(commands, {}).run())
    await asyncio.sleep_ms(10)
    print("ready")
    await task

asyncio.run(main())
"""


@pytest.fixture
def charger(tmp_path):
    """(name of its port, folder of its flash, the process)"""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    program = tmp_path / "console_program.py"
    program.write_text(_CONSOLE)
    flash = tmp_path / "flash"
    flash.mkdir()
    process = subprocess.Popen(
        [micropython(), "-X", "heapsize=2M", str(program), str(flash)],
        stdin=ours,
        stdout=ours,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=micropython_env(sources=True),
    )
    seen = b""
    while b"ready" not in seen:
        assert process.poll() is None, seen
        seen += os.read(theirs, 100)
    yield os.ttyname(theirs), flash, process
    process.kill()
    process.wait()
    for fd in (ours, theirs):
        os.close(fd)


def provision(port, *words):
    command = [ROOT / "tools" / "provision", "--port", port, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=patient(60))


def test_a_charger_is_set_up_and_restarts(charger):
    port, flash, process = charger
    done = provision(port, "--ssid", "home", "--wifi-password", "secret99", "--id", "cp7")
    assert done.returncode == 2 and "ocpp.url is missing" in done.stderr
    assert os.listdir(flash) == []
    done = provision(
        port, "--ssid", "home", "--wifi-password", "secret99", "--id", "cp7", "--url", "ws://x/"
    )
    assert done.returncode == 0, done.stderr
    assert "ok: counts from the next start" in done.stdout
    made = json.loads((flash / "config.new").read_text())
    assert made["ocpp"] == {"url": "ws://x/", "id": "cp7"} and made["board"] == "pico_w"
    assert process.wait(patient(10)) == 0


def test_a_whole_configuration(charger, tmp_path):
    port, flash, _ = charger
    file = tmp_path / "my.json"
    config = {"board": "pico_w", "ocpp": {"url": "ws://x/", "id": "cp7", "idd": 1}}
    file.write_text(json.dumps(config))
    done = provision(port, "--config", str(file), "--no-restart")
    assert done.returncode == 2 and 'did you mean "id"' in done.stderr
    del config["ocpp"]["idd"]
    file.write_text(json.dumps(config))
    assert provision(port, "--config", str(file), "--no-restart").returncode == 0
    assert json.loads((flash / "config.new").read_text()) == config


def test_what_can_not_be_done(tmp_path):
    for words, text in (
        ((), "either --config FILE"),
        (("--config", str(tmp_path / "none")), "No such file"),
        (("--id", "x"), "could not open port"),
    ):
        done = provision(str(tmp_path / "no-port"), *words)
        assert done.returncode == 2 and text in done.stderr, done.stderr
