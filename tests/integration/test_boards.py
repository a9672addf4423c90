"""The firmware of each shipped board, on the chip of tests/fakes, at a real CSMS over a socket."""

import json
import subprocess
import threading
import time

import mpunit
import pytest
from clients import ROOT
from device_app import tree
from patience import patient

SPEED = 4
BOARDS = sorted(
    path.parent.name
    for path in (ROOT / "boards").glob("*/board.json")
    if json.loads(path.read_text()).get("port") != "unix"
)


class Board:
    """A process with that board. `state`: what it told last. `bundle`: it has only what is in the
    bundle of its configuration."""

    def __init__(self, name, csms, folder, bundle=False):
        config = {"board": name, "ocpp": {"url": csms.url, "id": name}}
        (folder / "config.json").write_text(json.dumps(config))
        env = mpunit.micropython_env()
        if bundle:
            env["MICROPYPATH"] = ".frozen:%s:%s" % (unpacked(name, folder), mpunit.UNIT)
        command = [mpunit.micropython(), "-X", "heapsize=4M", "tests/integration/board_driver.py"]
        command += [str(folder / "config.json"), str(folder), str(SPEED)]
        self.child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.state = {}
        self.log = []
        for pipe in (self.child.stdout, self.child.stderr):
            threading.Thread(target=self._read, args=(pipe,), daemon=True).start()

    def _read(self, pipe):
        for line in pipe:
            if line.startswith("@"):
                self.state = json.loads(line[1:])
            else:
                self.log.append(line)

    def act(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def wait(self, timeout=30, **wanted):
        end = time.monotonic() + patient(timeout)
        while any(self.state.get(name) != value for name, value in wanted.items()):
            assert time.monotonic() < end, (wanted, self.state, "".join(self.log[-20:]))
            assert self.child.poll() is None, "".join(self.log[-20:])
            time.sleep(0.02)

    def stop(self):
        self.act("stop")
        assert self.child.wait(patient(15)) == 0, "".join(self.log[-20:])
        assert not any("Traceback" in line for line in self.log), "".join(self.log)


def unpacked(name, folder):
    """The modules of the bundle for the configuration in `folder`; -> where they are."""
    files = tree.of(name, folder / "config.json", 9 << 20)
    for path, data in files.items():
        (folder / "bundle" / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / "bundle" / path[1:]).write_bytes(data)
    return folder / "bundle" / "lib"


@pytest.fixture
def board(ocpp_csms, tmp_path):
    made = []

    def make(name, bundle=False):
        made.append(Board(name, ocpp_csms, tmp_path, bundle))
        return made[-1]

    yield make
    for one in made:
        if one.child.poll() is None:
            one.child.kill()
            one.child.wait()


def marked(name):
    return name if name == "pico_w" else pytest.param(name, marks=pytest.mark.slow)


@pytest.mark.parametrize("name", [marked(name) for name in BOARDS])
def test_a_session(name, board, ocpp_csms):
    play(name, board, ocpp_csms)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["relay_socket", "wt32_eth01"])
def test_a_session_with_what_is_in_the_bundle(name, board, ocpp_csms, tmp_path):
    b = play(name, board, ocpp_csms, True)
    there = tmp_path / "bundle" / "lib"
    assert not (there / "drivers" / "mfrc522.mpy").exists()
    assert (there / "ocpp" / "v16").exists() and not (there / "ocpp" / "v2").exists()
    assert not [line for line in b.log if "no module" in line]


def play(name, board, ocpp_csms, bundle=False):
    hardware = json.loads((ROOT / "boards" / name / "board.json").read_text())["hardware"]
    if "rfid" not in hardware:
        tag, show = hardware["button"]["id_tag"], "press"
    elif hardware["rfid"]["driver"] == "rdm6300":
        tag, show = "0011AABBCC", "card 0011AABBCC"
    else:
        tag, show = "04A1B2C3", "card 04A1B2C3"
    ocpp_csms.facts.tokens[tag] = "Accepted"
    b = board(name, bundle)
    b.wait(status="Available", accepted=True, closed=False)
    b.act("plug C 16")
    time.sleep(0.2)
    b.act(show)
    start = ocpp_csms.wait_for("StartTransaction")
    assert start["idTag"] == tag and start["connectorId"] == 1
    b.wait(status="Charging", closed=True)
    flowing = b.state["energy_wh"]
    b.wait(status="Charging")
    while b.state["energy_wh"] < flowing + 12:
        time.sleep(0.05)
        assert b.child.poll() is None
    ocpp_csms.call("RemoteStopTransaction", {"transactionId": 1})
    stop = ocpp_csms.wait_for("StopTransaction")
    assert 6 <= stop["meterStop"] - start["meterStart"] <= b.state["energy_wh"]
    assert stop["reason"] == "Remote"
    b.act("plug B 16")
    b.wait(closed=False)
    b.act("unplug")
    b.wait(status="Available")
    b.stop()
    b_ended = b.state
    assert b_ended == {"ended": True, "closed": False}
    return b
