"""Checking of RSA signatures: PKCS#1 v1.5 and PSS (RFC 8017)."""

from pki import sha2

_LEAST = const(2048)  # bits, OCPP 1.6 security whitepaper A00.FR.502
_MOST = const(4096)
_PREFIX = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
_ALGORITHM = {"sha256": b"\x01", "sha384": b"\x02", "sha512": b"\x03"}


def verify(n, e, name, hashed, signature, salt=None):
    """A generator that returns True if the signature of the hash, made by `name` ("sha256", ...),
    fits the key (n, e). `salt`: None for PKCS#1 v1.5; for PSS its size in bytes, -1 for any."""
    length = size_of(n)
    s = int.from_bytes(signature, "big")
    if len(signature) != (length + 7) // 8 or s >= n or not _LEAST <= length <= _MOST:
        return False
    if not 3 <= e < 1 << 32 or not e & 1:
        return False
    m = s
    for i in range(size_of(e) - 2, -1, -1):
        m *= m
        yield
        m %= n
        yield
        if e >> i & 1:
            m = m * s % n
            yield
    if salt is None:
        return m.to_bytes(len(signature), "big") == _padded(name, hashed, len(signature))
    size = (length + 6) // 8
    if m >> (size * 8):
        return False
    return (yield from _pss(m.to_bytes(size, "big"), length - 1, name, hashed, salt))


def size_of(n):
    """Bits of a positive number."""
    size = 0
    while n >> size + 64:
        size += 64
    n >>= size
    while n:
        n >>= 1
        size += 1
    return size


def _padded(name, hashed, size):
    """EMSA-PKCS1-v1_5."""
    prefix = bytearray(_PREFIX)
    prefix[1] += len(hashed) - 32
    prefix[14] = _ALGORITHM[name][0]
    prefix[18] = len(hashed)
    tail = b"\0" + bytes(prefix) + hashed
    return b"\0\1" + b"\xff" * (size - 2 - len(tail)) + tail


def _pss(em, bits, name, hashed, salt):
    """EMSA-PSS-VERIFY with MGF1 on the same hash."""
    size = len(hashed)
    split = len(em) - size - 1
    h = em[split:-1]
    if em[-1] != 0xBC or salt > split - 2:
        return False
    unused = len(em) * 8 - bits
    if em[0] >> (8 - unused):
        return False
    mask = yield from _mgf1(name, h, split)
    # As numbers: byte by byte it takes long
    db = int.from_bytes(em[:split], "big") ^ int.from_bytes(mask, "big")
    db = (db & (1 << split * 8 - unused) - 1).to_bytes(split, "big")
    start = db.find(b"\1")
    if start < 0 or db[:start] != bytes(start) or salt not in (-1, split - start - 1):
        return False
    found = yield from sha2.digest(name, bytes(8) + hashed + db[start + 1 :])
    return found == h


def _mgf1(name, seed, size):
    mask = b""
    counter = 0
    while len(mask) < size:
        mask += yield from sha2.digest(name, seed + counter.to_bytes(4, "big"))
        counter += 1
    return mask[:size]
