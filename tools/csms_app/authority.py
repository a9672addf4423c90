"""A certificate authority for the bench: answers SignCertificate with CertificateSigned, and
vouches for the CSMS itself where the configuration wants that.

Its key and certificate are made at the first use and live in the store. OCPP 2.0.1 A02, A03;
OCPP 1.6 security whitepaper §2.4. `cryptography` is imported for the first use, too.
"""

import datetime
import ipaddress

_YEARS_ROOT = 20
_DAYS = 365
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

        request = _checked(csr, allowed)
        usage = x509.ExtendedKeyUsageOID.CLIENT_AUTH
        made = self._issue(request.subject, request.public_key(), usage)
        end = made.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._chain(made), "%x" % made.serial_number, end

    def server(self, hosts):
        """(PEM of a new key, PEM chain of a certificate) of a server with these names and
        addresses."""
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_host(h) for h in hosts])
        usage = x509.ExtendedKeyUsageOID.SERVER_AUTH
        made = self._issue(_name(hosts[0]), key.public_key(), usage, names)
        return _private(key), self._chain(made)

    def _issue(self, subject, public_key, usage, *more):
        """A certificate of ours with these extensions."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization

        key_pem, root_pem = self._own()
        key = serialization.load_pem_private_key(key_pem.encode(), None)
        root = x509.load_pem_x509_certificate(root_pem.encode())
        now = datetime.datetime.now(datetime.timezone.utc)
        end = min(now + datetime.timedelta(days=_DAYS), root.not_valid_after_utc)
        builder = _builder(subject, root.subject, public_key, now, end)
        builder = builder.add_extension(x509.BasicConstraints(False, None), True)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        for extension in (x509.ExtendedKeyUsage([usage]), issuer, *more):
            builder = builder.add_extension(extension, False)
        return builder.sign(key, hashes.SHA256())

    def _chain(self, made):
        from cryptography.hazmat.primitives import serialization

        return made.public_bytes(serialization.Encoding.PEM).decode() + self.root()

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
    name = _name("ocppy CSMS")
    now = datetime.datetime.now(datetime.timezone.utc)
    end = now + datetime.timedelta(days=365 * _YEARS_ROOT)
    builder = _builder(name, name, key.public_key(), now, end)
    builder = builder.add_extension(x509.BasicConstraints(True, 0), True)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = builder.add_extension(own, False).sign(key, hashes.SHA256())
    return _private(key), certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private(key):
    from cryptography.hazmat.primitives import serialization

    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none).decode()


def _name(common):
    from cryptography import x509

    names = [(x509.NameOID.ORGANIZATION_NAME, "ocppy"), (x509.NameOID.COMMON_NAME, common)]
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in names])


def _host(name):
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


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
