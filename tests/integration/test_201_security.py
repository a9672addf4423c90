"""OCPP 2.0.1 blocks A and B between the charger and CSMSs over real sockets, by the test cases of
part 6; the others are unit tests (`docs/ocpp201.md`)."""

import base64
import ssl

import pytest
from ocpp_csms import OcppCsms
from test_security import NAME, Authority, profile3, switch, tls_csms, trusting

pytestmark = pytest.mark.slow

PASSWORD = "0123456789abcdef"
CSMS_ROOT = "CSMSRootCertificate"
QUICK = {
    "OCPPCommCtrlr.RetryBackOffWaitMinimum": "1",
    "OCPPCommCtrlr.RetryBackOffRandomRange": "0",
    "OCPPCommCtrlr.RetryBackOffRepeatTimes": "0",
}


@pytest.fixture
def authority():
    return Authority()


@pytest.fixture
def second():
    """Another CSMS."""
    csms = OcppCsms()
    yield csms
    csms.stop()
    assert csms.problems() == []


def start(charger, csms, settings=None, **ocpp):
    ocpp["version"] = "2.0.1"
    wait = ocpp.pop("wait", True)
    return charger(csms, wait=wait, ocpp=ocpp, settings={**QUICK, **(settings or {})})


def variable(component, name):
    return {"component": {"name": component}, "variable": {"name": name}}


def get(csms, component, name):
    item = variable(component, name)
    answer = csms.call("GetVariables", {"getVariableData": [item]})
    return answer["getVariableResult"][0].get("attributeValue")


def put(csms, component, name, value):
    item = dict(variable(component, name), attributeValue=value)
    answer = csms.call("SetVariables", {"setVariableData": [item]})
    return answer["setVariableResult"][0]["attributeStatus"]


def profile(csms, slot, url, security=0):
    data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": url,
        "messageTimeout": 30,
        "securityProfile": security,
        "ocppInterface": "Wired0",
    }
    asked = {"configurationSlot": slot, "connectionData": data}
    return csms.call("SetNetworkProfile", asked)["status"]


def booted(csms, since=0):
    """The station boots and tells the states of its connectors; the BootNotification."""
    boot = csms.wait_for("BootNotification", since=since)
    for evse in (1, 2):
        csms.wait_for(
            "StatusNotification",
            lambda p, n=evse: p["evseId"] == n and p["connectorStatus"] == "Available",
            since=since,
        )
    return boot


def wait_event(csms, type):
    return csms.wait_for("SecurityEventNotification", lambda p: p["type"] == type)


def priority(csms, text):
    return put(csms, "OCPPCommCtrlr", "NetworkConfigurationPriority", text)


def reset(csms):
    assert csms.call("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}


# -- A: authentication and TLS -----------------------------------------------------------------


def test_tc_a_01_09_10_basic_authentication(ocpp_csms, charger):
    ocpp_csms.password = PASSWORD
    start(charger, ocpp_csms, security_profile=1, password=PASSWORD)
    booted(ocpp_csms)
    path, headers = ocpp_csms.handshakes[-1]
    assert base64.b64decode(headers["Authorization"][6:]).decode() == "cp001:" + PASSWORD
    assert path.endswith("/cp001")
    assert put(ocpp_csms, "SecurityCtrlr", "BasicAuthPassword", "too short") == "Rejected"
    new = "a_new-Password.0123"
    ocpp_csms.password = new
    assert put(ocpp_csms, "SecurityCtrlr", "BasicAuthPassword", new) == "Accepted"
    ocpp_csms.wait_connected(opened=2)
    given = base64.b64decode(ocpp_csms.handshakes[-1][1]["Authorization"][6:]).decode()
    assert given == "cp001:" + new


@pytest.mark.parametrize("security", [2, 3])
def test_tc_a_04_07_tls(charger, authority, tmp_path, security):
    client_ca = authority.pem if security == 3 else None
    with tls_csms(authority.server(tmp_path, client_ca=client_ca)) as csms:
        ocpp = trusting(tmp_path, authority, security_profile=2, password=PASSWORD)
        if security == 3:
            ocpp = profile3(tmp_path, authority)
        csms.password = PASSWORD if security == 2 else None
        start(charger, csms, **ocpp)
        booted(csms)
        assert ("Authorization" in csms.handshakes[-1][1]) == (security == 2)
        assert get(csms, "SecurityCtrlr", "SecurityProfile") == str(security)


@pytest.mark.parametrize("case", ["unknown", "expired", "name", "version"])
def test_tc_a_05_06_tls_that_is_not_right(charger, authority, tmp_path, case):
    good = authority.server(tmp_path)
    bad = {
        "unknown": lambda: Authority("Test Root").server(tmp_path),
        "expired": lambda: authority.server(tmp_path, days=(-9, -1)),
        "name": lambda: authority.server(tmp_path, hosts=("other.example",)),
        "version": lambda: authority.server(tmp_path),
    }[case]()
    if case == "version":
        bad.minimum_version = ssl.TLSVersion.TLSv1
        bad.maximum_version = ssl.TLSVersion.TLSv1_1
        bad.set_ciphers("ALL:@SECLEVEL=0")
    with tls_csms(bad) as csms:
        csms.password = PASSWORD
        ocpp = trusting(tmp_path, authority, security_profile=2, password=PASSWORD)
        cs = start(charger, csms, wait=False, **ocpp)
        cs.wait_until(lambda s: s["ocpp"]["error"])
        switch(csms, good)
        booted(csms)
        wait_event(csms, "InvalidTLSVersion" if case == "version" else "InvalidCsmsCertificate")
        wait_event(csms, "StartupOfTheDevice")


def test_tc_a_11_14_a_certificate_of_the_station(ocpp_csms, charger, authority, tmp_path):
    ocpp = trusting(tmp_path, authority)
    start(charger, ocpp_csms, {"SecurityCtrlr.OrganizationName": "ACME"}, **ocpp)
    ocpp_csms.on("SignCertificate", {"status": "Accepted"})
    wanted = {"requestedMessage": "SignChargingStationCertificate"}
    assert ocpp_csms.call("TriggerMessage", wanted) == {"status": "Accepted"}
    csr = ocpp_csms.wait_for("SignCertificate")["csr"]

    def give(chain):
        asked = {"certificateChain": chain, "certificateType": "ChargingStationCertificate"}
        return ocpp_csms.call("CertificateSigned", asked)["status"]

    assert give(Authority("Other").sign(csr)) == "Rejected"
    wait_event(ocpp_csms, "InvalidChargingStationCertificate")
    assert give(authority.sign(csr)) == "Accepted"


def test_tc_a_19_the_security_profile_is_raised(ocpp_csms, charger, authority, tmp_path):
    ocpp_csms.password = PASSWORD
    patient = {"OCPPCommCtrlr.NetworkProfileConnectionAttempts": "20"}
    ocpp = {"security_profile": 1, "password": PASSWORD, "tls_name": NAME}
    cs = start(charger, ocpp_csms, patient, **ocpp)
    assert profile(ocpp_csms, 2, ocpp_csms.url, 2) == "Accepted"
    assert priority(ocpp_csms, "2,1") == "Rejected"  # A_20: there is no root
    root = {"certificateType": CSMS_ROOT, "certificate": authority.pem}
    assert ocpp_csms.call("InstallCertificate", root) == {"status": "Accepted"}
    assert priority(ocpp_csms, "2,1") == "RebootRequired"
    assert profile(ocpp_csms, 3, ocpp_csms.url, 0) == "Rejected"  # A_22
    since = ocpp_csms.mark()
    reset(ocpp_csms)
    switch(ocpp_csms, authority.server(tmp_path))
    booted(ocpp_csms, since)
    cs.wait_accepted()
    assert get(ocpp_csms, "SecurityCtrlr", "SecurityProfile") == "2"
    assert get(ocpp_csms, "OCPPCommCtrlr", "NetworkConfigurationPriority") == "2"


# -- B: network profiles -----------------------------------------------------------------------


def test_tc_b_45_migration_to_another_csms(ocpp_csms, charger, second):
    start(charger, ocpp_csms)
    assert profile(ocpp_csms, 2, second.url) == "Accepted"
    assert priority(ocpp_csms, "2,1") == "RebootRequired"
    reset(ocpp_csms)
    assert booted(second)["reason"] == "RemoteReset"
    assert get(second, "OCPPCommCtrlr", "ActiveNetworkProfile") == "2"


def test_tc_b_46_49_back_to_the_csms_that_works(ocpp_csms, charger, second):
    settings = {"OCPPCommCtrlr.NetworkProfileConnectionAttempts": "2"}
    start(charger, ocpp_csms, settings)
    second.refuse(404)
    assert profile(ocpp_csms, 2, second.url) == "Accepted"
    assert priority(ocpp_csms, "2") == "RebootRequired"
    since = ocpp_csms.mark()
    reset(ocpp_csms)
    booted(ocpp_csms, since)
    assert len(second.handshakes) == 2
    assert get(ocpp_csms, "OCPPCommCtrlr", "ActiveNetworkProfile") == "1"


def roots(csms):
    """Serial numbers of the roots for the CSMS that the station tells."""
    answer = csms.call("GetInstalledCertificateIds", {"certificateType": [CSMS_ROOT]})
    assert answer["status"] == "Accepted"
    found = [chain["certificateHashData"] for chain in answer["certificateHashDataChain"]]
    return [int(data["serialNumber"], 16) for data in found]


def number(authority):
    return authority.certificate.serial_number


def replaced(charger, folder, csms, old, new):
    """The station trusts `old`, and is given `new`, which `old` has signed."""
    csms.password = PASSWORD
    check = {
        "SecurityCtrlr.AdditionalRootCertificateCheck": "true",
        "OCPPCommCtrlr.NetworkProfileConnectionAttempts": "1",
    }
    start(charger, csms, check, **trusting(folder, old, security_profile=2, password=PASSWORD))
    booted(csms)
    root = {"certificateType": CSMS_ROOT, "certificate": new.pem}
    assert csms.call("InstallCertificate", root) == {"status": "Accepted"}


def test_tc_m_30_the_new_root_works(charger, authority, tmp_path):
    new = Authority("New Root", authority)
    with tls_csms(authority.server(tmp_path)) as csms:
        replaced(charger, tmp_path, csms, authority, new)
        assert set(roots(csms)) == {number(new), number(authority)}
        since = csms.mark()
        csms.refuse(503)  # until it has the new certificate
        reset(csms)
        switch(csms, new.server(tmp_path))
        csms.refuse(None)
        booted(csms, since)
        assert roots(csms) == [number(new)]


def test_tc_m_31_the_new_root_does_not_work(charger, authority, tmp_path):
    new = Authority("New Root", authority)
    with tls_csms(authority.server(tmp_path)) as csms:
        replaced(charger, tmp_path, csms, authority, new)
        since = csms.mark()
        reset(csms)
        booted(csms, since)
        assert set(roots(csms)) == {number(new), number(authority)}


def test_tc_b_47_a_new_csms_that_has_not_the_new_root(charger, authority, tmp_path):
    """The old root is no good for a network profile on trial, but for the one before."""
    new = Authority("New Root", authority)
    with tls_csms(authority.server(tmp_path)) as csms, tls_csms(authority.server(tmp_path)) as b:
        b.password = PASSWORD
        replaced(charger, tmp_path, csms, authority, new)
        assert profile(csms, 2, b.url, 2) == "Accepted"
        assert priority(csms, "2") == "RebootRequired"
        since = csms.mark()
        reset(csms)
        booted(csms, since)
        assert b.opened == 0 and b.handshakes == []
        assert get(csms, "OCPPCommCtrlr", "ActiveNetworkProfile") == "1"
        assert number(authority) in roots(csms)
        wait_event(csms, "InvalidCsmsCertificate")


def test_tc_b_50_migration_with_a_new_root(charger, authority, tmp_path):
    """AdditionalRootCertificateCheck: the old root goes once the new one has worked."""
    new = Authority("New Root", authority)
    with tls_csms(authority.server(tmp_path)) as old, tls_csms(new.server(tmp_path)) as csms:
        csms.password = PASSWORD
        replaced(charger, tmp_path, old, authority, new)
        assert profile(old, 2, csms.url, 2) == "Accepted"
        assert priority(old, "2") == "RebootRequired"
        reset(old)
        booted(csms)
        assert roots(csms) == [number(new)]


# -- B: offline and back -----------------------------------------------------------------------


def test_tc_b_57_reconnection(ocpp_csms, charger):
    settings = {"OCPPCommCtrlr.RetryBackOffRepeatTimes": "2"}
    start(charger, ocpp_csms, {**settings, "OCPPCommCtrlr.RetryBackOffWaitMinimum": "2"})
    ocpp_csms.drop()
    ocpp_csms.wait_connected(opened=2)
    ocpp_csms.drop()
    ocpp_csms.refuse(503)
    ocpp_csms.wait_handshakes(3)
    ocpp_csms.refuse(None)
    ocpp_csms.wait_connected(opened=3)
    assert len(ocpp_csms.handshakes) == 4


def test_tc_b_13_53_a_full_report(ocpp_csms, charger):
    start(charger, ocpp_csms)
    asked = {"requestId": 7, "reportBase": "FullInventory"}
    assert ocpp_csms.call("GetBaseReport", asked) == {"status": "Accepted"}
    found, number = [], 0
    while True:
        part = ocpp_csms.wait_for("NotifyReport", lambda p, n=number: p["seqNo"] == n)
        assert part["requestId"] == 7
        found += part["reportData"]
        number += 1
        if not part["tbc"]:
            break
    names = {(e["component"]["name"], e["variable"]["name"]) for e in found}
    assert len(found) > 150 and ("EVSE", "AllowReset") in names
    assert all(e["variableCharacteristics"] for e in found)


def test_tc_b_25_27_reset_of_an_evse(ocpp_csms, charger):
    cs = start(charger, ocpp_csms)
    assert ocpp_csms.call("Reset", {"type": "OnIdle", "evseId": 2}) == {"status": "Accepted"}
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, relay=True)
    assert ocpp_csms.call("Reset", {"type": "Immediate", "evseId": 1}) == {"status": "Accepted"}
    end = ocpp_csms.wait_for("TransactionEvent", lambda p: p["eventType"] == "Ended")
    assert end["triggerReason"] == "ResetCommand"
    assert end["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert len(ocpp_csms.calls("BootNotification")) == 1
