"""OCPP 2.0.1 K, L, I, O as the charger process speaks it; every frame is held against the
schemas. The cases one by one are unit tests: `test_v201_*.py`."""

import base64
import datetime

import pytest
from file_servers import http_files
from test_security import Authority, _name
from test_signed_firmware import FIRMWARE, signed
from test_v201 import charging, set_up, wait_event

pytestmark = pytest.mark.slow

ACCEPTED = {"status": "Accepted"}


def text(seconds=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def profile(id, purpose, *periods, stack=0, start=None, **more):
    listed = [{"startPeriod": at, "limit": limit} for at, limit in periods]
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": listed}
    if start:
        schedule["startSchedule"] = start
    return {
        "id": id,
        "stackLevel": stack,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute" if start else "Relative",
        "chargingSchedule": [schedule],
        **more,
    }


def put(csms, evse, wanted):
    return csms.call("SetChargingProfile", {"evseId": evse, "chargingProfile": wanted})


def test_smart_charging(ocpp_csms, charger):
    for action in ("ReportChargingProfiles", "NotifyChargingLimit", "ClearedChargingLimit"):
        ocpp_csms.on(action, {})
    cs = set_up(charger, ocpp_csms)
    start = charging(cs, ocpp_csms)
    tx = start["transactionInfo"]["transactionId"]
    whole = profile(1, "ChargingStationMaxProfile", (0, 25), start=text(-86400))
    usual = profile(2, "TxDefaultProfile", (0, 12), (7200, 8))
    own = profile(3, "TxProfile", (0, 10), transactionId=tx)
    assert put(ocpp_csms, 0, whole) == ACCEPTED
    assert put(ocpp_csms, 0, usual) == ACCEPTED
    cs.wait_connector(1, limit_a=12.0)
    assert put(ocpp_csms, 1, own) == ACCEPTED
    cs.wait_connector(1, limit_a=10.0)
    answer = put(ocpp_csms, 2, profile(4, "TxProfile", (0, 10), transactionId=tx))
    assert answer == {
        "status": "Rejected",
        "statusInfo": {
            "reasonCode": "TxNotFound",
            "additionalInfo": "TxProfileEvseHasNoActiveTransaction",
        },
    }
    request = {"requestId": 7, "chargingProfile": {}}
    assert ocpp_csms.call("GetChargingProfiles", request) == ACCEPTED
    found = []
    more = True
    while more:
        report = ocpp_csms.wait_for("ReportChargingProfiles")
        assert report["requestId"] == 7 and report["chargingLimitSource"] == "CSO"
        found += report["chargingProfile"]
        more = report["tbc"]
    assert sorted(found, key=lambda p: p["id"]) == [whole, usual, own]
    answer = ocpp_csms.call("GetCompositeSchedule", {"evseId": 1, "duration": 600})
    assert answer["schedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10.0}]
    cs.post("/api/connectors/1/limit", {"current_a": 8, "source": "EMS"})
    told = ocpp_csms.wait_for("NotifyChargingLimit")
    assert told == {"evseId": 1, "chargingLimit": {"chargingLimitSource": "EMS"}}
    wait_event(ocpp_csms, "Updated", "ChargingRateChanged")
    cs.wait_connector(1, limit_a=8.0)
    cs.post("/api/connectors/1/limit", {"current_a": None, "source": "EMS"})
    ocpp_csms.wait_for("ClearedChargingLimit")
    assert ocpp_csms.call("ClearChargingProfile", {"chargingProfileId": 3}) == ACCEPTED
    cs.wait_connector(1, limit_a=12.0)


def test_display_and_costs(ocpp_csms, charger):
    ocpp_csms.on("NotifyDisplayMessages", {})
    cs = set_up(charger, ocpp_csms)
    start = charging(cs, ocpp_csms)
    tx = start["transactionInfo"]["transactionId"]
    message = {
        "id": 5,
        "priority": "InFront",
        "message": {"format": "UTF8", "content": "Grüße", "language": "de"},
        "transactionId": tx,
    }
    assert ocpp_csms.call("SetDisplayMessage", {"message": message}) == ACCEPTED
    cs.wait_until(lambda status: status["display"] == ["Grüße"])
    assert ocpp_csms.call("GetDisplayMessages", {"requestId": 3}) == ACCEPTED
    told = ocpp_csms.wait_for("NotifyDisplayMessages")
    assert told == {"requestId": 3, "tbc": False, "messageInfo": [message]}
    assert ocpp_csms.call("CostUpdated", {"totalCost": 1.5, "transactionId": tx}) == {}
    cs.wait_until(lambda status: status["connectors"][0]["transaction"]["cost"] == 1.5)
    cs.card("DEADBEEF", connector=1)
    wait_event(ocpp_csms, "Ended")
    cs.wait_until(lambda status: status["display"] == [])
    answer = ocpp_csms.call("ClearDisplayMessage", {"id": 5})
    assert answer["status"] == "Unknown"


def test_signed_firmware(ocpp_csms, charger, tmp_path):
    ocpp_csms.on("FirmwareStatusNotification", {})
    authority = Authority("Maker")
    folder = tmp_path / "config"
    folder.mkdir()
    root = folder / "maker.pem"
    root.write_text(authority.pem)
    ocpp = {
        "version": "2.0.1",
        "certificates": {"ManufacturerRootCertificate": [str(root)]},
    }
    set_up(charger, ocpp_csms, ocpp=ocpp, any_firmware=True)
    key, signature = signed("ecdsa")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "firmware.bin").write_bytes(FIRMWARE)
    certificate = authority.issue(_name("Signer"), key.public_key())

    with http_files(tmp_path / "files") as server:
        firmware = {
            "location": server.url + "firmware.bin",
            "retrieveDateTime": text(-7200),
            "installDateTime": text(-7200),
        }
        request = {"requestId": 8, "firmware": firmware, "retries": 0}
        answer = ocpp_csms.call("UpdateFirmware", request)
        assert answer["status"] == "Rejected"  # TC_L_18_CS
        firmware["signingCertificate"] = certificate
        firmware["signature"] = base64.b64encode(signature).decode()
        assert ocpp_csms.call("UpdateFirmware", request)["status"] == "Accepted"
        ocpp_csms.wait_for("FirmwareStatusNotification", lambda p: p["status"] == "Installed")
    found = [p["status"] for p in ocpp_csms.calls("FirmwareStatusNotification")]
    assert found == "Downloading Downloaded SignatureVerified Installing Installed".split()
