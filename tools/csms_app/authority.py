"""A certificate authority for the bench: answers SignCertificate with CertificateSigned.

Its key and certificate are made at the first use and live in the store. OCPP 2.0.1 A02, A03;
OCPP 1.6 security whitepaper §2.4. `cryptography` is imported for the first use, too.
"""

import datetime

_YEARS_ROOT = 20
_DAYS_STATION = 365
_BACKDATED = datetime.timedelta(hours=1)  # clocks of chargers run late
_MIN_RSA_BITS = 2048


class Refused(Exception):
    """Why a request gets no certificate."""


class Authority:
    """`store`: keeps `authority()` and the certificates issued."""

    def __init__(self, store):
        self._store = store

    def root(self):
        """PEM of the root certificate."""
        return self._own()[1]

    def sign(self, csr, allowed):
        """(PEM chain of the certificate for a CSR in PEM, its serial number, its end as text).

        `allowed`: the common names that may be asked for. Raises Refused.
        """
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization

        request = _checked(csr, allowed)
        key_pem, root_pem = self._own()
        key = serialization.load_pem_private_key(key_pem.encode(), None)
        root = x509.load_pem_x509_certificate(root_pem.encode())
        now = datetime.datetime.now(datetime.timezone.utc)
        end = min(now + datetime.timedelta(days=_DAYS_STATION), root.not_valid_after_utc)
        builder = _builder(request.subject, root.subject, request.public_key(), now, end)
        builder = builder.add_extension(x509.BasicConstraints(False, None), True)
        usages = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(usages, False)
        made = builder.sign(key, hashes.SHA256())
        pem = made.public_bytes(serialization.Encoding.PEM).decode()
        return pem + root_pem, "%x" % made.serial_number, end.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _own(self):
        """(PEM of the key, PEM of the certificate), made if there are none yet."""
        own = self._store.authority()
        if own is None:
            own = _new_root()
            self._store.put_authority(*own)
        return own


def _new_root():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    names = [(x509.NameOID.ORGANIZATION_NAME, "ocppy"), (x509.NameOID.COMMON_NAME, "ocppy CSMS")]
    name = x509.Name([x509.NameAttribute(oid, text) for oid, text in names])
    now = datetime.datetime.now(datetime.timezone.utc)
    end = now + datetime.timedelta(days=365 * _YEARS_ROOT)
    builder = _builder(name, name, key.public_key(), now, end)
    builder = builder.add_extension(x509.BasicConstraints(True, 0), True)
    certificate = builder.sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, form, serialization.NoEncryption())
    return private.decode(), certificate.public_bytes(pem).decode()


def _builder(subject, issuer, public_key, now, end):
    from cryptography import x509

    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _BACKDATED).not_valid_after(end)


def _checked(csr, allowed):
    """The request of a station for itself, with a proven and strong enough key."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        request = x509.load_pem_x509_csr(csr.encode())
        valid = request.is_signature_valid
        key = request.public_key()
        names = request.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except (ValueError, UnsupportedAlgorithm) as e:
        raise Refused("not a certificate request: %s" % e) from None
    if not valid:
        raise Refused("its signature is wrong")
    strong = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= 224
    if not strong and not (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS):
        raise Refused("its key is too weak, or of another kind than RSA and EC")
    if [n.value for n in names] not in [[name] for name in allowed]:
        text = "its common name is %s, allowed: %s"
        raise Refused(text % ([n.value for n in names], ", ".join(allowed)))
    return request
