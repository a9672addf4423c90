"""The CSMS's command line and configuration."""

import asyncio
import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request

import csms_process
import pytest
from csms_app import main
from csms_process import CSMS, TOOLS
from patience import patient

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ready_line_then_clean_end(tmp_path, number):
    csms = CSMS(tmp_path)
    with urllib.request.urlopen(csms.http) as page:
        assert b"<title>CSMS</title>" in page.read()
    assert csms.get("/api/stations") == {"stations": []}
    assert csms.stop(number) == 0
    assert "Traceback" not in csms.log()


def test_ends_with_stations_and_listeners_connected(tmp_path):
    async def body(csms):
        async with csms_process.station(csms, "cp001"):
            events = urllib.request.urlopen(csms.http + "api/events")
            assert events.status == 200
            return await asyncio.to_thread(csms.stop)

    csms = CSMS(tmp_path)
    assert csms_process.run(body(csms)) == 0
    assert "Traceback" not in csms.log()


def refused(*flags):
    """What a CSMS tells that must end with status 2 and one line. It is started in this process:
    a start by itself takes a second."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main.main(list(map(str, flags)))
    assert status == 2 and out.getvalue() == "", out.getvalue()
    assert err.getvalue().count("\n") == 1, err.getvalue()
    return err.getvalue()


def test_wrong_use_of_the_process():
    command = csms_process.command("--nonsense")
    done = subprocess.run(
        command,
        env=csms_process.environment(),
        capture_output=True,
        text=True,
        timeout=patient(20),
    )
    assert done.returncode == 2 and done.stdout == "" and "--nonsense" in done.stderr
    assert done.stderr == refused("--nonsense")


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--listen", "127.0.0.1"], ["--listen 127.0.0.1", "HOST:PORT"]),
        (["--listen", "127.0.0.1:70000"], ["--listen", "70000", "65535"]),
        (["--http", ":9001"], ["--http", "HOST:PORT"]),
        (["--http", "127.0.0.1:http"], ["--http", "HOST:PORT"]),
        (["--log", "loud"], ["--log", "loud", "debug"]),
        (["--db", "/nonexistent/x.sqlite"], ["--db", "/nonexistent/x.sqlite"]),
        (["--config", "/nonexistent.json"], ["--config", "/nonexistent.json"]),
        (["--nonsense"], ["--nonsense"]),
    ],
)
def test_bad_flags(flags, words):
    line = refused(*flags)
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    "config, words",
    [
        ([], ["[]", "object"]),
        ({"boots": {}}, ["boots", "boot"]),
        ({"boot": {"status": "Maybe"}}, ["boot.status", "Maybe", "Pending"]),
        ({"boot": {"interval": -1}}, ["boot.interval", "-1", "0"]),
        ({"boot": {"interval": True}}, ["boot.interval", "true"]),
        ({"unknown_stations": "maybe"}, ["unknown_stations", "maybe", "reject"]),
        ({"unknown_tokens": 3}, ["unknown_tokens", "3", "Invalid"]),
        ({"tokens": {"A1": {"status": "Fine"}}}, ["tokens.A1", "Fine", "Accepted"]),
        ({"tokens": {"A1": {"expiry": "soon"}}}, ["tokens.A1", "soon", "expiry"]),
        ({"stations": {"cp1": {"pasword": "x"}}}, ["stations.cp1.pasword", "password"]),
        ({"tls": {"cert_file": "none.pem"}}, ["tls.cert_file", "none.pem"]),
        ({"tls": {}}, ["tls.cert_file", "missing"]),
        ({"tls": {"hosts": []}}, ["tls.hosts", "list of host names"]),
        ({"tls": {"hosts": "localhost"}}, ["tls.hosts", "localhost", "list"]),
        ({"call_timeout": "30"}, ["call_timeout", "30", "600"]),
    ],
)
def test_bad_configuration(tmp_path, config, words):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(config))
    line = refused("--config", str(path))
    for word in words:
        assert word in line


def test_configuration_that_is_no_json(tmp_path):
    path = tmp_path / "c.json"
    path.write_text("{'boot': 1}")
    assert "not JSON" in refused("--config", str(path))


def test_a_password_in_a_bad_configuration_is_not_shown(tmp_path):
    path = tmp_path / "c.json"
    secret = "s3cret" * 20
    path.write_text(json.dumps({"stations": {"cp1": {"password": secret}}}))
    line = refused("--config", str(path))
    assert "stations.cp1.password" in line
    assert secret not in line


def test_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        line = refused("--listen", address, "--http", "127.0.0.1:0", "--db", ":memory:")
    assert "--listen " + address in line
    assert "in use" in line


def test_store_that_is_no_database(tmp_path):
    path = tmp_path / "x.sqlite"
    path.write_text("not a database" * 100)
    assert str(path) in refused("--db", str(path))


def test_launcher_without_environment(tmp_path):
    (tmp_path / "tools").mkdir()
    launcher = shutil.copy(TOOLS / "csms", tmp_path / "tools" / "csms")
    done = subprocess.run([launcher], capture_output=True, text=True, timeout=patient(20))
    assert done.returncode == 2
    assert "make setup" in done.stderr
    assert done.stderr.count("\n") == 1


def test_launcher_from_another_directory_through_a_link(tmp_path):
    tools = tmp_path / "my project" / "tools"
    python = tools.parent / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    tools.mkdir()
    shutil.copy(TOOLS / "csms", tools / "csms")
    (tools / "csms_app").symlink_to(TOOLS / "csms_app")
    python.write_text('#!/bin/sh\nexec "%s" "$@"\n' % sys.executable)
    python.chmod(0o755)
    link = tmp_path / "csms-link"
    link.symlink_to(tools / "csms")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [str(link), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--db", "x.sqlite"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    process = subprocess.Popen(
        command, cwd=elsewhere, env=environment, stdout=subprocess.PIPE, text=True
    )
    with process:
        line = process.stdout.readline()
        process.terminate()
    assert csms_process.READY.fullmatch(line), line
    assert process.returncode == 0
    assert (elsewhere / "x.sqlite").exists()
