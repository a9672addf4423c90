"""SignedUpdateFirmware (security whitepaper L01): certificates and signatures of every kind."""

import base64
import datetime

import pytest
from core16 import QUICK
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from file_servers import http_files
from test_security import MANUFACTURER, Authority, _name, events, install, wait_event

FIRMWARE = bytes(range(256)) * 40
GOOD = "Downloading Downloaded SignatureVerified Installing Installed".split()


def signed(kind, data=FIRMWARE):
    """(key, signature)"""
    if kind == "ecdsa":
        key = ec.generate_private_key(ec.SECP256R1())
        return key, key.sign(data, ec.ECDSA(hashes.SHA256()))
    key = rsa.generate_private_key(65537, 2048)
    how = padding.PKCS1v15() if kind == "rsa" else padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return key, key.sign(data, how, hashes.SHA256())


@pytest.fixture
def maker(ocpp_csms, charger):
    """A charger that trusts a manufacturer; the manufacturer."""
    ocpp_csms.on("SignedFirmwareStatusNotification", {})
    charger(ocpp_csms, any_firmware=True, settings=QUICK)
    authority = Authority("Maker")
    assert install(ocpp_csms, MANUFACTURER, authority.pem) == "Accepted"
    return authority


def update(csms, url, certificate, signature, number, **more):
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)
    firmware = {
        "location": url + "firmware.bin",
        "retrieveDateTime": past.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "signingCertificate": certificate,
        "signature": signature,
        **more,
    }
    request = {"requestId": number, "firmware": firmware, "retries": 0}
    return csms.call("SignedUpdateFirmware", request)["status"]


def statuses(csms, number, last):
    """Statuses of one update, up to `last`."""
    csms.wait_for(
        "SignedFirmwareStatusNotification",
        lambda p: p.get("requestId") == number and p["status"] == last,
    )
    found = csms.calls("SignedFirmwareStatusNotification")
    return [p["status"] for p in found if p.get("requestId") == number]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ecdsa", "rsa", "pss"])
def test_signatures(ocpp_csms, maker, tmp_path, kind):
    (tmp_path / "firmware.bin").write_bytes(FIRMWARE)
    key, signature = signed(kind)
    certificate = maker.issue(_name("signer"), key.public_key())
    good = base64.b64encode(signature).decode()
    spoilt = base64.b64encode(signature[:-1] + bytes([signature[-1] ^ 1])).decode()
    with http_files(tmp_path) as files:
        assert update(ocpp_csms, files.url, certificate, good, 1) == "Accepted"
        assert statuses(ocpp_csms, 1, "Installed") == GOOD
        assert events(ocpp_csms, "InvalidFirmwareSignature") == []
        for n, wrong in enumerate((spoilt, "", "not base64!", good[:40])):
            assert update(ocpp_csms, files.url, certificate, wrong, 10 + n) == "Accepted"
            found = statuses(ocpp_csms, 10 + n, "InvalidSignature")
            assert found == [*GOOD[:2], "InvalidSignature"]
            wait_event(ocpp_csms, "InvalidFirmwareSignature")


def test_signing_certificates(ocpp_csms, maker, tmp_path):
    key, signature = signed("ecdsa")
    signature = base64.b64encode(signature).decode()
    (tmp_path / "firmware.bin").write_bytes(FIRMWARE)
    sub = Authority("Sub", maker)
    public = key.public_key()
    bad = {
        "expired": maker.issue(_name("x"), public, days=(-9, -1)),
        "early": maker.issue(_name("x"), public, days=(1, 9)),
        "stranger": Authority("Maker").issue(_name("x"), public),
        "intermediate": sub.issue(_name("x"), public),
        "nonsense": "nonsense",
    }
    with http_files(tmp_path) as files:
        for name, certificate in bad.items():
            answer = update(ocpp_csms, files.url, certificate, signature, 1)
            assert answer == "InvalidCertificate", name
            assert wait_event(ocpp_csms, "InvalidFirmwareSigningCertificate")["techInfo"]
        assert ocpp_csms.calls("SignedFirmwareStatusNotification") == [] == files.requests
        good = maker.issue(_name("x"), public)
        assert update(ocpp_csms, files.url, good, signature, 2) == "Accepted"
        assert statuses(ocpp_csms, 2, "Installed") == GOOD
