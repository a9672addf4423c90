"""Diagnostics and logs of the running charger, uploaded to real servers."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from core16 import QUICK, charge, wait
from file_servers import ftp_files, http_files, joined
from patience import patient
from ws_certificates import Authority

pytestmark = pytest.mark.slow

SECRET = "not-for-anybody-1234"


def make(charger, csms, settings=None, **more):
    more.setdefault("speed", 10)
    return charger(csms, settings={**QUICK, **(settings or {})}, **more)


def told(csms, action="DiagnosticsStatusNotification"):
    return [p["status"] for p in csms.calls(action)]


def wait_told(csms, action, *wanted):
    wait(lambda: len(told(csms, action)) >= len(wanted), lambda: told(csms, action), 20)
    assert told(csms, action) == list(wanted)


def diagnostics(csms, url, **more):
    name = csms.call("GetDiagnostics", dict(more, location=url))["fileName"]
    wait_told(csms, "DiagnosticsStatusNotification", "Uploading", "Uploaded")
    return name


def section(text, name):
    found = re.search(r"^\[%s\]\n(.*?)(?=^\[|\Z)" % name, text, re.M | re.S)
    assert found, "no [%s] in\n%s" % (name, text)
    return found[1]


def test_over_http(charger, ocpp_csms, tmp_path):
    cs = make(charger, ocpp_csms, charge_point={"firmware": "1.0"}, log="error")
    charge(cs, ocpp_csms)
    ocpp_csms.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET})
    ocpp_csms.call("DataTransfer", {"vendorId": "nobody", "data": "x" * 6000})
    with http_files(tmp_path) as server:
        name = diagnostics(ocpp_csms, server.url + "d")
        text = server.received["/d/" + name].decode()
    assert re.fullmatch(r"cp001-diagnostics-\d{8}T\d{6}Z\.txt", name)
    assert SECRET not in text
    assert "firmware=1.0" in section(text, "station")
    assert "MeterValueSampleInterval=0" in section(text, "settings")
    assert re.search(r"open: \d+-1 at connector 1, csms id 1", section(text, "transaction log"))
    assert "StartTransaction" in section(text, "frames")
    assert "not shown: authorizationkey" in section(text, "frames")
    assert "(a long frame)" in section(text, "frames")
    assert " info " in section(text, "log")  # kept, though only errors are printed


def test_over_ftps(charger, ocpp_csms, tmp_path):
    authority = Authority(tmp_path)
    both = joined(authority.issue("files", ["127.0.0.1"]), tmp_path / "both.pem")
    make(charger, ocpp_csms, ocpp={"ca_file": authority.der}, speed=2)
    with ftp_files(tmp_path, both) as server:
        name = diagnostics(ocpp_csms, server.url())
    assert "[settings]" in (tmp_path / name).read_text()


def test_a_window_of_time(charger, ocpp_csms, tmp_path):
    make(charger, ocpp_csms)
    begin = datetime.now(timezone.utc) + timedelta(days=1)
    with http_files(tmp_path) as server:
        name = diagnostics(ocpp_csms, server.url, startTime=begin.strftime("%Y-%m-%dT%H:%M:%SZ"))
        text = server.received["/" + name].decode()
    assert section(text, "log").strip() == section(text, "frames").strip() == ""


def test_a_crash_is_told(charger, ocpp_csms, tmp_path):
    cs = make(charger, ocpp_csms)
    cs.stop()
    trace = '{"time":1795230000,"uptime_s":7,"boot_reason":"PowerUp","heap_free":5,'
    trace += '"traceback":"Traceback:\\n  File x\\nValueError: boom"}'
    flash = cs.command[cs.command.index("--flash") + 1]
    (tmp_path / "make.py").write_text(
        "import json, sys\nfrom ocpp.store import Store\n"
        "Store(sys.argv[1] + '/state').save('crash', json.loads(sys.argv[2]))\n"
    )
    import subprocess

    from test_transfer import ROOT, micropython, micropython_env

    command = [micropython(), str(tmp_path / "make.py"), flash, trace]
    subprocess.run(command, check=True, cwd=ROOT, env=micropython_env(), timeout=patient(20))
    cs.start()
    cs.wait_accepted()
    with http_files(tmp_path) as server:
        name = diagnostics(ocpp_csms, server.url)
        crash = section(server.received["/" + name].decode(), "last crash")
    assert "time=2026-11-21T03:00:00Z" in crash and "ValueError: boom" in crash


def test_get_log(charger, ocpp_csms, tmp_path):
    cs = make(charger, ocpp_csms)
    cs.post("/api/security_event", {"type": "TamperDetectionActivated", "info": "door"})
    log = {"logType": "SecurityLog", "requestId": 3}
    with http_files(tmp_path) as server:
        request = dict(log, log={"remoteLocation": server.url + "up?sig=1"})
        answer = ocpp_csms.call("GetLog", request)
        assert answer["status"] == "Accepted"
        wait_told(ocpp_csms, "LogStatusNotification", "Uploading", "Uploaded")
        assert "TamperDetectionActivated door" in server.received["/up?sig=1"].decode()
        assert all(p["requestId"] == 3 for p in ocpp_csms.calls("LogStatusNotification"))


@pytest.mark.parametrize("method, status, word", [("PUT", 403, "PermissionDenied")])
def test_get_log_refused(charger, ocpp_csms, tmp_path, method, status, word):
    make(charger, ocpp_csms)
    with http_files(tmp_path) as server:
        server.refuse = {method: status}
        request = {"logType": "DiagnosticsLog", "requestId": 4, "retries": 1, "retryInterval": 1}
        ocpp_csms.call("GetLog", dict(request, log={"remoteLocation": server.url}))
        wait_told(ocpp_csms, "LogStatusNotification", "Uploading", word)
        assert len(server.requests) == 2
