# marks: slow
# heap: 4M
"""The certificate store, our own certificate and its renewal, what is tried before it counts
(security whitepaper A02, A03, A05, M05), and security events."""

import os

from central import NOW, Setup
from pki_make import Authority, key
from powercut import Flash, PowerCut

from ocpp.iso import to_iso
from ocpp.station.certificates import BUILT, USES, short_hash
from pki import p256, pem

_DAY = const(86400)
CSMS = USES[0]


def made(profile=0, **settings):
    settings.setdefault("CpoName", "ACME")
    config = {
        "ocpp": {
            "url": "ws://x/",
            "id": "cp",
            "version": "1.6",
            "security_profile": profile,
            "password": "sixteen characters",
        }
    }
    return Setup(settings=settings, config=config)


def certificates(s):
    return s.station.part("certificates")


def install(s, pem_text, kind="CentralSystemRootCertificate"):
    request = {"certificateType": kind, "certificate": pem_text}
    return s.ask("InstallCertificate", request, 20000)["status"]


def give(s, authority, number, ends, starts=NOW - 60):
    """A certificate of our own in the store."""
    d, x, y = key()
    found = certificates(s)
    assert found.write("own-%d.key" % number, p256.private(d, x, y))
    text = authority.issue("cp", (x, y), ends=ends, starts=starts)
    assert found.write("own-%d.crt" % number, pem.blocks(text)[0])


def test_a_clock_that_is_not_set():
    """Nothing is too early for it, but what had ended before this program was made is over."""
    s = made()
    part = certificates(s)
    assert part.now() == (BUILT, False)
    late = Authority(ends=BUILT - 1)
    early = Authority(starts=BUILT + 500 * _DAY, ends=BUILT + 501 * _DAY)
    assert part.watch(1, memoryview(late.der)) == "expired"
    assert part.watch(0, memoryview(early.der)) is None
    s.run(500)
    assert certificates(s).now() == (NOW, True)
    found = certificates(s).watch(0, memoryview(early.der))
    assert found == "not yet valid", found
    assert "understood" in certificates(s).watch(0, memoryview(b"x"))
    assert s.station.trusted.startswith(short_hash(late.der) + "+")


def test_a_damaged_file_is_not_used():
    s = made()
    s.run(500)
    root = Authority()
    assert install(s, root.pem) == "Accepted"
    path = s.root + "/state/certs/" + certificates(s).names("CSMS-")[0]
    with open(path, "rb") as f:
        data = bytearray(f.read())
    data[50] ^= 1
    with open(path, "wb") as f:
        f.write(data)
    assert certificates(s).roots(CSMS) == []
    assert install(s, root.pem) == "Accepted" and len(certificates(s).roots(CSMS)) == 1


def test_malformed_certificates_from_the_central_system():
    """A bit wrong anywhere: refused in so many words, and the station goes on."""
    s = made()
    s.run(500)
    good, maker = Authority(), Authority("Maker")
    assert install(s, good.pem) == "Accepted"
    d, x, y = key()
    assert certificates(s).write("own-1.key", p256.private(d, x, y))
    chain = good.issue("cp", (x, y), starts=NOW - 60)
    seed = 5
    for n in range(160):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        signed = n % 2
        der = bytearray(pem.blocks(chain)[0] if signed else maker.der)
        der[(seed >> 8) % len(der)] ^= 1 << (seed & 7)
        text = pem.text("CERTIFICATE", der)
        if signed:
            answer = s.ask("CertificateSigned", {"certificateChain": text}, 20000)
        else:
            request = {"certificateType": "ManufacturerRootCertificate", "certificate": text}
            answer = s.ask("InstallCertificate", request, 20000)
        assert answer == {"status": "Rejected"}, (n, answer, text)
        s.csms.forget()
    assert s.station.errors == [] and certificates(s).numbers() == []
    assert s.ask("CertificateSigned", {"certificateChain": chain}, 20000)["status"] == "Accepted"


def test_renewal():
    """A month before its end a new one is asked for, once; then it is used, the old one kept for
    another month (A03.FR.02, A02.FR.10)."""
    s = made(3)
    s.run(500)
    root = Authority()
    assert install(s, root.pem) == "Accepted"
    give(s, root, 1, NOW + 20 * _DAY)
    assert certificates(s).current() == 1
    s.run(50000)
    assert len(s.csms.sent("SignCertificate")) == 0
    s.run(20000)
    assert len(s.csms.sent("SignCertificate")) == 1
    request = pem.blocks(s.csms.sent("SignCertificate")[0]["csr"], "REQUEST")[0]
    _, x, y = p256.load(certificates(s).read("own-2.key"))
    assert x.to_bytes(32, "big") in request
    chain = root.issue("cp", (x, y), starts=NOW, ends=NOW + 365 * _DAY)
    answer = s.ask("CertificateSigned", {"certificateChain": chain}, 20000)
    assert answer == {"status": "Accepted"}
    assert certificates(s).current() == 2 and certificates(s).numbers() == [1, 2]
    options = certificates(s).tls(True)
    assert options["cert"] == pem.blocks(chain) and s.station.presented == 2
    assert options["key"] == certificates(s).read("own-2.key")
    s.station.part("credentials").care()
    assert certificates(s).numbers() == [1, 2]
    s.clock.set_unix(NOW + 40 * _DAY)
    s.station.part("credentials").care()
    assert certificates(s).numbers() == [2] == certificates(s).numbers(".key")
    assert len(s.csms.sent("SignCertificate")) == 1


def test_a_new_certificate_that_is_refused_is_given_up():
    s = made(3)
    s.run(500)
    root = Authority()
    assert install(s, root.pem) == "Accepted"
    give(s, root, 1, NOW + 300 * _DAY)
    certificates(s).tls(True)
    s.station.part("credentials").connected()
    give(s, root, 2, NOW + 300 * _DAY, NOW - 10)
    certificates(s).tls(True)
    assert s.station.presented == 2
    for kind in ("dns", "tcp", "timeout"):  # says nothing of the certificate
        s.station.dial_failed(kind, "x", False)
    assert certificates(s).current() == 2
    s.station.trusted = "x+"
    for _ in range(3):
        assert certificates(s).current() == 2
        s.station.dial_failed("tls", "refused", True)
    assert certificates(s).current() == 1
    s.run(500)
    told = s.csms.sent("SecurityEventNotification")
    assert told[-1]["type"] == "InvalidChargePointCertificate"


def test_one_that_begins_later_waits():
    s = made(3)
    s.run(500)
    root = Authority()
    give(s, root, 1, NOW + 300 * _DAY)
    give(s, root, 2, NOW + 300 * _DAY, NOW + 5 * _DAY)
    assert certificates(s).current() == 1
    s.clock.set_unix(NOW + 6 * _DAY)
    assert certificates(s).current() == 2


def test_a_profile_that_does_not_work_is_taken_back_also_after_a_restart():
    s = made(1)
    s.run(500)
    change = {"key": "SecurityProfile", "value": "2"}
    assert s.ask("ChangeConfiguration", change) == {"status": "Rejected"}
    assert install(s, Authority().pem) == "Accepted"
    s.ask("ChangeConfiguration", change)  # the loopback loses the answer with the connection
    assert s.station.settings.get("SecurityProfile") == 2
    s.station.dial_failed("tls", "x", False)
    again = s.restart(config=s.config, online=False)
    for _ in range(2):
        assert again.station.settings.get("SecurityProfile") == 2
        again.station.dial_failed("timeout", "x", True)
    assert again.station.settings.get("SecurityProfile") == 1
    last = again.restart(config=s.config, online=False)
    assert last.station.settings.get("SecurityProfile") == 1


def test_a_profile_that_worked_stays():
    s = made(1)
    s.run(500)
    assert install(s, Authority().pem) == "Accepted"
    change = {"key": "SecurityProfile", "value": "2"}
    s.ask("ChangeConfiguration", change)  # the loopback loses the answer with the connection
    s.station.part("credentials").connected()
    for _ in range(9):
        s.station.dial_failed("tls", "x", True)
    assert s.station.settings.get("SecurityProfile") == 2


def test_power_cuts_while_a_root_is_installed():
    """At any moment: the store holds the old roots, and the new one whole or not at all."""
    roots = Authority("A"), Authority("B")
    for half in (False, True):
        cut = 1
        while _cut(roots, cut, half):
            cut += 1
        assert cut > 3, cut


def _cut(roots, cut, half):
    """True if the power went at operation number `cut`."""
    flash = Flash(64)
    flash.mount("/flash")
    try:
        s = Setup(root="/flash")
        certificates(s).add_root(CSMS, roots[0].der)
        flash.clear()
        flash.cut_at, flash.half = cut, half
        done = certificates(s).add_root(CSMS, roots[1].der)
        went = flash.dead
    except PowerCut:
        went = True
    finally:
        flash.umount("/flash")
    flash.cut_at, flash.dead = None, False
    flash.mount("/flash")
    try:
        s = Setup(root="/flash")
        found = [der for _, der, _ in certificates(s).roots(CSMS)]
        assert roots[0].der in found and len(found) <= 2
        assert went or (done and roots[1].der in found)
        assert all(der in (roots[0].der, roots[1].der) for der in found)
        assert certificates(s).add_root(CSMS, roots[1].der)
        assert len(certificates(s).roots(CSMS)) == 2
    finally:
        flash.umount("/flash")
    return went


def test_events_are_logged_and_critical_ones_survive():
    from ocpp.station import security_log

    s = made(2)
    s.connection.disconnect()
    s.station.security_event("TamperDetectionActivated", "x" * 300)
    s.station.security_event("InvalidMessages", "first")
    s.station.security_event("InvalidMessages", "second")  # too soon
    again = s.restart(config=s.config)
    again.run(2000)
    told = again.csms.sent("SecurityEventNotification")
    assert [e["type"] for e in told] == ["TamperDetectionActivated"]
    assert told[0]["techInfo"] == "x" * 255 and told[0]["timestamp"][:4] == "2026"
    lines = list(security_log.lines(again.station))
    assert len(lines) == 2 and lines[1].endswith("InvalidMessages first")
    assert list(security_log.lines(again.station, NOW + 9999)) == []
    assert len(list(security_log.lines(again.station, NOW - 99, NOW + 99))) == 2


def test_the_log_is_a_ring():
    from ocpp.station import security_log

    s = made()
    s.run(500)
    for n in range(400):
        security_log.add(s.station, "TamperDetectionActivated", "number %d" % n)
    lines = list(security_log.lines(s.station))
    assert 60 < len(lines) < 400 and lines[-1].endswith("number 399")
    numbers = [int(line.split(" ")[-1]) for line in lines]
    assert numbers == list(range(numbers[0], 400))
    size = sum(os.stat(s.root + "/state/security." + e)[6] for e in ("log", "old"))
    assert size <= 12288
    security_log.clear(s.station)
    [line] = security_log.lines(s.station)
    assert line.split(" ")[1] == "SecurityLogWasCleared"


def test_a_csms_that_does_not_know_events_is_not_held_up():
    from ocpp.rpc import CallError

    s = made()
    s.csms.answers["SecurityEventNotification"] = CallError("NotImplemented", "")
    s.run(500)
    s.station.security_event("TamperDetectionActivated")
    s.run(1000)
    assert len(s.csms.sent("SecurityEventNotification")) == 1
    assert s.station.log.pending() == 0 == s.station.log.parked()


def test_nothing_of_it_stays_in_memory():
    import sys

    s = made()
    s.run(500)
    assert install(s, Authority().pem) == "Accepted"
    s.station.security_event("TamperDetectionActivated")
    s.run(1500)
    left = [n for n in sys.modules if n == "pki" or n.startswith(("pki.", "ocpp.station."))]
    for word in ("pki", "certificates", "credentials", "security", "roots", "own", "signed"):
        assert not any(word in n for n in left), left


def test_certificates_of_the_configuration_are_put_in_once():
    """A bundle, one of it spoilt; what was deleted does not come back, unless the file is new."""
    s = made()
    bundle = [Authority("A"), Authority("B")]
    spoilt = pem.text("CERTIFICATE", b"\x30\x03\x02\x01\x01")
    data = (bundle[0].pem + spoilt + bundle[1].pem).encode()
    x, y = key()[1:]
    own, secret = bundle[0].issue("cp", (x, y)), pem.text("EC PRIVATE KEY", b"\x30\0")
    found = {CSMS: [data, b"nonsense"], "own": [own.encode(), secret.encode()]}
    s.station.import_certificates(found)
    assert len(certificates(s).roots(CSMS)) == 2
    assert certificates(s).numbers() == [0] == certificates(s).numbers(".key")
    for name in certificates(s).names("CSMS-"):
        assert certificates(s).remove(name)
    s.station.import_certificates(found)
    assert certificates(s).roots(CSMS) == [] and certificates(s).numbers() == [0]
    s.station.import_certificates({CSMS: [bundle[1].der]})
    assert [der for _, der, _ in certificates(s).roots(CSMS)] == [bundle[1].der]


def test_a_clock_that_is_set_is_told():
    s = made()
    s.run(500)
    s.run(310000, 100)
    assert s.csms.sent("SecurityEventNotification") == []  # heartbeats, the clock is right
    s.csms.answers["Heartbeat"] = {"currentTime": to_iso(NOW + 5 * _DAY)}
    s.run(310000, 100)
    told = s.csms.sent("SecurityEventNotification")
    assert [e["type"] for e in told] == ["SettingSystemTime"], told


def test_the_events_of_a_start_wait_for_the_acceptance():
    s = made()
    s.connection.disconnect()
    s.station.security_event("StartupOfTheDevice")
    s.run(500)
    assert s.station.log.pending() == 0
    s.connection.connect("ocpp1.6")
    s.run(1500)
    assert [e["type"] for e in s.csms.sent("SecurityEventNotification")] == ["StartupOfTheDevice"]
    assert s.csms.actions().index("StatusNotification") < len(s.csms.actions()) - 1


def test_full_flash_is_told_as_memory_exhaustion():
    s = made()
    s.run(500)
    s.station.store.full = True
    s.run(500)
    told = s.csms.sent("SecurityEventNotification")
    assert [e["type"] for e in told] == ["MemoryExhaustion"], told
