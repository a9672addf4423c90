"""`lib/pki` on MicroPython against `cryptography` and OpenSSL, in both directions."""

import base64
import datetime
import hashlib
import json
import random
import subprocess

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from patience import patient
from ws_servers import ROOT, micropython, micropython_env

pytestmark = pytest.mark.slow

HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


def b64(data):
    return base64.b64encode(data).decode()


def on_device(*jobs, heap="1M"):
    """Results of the jobs of `pki_driver.py`."""
    done = subprocess.run(
        [micropython(), "-X", "heapsize=" + heap, str(ROOT / "tests/integration/pki_driver.py")],
        input=json.dumps(jobs),
        env=micropython_env(),
        capture_output=True,
        text=True,
        timeout=patient(120),
    )
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def keys():
    return {
        "rsa": rsa.generate_private_key(65537, 2048),
        "rsa3072": rsa.generate_private_key(65537, 3072),
        "P256": ec.generate_private_key(ec.SECP256R1()),
        "P384": ec.generate_private_key(ec.SECP384R1()),
    }


def name(common, organization="ACME GmbH"):
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def certificate(key, subject, issuer=None, signer=None, ca=False, days=(-1, 30), **more):
    """A `cryptography` certificate. more: path, usage, hosts, algorithm, pss, critical."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer or subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca, more.get("path")), True)
    )
    if "usage" in more:
        names = "digital_signature content_commitment key_encipherment data_encipherment"
        names += " key_agreement key_cert_sign crl_sign encipher_only decipher_only"
        flags = {n: n in more["usage"] for n in names.split()}
        builder = builder.add_extension(x509.KeyUsage(**flags), True)
    if "hosts" in more:
        hosts = [x509.DNSName(h) for h in more["hosts"]]
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), False)
    if "critical" in more:
        oid = x509.ObjectIdentifier("1.2.3.4.5")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, b"\x05\0"), True)
    algorithm = HASHES[more.get("algorithm", "sha256")]
    pss = padding.PSS(padding.MGF1(algorithm), 32) if more.get("pss") else None
    return builder.sign(signer or key, algorithm, rsa_padding=pss)


def der(thing):
    return b64(thing.public_bytes(serialization.Encoding.DER))


@pytest.mark.parametrize("algorithm", list(HASHES))
def test_hashes(algorithm):
    texts = [
        bytes(range(256))[: n % 256] * (1 + n // 256) for n in (0, 1, 111, 112, 127, 128, 600)
    ]
    found = on_device(*[["hash", algorithm, b64(t)] for t in texts])
    assert found == [hashlib.new(algorithm, t).hexdigest() for t in texts]


@pytest.mark.parametrize("algorithm", list(HASHES))
@pytest.mark.parametrize("kind", ["rsa", "rsa3072", "pss", "P256", "P384"])
def test_certificates_of_the_host_are_understood(keys, kind, algorithm):
    """Self-signed certificates: each is parsed, and its own signature checked."""
    key = keys["rsa" if kind == "pss" else kind]
    c = certificate(
        key,
        "csms.example",
        ca=True,
        path=1,
        usage=("key_cert_sign", "digital_signature"),
        hosts=["csms.example", "b.example"],
        algorithm=algorithm,
        pss=kind == "pss",
    )
    tbs, signature = b64(c.tbs_certificate_bytes), b64(c.signature)
    spoilt = b64(c.signature[:-1] + bytes([c.signature[-1] ^ 1]))
    other = b64(c.tbs_certificate_bytes + b"x")
    seen, good, bad, wrong = on_device(
        ["parse", der(c)],
        ["verify", der(c), tbs, signature],
        ["verify", der(c), tbs, spoilt],
        ["verify", der(c), other, signature],
    )
    assert (good, bad, wrong) == (True, False, False)
    assert int(seen["serial"], 16) == c.serial_number
    assert seen["starts"] == c.not_valid_before_utc.timestamp()
    assert seen["ends"] == c.not_valid_after_utc.timestamp()
    assert base64.b64decode(seen["issuer"]) == c.issuer.public_bytes()
    assert seen["ca"] and seen["path"] == 1 and seen["usage"] == 0x84 and not seen["unknown"]
    assert seen["hosts"] == ["csms.example", "b.example"]
    assert (seen["cn"], seen["o"]) == ("csms.example", "ACME GmbH")
    assert seen["signed"][1] == algorithm


def test_request_of_the_device_is_taken_by_openssl(tmp_path):
    subject = [["O", "ACME \u00dcber GmbH"], ["CN", "SN-0001"]]
    (pem, key), (pem2, key2) = on_device(["request", subject], ["request", subject])
    request = x509.load_pem_x509_csr(pem.encode())
    assert request.is_signature_valid
    assert request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "SN-0001"
    organization = request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    assert organization == "ACME \u00dcber GmbH"
    private = serialization.load_der_private_key(base64.b64decode(key), None)
    assert private.public_key() == request.public_key()
    assert key != key2 and pem != pem2
    (tmp_path / "csr.pem").write_text(pem)
    done = subprocess.run(
        ["openssl", "req", "-in", str(tmp_path / "csr.pem"), "-verify", "-noout"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "verify OK" in done.stdout + done.stderr, done.stderr


def test_signatures_of_the_device_fit_on_the_host(keys):
    key = keys["P256"]
    secret = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    texts = [b"", b"a", b"x" * 1000] + [random.randbytes(40) for _ in range(5)]
    for text, found in zip(texts, on_device(*[["sign", b64(secret), b64(t)] for t in texts])):
        signature = base64.b64decode(found)
        key.public_key().verify(signature, text, ec.ECDSA(hashes.SHA256()))
        with pytest.raises(InvalidSignature):
            key.public_key().verify(signature, text + b"!", ec.ECDSA(hashes.SHA256()))


def test_signatures_of_openssl_fit_on_the_device(keys, tmp_path):
    (tmp_path / "data").write_bytes(b"firmware" * 100)
    jobs = []
    for kind, options in (
        ("P256", []),
        ("rsa", []),
        ("pss", ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"]),
    ):
        key = keys["rsa" if kind == "pss" else kind]
        c = certificate(key, "signer", pss=kind == "pss")
        path = tmp_path / "key.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        command = ["openssl", "dgst", "-sha256", "-sign", str(path), *options]
        made = subprocess.run([*command, str(tmp_path / "data")], capture_output=True, check=True)
        jobs.append(["verify", der(c), b64(b"firmware" * 100), b64(made.stdout)])
        jobs.append(["verify", der(c), b64(b"firmware" * 99), b64(made.stdout)])
    assert on_device(*jobs) == [True, False] * 3


def test_chains(keys):
    rng = keys["rsa"], keys["P256"], keys["P384"]
    root = certificate(rng[1], "Root", ca=True, days=(-100, 1000))
    sub = certificate(rng[2], "Sub", "Root", rng[1], ca=True, path=0, days=(-50, 500))
    leaf = certificate(rng[0], "Leaf", "Sub", rng[2])
    false_sub = certificate(rng[2], "Sub", "Root", rng[1], days=(-50, 500))
    other = certificate(rng[2], "Root", ca=True, days=(-100, 1000))
    deep = certificate(rng[2], "Sub2", "Sub", rng[2], ca=True)
    signless = certificate(rng[1], "Root", ca=True, usage=("digital_signature",))
    below = certificate(rng[0], "Leaf", "Sub2", rng[2])
    strange = certificate(rng[0], "Leaf", "Root", rng[1], critical=True)
    old = certificate(rng[0], "Leaf", "Root", rng[1], days=(-20, -1))
    weak = certificate(rsa.generate_private_key(65537, 1024), "Leaf", "Root", rng[1])
    now = int(NOW.timestamp())
    untrusted = "not signed by a trusted certificate"
    cases = [
        (leaf, [sub], [root], now, True, None),
        (leaf, [deep, sub], [other, root], now, True, None),
        (leaf, [], [root], now, True, untrusted),
        (leaf, [false_sub], [root], now, True, untrusted),
        (leaf, [sub], [other], now, True, untrusted),
        (leaf, [sub], [], now, True, untrusted),
        (sub, [], [signless], now, True, untrusted),
        (sub, [], [root], now, True, None),
        (root, [], [root], now, True, None),
        (below, [deep, sub], [root], now, True, untrusted),
        (strange, [], [root], now, True, "critical extension not understood"),
        (old, [], [root], now, True, "expired"),
        (weak, [], [root], now, True, "key too weak or of an unknown kind"),
        (leaf, [sub], [root], now - 3 * 86400, True, "not yet valid"),
        (leaf, [sub], [root], now - 3 * 86400, False, None),
        (leaf, [sub], [root], now + 31 * 86400, False, "expired"),
    ]
    jobs = [
        ["chain", der(c[0]), [der(x) for x in c[1]], [der(x) for x in c[2]], c[3], c[4]]
        for c in cases
    ]
    assert on_device(*jobs) == [c[5] for c in cases]


@pytest.mark.parametrize("kind", ["P256", "rsa"])
def test_malformed_certificates_are_refused(keys, kind):
    """Cut off anywhere, or with a byte changed: read or refused, never another exception; and
    what can be read has another hash than the one that was signed."""
    c = certificate(keys[kind], "Leaf", ca=True, path=2, hosts=["a"], usage=("key_cert_sign",))
    good = c.public_bytes(serialization.Encoding.DER)
    wrong = [good[:n] for n in range(0, len(good), 2)]
    rng = random.Random(7)
    for _ in range(700):
        spoilt = bytearray(good)
        for _ in range(rng.choice((1, 1, 1, 4))):
            spoilt[rng.randrange(len(good))] = rng.choice((0, 1, 0x30, 0x7F, 0x80, 0x82, 0xFF))
        wrong.append(bytes(spoilt))
    wrong += [rng.randbytes(rng.randrange(300)) for _ in range(200)]
    wrong += [good + b"\0", b"\x30\x80" + good[4:], b"\x30" * 200, b"\x30\x84\0\0\0\0", b""]
    wrong = [w for w in wrong if w != good]
    found = on_device(*[["parse", b64(w)] for w in wrong], heap="32M")
    refused = sum("error" in f for f in found)
    assert len(found) == len(wrong) > 1000 and refused > 500, refused
    read = [w for w, f in zip(wrong, found) if "error" not in f][:60]
    chains = on_device(
        *[["chain", b64(w), [], [b64(good)], int(NOW.timestamp()), True] for w in read]
    )
    for w, answer in zip(read, chains):
        # What is not signed may differ: the algorithm's copy outside, the bits of the signature.
        assert (
            answer is not None
            or w[4 : 4 + len(c.tbs_certificate_bytes)]
            == good[4 : 4 + len(c.tbs_certificate_bytes)]
        )
