"""The fixtures with the shipped programs: one session each, a power cut, a refused start."""

import pytest
from clients import ApiError
from ocpp_link import CallError

pytestmark = pytest.mark.slow


def test_a_session_with_the_csms_of_the_ocpp_package(ocpp_csms, charger):
    cs = charger(ocpp_csms, settings={"MeterValueSampleInterval": "1"})
    cs.act(1, "plug", current_a=16)
    cs.wait_connector(1, status="Preparing")
    cs.card("DEADBEEF", connector=1)
    start = ocpp_csms.wait_for("StartTransaction")
    assert start["connectorId"] == 1 and start["idTag"] == "DEADBEEF"
    cs.wait_connector(1, status="Charging")
    assert ocpp_csms.wait_for("MeterValues")["transactionId"] == 1
    stop = {"transactionId": 1}
    assert ocpp_csms.call("RemoteStopTransaction", stop) == {"status": "Accepted"}
    stop = ocpp_csms.wait_for("StopTransaction")
    assert stop["transactionId"] == 1 and stop["reason"] == "Remote"
    assert stop["meterStop"] >= start["meterStart"]
    cs.act(1, "unplug")
    cs.wait_connector(1, status="Available", plugged=False)
    with pytest.raises(CallError) as raised:
        ocpp_csms.call("NoSuchAction", {}, check=False)
    assert raised.value.code == "NotImplemented"


def test_a_power_cut_and_a_restart(ocpp_csms, charger):
    cs = charger(ocpp_csms)
    address = cs.address
    cs.kill()
    ocpp_csms.wait_disconnected()
    with pytest.raises(OSError):
        cs.status()
    cs.start()
    assert cs.address == address
    ocpp_csms.wait_connected(opened=2)
    cs.wait_accepted()
    assert len(ocpp_csms.calls("BootNotification")) == 2


def test_errors_of_the_api_and_of_the_configuration(charger):
    with pytest.raises(ApiError) as raised:
        charger(connectors=1).act(2, "plug")
    assert raised.value.status == 404
    ended = charger.ends(text='{"board": "sim", "conectors": 1}')
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1 and "connectors" in ended.stderr


def test_a_session_with_the_shipped_csms(csms, charger):
    shipped = csms()
    cs = charger(shipped)
    shipped.put("/api/tokens/CARD1", {"status": "Accepted"})
    cs.act(2, "plug")
    cs.card("CARD1", connector=2)
    cs.wait_connector(2, status="Charging")
    cs.wait_until(lambda s: s["connectors"][1]["transaction"]["id"] is not None)
    number = cs.connector(2)["transaction"]["id"]
    stop = {"transactionId": number}
    answer = shipped.call("cp001", "RemoteStopTransaction", stop)
    assert answer == {"result": {"status": "Accepted"}}
    cs.wait_connector(2, status="Finishing", transaction=None)
    done = shipped.get("/api/transactions/%s" % number)
    assert done["idTag"] == "CARD1" and done["reason"] == "Remote"
