# marks: slow
# heap: 4M
"""Blocks A and M of OCPP 2.0.1 by the test cases of part 6. Those of TLS itself need sockets:
`tests/integration/test_201_security.py`; those of the security profile: `test_network201.py`."""

from central import NOW
from pki_make import Authority
from test_session201 import setup201

from ocpp.station.certificates import USES
from pki import p256, pem

CSMS, MAKER, _, MO = USES


def certificates(s):
    return s.station.part("certificates")


def install(s, authority, use=CSMS):
    request = {"certificateType": use, "certificate": authority.pem}
    return s.ask("InstallCertificate", request, 20000)["status"]


def installed(s, *uses):
    """[(use, serial number)], or the status where there are none."""
    asked = {"certificateType": list(uses)} if uses else {}
    answer = s.ask("GetInstalledCertificateIds", asked, 5000)
    if answer["status"] != "Accepted":
        assert "certificateHashDataChain" not in answer
        return answer["status"]
    return answer["certificateHashDataChain"]


def set_password(s, text):
    item = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    item["attributeValue"] = text
    answer = s.ask("SetVariables", {"setVariableData": [item]}, 3000)
    return answer["setVariableResult"][0]["attributeStatus"]


def test_tc_a_09_10_a_new_password():
    s = setup201(settings={"SecurityCtrlr.BasicAuthPassword": "0123456789abcdef"})
    assert set_password(s, "short") == "Rejected"
    assert s.station.settings.get("AuthorizationKey") == "0123456789abcdef"
    assert set_password(s, "ABCDEFGHabcdefgh") == "Accepted"
    s.station.settings.assume("SecurityProfile", 1)
    ((name, value),) = s.station._configure("headers")
    import binascii

    assert name == "Authorization"
    assert binascii.a2b_base64(value[6:]) == b"cp:ABCDEFGHabcdefgh"
    s.run(500)
    told = s.csms.sent("SecurityEventNotification")
    assert told[-1]["type"] == "ReconfigurationOfSecurityParameters"
    assert set_password(s, "0123456789abcdef0123456789abcdef") == "Accepted"  # text, not digits
    assert binascii.a2b_base64(s.station._configure("headers")[0][1][6:])[3:] == (
        b"0123456789abcdef0123456789abcdef"
    )


def ask_for_one(s):
    wanted = {"requestedMessage": "SignChargingStationCertificate"}
    assert s.ask("TriggerMessage", wanted) == {"status": "Accepted"}
    for _ in range(100):
        s.run(500)
        if s.csms.sent("SignCertificate"):
            break
    asked = s.csms.sent("SignCertificate")[0]
    assert asked["certificateType"] == "ChargingStationCertificate"
    assert pem.blocks(asked["csr"], "REQUEST")
    return p256.load(certificates(s).read(certificates(s).names("own-")[0]))[1:]


def signed(s, chain):
    request = {"certificateChain": chain, "certificateType": "ChargingStationCertificate"}
    return s.ask("CertificateSigned", request, 20000)["status"]


def test_tc_a_11_14_a_certificate_of_the_station():
    s = setup201(settings={"SecurityCtrlr.OrganizationName": "ACME"})
    root, other = Authority(), Authority("Other")
    assert install(s, root) == "Accepted"
    public = ask_for_one(s)
    assert signed(s, other.issue("cp", public, starts=NOW - 60)) == "Rejected"  # A_14
    s.run(500)
    told = [e["type"] for e in s.csms.sent("SecurityEventNotification")]
    assert "InvalidChargingStationCertificate" in told, told
    assert signed(s, root.issue("cp", public, starts=NOW - 60)) == "Accepted"  # A_11
    assert certificates(s).current() == 1
    assert s.ask(
        "CertificateSigned", {"certificateChain": "x", "certificateType": "V2GCertificate"}
    )["status"] == ("Rejected")


def test_tc_a_15_the_request_is_rejected():
    s = setup201()
    s.csms.answers["SignCertificate"] = {"status": "Rejected"}
    ask_for_one(s)
    s.run(300000, 100)
    assert len(s.csms.sent("SignCertificate")) == 1 and certificates(s).current() is None


def test_tc_a_23_asked_again_while_no_certificate_comes():
    settings = {
        "SecurityCtrlr.CertSigningWaitMinimum": "20",
        "SecurityCtrlr.CertSigningRepeatTimes": "1",
    }
    s = setup201(settings=settings)
    root = Authority()
    assert install(s, root) == "Accepted"
    public = ask_for_one(s)
    asked = s.csms.sent("SignCertificate")

    def count():
        return len(s.csms.sent("SignCertificate"))

    s.run(18000, 100)
    assert count() == 1
    s.run(4000, 100)
    assert count() == 2
    s.run(36000, 100)
    assert count() == 2
    s.run(6000, 100)
    assert count() == 3
    assert s.csms.sent("SignCertificate") == asked * 3
    assert signed(s, root.issue("cp", public, starts=NOW - 60)) == "Accepted"
    s.run(200000, 100)
    assert count() == 3


def test_no_certificate_comes_at_all():
    settings = {
        "SecurityCtrlr.CertSigningWaitMinimum": "2",
        "SecurityCtrlr.CertSigningRepeatTimes": "1",
    }
    s = setup201(settings=settings)
    ask_for_one(s)
    s.run(60000, 100)
    assert len(s.csms.sent("SignCertificate")) == 3
    assert not s.station.part("asking").busy


def test_security_events_by_their_names_in_2x():
    s = setup201()
    s.csms.forget()
    for ours, theirs in (
        ("InvalidCentralSystemCertificate", "InvalidCsmsCertificate"),
        ("FailedToAuthenticateAtCentralSystem", "FailedToAuthenticateAtCsms"),
        ("TamperDetectionActivated", "TamperDetectionActivated"),
    ):
        s.station.security_event(ours)
        s.run(500)
        assert s.csms.sent("SecurityEventNotification")[-1]["type"] == theirs


def test_tc_m_01_02_12_13_17_18_19_roots_are_installed_and_listed():
    s = setup201()
    assert installed(s) == "NotFound"
    root, maker = Authority(), Authority("Maker")
    assert install(s, root) == "Accepted" and install(s, maker, MAKER) == "Accepted"
    for uses, want in (
        ((CSMS,), [CSMS]),
        ((MAKER,), [MAKER]),
        ((CSMS, MAKER), [CSMS, MAKER]),
        ((), [CSMS, MAKER]),
    ):
        found = installed(s, *uses)
        assert [c["certificateType"] for c in found] == want, found
        assert all("issuerKeyHash" in c["certificateHashData"] for c in found)
    assert installed(s, MO) == "NotFound"
    assert installed(s, "V2GCertificateChain") == "NotFound"


def test_tc_m_07_an_expired_root():
    s = setup201()
    good = Authority()
    assert install(s, good) == "Accepted"
    before = installed(s, CSMS)
    assert install(s, Authority("Old", ends=NOW - 5)) == "Rejected"
    assert installed(s, CSMS) == before


def test_tc_m_09_additional_root_check():
    s = setup201(settings={"SecurityCtrlr.AdditionalRootCertificateCheck": "true"})
    assert install(s, Authority()) == "Accepted"
    before = installed(s, CSMS)
    assert install(s, Authority("Another")) == "Rejected"
    assert installed(s, CSMS) == before and len(before) == 1


def test_tc_m_20_22_roots_are_deleted():
    s = setup201()
    assert install(s, Authority()) == "Accepted"
    data = installed(s, CSMS)[0]["certificateHashData"]
    unknown = dict(data, issuerKeyHash="0" * 64)
    assert s.ask("DeleteCertificate", {"certificateHashData": unknown}, 5000) == {
        "status": "NotFound"
    }
    assert s.ask("DeleteCertificate", {"certificateHashData": data}, 5000) == {
        "status": "Accepted"
    }
    assert installed(s, CSMS) == "NotFound"


def test_tc_m_23_our_own_can_not_be_deleted():
    import binascii
    import hashlib

    from pki.x509 import Certificate

    s = setup201(settings={"SecurityCtrlr.OrganizationName": "ACME"})
    root = Authority()
    install(s, root)
    chain = root.issue("cp", ask_for_one(s), starts=NOW - 60)
    assert signed(s, chain) == "Accepted"
    c = Certificate(pem.blocks(chain)[0])
    data = {
        "hashAlgorithm": "SHA256",
        "serialNumber": "7",
        "issuerNameHash": binascii.hexlify(hashlib.sha256(c.issuer).digest()).decode(),
        "issuerKeyHash": "0" * 64,
    }
    answer = s.ask("DeleteCertificate", {"certificateHashData": data}, 5000)
    assert answer["status"] in ("Failed", "NotFound")
    assert certificates(s).current() == 1
