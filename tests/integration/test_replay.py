"""A run is recorded, and the same firmware does it again at virtual time."""

import json
import stat
import subprocess

import pytest
from clients import ROOT
from core16 import QUICK, wait
from file_servers import http_files
from patience import patient
from rigs import chargers, checked_csms
from test_doctor import examined
from test_firmware import STATUS, program, put, told, update  # noqa: F401
from test_security import KEY, Authority, tls_csms, trusting

# One recording is for two of them
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("replay")]


def replay(file, *options):
    command = [str(ROOT / "tools" / "replay"), str(file), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=patient(120))


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A session, half an hour of charging, a link that breaks, a reset."""
    file = tmp_path_factory.mktemp("recording") / "run"
    with checked_csms() as csms, chargers() as charger:
        live(charger, csms, file)
    return file


def live(charger, ocpp_csms, file):
    cs = charger(
        ocpp_csms,
        options=["--record", str(file)],
        settings={"MeterValueSampleInterval": "60", "AllowOfflineTxForUnknownId": "true"},
    )
    cs.act(1, "plug", current_a=16, soc=40)
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, status="Charging")
    cs.post("/api/speed", {"speed": 400})
    ocpp_csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    cs.wait_until(lambda _: cs.connector(1)["transaction"]["seconds"] > 1800)
    cs.post("/api/speed", {"speed": 1})
    cs.post("/api/network", {"online": False})
    cs.act(2, "plug")
    cs.card("OFFLINE", connector=2)
    cs.wait_until(lambda _: cs.connector(2)["transaction"])
    cs.post("/api/network", {"online": True})
    ocpp_csms.wait_for("StartTransaction", lambda p: p["idTag"] == "OFFLINE")
    cs.card("DEADBEEF", connector=1)
    ocpp_csms.wait_for("StopTransaction")
    boots = len(ocpp_csms.calls("BootNotification"))
    cs.post("/api/reboot", {"reason": "PowerUp"})
    cs.wait_until(lambda _: len(ocpp_csms.calls("BootNotification")) > boots)
    cs.wait_accepted()
    cs.stop()


def test_it_does_the_same_again(recording):
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600  # there are passwords in it
    done = replay(recording, "--frames")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as recorded" in done.stdout.splitlines()[-1]
    assert "StopTransaction" in done.stdout and "OFFLINE" in done.stdout
    again = replay(recording)
    assert done.stdout.splitlines()[-1] == again.stdout.splitlines()[-1]


def test_a_difference_is_told(recording, tmp_path):
    lines = recording.read_text().splitlines()
    at = next(i for i, text in enumerate(lines) if '"act"' in text and "plug" in text)
    act = json.loads(lines[at])
    act[3]["current_a"] = 10  # as if another car had come
    lines[at] = json.dumps(act)
    file = tmp_path / "run"
    file.write_text("\n".join(lines) + "\n")
    done = replay(file)
    assert done.returncode == 1
    assert "not as recorded: frame" in done.stdout and "MeterValues" in done.stdout


def test_a_power_cut_ends_a_recording(charger, ocpp_csms, tmp_path):
    file = tmp_path / "run"
    cs = charger(ocpp_csms, options=["--record", str(file)])
    cs.act(1, "plug")
    cs.wait_connector(1, status="Preparing")
    cs.kill()
    with open(file, "a") as out:
        out.write('["out", "[2,')  # half a line
    done = replay(file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_no_recording(tmp_path):
    file = tmp_path / "run"
    for text in ("", "nonsense", "{}", '{"ocppy": 1}', '{"ocppy": 99}'):
        file.write_text(text + "\n")
        done = replay(file)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, (text, done)
    assert replay(tmp_path / "none").returncode == 2


def same_again(file):
    """What the replay says of a recording that holds no difference."""
    done = replay(file, "--frames")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout


def test_files_and_a_new_firmware(charger, ocpp_csms, tmp_path, program):  # noqa: F811
    file = tmp_path / "run"
    cs = charger(ocpp_csms, options=["--record", str(file)], speed=10, settings=QUICK)
    (tmp_path / "shelf").mkdir()
    with http_files(tmp_path / "shelf") as shelf:
        put(shelf, program)
        update(ocpp_csms, shelf.url + "nothing", retries=0)
        wait(lambda: told(ocpp_csms) == ["Downloading", "DownloadFailed"], "no failure")
        name = ocpp_csms.call("GetDiagnostics", {"location": shelf.url})["fileName"]
        ocpp_csms.wait_for("DiagnosticsStatusNotification", lambda p: p["status"] == "Uploaded")
        assert "/" + name in shelf.received
        update(ocpp_csms, shelf.url + "fw.bin")
        ocpp_csms.wait_for(STATUS, lambda p: p["status"] == "Installed", timeout=40)
    cs.wait_accepted()
    cs.stop()
    assert str(shelf.url) in file.read_text()
    out = same_again(file)  # and there is no server any more
    for word in ("DownloadFailed", "Uploaded", "Installed", '"firmwareVersion":"9.9"'):
        assert word in out, word


def test_doctor(charger, ocpp_csms, tmp_path):
    file = tmp_path / "run"
    cs = charger(ocpp_csms, options=["--record", str(file)], settings=QUICK)
    assert examined(cs)[1] is True
    ocpp_csms.unlisten()
    cs.wait_until(lambda s: not s["ocpp"]["connected"])
    assert list(examined(cs)[0])[-1] == "tcp"
    cs.stop()
    assert "BootNotification" in same_again(file)


def test_tls(charger, tmp_path):
    authority = Authority()
    file = tmp_path / "run"
    with tls_csms(authority.server(tmp_path)) as csms:
        csms.password = KEY
        ocpp = trusting(tmp_path, authority, security_profile=2, password=KEY)
        options = ["--record", str(file)]
        cs = charger(csms, ocpp=ocpp, options=options, settings={**QUICK, "CpoName": "ACME"})
        asked = {"requestedMessage": "SignChargePointCertificate"}
        csms.on("SignCertificate", {"status": "Accepted"})
        assert csms.call("ExtendedTriggerMessage", asked) == {"status": "Accepted"}
        csr = csms.wait_for("SignCertificate", timeout=30)["csr"]
        chain = {"certificateChain": authority.sign(csr)}
        assert csms.call("CertificateSigned", chain) == {"status": "Accepted"}
        cs.stop()
    assert '["cert", 1, ' in file.read_text()
    assert "CERTIFICATE REQUEST" in same_again(file)
