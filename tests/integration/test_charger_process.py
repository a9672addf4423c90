"""tools/charger as a process: command line, signals, configuration, flash, and the control API's
shapes. No CSMS is needed: nobody listens where these chargers dial."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from clients import ROOT, ApiError, Charger, ChargerMaker
from patience import patient

CHARGER = str(ROOT / "tools" / "charger")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("charger_process")]


@pytest.fixture
def alone():
    """Starts chargers that have no CSMS."""
    maker = ChargerMaker()
    yield maker
    problems = maker.finish()
    assert not problems, problems


@pytest.fixture(scope="module")
def api():
    """A charger whose API is looked at; the tests leave its connectors unplugged and whole."""
    maker = ChargerMaker()
    yield maker()
    problems = maker.finish()
    assert not problems, problems


def refused(api, method, path, body=None, status=400):
    """The text of the error that the API answers."""
    with pytest.raises(ApiError) as caught:
        api.request(method, path, body)
    assert caught.value.status == status, caught.value.body
    assert list(caught.value.body) == ["error"]
    return caught.value.body["error"]


def bad_end(*options, status=2):
    """The one line that a charger leaves which does not start."""
    done = subprocess.run([CHARGER, *options], capture_output=True, text=True, timeout=patient(30))
    assert done.returncode == status, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("charger: "), done.stderr
    return done.stderr


def children(pid):
    return Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()


def gone(pid, timeout=5):
    """True once the process is no more."""
    end = time.monotonic() + patient(timeout)
    while time.monotonic() < end:
        try:
            state = Path("/proc/%s/stat" % pid).read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


# -- command line ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, parts",
    [
        (["--nonsense"], ["--nonsense"]),
        (["--speed", "0"], ["--speed", "0.001"]),
        (["--speed", "fast"], ["fast"]),
        (["--heap", "1K"], ["--heap", "64K"]),
        (["--heap", "lots"], ["lots"]),
        (["--api", "8080"], ["HOST:PORT"]),
        (["--api", "127.0.0.1:99999"], ["99999"]),
        (["--world", "old"], ["--world", "fresh", "keep"]),
        (["--log", "loud"], ["--log", "warn"]),
        (["--conf", "x"], ["--conf"]),
    ],
)
def test_bad_command_line(options, parts):
    line = bad_end(*options)
    for part in parts:
        assert part in line, line


def test_help():
    done = subprocess.run([CHARGER, "--help"], capture_output=True, text=True, timeout=patient(30))
    assert done.returncode == 0
    for option in ("--config", "--flash", "--api", "--world", "--heap", "--speed", "--log"):
        assert option in done.stdout


def test_ready_line_and_clean_stop_from_any_folder(tmp_path):
    # A folder with modules that must not be taken for the firmware's.
    for name in ("main.py", "json.py", "config.py"):
        (tmp_path / name).write_text("raise SystemExit(77)\n")
    for number in (signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen(
            [CHARGER, "--api", "127.0.0.1:0"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = process.stdout.readline()
        assert re.fullmatch(r"charger: api http://127\.0\.0\.1:[1-9]\d*/\n", line), line
        address = line.split("//")[1].strip("/\n")
        connection = http.client.HTTPConnection(address, timeout=patient(10))
        connection.request("GET", "/api/status")
        assert connection.getresponse().status == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=patient(15))
        assert process.returncode == 0 and out == "" and "Traceback" not in err


def test_started_through_a_link(tmp_path):
    link = tmp_path / "my-charger"
    link.symlink_to(CHARGER)
    charger = Charger([link, "--api", "127.0.0.1:0"])
    assert charger.status()["connectors"]
    assert charger.stop() == 0


def test_temporary_flash_is_removed(tmp_path):
    process = subprocess.Popen(
        [CHARGER, "--api", "127.0.0.1:0"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    assert len(list(tmp_path.iterdir())) == 1
    process.terminate()
    process.communicate(timeout=patient(15))
    assert process.returncode == 0 and list(tmp_path.iterdir()) == []


def test_two_at_once():
    """Both build the firmware, each gets its own port."""
    made = []
    for _ in range(3):
        thread = threading.Thread(
            target=lambda: made.append(Charger([CHARGER, "--api", "127.0.0.1:0"]))
        )
        thread.start()
    end = time.monotonic() + patient(30)
    while len(made) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    assert len({charger.address for charger in made}) == 3
    assert [charger.stop() for charger in made] == [0, 0, 0]


def test_port_in_use(alone):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        line = bad_end("--api", "127.0.0.1:%d" % other.getsockname()[1], status=1)
    assert "in use" in line


def test_flash_in_use(alone, tmp_path):
    alone(flash=tmp_path / "f")
    line = bad_end("--flash", str(tmp_path / "f"), "--api", "127.0.0.1:0", status=1)
    assert "another charger" in line


def test_interpreter_of_another_mpy_version(alone, tmp_path, monkeypatch):
    """It gets the sources."""
    real = ROOT / ".venv" / "bin" / "micropython"
    other = tmp_path / "micropython"
    other.write_text('#!/bin/sh\ncase "$1" in -c) echo 5;; *) exec %s "$@";; esac\n' % real)
    other.chmod(0o755)
    monkeypatch.setenv("MICROPYTHON", str(other))
    charger = alone(heap="2M")
    assert charger.status()["connectors"]
    child = children(charger.process.pid)[0]
    assert b"/build/sim-py" in Path("/proc/%s/environ" % child).read_bytes()


def test_interpreter_that_is_none(monkeypatch):
    monkeypatch.setenv("MICROPYTHON", "/nowhere/micropython")
    assert "MICROPYTHON" in bad_end("--api", "127.0.0.1:0", status=1)


# -- death -------------------------------------------------------------------------------------


def test_sigkill_takes_the_child_along(alone):
    charger = alone()
    process = charger.process
    child = children(process.pid)[0]
    os.kill(process.pid, signal.SIGKILL)
    assert gone(child, 1)
    charger.kill()


def test_child_survives_the_terminals_signals(alone):
    charger = alone()
    child = int(children(charger.process.pid)[0])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(child, number)
    time.sleep(0.3)
    assert charger.status()["uptime_s"] >= 0
    assert os.getpgid(child) != os.getpgid(charger.process.pid)


def test_death_of_the_child_is_told(alone):
    charger = alone()
    os.kill(int(children(charger.process.pid)[0]), signal.SIGKILL)
    assert charger.process.wait(patient(5)) == 1
    charger.stop()
    assert "signal 9" in charger.log


def test_power_cut_and_restart_at_once(alone, tmp_path):
    """Same flash, same port, while the old process may still be dying."""
    charger = alone(flash=tmp_path / "f")
    for _ in range(3):
        charger.kill()
        charger.start()
        assert charger.status()["connectors"]


# -- configuration and flash -------------------------------------------------------------------


@pytest.mark.parametrize(
    "config, parts",
    [
        ({"connectors": 0}, ["connectors", "0", "1 to 16"]),
        ({"conectors": 2}, ["conectors", "2", '"connectors"']),
        ({"board": "esp9"}, ["board", '"esp9"', '"sim"']),
        ({"ocpp": {"url": "http://x/"}}, ["ocpp.url", '"http://x/"', "ws://"]),
        ({"ocpp": {"security_profile": 9}}, ["ocpp.security_profile", "9", "0, 1, 2, 3"]),
        ({"ocpp": {"version": "1.5"}}, ["ocpp.version", '"1.5"', '"1.6"']),
        ({"settings": {"HeartbeatInterval": 3}}, ["settings.HeartbeatInterval", "3", "string"]),
        ({"text": '{"ocpp": {"url": '}, ["not JSON", "line 1"]),
        ({"text": '{"board": "sim", "board": "sim"}'}, ['"board"', "twice"]),
        ({"text": "[]"}, ["object"]),
        ({"text": '{"connectors": 1}'}, ["ocpp", "missing"]),
    ],
)
def test_bad_configuration(alone, config, parts):
    done = alone.ends(**config)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


def test_configuration_that_is_not_there():
    assert "nowhere.json" in bad_end("--config", "/tmp/nowhere.json")


def test_unknown_setting_is_a_warning(alone):
    charger = alone(settings={"HeartbeatIntervall": "10"})
    charger.stop()
    assert re.search(r"HeartbeatIntervall.*HeartbeatInterval\b", charger.log), charger.log


def test_the_examples_connectors():
    charger = Charger([CHARGER, "--api", "127.0.0.1:0"])
    assert [c["id"] for c in charger.status()["connectors"]] == [1, 2]
    assert charger.stop() == 0


def test_configuration_and_flash(alone, tmp_path):
    flash = tmp_path / "f"
    charger = alone(flash=flash, connectors=3, settings={"HeartbeatInterval": "33"})
    charger.post("/api/settings", {"ConnectionTimeOut": "44"})
    charger.stop()
    # A bad one does not take its place.
    kept = (flash / "config.json").read_bytes()
    assert alone.ends(flash=flash, connectors=99).returncode == 2
    assert (flash / "config.json").read_bytes() == kept
    assert [path.name for path in flash.glob("config*")] == ["config.json"]
    charger.start()
    assert len(charger.status()["connectors"]) == 3
    found = charger.get("/api/settings")
    assert found["HeartbeatInterval"] == "33" and found["ConnectionTimeOut"] == "44"
    charger.stop()
    # Without --config it is the example, whatever was there; the rest of the flash stays.
    again = Charger([CHARGER, "--flash", flash, "--api", "127.0.0.1:0"])
    assert len(again.status()["connectors"]) == 2
    assert again.get("/api/settings")["ConnectionTimeOut"] == "44"
    assert again.stop() == 0
    example = json.loads((ROOT / "boards" / "sim" / "config.json").read_text())
    assert json.loads((flash / "config.json").read_text()) == example


def test_certificate_files_are_put_onto_the_flash(alone, tmp_path):
    (tmp_path / "outside.pem").write_text("B")
    config = {
        "ocpp": {
            "url": "wss://127.0.0.1:1/",
            "id": "x",
            "security_profile": 3,
            "ca_file": "ca.pem",
            "cert_file": "certs/cp.pem",
            "key_file": str(tmp_path / "outside.pem"),
        }
    }
    folder = tmp_path / "c"
    (folder / "certs").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    command = ["--config", str(folder / "config.json"), "--flash", str(tmp_path / "f")]
    line = bad_end(*command, "--api", "127.0.0.1:0")
    assert "ocpp.ca_file" in line and '"ca.pem"' in line
    (folder / "ca.pem").write_text("A")
    (folder / "certs" / "cp.pem").write_text("C")
    charger = Charger([CHARGER, *command, "--api", "127.0.0.1:0"])
    charger.stop()
    ocpp = json.loads((tmp_path / "f" / "config.json").read_text())["ocpp"]
    found = [(tmp_path / "f" / ocpp[k]).read_text() for k in ("ca_file", "cert_file", "key_file")]
    assert found == ["A", "C", "B"]


def test_world_fresh_and_keep(alone, tmp_path):
    charger = alone(flash=tmp_path / "f", world="keep")
    charger.act(1, "plug", ev="B")
    charger.act(2, "fault", code="OverVoltage")
    charger.act(2, "meter", energy_wh=4321)
    charger.kill()
    charger.start()
    one, two = charger.status()["connectors"]
    assert one["plugged"] and one["ev"] == "B"
    assert two["faults"] == ["OverVoltage"] and two["energy_wh"] == 4321
    charger.stop()
    fresh = alone(flash=tmp_path / "f")
    one, two = fresh.status()["connectors"]
    assert not one["plugged"] and one["ev"] == "A"
    assert two["faults"] == [] and two["energy_wh"] == 4321


def test_damaged_world_begins_anew(alone, tmp_path):
    (tmp_path / "f.world").mkdir()
    (tmp_path / "f.world" / "state.json").write_text('[{"ev": "B"')
    charger = alone(flash=tmp_path / "f", world="keep")
    assert not charger.connector(1)["plugged"]
    assert charger.stop() == 0 and "state.json is damaged" in charger.log


def test_speed(alone):
    charger = alone(speed=100)
    start, real = charger.status()["uptime_s"], time.monotonic()
    gone_by = charger.wait_until(lambda s: s["uptime_s"] >= start + 90)["uptime_s"] - start
    assert gone_by <= 110 * (time.monotonic() - real) + 10, gone_by


# -- control API -------------------------------------------------------------------------------


def test_status_shape(api):
    status = api.status()
    assert {"ocpp", "time", "uptime_s", "heap", "connectors"} <= set(status)
    ocpp = status["ocpp"]
    assert ocpp["connected"] is False and ocpp["version"] == "1.6"
    assert ocpp["registration"] is None and ocpp["last_frame_s"] is None
    assert ocpp["queued"] in (0, 1)  # the security event of the start waits for the CSMS
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", status["time"])
    assert isinstance(status["uptime_s"], int)
    assert status["heap"]["free"] > 0 and status["heap"]["used"] > 0
    assert len(status["connectors"]) == 2
    assert status["connectors"][1] == {
        "id": 2,
        "status": "Available",
        "availability": "Operative",
        "plugged": False,
        "ev": "A",
        "relay": False,
        "locked": False,
        "authorized": None,
        "transaction": None,
        "limit_a": None,
        "power_w": 0,
        "energy_wh": 0,
        "faults": [],
        "reservation": None,
    }


def test_http(api):
    connection = http.client.HTTPConnection(api.address, timeout=patient(10))
    connection.request("GET", "/api/status")
    answer = connection.getresponse()
    assert answer.version == 11 and answer.getheader("Content-Type") == "application/json"
    assert int(answer.getheader("Content-Length")) == len(answer.read())
    connection = http.client.HTTPConnection(api.address, timeout=patient(10))
    connection.request("HEAD", "/api/status")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read() == b""


def raw(api, data, end=False):
    """What the API answers to these bytes, up to its end. `end`: nothing more will come."""
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=patient(10)) as client:
        client.sendall(data)
        if end:
            client.shutdown(socket.SHUT_WR)
        return client.makefile("rb").read()


@pytest.mark.parametrize(
    "request_head, status",
    [
        (b"GET /api/status HTTP/1.1", 200),
        (b"GET /api/status HTTP/1.0", 200),
        (b"GET / HTTP/1.1", 200),
        (b"GET /api/settings HTTP/1.1", 200),
        (b"GET /api/messages?after=0 HTTP/1.1", 200),
        (b"GET /api/messages?after=x HTTP/1.1", 400),
        (b"GET /" + b"x" * 1900 + b" HTTP/1.1", 404),
        (b"GET /" + b"x" * 2100 + b" HTTP/1.1", 400),
        (b"DELETE /api/status HTTP/1.1", 405),
        (b"OPTIONS /api/status HTTP/1.1", 405),
        (b"BREW /api/status HTTP/1.1", 405),
        (b"OPTIONS * HTTP/1.1", 404),
        (b"POST /api/network HTTP/1.1\r\nTransfer-Encoding: chunked", 411),
        (b"POST /api/network HTTP/1.1\r\nContent-Length: -5", 400),
        (b"POST /api/network HTTP/1.1\r\nContent-Length: x", 400),
        (b"POST /api/network HTTP/1.1\r\nNo colon", 400),
        (b"GET /api/status HTTP/1.1\r\nCookie: " + b"x" * 1900, 200),
        (b"GET /api/status HTTP/1.1\r\nCookie: " + b"x" * 2100, 400),
        (b"GET /api/status HTTP/1.1" + b"\r\nX: y" * 1000, 431),
    ],
)
def test_every_answer_is_http_1_1(api, request_head, status):
    head, _, body = raw(api, request_head + b"\r\n\r\n").partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0].startswith("HTTP/1.1 %d " % status), lines[0]
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert fields["connection"] == "close"
    assert int(fields.get("content-length", len(body))) == len(body)
    if request_head.startswith(b"GET / "):
        assert fields["content-type"] == "text/html; charset=utf-8"
    else:
        assert fields["content-type"] == "application/json"
        assert (list(json.loads(body)) == ["error"]) == (status != 200)


def test_half_a_request_is_not_acted_on(api):
    plug = b"POST /api/connectors/1/plug HTTP/1.1\r\n"
    assert raw(api, plug, end=True).startswith(b"HTTP/1.1 400 ")
    assert raw(api, plug + b"Content-Length: 9\r\n\r\n{}", end=True) == b""
    assert not api.connector(1)["plugged"]


def test_pipelined_requests(api):
    """The first is answered, and that the connection ends; the second was never there."""
    two = b"GET /api/settings HTTP/1.1\r\n\r\nPOST /api/connectors/1/plug HTTP/1.1\r\n\r\n"
    answer = raw(api, two)
    assert answer.count(b"HTTP/1.1") == 1 and b"Connection: close\r\n" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["HeartbeatInterval"]
    assert not api.connector(1)["plugged"]


def test_slow_clients_do_not_hold_up_others(api):
    """Some send a byte at a time, some do not read their answer."""
    host, port = api.address.split(":")
    text = b"GET /api/status HTTP/1.1\r\nHost: x\r\n\r\n"
    clients = [socket.create_connection((host, int(port)), timeout=patient(10)) for _ in range(6)]
    try:
        for client in clients[:3]:
            client.sendall(b"GET /api/settings HTTP/1.1\r\n\r\n")
        longest = 0
        for i in range(len(text)):
            for client in clients[3:]:
                client.sendall(text[i : i + 1])
            start = time.monotonic()
            api.status()
            longest = max(longest, time.monotonic() - start)
        assert longest < patient(1), longest
        for client in clients:
            assert client.makefile("rb").read().startswith(b"HTTP/1.1 200 ")
    finally:
        for client in clients:
            client.close()


def test_memory_that_is_short(alone):
    """A body for which there is no room is refused; whoever needs less is served."""
    roomy = alone(connectors=1)
    used = roomy.status()["heap"]["used"]
    roomy.stop()
    charger = alone(connectors=1, heap="%dK" % (used // 1024 + 72))
    big = b"{" + b" " * 16000 + b"}"
    for _ in range(3):
        text = refused(charger, "POST", "/api/connectors/1/plug", big, 503)
        assert text == "out of memory"
        assert not charger.connector(1)["plugged"]
    charger.act(1, "plug")
    charger.wait_connector(1, plugged=True, status="Preparing")
    assert "MemoryError" not in charger.log


def test_many_clients_at_once(alone):
    """Four that ask all the time and four listeners fit into the default heap."""
    charger = alone()
    host, port = charger.address.split(":")
    listeners = [
        socket.create_connection((host, int(port)), timeout=patient(10)) for _ in range(4)
    ]
    for listener in listeners:
        listener.sendall(b"GET /api/events HTTP/1.1\r\n\r\n")
    problems = []

    def ask(path):
        for _ in range(25):
            try:
                charger.get(path)
            except (ApiError, OSError, ValueError) as e:
                problems.append("%s: %r" % (path, e))

    paths = ("/api/status", "/api/settings", "/api/messages", "/api/status")
    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patient(60))
    for listener in listeners:
        assert listener.recv(12) == b"HTTP/1.1 200"
        listener.close()
    assert not problems and "MemoryError" not in charger.log


def test_unknown_paths(api):
    for path in ("/api", "/api/", "/api/nonsense", "/x", "/api/status/", "/api/connectors/1"):
        refused(api, "GET", path, status=404)
    for number in ("0", "3", "-1", "x", "1.0", "99999999999"):
        text = refused(api, "POST", "/api/connectors/%s/plug" % number, {}, 404)
        assert "1 to 2" in text
    refused(api, "POST", "/api/connectors/1/nonsense", {}, 404)
    refused(api, "POST", "/api/rfid", {"idTag": "A", "connector": 3}, 404)
    assert "POST" in refused(api, "GET", "/api/connectors/1/plug", status=405)
    refused(api, "DELETE", "/api/status", status=405)


@pytest.mark.parametrize(
    "path, body, parts",
    [
        ("/api/connectors/1/plug", b"{", ["JSON"]),
        ("/api/connectors/1/plug", b'{"ev":}', ["JSON"]),
        ("/api/connectors/1/plug", b"\xff", ["JSON"]),
        ("/api/connectors/1/plug", [], ["object"]),
        ("/api/connectors/1/plug", b'"C"', ["object"]),
        ("/api/connectors/1/plug", {"ev": "E"}, ["ev", '"E"', '"B"']),
        ("/api/connectors/1/plug", {"evv": "C"}, ["evv", '"ev"']),
        ("/api/connectors/1/plug", {"phases": 4}, ["phases", "4", "1, 2, 3"]),
        ("/api/connectors/1/plug", {"current_a": "16"}, ["current_a", '"16"', "number"]),
        ("/api/connectors/1/plug", {"current_a": -1}, ["current_a", "-1"]),
        ("/api/connectors/1/plug", {"soc": 101}, ["soc", "101"]),
        ("/api/connectors/1/unplug", {"side": "top"}, ["side", '"station"']),
        ("/api/connectors/1/ev", {"state": "F"}, ["state", '"F"']),
        ("/api/connectors/1/fault", {}, ["code", "missing"]),
        ("/api/connectors/1/fault", {"code": "NoError"}, ["code", "GroundFailure"]),
        ("/api/connectors/1/fault", {"code": "CX027"}, ["code", "CX026"]),
        ("/api/connectors/1/pilot", {"state": "A"}, ["state", '"E"']),
        ("/api/connectors/1/pilot", {"diode": 0}, ["diode", "true or false"]),
        ("/api/connectors/1/lock", {}, ["jam"]),
        ("/api/connectors/1/meter", {"energy_wh": -5}, ["energy_wh", "-5"]),
        ("/api/connectors/1/parking", {"occupied": None}, ["occupied"]),
        ("/api/rfid", {}, ["idTag", "missing"]),
        ("/api/rfid", {"idTag": ""}, ["idTag"]),
        ("/api/rfid", {"idTag": 5}, ["idTag", "5"]),
        ("/api/rfid", {"idTag": "A", "type": "VIN"}, ["type", "ISO14443"]),
        ("/api/auth", {"idTag": "A", "type": "Smell"}, ["type", "MacAddress"]),
        ("/api/network", {"online": 1}, ["online"]),
        ("/api/settings", {"HeartbeatInterval": 10}, ["HeartbeatInterval", "10", "string"]),
        ("/api/settings", {"NoSuchSetting": "1"}, ["NoSuchSetting"]),
        ("/api/settings", {"HeartbeatInterval": "soon"}, ["HeartbeatInterval", "soon"]),
        ("/api/auth_cache", {"idTag": "A", "status": "Maybe"}, ["status", "Accepted"]),
        ("/api/auth_cache", {"idTag": "A", "expiry": "soon"}, ["expiry", "soon"]),
        ("/api/local_list", {"version": 1}, ["entries"]),
        ("/api/security_event", {"type": ""}, ["type"]),
        ("/api/reboot", {"reason": "Boredom"}, ["reason", "PowerUp"]),
    ],
)
def test_bad_bodies(api, path, body, parts):
    text = refused(api, "POST", path, body)
    for part in parts:
        assert part in text, text


def test_bodies_of_odd_size(api):
    most = 16384
    assert api.post("/api/connectors/1/unplug", b"{" + b" " * (most - 2) + b"}") == {}
    for size in (most + 1, 200000):
        body = b"{" + b" " * (size - 2) + b"}"
        text = refused(api, "POST", "/api/connectors/1/plug", body, 413)
        assert str(most) in text
    assert not api.connector(1)["plugged"]
    connection = http.client.HTTPConnection(api.address, timeout=patient(10))
    connection.putrequest("POST", "/api/network")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()  # it is refused before the body comes
    assert connection.getresponse().status == 411


def test_garbage_on_the_port(api):
    for garbage in (b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET /\r\n\r\n", b"\x16\x03\x01\x00" * 900):
        with socket.create_connection(api.address.split(":"), timeout=patient(10)) as client:
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            try:
                answer = client.makefile("rb").read()
            except ConnectionResetError:  # what was not read is lost on the way
                answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400"), answer
    assert api.status()


def test_silent_clients_do_not_disturb(api):
    host, port = api.address.split(":")
    clients = [socket.create_connection((host, int(port)), timeout=patient(10)) for _ in range(10)]
    try:
        start = time.monotonic()
        for _ in range(5):
            api.status()
        assert time.monotonic() - start < patient(2)
    finally:
        for client in clients:
            client.close()


def test_car_comes_and_goes(api):
    assert api.act(1, "plug", ev="B") == {}
    assert api.connector(1)["ev"] == "B"
    api.act(1, "ev", state="C")
    found = api.wait_connector(1, ev="C", status="Preparing")
    assert found["plugged"] and not found["relay"]
    api.act(1, "unplug")
    api.wait_connector(1, ev="A", plugged=False, status="Available")
    assert api.post("/api/connectors/1/plug") == {}  # an absent body
    api.act(1, "unplug", side="station")
    api.act(1, "unplug")  # no effect, no error
    api.act(1, "ev", state="C")
    api.wait_connector(1, ev="A", status="Available")


def test_faults(api):
    api.act(1, "fault", code="GroundFailure", info="wet")
    api.act(1, "fault", code="CX008")
    found = api.wait_connector(1, status="Faulted")
    assert sorted(found["faults"]) == ["CX008", "GroundFailure"]
    api.delete("/api/connectors/1/fault", {"code": "CX008"})
    assert api.connector(1)["faults"] == ["GroundFailure"]
    api.delete("/api/connectors/1/fault")
    api.wait_connector(1, status="Available", faults=[])


def test_pilot_and_sensors(api):
    api.act(2, "pilot", state="F")
    api.wait_connector(2, ev="F", status="Faulted")
    api.act(2, "pilot", state=None)
    api.wait_connector(2, ev="A", status="Available")
    api.act(2, "parking", occupied=True)
    api.wait_connector(2, status="Preparing")
    api.act(2, "parking", occupied=False)
    api.wait_connector(2, status="Available")
    api.act(2, "meter", energy_wh=5000000000)
    assert api.connector(2)["energy_wh"] == 5000000000
    api.act(2, "meter", signed=True)
    api.act(2, "meter", energy_wh=0)
    assert api.connector(2)["energy_wh"] == 0


def test_settings(api):
    before = api.get("/api/settings")
    assert all(isinstance(value, str) for value in before.values())
    assert api.post("/api/settings", {"HeartbeatInterval": "77"}) == {}
    assert api.get("/api/settings")["HeartbeatInterval"] == "77"
    refused(api, "POST", "/api/settings", {"HeartbeatInterval": "78", "Nonsense": "1"})
    assert api.get("/api/settings")["HeartbeatInterval"] == "77"
    api.post("/api/settings", {"HeartbeatInterval": None})
    assert api.get("/api/settings") == before


def test_acts_on_the_station(api):
    assert api.post("/api/auth_cache", {"idTag": "CACHED", "status": "Accepted"}) == {}
    assert api.delete("/api/auth_cache") == {}
    assert api.post("/api/auth", {"idTag": "AA:BB", "type": "MacAddress", "connector": 1}) == {}
    assert api.post("/api/network", {"online": False}) == {}
    assert api.post("/api/network", {"online": True}) == {}
    assert api.get("/api/messages") == {"messages": []}
    assert api.get("/api/messages?after=5") == {"messages": []}
    for after in ("x", "-1", "1.5", ""):
        assert "after" in refused(api, "GET", "/api/messages?after=" + after)


def test_reboot(alone):
    charger = alone(settings={"LocalAuthorizeOffline": "true"})
    charger.act(1, "plug")
    charger.act(2, "fault", code="OverVoltage")
    charger.act(1, "meter", energy_wh=777)
    charger.post("/api/settings", {"HeartbeatInterval": "55"})
    used = []
    for reason in ("PowerUp", "Watchdog", "LocalReset", "PowerUp") * 2:
        charger.post("/api/reboot", {"reason": reason})
        status = charger.status()  # at once
        assert status["uptime_s"] == 0 and status["ocpp"]["connected"] is False
        one, two = status["connectors"]
        assert one["plugged"] and one["energy_wh"] == 777 and two["faults"] == ["OverVoltage"]
        # Settings are the firmware's: it starts for them.
        assert charger.get("/api/settings")["HeartbeatInterval"] == "55"
        charger.wait_connector(1, status="Preparing")
        charger.wait_connector(2, status="Faulted")
        used.append(charger.status()["heap"]["used"])
    assert min(used[4:]) < min(used[:4]) + 1000, "restarts leave something behind: %s" % used


def test_events(api):
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=patient(10)) as client:
        client.sendall(b"GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
        lines = client.makefile("r", encoding="utf-8")
        assert lines.readline().startswith("HTTP/1.1 200")
        assert "Content-Type: text/event-stream\n" in iter(lines.readline, "\n")
        first = _status_event(lines)
        assert first["connectors"][0]["plugged"] is False
        api.act(1, "plug", ev="B")
        while not _status_event(lines)["connectors"][0]["plugged"]:
            pass
        api.act(1, "unplug")
        while _status_event(lines)["connectors"][0]["plugged"]:
            pass


def _status_event(lines):
    """The next `status` event."""
    for line in lines:
        if line == "event: status\n":
            return json.loads(next(lines).partition("data: ")[2])
    raise AssertionError("the stream has ended")


def test_listeners_are_bounded(api):
    host, port = api.address.split(":")

    def listen():
        client = socket.create_connection((host, int(port)), timeout=patient(10))
        client.sendall(b"GET /api/events HTTP/1.1\r\n\r\n")
        return client, client.recv(12)

    time.sleep(0.5)  # whoever listened before is noticed to be gone
    clients = [listen() for _ in range(5)]
    try:
        answers = [answer for _, answer in clients]
        assert answers == [b"HTTP/1.1 200"] * 4 + [b"HTTP/1.1 503"]
        assert api.status()
    finally:
        for client, _ in clients:
            client.close()
    time.sleep(0.5)
    client, answer = listen()
    client.close()
    assert answer == b"HTTP/1.1 200"
