"""The security whitepaper (ed. 3) between the charger and a CSMS over real TLS."""

import contextlib
import datetime
import hashlib
import socket
import ssl
import threading
import time

import pytest
from core16 import QUICK, change, payloads, setting, wait
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ocpp_csms import OcppCsms
from patience import patient

pytestmark = pytest.mark.slow

PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER
KEY = "0123456789abcdef0123456789abcdef01234567"
CSMS_ROOT = "CentralSystemRootCertificate"
MANUFACTURER = "ManufacturerRootCertificate"
NAME = "csms.example"


class Authority:
    """Issues certificates, as PEM text."""

    def __init__(self, name="Test Root", parent=None, days=(-1, 30)):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(name)
        signer, issuer = (parent.key, parent.name) if parent else (self.key, self.name)
        self.certificate = _certificate(
            self.name, self.key.public_key(), issuer, signer, True, days
        )
        self.pem = _pem(self.certificate)

    def issue(self, subject, public, hosts=(), days=(-1, 30)):
        certificate = _certificate(subject, public, self.name, self.key, False, days, hosts)
        return _pem(certificate)

    def sign(self, csr, days=(-1, 30)):
        """The certificate for a request of the charger."""
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        return self.issue(request.subject, request.public_key(), days=days)

    def server(self, folder, hosts=(NAME,), days=(-1, 30), client_ca=None, signer=None):
        """An SSL context of a server with a certificate of this authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = folder / ("server-%d.pem" % time.monotonic_ns())
        path.write_text(_key_pem(key) + self.issue(_name(hosts[0]), key.public_key(), hosts, days))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=client_ca)
        return context


def _name(common):
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ACME"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(subject, public, issuer, signer, ca, days, hosts=()):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca, None), True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(h) for h in hosts])
        builder = builder.add_extension(names, False)
    return builder.sign(signer, hashes.SHA256())


def _pem(certificate):
    return certificate.public_bytes(PEM).decode()


def _key_pem(key):
    return key.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def authority():
    return Authority()


@contextlib.contextmanager
def tls_csms(context):
    csms = OcppCsms(context)
    try:
        yield csms
    finally:
        csms.stop()
        assert csms.problems() == []


class BluntServer:
    """Takes the place of a CSMS; says what is wrong with a handshake, as asyncio does not."""

    def __init__(self, csms, context):
        csms.unlisten()
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", csms.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                sock = self._listener.accept()[0]
            except OSError:
                return
            with sock, contextlib.suppress(OSError):
                self._context.wrap_socket(sock, server_side=True).close()

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(patient(5))


def switch(csms, context):
    """The CSMS goes over to TLS, or to other certificates, on the same port."""
    csms.unlisten()
    csms._tls = context
    csms.listen()


def trusting(folder, authority, **more):
    """The `ocpp` part of a configuration that trusts an authority."""
    (folder / "root.pem").write_text(authority.pem)
    return {"ca_file": str(folder / "root.pem"), "tls_name": NAME, **more}


def profile3(folder, authority, common="0001"):
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "cp.key").write_text(_key_pem(key))
    (folder / "cp.pem").write_text(authority.issue(_name(common), key.public_key()))
    files = {"cert_file": str(folder / "cp.pem"), "key_file": str(folder / "cp.key")}
    return trusting(folder, authority, security_profile=3, **files)


def settings(**more):
    return {**QUICK, "CpoName": "ACME", **more}


def events(csms, type=None):
    found = payloads(csms, "SecurityEventNotification")
    return [e for e in found if type in (None, e["type"])]


def wait_event(csms, type, timeout=15):
    return csms.wait_for("SecurityEventNotification", lambda p: p["type"] == type, timeout)


def install(csms, kind, pem):
    return csms.call("InstallCertificate", {"certificateType": kind, "certificate": pem})["status"]


def ids(csms, kind):
    answer = csms.call("GetInstalledCertificateIds", {"certificateType": kind})
    found = answer.get("certificateHashData", [])
    assert answer["status"] == ("Accepted" if found else "NotFound")
    return found


def hash_data(pem, issuer_pem, algorithm="SHA256"):
    """As RFC 6960 has it, made on the host."""
    c, issuer = [x509.load_pem_x509_certificate(p.encode()) for p in (pem, issuer_pem)]
    fn = getattr(hashlib, algorithm.lower())
    bits = issuer.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": fn(c.issuer.public_bytes()).hexdigest(),
        "issuerKeyHash": fn(bits[26:]).hexdigest(),
        "serialNumber": "%X" % c.serial_number,
    }


def delete(csms, data):
    return csms.call("DeleteCertificate", {"certificateHashData": data})["status"]


# -- certificates ------------------------------------------------------------------------------


def test_roots_are_installed_listed_and_deleted(ocpp_csms, charger, authority):
    cs = charger(ocpp_csms, settings=settings(CertificateStoreMaxLength="3"))
    assert ids(ocpp_csms, CSMS_ROOT) == ids(ocpp_csms, MANUFACTURER) == []
    others = [Authority("Root %d" % n) for n in range(3)]
    assert install(ocpp_csms, CSMS_ROOT, authority.pem) == "Accepted"
    assert install(ocpp_csms, CSMS_ROOT, authority.pem) == "Accepted"  # it is there
    assert install(ocpp_csms, MANUFACTURER, others[0].pem) == "Accepted"
    assert install(ocpp_csms, MANUFACTURER, others[1].pem) == "Accepted"
    assert install(ocpp_csms, CSMS_ROOT, others[2].pem) == "Rejected"  # no room
    mine = hash_data(authority.pem, authority.pem)
    assert ids(ocpp_csms, CSMS_ROOT) == [mine]
    wanted = [hash_data(a.pem, a.pem) for a in others[:2]]
    found = {h["serialNumber"]: h for h in ids(ocpp_csms, MANUFACTURER)}
    assert found == {h["serialNumber"]: h for h in wanted}
    cs.kill()
    cs.start()
    cs.wait_accepted()
    assert ids(ocpp_csms, CSMS_ROOT) == [mine]
    for algorithm, a in zip(("SHA384", "SHA512"), others):
        data = hash_data(a.pem, a.pem, algorithm)
        data["issuerNameHash"] = data["issuerNameHash"].upper()
        assert delete(ocpp_csms, dict(data, serialNumber="ABC")) == "NotFound"
        assert delete(ocpp_csms, data) == "Accepted"
        assert delete(ocpp_csms, data) == "NotFound"
    assert ids(ocpp_csms, MANUFACTURER) == []
    assert delete(ocpp_csms, mine) == "Accepted" and ids(ocpp_csms, CSMS_ROOT) == []
    assert events(ocpp_csms, "ReconfigurationOfSecurityParameters")


@pytest.mark.slow
def test_what_is_no_root_is_rejected(ocpp_csms, charger, authority):
    charger(ocpp_csms)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = authority.issue(_name("leaf"), key.public_key())
    spoilt = authority.certificate.public_bytes(DER)
    spoilt = spoilt[:-1] + bytes([spoilt[-1] ^ 1])
    spoilt = _pem(x509.load_der_x509_certificate(spoilt))
    expired = Authority("Old", days=(-20, -1)).pem
    early = Authority("Early", days=(1, 20)).pem
    sub = Authority("Sub", authority).pem
    for text in ("", "x", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", leaf,
                 spoilt, expired, early, sub, authority.pem * 2, _key_pem(key)):  # fmt: skip
        assert install(ocpp_csms, MANUFACTURER, text) == "Rejected", text
    assert ids(ocpp_csms, MANUFACTURER) == []
    assert install(ocpp_csms, MANUFACTURER, authority.pem) == "Accepted"
    assert install(ocpp_csms, MANUFACTURER, sub) == "Accepted"  # signed by one that is there
    wanted = hash_data(sub, authority.pem)
    assert wanted in ids(ocpp_csms, MANUFACTURER)


def test_a_certificate_of_our_own(ocpp_csms, charger, authority, tmp_path):
    """Requested, signed, checked; then profile 3 with it. The key stays on the flash."""
    ocpp_csms.password = KEY
    ocpp = trusting(tmp_path, authority, security_profile=1, password=KEY)
    cs = charger(ocpp_csms, ocpp=ocpp, settings=settings())
    assert change(ocpp_csms, "SecurityProfile", "3") == "Rejected"
    ocpp_csms.on("SignCertificate", {"status": "Accepted"})
    ask = {"requestedMessage": "SignChargePointCertificate"}
    assert ocpp_csms.call("ExtendedTriggerMessage", ask)["status"] == "Accepted"
    csr = ocpp_csms.wait_for("SignCertificate")["csr"]
    assert csr.startswith("-----BEGIN CERTIFICATE REQUEST-----")
    request = x509.load_pem_x509_csr(csr.encode())
    assert request.subject == _name("0001")
    other = Authority("Other")
    wrong_name = authority.issue(_name("0002"), request.public_key())
    stranger = ec.generate_private_key(ec.SECP256R1()).public_key()
    for chain in ("x", other.sign(csr), wrong_name, authority.issue(request.subject, stranger),
                  authority.sign(csr, (-9, -1)), authority.pem, "A" * 7600):  # fmt: skip
        told = len(events(ocpp_csms, "InvalidChargePointCertificate"))
        answer = ocpp_csms.call("CertificateSigned", {"certificateChain": chain})
        assert answer == {"status": "Rejected"}, chain
        wait(
            lambda n=told: len(events(ocpp_csms, "InvalidChargePointCertificate")) > n, "no event"
        )
    assert change(ocpp_csms, "SecurityProfile", "3") == "Rejected"
    sub = Authority("Sub", authority)
    chain = sub.sign(csr) + sub.pem
    answer = ocpp_csms.call("CertificateSigned", {"certificateChain": chain})
    assert answer == {"status": "Accepted"}
    ocpp_csms.turn_over(authority.server(tmp_path, client_ca=authority.pem))
    ocpp_csms.password = None
    assert change(ocpp_csms, "SecurityProfile", "3") == "Accepted"
    ocpp_csms.wait_connected(opened=2)
    wait(lambda: setting(ocpp_csms, "SecurityProfile") == "3", "not in profile 3")
    assert "Authorization" not in ocpp_csms.handshakes[-1][1]
    assert change(ocpp_csms, "SecurityProfile", "2") == "Rejected"
    cs.kill()
    cs.start()
    ocpp_csms.wait_connected(opened=3)
    assert "PRIVATE" not in cs.log


# -- profiles ----------------------------------------------------------------------------------


def test_profile_2_and_3(charger, authority, tmp_path):
    with tls_csms(authority.server(tmp_path)) as csms:
        csms.password = KEY
        ocpp = trusting(tmp_path, authority, security_profile=2, password=KEY)
        cs = charger(csms, ocpp=ocpp, settings=settings())
        assert setting(csms, "SecurityProfile") == "2"
        mine = hash_data(authority.pem, authority.pem)
        assert ids(csms, CSMS_ROOT) == [mine]
        assert delete(csms, mine) == "Failed"  # in use, M04.FR.06
        spare = Authority("Spare").pem
        assert install(csms, CSMS_ROOT, spare) == "Accepted"
        assert delete(csms, hash_data(spare, spare)) == "Accepted"
        cs.stop()
    with tls_csms(authority.server(tmp_path, client_ca=authority.pem)) as csms:
        cs = charger(csms, ocpp=profile3(tmp_path, authority), settings=settings())
        assert setting(csms, "SecurityProfile") == "3"
        ours = (tmp_path / "cp.pem").read_text()
        assert delete(csms, hash_data(ours, authority.pem)) == "Failed"  # M04.FR.05


BAD = {
    "wrong name": ({"hosts": ("other.example",)}, "InvalidCentralSystemCertificate"),
    "expired": ({"days": (-9, -1)}, "InvalidCentralSystemCertificate"),
    "not yet valid": ({"days": (1, 9)}, "InvalidCentralSystemCertificate"),
    "wrong chain": (None, "InvalidCentralSystemCertificate"),
    "client refused": ({"client_ca": True}, "FailedToAuthenticateAtCentralSystem"),
    "old version": ("version", "InvalidTLSVersion"),
    "no cipher": ("cipher", "InvalidTLSCipherSuite"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(BAD))
def test_bad_tls_is_refused_and_told(charger, authority, tmp_path, case):
    """No link while the server is not right; then one by itself, and the event."""
    how, event = BAD[case]
    good = authority.server(tmp_path)
    if how is None:
        bad = Authority("Test Root").server(tmp_path)
    elif how == "version":
        bad = authority.server(tmp_path)
        bad.minimum_version = ssl.TLSVersion.TLSv1
        bad.maximum_version = ssl.TLSVersion.TLSv1_1
        bad.set_ciphers("ALL:@SECLEVEL=0")
    elif how == "cipher":
        bad = authority.server(tmp_path)
        bad.maximum_version = ssl.TLSVersion.TLSv1_2
        bad.set_ciphers("AES128-SHA256")  # RSA, which its certificate is not
    else:
        how = dict(how)
        if "client_ca" in how:
            how["client_ca"] = Authority("Nobody").pem
        bad = authority.server(tmp_path, **how)
    with tls_csms(good if case == "no cipher" else bad) as csms:
        csms.password = KEY
        blunt = BluntServer(csms, bad) if case == "no cipher" else None
        ocpp = trusting(tmp_path, authority, security_profile=2, password=KEY)
        if case == "client refused":
            ocpp = profile3(tmp_path, authority)
            csms.password = None
        cs = charger(csms, wait=False, ocpp=ocpp, settings=settings())
        cs.wait_until(lambda s: s["ocpp"]["error"])
        time.sleep(0.5)
        assert csms.opened == 0 and not cs.status()["ocpp"]["connected"]
        if blunt:
            blunt.stop()
        switch(csms, good)
        cs.wait_accepted()
        told = wait_event(csms, event)
        assert told["techInfo"]
        kinds = {e["type"] for e in events(csms)} - {"StartupOfTheDevice"}
        assert kinds == {event}, events(csms)


@pytest.mark.slow
def test_the_time_of_the_csms_counts(charger, authority, tmp_path):
    """A certificate that the host's clock likes has ended by the station's own."""
    with tls_csms(authority.server(tmp_path)) as csms:
        csms.password = KEY
        late = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=60)
        boot = {"status": "Accepted", "interval": 300, "currentTime": late.isoformat()}
        csms.on("BootNotification", boot)
        ocpp = trusting(tmp_path, authority, security_profile=2, password=KEY)
        cs = charger(csms, ocpp=ocpp, settings=settings())
        csms.drop()
        cs.wait_until(lambda s: "refused: expired" in (s["ocpp"]["error"] or ""))
        assert csms.opened == 1


@pytest.mark.slow
def test_a_higher_profile_that_does_not_work_is_taken_back(
    ocpp_csms, charger, authority, tmp_path
):
    ocpp_csms.password = KEY
    ocpp = trusting(tmp_path, authority, security_profile=1, password=KEY)
    cs = charger(ocpp_csms, ocpp=ocpp, settings=settings())
    assert change(ocpp_csms, "SecurityProfile", "1") == "Rejected"
    assert change(ocpp_csms, "SecurityProfile", "0") == "Rejected"
    assert change(ocpp_csms, "SecurityProfile", "2") == "Accepted"
    ocpp_csms.wait_connected(opened=2)  # it still speaks without TLS: the station falls back
    cs.wait_until(lambda s: s["ocpp"]["connected"])
    assert setting(ocpp_csms, "SecurityProfile") == "1"


def test_a_higher_profile_that_works_stays(ocpp_csms, charger, authority, tmp_path):
    ocpp_csms.password = KEY
    cs = charger(
        ocpp_csms,
        ocpp={"security_profile": 1, "password": KEY, "tls_name": NAME},
        settings=settings(),
    )
    assert change(ocpp_csms, "SecurityProfile", "2") == "Rejected"  # no root
    assert install(ocpp_csms, CSMS_ROOT, authority.pem) == "Accepted"
    ocpp_csms.turn_over(authority.server(tmp_path))  # it gives a new profile three dials
    assert change(ocpp_csms, "SecurityProfile", "2") == "Accepted"
    ocpp_csms.wait_connected(opened=2)
    cs.wait_until(lambda s: s["ocpp"]["connected"])
    assert setting(ocpp_csms, "SecurityProfile") == "2"
    cs.kill()
    cs.start()
    ocpp_csms.wait_connected(opened=3)
    assert setting(ocpp_csms, "SecurityProfile") == "2"


@pytest.mark.slow
def test_a_root_is_replaced_by_one_it_signed(charger, authority, tmp_path):
    """AdditionalRootCertificateCheck (M05.FR.09 to 13)."""
    with tls_csms(authority.server(tmp_path)) as csms:
        csms.password = KEY
        ocpp = trusting(tmp_path, authority, security_profile=2, password=KEY)
        check = settings(AdditionalRootCertificateCheck="true")
        cs = charger(csms, ocpp=ocpp, settings=check)
        assert install(csms, CSMS_ROOT, Authority("Other").pem) == "Rejected"
        new = Authority("New Root", authority)
        assert install(csms, CSMS_ROOT, new.pem) == "Accepted"
        kept = [hash_data(new.pem, authority.pem), hash_data(authority.pem, authority.pem)]
        assert ids(csms, CSMS_ROOT) == kept
        csms.drop()
        csms.wait_connected(opened=2)  # the old server certificate still does
        switch(csms, new.server(tmp_path))
        csms.wait_connected(opened=3)
        cs.wait_until(lambda s: s["ocpp"]["connected"])
        switch(csms, authority.server(tmp_path))
        cs.wait_until(lambda s: "trusted" in (s["ocpp"]["error"] or ""))
        assert csms.opened == 3


# -- password ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("meant", ["bytes", "text"])
def test_a_key_in_hexadecimal_digits(ocpp_csms, charger, meant):
    """Its bytes first; its digits, if the server takes those."""
    ocpp_csms.password = "the first password"
    charger(
        ocpp_csms,
        ocpp={"security_profile": 1, "password": "the first password"},
        settings=settings(),
    )
    digits = b"sixteen bytes ok".hex()
    assert change(ocpp_csms, "AuthorizationKey", digits) == "Accepted"
    ocpp_csms.password = "sixteen bytes ok" if meant == "bytes" else digits
    ocpp_csms.wait_connected(opened=2)
    assert setting(ocpp_csms, "SecurityProfile") == "1"


# -- events ------------------------------------------------------------------------------------


def test_events_wait_for_the_link(ocpp_csms, charger):
    cs = charger(ocpp_csms, settings=settings())
    first = wait_event(ocpp_csms, "StartupOfTheDevice")
    assert first["timestamp"].endswith("Z") and "techInfo" not in first
    cs.post("/api/network", {"online": False})
    ocpp_csms.wait_disconnected()
    cs.post("/api/security_event", {"type": "TamperDetectionActivated", "info": "lid"})
    cs.kill()
    cs.start()
    cs.wait_accepted()
    told = wait_event(ocpp_csms, "TamperDetectionActivated")
    assert told["techInfo"] == "lid"
    cs.post("/api/reboot", {"reason": "Watchdog"})
    assert wait_event(ocpp_csms, "ResetOrReboot")["techInfo"] == "Watchdog"


@pytest.mark.slow
def test_nonsense_is_told_once(ocpp_csms, charger):
    ocpp_csms.password = "the first password"
    charger(ocpp_csms, ocpp={"security_profile": 1, "password": "the first password"})
    ocpp_csms.tolerate("csms", "a message that is none")
    ocpp_csms.tolerate("charger", "its answer to that")
    for _ in range(20):
        ocpp_csms.send_text("[2,")
    assert wait_event(ocpp_csms, "InvalidMessages")["techInfo"] == "malformed JSON"
    assert setting(ocpp_csms, "SecurityProfile") == "1"
    assert len(events(ocpp_csms, "InvalidMessages")) == 1


@pytest.mark.slow
def test_events_can_be_kept_to_the_log(ocpp_csms, charger):
    cs = charger(ocpp_csms, settings=settings(DisableSecurityEventNotifications="true"))
    cs.post("/api/security_event", {"type": "TamperDetectionActivated"})
    time.sleep(0.5)
    assert events(ocpp_csms) == []
