"""`lib/transfer` on MicroPython against real servers."""

import json
import os
import subprocess
import sys

import pytest
from file_servers import ftp_files, http_files, joined, server_context
from patience import patient
from ws_certificates import Authority

sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))
from mpunit import ROOT, micropython, micropython_env

pytestmark = pytest.mark.slow

DATA = os.urandom(50000)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def shelf(tmp_path):
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "f w.bin").write_bytes(DATA)
    return folder


def run(kind, url, path, heap="256K", **more):
    job = dict(more, kind=kind, url=url, path=str(path))
    driver = ROOT / "tests" / "integration" / "transfer_driver.py"
    done = subprocess.run(
        [micropython(), "-X", "heapsize=" + heap, str(driver)],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=patient(60),
        cwd=ROOT,
        env=micropython_env(),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_http(shelf, tmp_path):
    with http_files(shelf) as server:
        result = run("download", server.url + "f%20w.bin", tmp_path / "got")
        # A query tells the path as it is
        (shelf / "f w.bin").rename(shelf / "q")
        run("download", server.url + "q?x", tmp_path / "got2")
    assert (tmp_path / "got2").read_bytes() == DATA
    assert result["error"] == ["missing", "GET answered by HTTP 404"]


def test_http_cut_and_resumed(shelf, tmp_path):
    (shelf / "f").write_bytes(DATA)
    with http_files(shelf) as server:
        server.cut = 1
        first = run("download", server.url + "f", tmp_path / "got")
        assert first["error"][0] == "closed"
        assert (tmp_path / "got").stat().st_size == 3000
        second = run("download", server.url + "f", tmp_path / "got", state=first["state"])
        assert second["error"] is None
        assert server.requests[1][2]["Range"] == "bytes=3000-"
    assert (tmp_path / "got").read_bytes() == DATA
    assert second["heap"] < 10000, second  # code aside; of a 64-bit host, twice that of a board


def test_http_upload(shelf, tmp_path):
    (tmp_path / "s").write_bytes(DATA)
    with http_files(shelf) as server:
        result = run("upload", server.url + "up", tmp_path / "s", name="d.log")
        assert result["error"] is None and server.received == {"/up/d.log": DATA}
        server.refuse = {"PUT": 405}
        result = run("upload", server.url + "up", tmp_path / "s", name="d.log")
        assert result["error"] is None and DATA in server.received["/up"]


@pytest.mark.parametrize("trusted", [True, False])
def test_https(authority, shelf, tmp_path, trusted):
    (shelf / "f").write_bytes(DATA)
    context = server_context(authority.issue("files", ["127.0.0.1"]))
    ca = authority.der if trusted else Authority(tmp_path, "Another").der
    with http_files(shelf, context) as server:
        result = run("download", server.url + "f", tmp_path / "got", ca=ca, heap="1M")
    if trusted:
        assert result["error"] is None and (tmp_path / "got").read_bytes() == DATA
    else:
        assert result["error"][0] == "tls"


@pytest.mark.parametrize("days, host", [((-10, -1), "127.0.0.1"), ((-1, 30), "127.0.0.2")])
def test_https_expired_or_of_another_name(authority, shelf, tmp_path, days, host):
    context = server_context(authority.issue("files", [host], days=days))
    with http_files(shelf, context) as server:
        result = run("download", server.url + "f", tmp_path / "got", ca=authority.der, heap="1M")
    assert result["error"][0] == "tls"
    assert not (tmp_path / "got").exists()


def test_ftp(shelf, tmp_path):
    with ftp_files(shelf) as server:
        result = run("download", server.url("f%20w.bin"), tmp_path / "got")
        assert result["error"] is None and (tmp_path / "got").read_bytes() == DATA
        # Cut, and gone on with
        (tmp_path / "got").write_bytes(DATA[:20000])
        result = run("download", server.url("f%20w.bin"), tmp_path / "got", state=result["state"])
        assert result["error"] is None and (tmp_path / "got").read_bytes() == DATA
        assert "REST 20000" in server.commands
        # Another file by now
        (shelf / "f w.bin").write_bytes(DATA[::-1] + b"x")
        result = run("download", server.url("f%20w.bin"), tmp_path / "got", state=result["state"])
        assert (tmp_path / "got").read_bytes() == DATA[::-1] + b"x"


def test_ftp_pasv(shelf, tmp_path):
    with ftp_files(shelf) as server:
        server.handler.proto_cmds = {
            k: v for k, v in server.handler.proto_cmds.items() if k not in ("EPSV", "SIZE", "MDTM")
        }
        result = run("download", server.url("f%20w.bin"), tmp_path / "got")
        assert result["error"] is None and (tmp_path / "got").read_bytes() == DATA
        assert "PASV" in server.commands


def test_ftp_upload_and_refusals(shelf, tmp_path):
    (tmp_path / "s").write_bytes(DATA)
    with ftp_files(shelf) as server:
        result = run("upload", server.url(), tmp_path / "s", name="d.log")
        assert result["error"] is None and (shelf / "d.log").read_bytes() == DATA
        result = run("upload", server.url(user=""), tmp_path / "s", name="e.log")
        assert result["error"][0] == "denied" and not (shelf / "e.log").exists()
        result = run("download", server.url("f", user="me:wrong@"), tmp_path / "got")
        assert result["error"][0] == "denied"
        result = run("download", server.url("f%20w.bin"), tmp_path / "got", limit=1000)
        assert result["error"][0] == "size"
        result = run("download", server.url("nothing"), tmp_path / "got")
        assert result["error"][0] == "denied", result  # 550 tells no more


def test_ftps(authority, shelf, tmp_path):
    files = authority.issue("files", ["127.0.0.1"])
    (tmp_path / "s").write_bytes(DATA)
    with ftp_files(shelf, joined(files, tmp_path / "both.pem")) as server:
        url = server.url("f%20w.bin")
        result = run("download", url, tmp_path / "got", ca=authority.der, heap="1M")
        assert result["error"] is None and (tmp_path / "got").read_bytes() == DATA
        result = run("upload", server.url(), tmp_path / "s", name="x", ca=authority.der, heap="1M")
        assert result["error"] is None and (shelf / "x").read_bytes() == DATA
        strange = Authority(tmp_path, "Another").der
        result = run("download", url, tmp_path / "got", ca=strange, heap="1M")
        assert result["error"][0] == "tls"
