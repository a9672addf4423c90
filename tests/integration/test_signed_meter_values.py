"""Signed meter values (OCA application note 1.0): the simulated meter signs in OCMF; its
signatures are checked on the host."""

import base64
import binascii
import json

import pytest
from core16 import QUICK, change, charge, payloads, setting, wait
from core_support import charged
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ALL = {
    "SampledDataSignReadings": "true",
    "SampledDataSignStartedReadings": "true",
    "SampledDataSignUpdatedReadings": "true",
    "StartTxnSampledData": "Energy.Active.Import.Register",
    "MeterValueSampleInterval": "10",
}


def public_key(text):
    """The key in a `publicKey` field or MeterPublicKeyN."""
    marker, encoding, kind, printed = base64.b64decode(text).decode().split(":")
    assert (marker, encoding, kind) == ("oca", "base16", "asn1")
    return serialization.load_der_public_key(binascii.unhexlify(printed))


def signed(values):
    """The signed ones of a list of MeterValue: [(context, SignedMeterValueType)]."""
    found = []
    for value in values:
        for sample in value["sampledValue"]:
            if sample.get("format") == "SignedData":
                assert sample["measurand"] == "Energy.Active.Import.Register"
                found.append((sample["context"], json.loads(sample["value"])))
    return found


def reading(value, key):
    """Check the signature of a SignedMeterValueType; the OCMF payload."""
    assert set(value) == {"signedMeterData", "signingMethod", "encodingMethod", "publicKey"}
    assert (value["encodingMethod"], value["signingMethod"]) == ("OCMF", "")
    head, payload, mark = base64.b64decode(value["signedMeterData"]).decode().split("|")
    mark = json.loads(mark)
    assert (head, mark["SA"]) == ("OCMF", "ECDSA-secp256r1-SHA256")
    key.verify(binascii.unhexlify(mark["SD"]), payload.encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(payload)


def session(charger, csms, settings):
    """A transaction with signed values: (charger, key, MeterValues, StopTransaction)."""
    cs = charger(csms, speed=10, settings={**QUICK, **settings})
    cs.post("/api/connectors/1/meter", {"signed": True})
    key = public_key(setting(csms, "MeterPublicKey1"))
    assert setting(csms, "MeterPublicKey2") != setting(csms, "MeterPublicKey1")
    start = charge(cs, csms)
    charged(cs, 50)
    if "SampledDataSignUpdatedReadings" in settings:
        wait(lambda: len(payloads(csms, "MeterValues")) >= 3, "no meter values")
    csms.call("RemoteStopTransaction", {"transactionId": start["transactionId"]})
    stop = csms.wait_for("StopTransaction")
    return key, start, payloads(csms, "MeterValues"), stop


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["Never", "OncePerTransaction", "EveryMeterValue"])
def test_everything_signed(ocpp_csms, charger, policy):
    settings = {**ALL, "PublicKeyWithSignedMeterValue": policy}
    key, start, meter_values, stop = session(charger, ocpp_csms, settings)
    live = [signed(p["meterValue"]) for p in meter_values]
    assert all(len(found) == 1 for found in live), live
    assert live[0][0][0] == "Transaction.Begin" and live[1][0][0] == "Sample.Periodic"
    end = signed(stop["transactionData"])
    assert [context for context, _ in end] == ["Transaction.Begin", "Transaction.End"]
    values = [found[0][1] for found in live] + [value for _, value in end]
    readings = [reading(value, key) for value in values]
    assert [r["RD"][0]["TX"] for r in readings][:2] == ["B", "C"]
    assert [r["RD"][0]["TX"] for r in readings][-2:] == ["B", "E"]
    assert all(r["ID"] == "DEADBEEF" for r in readings)
    assert round(readings[-1]["RD"][0]["RV"] * 1000) == stop["meterStop"]
    assert round(readings[-2]["RD"][0]["RV"] * 1000) == start["meterStart"]
    numbers = [int(r["PG"][1:]) for r in readings]
    assert len(set(numbers)) == len(numbers)
    with_key = [v["publicKey"] for v in values if v["publicKey"]]
    told = {"Never": 0, "OncePerTransaction": 1, "EveryMeterValue": len(values)}
    assert len(with_key) == told[policy]
    assert set(with_key) <= {setting(ocpp_csms, "MeterPublicKey1")}


def test_only_the_end_is_signed(ocpp_csms, charger):
    settings = {"SampledDataSignReadings": "true", "MeterValueSampleInterval": "10"}
    key, _, meter_values, stop = session(charger, ocpp_csms, settings)
    assert not any(signed(p["meterValue"]) for p in meter_values)
    end = signed(stop["transactionData"])
    assert [context for context, _ in end] == ["Transaction.Begin", "Transaction.End"]
    assert all(reading(value, key) for _, value in end)


@pytest.mark.slow
def test_nothing_is_signed_without_the_general_setting(ocpp_csms, charger):
    settings = {**ALL, "SampledDataSignReadings": "false"}
    _, _, meter_values, stop = session(charger, ocpp_csms, settings)
    assert not any(signed(p["meterValue"]) for p in meter_values)
    assert meter_values[0]["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"
    assert "transactionData" not in stop


@pytest.mark.slow
def test_clock_aligned_values(ocpp_csms, charger):
    settings = {"AlignedDataSignReadings": "true", "AlignedDataSignUpdatedReadings": "true"}
    cs = charger(ocpp_csms, speed=10, settings={**QUICK, **settings})
    cs.post("/api/connectors/2/meter", {"signed": True})
    key = public_key(setting(ocpp_csms, "MeterPublicKey2"))
    assert change(ocpp_csms, "ClockAlignedDataInterval", "10") == "Accepted"
    told = ocpp_csms.wait_for("MeterValues", lambda p: p["connectorId"] == 2)
    [(context, value)] = signed(told["meterValue"])
    payload = reading(value, key)
    assert context == "Sample.Clock" and payload["RD"][0]["TX"] == "T" and payload["ID"] == ""
    told = ocpp_csms.wait_for("MeterValues", lambda p: p["connectorId"] == 1)
    assert not signed(told["meterValue"])


@pytest.mark.slow
def test_bad_values_of_the_settings(ocpp_csms, charger):
    charger(ocpp_csms)
    assert change(ocpp_csms, "PublicKeyWithSignedMeterValue", "Sometimes") == "Rejected"
    assert change(ocpp_csms, "MeterPublicKey1", "x") == "Rejected"
    assert change(ocpp_csms, "StartTxnSampledData", "Nonsense") == "Rejected"
