"""Builds a firmware bundle: `.venv/bin/python tools/bundle.py --version 1.2.0 OUT`.

The format is told in `firmware/bundles.py`, what becomes of it in docs/firmware-update.md. For a
board with a chip all modules are in one file, as blocks of flash are large.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from charger_app import build, flash
from device_app import pack, tree

MAGIC = b"ocppy bundle 1\n"
MPY = 6  # version of the .mpy files that our compiler makes
MICROPYTHON = "1.24.0"  # the oldest that runs them
PACK = "lib.pack"
_UNPACKED = 16 << 20  # a file system that has a file for each module
# Not replaced by an update: what chooses the slot must stay as it is.
_BOOT = ("boot", "main", "pack", "chip", "unix")


def files(folder, suffix=".mpy"):
    """{path on the device: bytes} of what is in a build folder."""
    found = {}
    for path in sorted(Path(folder).rglob("*" + suffix)):
        name = str(path.relative_to(folder))
        if name[: -len(suffix)] not in _BOOT:
            found[name] = path.read_bytes()
    return found


def modules(board, config=None):
    """The same for a board with a chip, in one file. `config`: file of a configuration; then only
    what that asks for."""
    found = {}
    for path, data in tree.of(board, config, _UNPACKED, everything=config is None).items():
        if path.startswith("/lib/") and path.endswith(".mpy"):
            name = path[len("/lib/") :]
            if name[: -len(".mpy")] not in _BOOT:
                found[name] = data
    return {PACK: pack.make(found)}


def lines(contents, version, board, micropython=MICROPYTHON):
    """The part of a bundle that is signed."""
    header = {
        "version": version,
        "board": board,
        "micropython": micropython,
        "mpy": MPY,
        "files": len(contents),
    }
    text = MAGIC + json.dumps(header).encode() + b"\n"
    for name, data in contents.items():
        text += ("%s %d %s\n" % (hashlib.sha256(data).hexdigest(), len(data), name)).encode()
    return text


def seal(text, key=None, certificate=None):
    """The line that seals `text`; `key`, `certificate` to sign it with: PEM or DER."""
    words = {"sha256": hashlib.sha256(text).hexdigest()}
    if key is None:
        return json.dumps(words).encode() + b"\n"
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    pem = key.startswith(b"-----")
    load = serialization.load_pem_private_key if pem else serialization.load_der_private_key
    secret = load(key, None)
    pem = certificate.startswith(b"-----")
    load = x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate
    signer = load(certificate)
    if isinstance(secret, ec.EllipticCurvePrivateKey):
        signature = secret.sign(text, ec.ECDSA(hashes.SHA256()))
    else:
        signature = secret.sign(text, padding.PKCS1v15(), hashes.SHA256())
    der = signer.public_bytes(serialization.Encoding.DER)
    words["signature"] = base64.b64encode(signature).decode()
    words["certificate"] = base64.b64encode(der).decode()
    return json.dumps(words).encode() + b"\n"


def bundle(contents, version, board, key=None, certificate=None, micropython=MICROPYTHON):
    """A bundle as bytes."""
    text = lines(contents, version, board, micropython)
    return text + seal(text, key, certificate) + b"".join(contents.values())


def main(words):
    parser = argparse.ArgumentParser(prog="bundle.py", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("out", metavar="OUT", type=Path)
    add("--version", required=True, help="of the firmware, told in BootNotification")
    add("--board", default="sim")
    add("--config", type=Path, help="leave out what this configuration does not ask for")
    add("--key", type=Path, help="private key to sign with, EC P-256 or RSA")
    add("--certificate", type=Path, help="of that key, issued by the manufacturer's root")
    wanted = parser.parse_args(words)
    if not re.fullmatch(r"[\w.+-]{1,50}", wanted.version):
        parser.error("--version: 1 to 50 letters, digits and . _ + -")
    if bool(wanted.key) != bool(wanted.certificate):
        parser.error("--key and --certificate go together")
    try:
        if build.facts(wanted.board)["chip"]:
            contents = modules(wanted.board, wanted.config)
        else:
            contents = files(build.build(board=wanted.board))
    except (build.BuildError, flash.BadConfig) as e:
        parser.error(str(e))
    key = wanted.key and wanted.key.read_bytes()
    certificate = wanted.certificate and wanted.certificate.read_bytes()
    data = bundle(contents, wanted.version, wanted.board, key, certificate)
    wanted.out.write_bytes(data)
    print("%s: %d files, %d bytes" % (wanted.out, len(contents), len(data)))


if __name__ == "__main__":
    main(sys.argv[1:])
