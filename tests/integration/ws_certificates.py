"""Certificates made for one test run, right ones and wrong ones."""

import datetime
import ipaddress
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority for one test run."""

    def __init__(self, folder, name="Test CA"):
        self.folder = Path(folder)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), ca=True)
        self.der = self._write(name + ".der", self.certificate, serialization.Encoding.DER)
        self.pem = self._write(name + ".pem", self.certificate, serialization.Encoding.PEM)

    def issue(self, name, hosts=(), days=(-1, 30), self_signed=False):
        """(PEM certificate, PEM key, DER certificate, DER key) file names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = key if self_signed else self.key
        certificate = self._sign(
            subject, key.public_key(), hosts, days, signer, subject if self_signed else self.name
        )
        base = "%s-%s" % (name, os.urandom(4).hex())
        files = []
        for ending in ("pem", "der"):
            encoding = getattr(serialization.Encoding, ending.upper())
            files.append(self._write("%s.crt.%s" % (base, ending), certificate, encoding))
            path = self.folder / ("%s.key.%s" % (base, ending))
            path.write_bytes(
                key.private_bytes(
                    encoding,
                    serialization.PrivateFormat.TraditionalOpenSSL,
                    serialization.NoEncryption(),
                )
            )
            files.append(str(path))
        return files

    def _write(self, name, certificate, encoding):
        path = self.folder / name.replace(" ", "_")
        path.write_bytes(certificate.public_bytes(encoding))
        return str(path)

    def _sign(self, subject, public, hosts=(), days=(-1, 30), signer=None, issuer=None, ca=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca, None), True)
        )
        if hosts:
            names = [_host(h) for h in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(signer or self.key, hashes.SHA256())


def _host(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
