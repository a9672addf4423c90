"""Runs what the JSON on stdin lists with `lib/pki` on MicroPython; prints a list of results.

["verify", certificate, data, signature]   by the key of a DER certificate, the way it was signed
["hash", name, data]   ["parse", der]   ["chain", leaf, [others], [roots], now, known]
["request", [[kind, text], ...]]   -> [PEM request, DER key]   ["sign", key, data]
All bytes are base64.
"""

import binascii
import hashlib
import json
import sys

from pki import chain, csr, p256, sha2
from pki.x509 import Certificate


def run(job):
    while True:
        try:
            next(job)
        except StopIteration as e:
            return e.value


def b64(data):
    return binascii.b2a_base64(data).decode().strip()


def raw(text):
    return binascii.a2b_base64(text)


def verify(certificate, data, signature):
    c = Certificate(raw(certificate))
    return run(chain.signed_by(c.key, c.signed, raw(data), raw(signature)))


def hash(name, data):
    return binascii.hexlify(run(sha2.digest(name, raw(data)))).decode()


def parse(data):
    c = Certificate(raw(data))
    return {
        "serial": binascii.hexlify(c.serial).decode(),
        "issuer": b64(c.issuer),
        "subject": b64(c.subject),
        "starts": c.starts,
        "ends": c.ends,
        "signed": c.signed,
        "key": c.key and c.key[0],
        "bits": b64(c.key_bits),
        "ca": c.ca,
        "path": c.path,
        "usage": c.usage,
        "hosts": c.hosts,
        "unknown": c.unknown,
        "cn": c.name("CN"),
        "o": c.name("O"),
    }


def check(leaf, others, roots, now, known):
    certificates = [[Certificate(raw(x)) for x in some] for some in ([leaf], others, roots)]
    return run(chain.check(certificates[0][0], certificates[1], certificates[2], now, known))


def request(subject):
    key = run(p256.generate())
    return [run(csr.request(key, subject)), b64(p256.private(*key))]


def sign(key, data):
    d = p256.load(raw(key))[0]
    return b64(run(p256.sign(d, hashlib.sha256(raw(data)).digest())))


ACTS = {
    "verify": verify,
    "hash": hash,
    "parse": parse,
    "chain": check,
    "request": request,
    "sign": sign,
}
results = []
for name, *arguments in json.load(sys.stdin):
    try:
        results.append(ACTS[name](*arguments))
    except ValueError as e:
        results.append({"error": str(e)})
print(json.dumps(results))
