"""Root certificates: installed, listed, deleted (whitepaper M03, M04, M05). Jobs: generators that
return the status; `use`: one of `certificates.USES`."""

import binascii

from ocpp.log import log
from ocpp.station.certificates import OLD, USES, short_hash, whole
from pki import chain, pem, sha2
from pki.der import DERError
from pki.x509 import Certificate

HASHES = {"SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}


def install(station, use, text):
    """Returns "Accepted", "Rejected" (not a root we can take, or no room) or "Failed"."""
    certificates = station.part("certificates")
    try:
        found = pem.blocks(text)
        certificate = Certificate(found[0])
    except DERError as e:
        log.warn("certificates", "not installed:", e)
        return "Rejected"
    if len(found) > 1:
        return "Rejected"
    present = certificates.roots(use)
    if any(der == found[0] for _, der, _ in present):
        return "Accepted"
    strict = use == USES[0] and station.settings.get("AdditionalRootCertificateCheck") and present
    wrong = chain.out_of_date(certificate, *certificates.now())
    issuer = None
    if not wrong:
        issuer = yield from _issuer(certificate, present, strict)
        wrong = None if issuer else "not signed by itself or a root that is there"
    if not wrong and not strict:
        most = station.settings.get("CertificateStoreMaxLength")
        wrong = "no room for another" if certificates.count() >= most else None
    if wrong:
        log.warn("certificates", "root not installed:", wrong)
        return "Rejected"
    bits = b"" if issuer is certificate else issuer.key_bits
    if not certificates.add_root(use, found[0], bits):
        return "Failed"
    for name, _, _ in present if strict else ():  # M05.FR.11: kept until the new one has worked
        certificates.rename(name, OLD + name[4:])
    station.part("security").event("ReconfigurationOfSecurityParameters", "%s installed" % use)
    return "Accepted"


def _issuer(certificate, present, strict):
    """Who signed a new root: itself, or one that is there; if `strict` only the latter counts
    (M05.FR.09)."""
    if not strict and certificate.subject == certificate.issuer:
        return certificate if (yield from chain.issued(certificate, certificate)) else None
    if not certificate.ca:
        return None
    for _, der, _ in present:
        other = Certificate(der)
        if other.subject == certificate.issuer:
            if (yield from chain.issued(other, certificate)):
                return other
    return None


def ids(station, use):
    """Returns the hash data of each root for a use: dicts of the protocol's
    CertificateHashDataType. One that is replaced is among them until its successor has worked."""
    found = []
    roots = station.part("certificates").roots
    for _, der, bits in roots(use) + (roots(OLD) if use == USES[0] else []):
        found.append((yield from hash_data(der, bits)))
    return found


def hash_data(der, bits, algorithm="SHA256"):
    """Returns the CertificateHashDataType of a certificate (whitepaper §6.1, RFC 6960).
    `bits`: the key of its issuer, b"" if that is itself."""
    c = Certificate(der)
    name = yield from sha2.digest(HASHES[algorithm], c.issuer)
    key = yield from sha2.digest(HASHES[algorithm], bits or c.key_bits)
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": binascii.hexlify(name).decode(),
        "issuerKeyHash": binascii.hexlify(key).decode(),
        "serialNumber": serial(c),
    }


def serial(certificate):
    text = binascii.hexlify(certificate.serial).decode().upper()
    return text.lstrip("0") or "0"


def delete(station, wanted):
    """`wanted`: hash data as above. Returns "Accepted", "NotFound" or "Failed"."""
    certificates = station.part("certificates")
    number = wanted["serialNumber"].lstrip("0").upper() or "0"
    for use in USES + (OLD,):
        for name, der, bits in certificates.roots(use):
            if serial(Certificate(der)) != number:
                continue
            found = yield from hash_data(der, bits, wanted["hashAlgorithm"])
            if not _same(found, wanted):
                continue
            in_use = use == USES[0] and station.trusted == short_hash(der) + "+"
            if in_use and station.connection.connected:  # M04.FR.06
                return "Failed"
            if not certificates.remove(name):
                return "Failed"
            station.part("security").event(
                "ReconfigurationOfSecurityParameters", "%s deleted" % use
            )
            return "Accepted"
    if (yield from _is_ours(certificates, wanted, number)):
        return "Failed"  # M04.FR.05
    return "NotFound"


def _same(found, wanted):
    for field in ("issuerNameHash", "issuerKeyHash"):
        if found[field] != wanted[field].lower():
            return False
    return True


def _is_ours(certificates, wanted, number):
    for own in certificates.numbers():
        data = certificates.read("own-%d.crt" % own)
        try:
            c = Certificate(data[: whole(data)])
        except DERError:
            continue
        if serial(c) == number:
            found = yield from sha2.digest(HASHES[wanted["hashAlgorithm"]], c.issuer)
            if binascii.hexlify(found).decode() == wanted["issuerNameHash"].lower():
                return True
    return False
