"""Our own certificate: a new key and the request for it, the signed certificate, its renewal
(whitepaper A02, A03). Jobs: generators."""

from ocpp.log import log
from ocpp.station.certificates import USES, whole
from pki import p256
from pki.der import DERError

_MONTH = const(2592000)  # s
_SERIAL = const(64)  # characters of a common name


def subject(station):
    """[("O", operator), ("CN", serial number)] of a request (A02.FR.13, A00.FR.511)."""
    config = station.config
    info = config.get("charge_point", {})
    number = info.get("serial") or info.get("box_serial") or config.get("ocpp", {}).get("id")
    operator = station.settings.get("CpoName")
    names = [("O", operator)] if operator else []
    return names + [("CN", (number or "unknown")[:_SERIAL])]


def request(station):
    """Makes a key and has its request sent. The key waits on flash for its certificate."""
    certificates = station.part("certificates")
    try:
        known = certificates.numbers()
        number = max(known + [0]) + 1
        yield
        key = yield from p256.generate()
        yield
        if not certificates.write("own-%d.key" % number, p256.private(*key)):
            return log.error("certificates", "no request: the key can't be kept")
        yield
        from pki import csr

        yield
        text = yield from csr.request(key, subject(station))
        yield
        station.dialect.sign_certificate(text)
    finally:
        station.requesting = False


def signed(station, text):
    """What came back: returns "Accepted", or "Rejected" and tells why as a security event."""
    wrong = yield from _take(station, text)
    if not wrong:
        station.part("security").event(
            "ReconfigurationOfSecurityParameters", "certificate of this station changed"
        )
        return "Accepted"
    log.warn("certificates", "certificate refused:", wrong)
    station.part("security").event("InvalidChargePointCertificate", wrong)
    return "Rejected"


def _take(station, text):
    """Check a chain and keep it; returns what is wrong with it, or None."""
    if len(text) > station.settings.get("CertificateSignedMaxChainSize"):
        return "longer than CertificateSignedMaxChainSize"
    from pki import chain, pem
    from pki.x509 import Certificate

    certificates = station.part("certificates")
    try:
        chain_of = [Certificate(der) for der in pem.blocks(text)]
    except DERError as e:
        return str(e)
    leaf = chain_of[0]
    number = _key_of(certificates, leaf)
    if number is None:
        return "not for a key of this station"
    wrong = _properties(station, leaf)
    if wrong:
        return wrong
    roots = [Certificate(der) for _, der, _ in certificates.roots(USES[0])]
    now, known = certificates.now()
    # It may begin in the future (A02.FR.08), but not end in the past.
    wrong = yield from chain.check(leaf, chain_of[1:], roots, max(now, leaf.starts), known)
    if wrong:
        return wrong
    data = b"".join([c.der for c in chain_of if c.subject != c.issuer])
    bad = certificates.note("bad", [])
    if number in bad:
        certificates.keep("bad", [n for n in bad if n != number])
    if not certificates.write("own-%d.crt" % number, data):
        return "flash does not take it"
    return None


def _key_of(certificates, leaf):
    """Number of our key that a certificate is for, or None."""
    for number in reversed(certificates.numbers(".key")):
        try:
            _, x, y = p256.load(certificates.read("own-%d.key" % number))
        except DERError:
            continue
        if leaf.key == ("P256", x, y):
            return number
    return None


def _properties(station, leaf):
    """What of A00.FR.509 to 511 a certificate breaks, or None."""
    number = subject(station)[-1][1]
    operator = station.settings.get("CpoName")
    if leaf.ca:
        return "an authority's certificate"
    names = (number, station.config.get("ocpp", {}).get("id"))
    if leaf.name("CN") not in names:
        return "common name is not the serial number"
    if operator and leaf.name("O") != operator:
        return "organization is not CpoName"
    return None


def upkeep(station):
    """Forget what is out of use; True: it is time to renew (A03.FR.02)."""
    certificates = station.part("certificates")
    now, known = certificates.now()
    current = certificates.current()
    if current is None or not known:
        return False
    from pki.x509 import Certificate

    good = certificates.note("good")
    numbers = certificates.numbers()
    for number in numbers:
        if number not in (current, good) and number < current:
            data = certificates.read("own-%d.crt" % current)
            # The one before stays for a month (A02.FR.10)
            if number != numbers[numbers.index(current) - 1] or _begun(data, now):
                certificates.remove("own-%d.crt" % number)
                certificates.remove("own-%d.key" % number)
    data = certificates.read("own-%d.crt" % max(numbers))
    return Certificate(data[: whole(data)]).ends - now < _MONTH


def _begun(data, now):
    from pki.x509 import Certificate

    return now - Certificate(data[: whole(data)]).starts > _MONTH
