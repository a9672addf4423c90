"""OCPP 2.0.1 block N with the charger process: logs, customers, monitors."""

import pytest
from file_servers import http_files
from test_201_security import start

pytestmark = pytest.mark.slow

CARD = {"idToken": "DEADBEEF", "type": "ISO14443"}
POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


def wait_status(csms, status, id):
    return csms.wait_for(
        "LogStatusNotification", lambda p: p["status"] == status and p["requestId"] == id
    )


def test_tc_n_25_35_logs(ocpp_csms, charger, tmp_path):
    ocpp_csms.on("LogStatusNotification", {})
    start(charger, ocpp_csms)
    with http_files(tmp_path) as server:
        for id, kind in ((1, "DiagnosticsLog"), (2, "SecurityLog")):
            asked = {"logType": kind, "requestId": id, "log": {"remoteLocation": server.url}}
            answer = ocpp_csms.call("GetLog", asked)
            assert answer["status"] == "Accepted" and answer["filename"]
            wait_status(ocpp_csms, "Uploading", id)
            wait_status(ocpp_csms, "Uploaded", id)
        assert len(server.received) == 2


def test_tc_n_27_30_customer_information(ocpp_csms, charger):
    ocpp_csms.on("NotifyCustomerInformation", {})
    cs = start(charger, ocpp_csms)
    cs.post("/api/auth_cache", {"idTag": "DEADBEEF", "status": "Accepted"})
    for id, clear, known in ((1, True, True), (2, False, False)):
        asked = {"requestId": id, "report": True, "clear": clear, "idToken": CARD}
        assert ocpp_csms.call("CustomerInformation", asked) == {"status": "Accepted"}
        told = ocpp_csms.wait_for("NotifyCustomerInformation", lambda p, n=id: p["requestId"] == n)
        assert bool(told["data"]) == known


def test_a_monitor_of_the_power(ocpp_csms, charger):
    ocpp_csms.on("NotifyMonitoringReport", {})
    cs = start(charger, ocpp_csms)
    item = dict(POWER, type="UpperThreshold", value=1000, severity=4)
    answer = ocpp_csms.call("SetVariableMonitoring", {"setMonitoringData": [item]})
    result = answer["setMonitoringResult"][0]
    assert result["status"] == "Accepted"
    assert ocpp_csms.call("GetMonitoringReport", {"requestId": 3}) == {"status": "Accepted"}
    report = ocpp_csms.wait_for("NotifyMonitoringReport")
    assert report["monitor"][0]["variableMonitoring"][0]["id"] == result["id"]
    cs.act(1, "plug", current_a=16)
    cs.card("DEADBEEF", connector=1)
    event = ocpp_csms.wait_for("NotifyEvent", lambda p: p["eventData"][0]["trigger"] == "Alerting")
    data = event["eventData"][0]
    assert float(data["actualValue"]) > 1000 and data["variableMonitoringId"] == result["id"]
    cs.act(1, "unplug")
    ocpp_csms.wait_for("NotifyEvent", lambda p: p["eventData"][0].get("cleared"))
