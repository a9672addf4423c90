"""Firmware updates of the running charger: real servers, real files, real restarts, real
rollbacks."""

import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from clients import ROOT
from core16 import QUICK, charge, wait
from file_servers import ftp_files, http_files
from ws_certificates import Authority

sys.path.insert(0, str(ROOT / "tools"))
import bundle
from charger_app import build
from device_app import pack

pytestmark = pytest.mark.slow

STATUS = "FirmwareStatusNotification"


@pytest.fixture(scope="module")
def program():
    """{path: bytes} of the firmware as it is."""
    return bundle.files(build.build())


@pytest.fixture
def shelf(tmp_path):
    with http_files(tmp_path) as server:
        yield server


def put(shelf, contents, name="fw.bin", version="9.9", board="sim", **more):
    data = bundle.bundle(contents, version, board, **more)
    (shelf.folder / name).write_bytes(data)
    return data


def make(charger, csms, settings=None, **more):
    more.setdefault("speed", 10)
    return charger(csms, settings={**QUICK, **(settings or {})}, **more)


def update(csms, url, after=0, **more):
    date = datetime.now(timezone.utc) + timedelta(seconds=after)
    request = dict(more, location=url, retrieveDate=date.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return csms.call("UpdateFirmware", request)


def told(csms):
    return [p["status"] for p in csms.calls(STATUS)]


def wait_told(csms, *wanted, timeout=30):
    wait(lambda: len(told(csms)) >= len(wanted), lambda: told(csms), timeout)
    assert told(csms) == list(wanted)


def replaced(program, name, text):
    """The program with one module made anew from source."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "x.py"
        source.write_text(text)
        subprocess.run([build.mpy_cross(), source], check=True)
        return dict(program, **{name: (Path(folder) / "x.mpy").read_bytes()})


def versions(csms):
    return [p.get("firmwareVersion") for p in csms.calls("BootNotification")]


def test_an_update_and_the_next(charger, ocpp_csms, shelf, program):
    put(shelf, program)
    cs = make(charger, ocpp_csms, charge_point={"firmware": "1.0"})
    assert update(ocpp_csms, shelf.url + "fw.bin") == {}
    wait_told(ocpp_csms, "Downloading", "Downloaded", "Installing", "Installed")
    assert versions(ocpp_csms) == ["1.0", "9.9"]
    time.sleep(0.3)  # or the last status would be told once more
    cs.kill()  # it stays
    ocpp_csms.wait_disconnected()
    cs.start()
    cs.wait_accepted()
    assert versions(ocpp_csms)[2:] == ["9.9"]
    # The next one goes to the other slot, over FTP
    put(shelf, program, version="9.10")
    with ftp_files(shelf.folder) as server:
        update(ocpp_csms, server.url("fw.bin"))
        wait(lambda: told(ocpp_csms)[4:][-1:] == ["Installed"], lambda: told(ocpp_csms), 30)
    assert versions(ocpp_csms)[3:] == ["9.10"]
    # Charges as ever
    assert charge(cs, ocpp_csms)["transactionId"]


def test_programs_in_one_file(charger, ocpp_csms, shelf, program):
    """As on chips: a pack each in both slots, and one that fails."""
    put(shelf, {bundle.PACK: pack.make(program)})
    cs = make(charger, ocpp_csms, charge_point={"firmware": "1.0"})
    update(ocpp_csms, shelf.url + "fw.bin")
    wait_told(ocpp_csms, "Downloading", "Downloaded", "Installing", "Installed")
    marked = replaced(program, "seals.mpy", "raise ImportError\n")
    put(shelf, {bundle.PACK: pack.make(marked)}, version="9.10")
    update(ocpp_csms, shelf.url + "fw.bin")
    wait(lambda: told(ocpp_csms)[4:][-1:] == ["Installed"], lambda: told(ocpp_csms), 30)
    assert versions(ocpp_csms) == ["1.0", "9.9", "9.10"]
    broken = replaced(program, "app.mpy", "raise ValueError('broken on purpose')\n")
    put(shelf, {bundle.PACK: pack.make(broken)}, version="9.11")
    update(ocpp_csms, shelf.url + "fw.bin")
    wait(lambda: told(ocpp_csms)[8:][-1:] == ["InstallationFailed"], lambda: told(ocpp_csms), 30)
    assert "broken on purpose" in cs.log and versions(ocpp_csms)[3:] == ["9.10"]
    cs.log = cs.log.replace("Traceback", "its end")  # it was to be
    assert charge(cs, ocpp_csms)["transactionId"]


def test_a_program_that_fails_comes_back(charger, ocpp_csms, shelf, program):
    put(shelf, replaced(program, "app.mpy", "raise ValueError('broken on purpose')\n"))
    cs = make(charger, ocpp_csms, charge_point={"firmware": "1.0"})
    update(ocpp_csms, shelf.url + "fw.bin")
    wait_told(ocpp_csms, "Downloading", "Downloaded", "Installing", "InstallationFailed")
    assert versions(ocpp_csms) == ["1.0", "1.0"]
    assert "broken on purpose" in cs.log
    answer = ocpp_csms.call("GetDiagnostics", {"location": shelf.url})
    wait(lambda: shelf.received, "no diagnostics")
    text = shelf.received["/" + answer["fileName"]].decode()
    assert "[last crash]" in text and "ValueError: broken on purpose" in text
    cs.log = cs.log.replace("Traceback", "its end")  # it was to be


def test_a_program_nobody_accepts_comes_back(charger, ocpp_csms, shelf, program):
    put(shelf, program)
    make(
        charger, ocpp_csms, {"FirmwareTrialTime": "60"}, charge_point={"firmware": "1.0"}, speed=50
    )

    def boot(payload):
        status = "Accepted" if payload["firmwareVersion"] == "1.0" else "Rejected"
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"status": status, "interval": 10, "currentTime": now}

    ocpp_csms.on("BootNotification", boot)
    update(ocpp_csms, shelf.url + "fw.bin")
    wait_told(ocpp_csms, "Downloading", "Downloaded", "Installing", "InstallationFailed")
    assert versions(ocpp_csms)[0] == versions(ocpp_csms)[-1] == "1.0"
    assert "9.9" in versions(ocpp_csms)


def test_bad_bundles(charger, ocpp_csms, shelf, program):
    few = {name: program[name] for name in list(program)[:3]}
    make(charger, ocpp_csms)
    good = put(shelf, few)
    bad = {
        "flipped": good[:-10] + bytes([good[-10] ^ 1]) + good[-9:],
        "short": good[:-1],
        "long": good + b"x",
        "noise": b"\x00\xff" * 500,
        "empty": b"",
        "board": bundle.bundle(few, "1", "esp32"),
        "newer": bundle.bundle(few, "1", "sim", micropython="9.0.0"),
        "path": bundle.bundle({"../main.mpy": b"x"}, "1", "sim"),
    }
    for n, (name, data) in enumerate(bad.items()):
        (shelf.folder / name).write_bytes(data)
        update(ocpp_csms, shelf.url + name)
        wait(lambda n=n: len(told(ocpp_csms)) == 4 * n + 4, lambda: told(ocpp_csms))
        assert told(ocpp_csms)[-2:] == ["Installing", "InstallationFailed"], name
    assert len(versions(ocpp_csms)) == 1  # nothing was started


def test_charging_goes_on_meanwhile(charger, ocpp_csms, shelf, program):
    put(shelf, program)
    cs = make(charger, ocpp_csms)
    start = charge(cs, ocpp_csms)
    update(ocpp_csms, shelf.url + "fw.bin")
    wait_told(ocpp_csms, "Downloading", "Downloaded")
    cs.wait_connector(2, status="Unavailable")
    assert cs.connector(1)["status"] == "Charging"
    request = {"transactionId": start["transactionId"]}
    ocpp_csms.call("RemoteStopTransaction", request)
    wait_told(ocpp_csms, "Downloading", "Downloaded", "Installing", "Installed")
    assert versions(ocpp_csms)[-1] == "9.9"
    cs.wait_connector(2, status="Available")


def test_a_power_cut_during_the_download(charger, ocpp_csms, shelf, program):
    data = put(shelf, program)
    shelf.gate = threading.Event()
    cs = make(charger, ocpp_csms)
    update(ocpp_csms, shelf.url + "fw.bin")
    wait_told(ocpp_csms, "Downloading")
    time.sleep(0.3)
    cs.kill()
    shelf.gate.set()
    shelf.gate = None
    ocpp_csms.wait_disconnected()
    cs.start()
    wait_told(ocpp_csms, "Downloading", "Downloaded", "Installing", "Installed")
    assert len(shelf.requests) == 2
    assert int(shelf.requests[1][2].get("Range", "bytes=0-")[6:-1]) < len(data)


@pytest.mark.slow
@pytest.mark.parametrize("status", ["Downloaded", "Installing"])
def test_power_cuts_later_on(charger, ocpp_csms, shelf, program, status):
    put(shelf, program)
    cs = make(charger, ocpp_csms)
    update(ocpp_csms, shelf.url + "fw.bin")
    ocpp_csms.wait_for(STATUS, lambda p: p["status"] == status)
    cs.kill()
    ocpp_csms.wait_disconnected()
    cs.start()
    wait(lambda: told(ocpp_csms)[-1] == "Installed", lambda: told(ocpp_csms), 30)
    once = list(dict.fromkeys(told(ocpp_csms)))  # what was under way is told again
    assert once == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert versions(ocpp_csms)[-1] == "9.9"


def test_any_firmware(charger, ocpp_csms, shelf):
    (shelf.folder / "x.img").write_bytes(b"whatever")
    make(charger, ocpp_csms, any_firmware=True)
    update(ocpp_csms, shelf.url + "x.img")
    wait_told(ocpp_csms, "Downloading", "Downloaded", "Installing", "Installed")
    assert len(versions(ocpp_csms)) == 1


def test_only_sealed_bundles_where_there_is_a_manufacturer(
    charger, ocpp_csms, shelf, program, tmp_path
):
    for name in ("m", "o"):
        (tmp_path / name).mkdir()
    maker, other = Authority(tmp_path / "m"), Authority(tmp_path / "o")
    config = {"certificates": {"ManufacturerRootCertificate": [maker.pem]}}
    make(charger, ocpp_csms, ocpp=config)
    signer, stranger = maker.issue("signer"), other.issue("stranger")

    def seal(files, certificate=None):
        key = Path(files[1]).read_bytes()
        return {"key": key, "certificate": Path(certificate or files[0]).read_bytes()}

    bad = {
        "none": {},
        "other": seal(stranger),
        "mixed": seal(stranger, signer[0]),
        "expired": seal(maker.issue("old", days=(-10, -1))),
    }
    for n, (name, words) in enumerate(bad.items()):
        put(shelf, {"app.mpy": b"x"}, name, **words)
        update(ocpp_csms, shelf.url + name)
        wait(lambda n=n: len(told(ocpp_csms)) == 4 * n + 4, lambda: told(ocpp_csms))
        assert told(ocpp_csms)[-1] == "InstallationFailed", name
    assert len(versions(ocpp_csms)) == 1
    put(shelf, program, **seal(signer))
    update(ocpp_csms, shelf.url + "fw.bin")
    wait(lambda: told(ocpp_csms)[-1] == "Installed", lambda: told(ocpp_csms), 30)
    assert versions(ocpp_csms)[-1] == "9.9"


def test_refused_and_stalled(charger, ocpp_csms, shelf):
    make(charger, ocpp_csms, speed=20)
    update(ocpp_csms, "http://127.0.0.1:1/x", retries=1, retryInterval=5)
    wait_told(ocpp_csms, "Downloading", "DownloadFailed")
    update(ocpp_csms, "gopher://x/y")
    wait_told(ocpp_csms, "Downloading", "DownloadFailed", "Downloading", "DownloadFailed")
    update(ocpp_csms, shelf.url + "nothing", retries=0)
    wait(lambda: len(told(ocpp_csms)) == 6, lambda: told(ocpp_csms))
    assert told(ocpp_csms)[4:] == ["Downloading", "DownloadFailed"]
