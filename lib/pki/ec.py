"""Elliptic curves P-256 and P-384 (FIPS 186-4): points, and checking of ECDSA signatures.

A point is (x, y, z) in Jacobian coordinates, or None at infinity; x, y affine otherwise. Both
curves have a = -3. Nothing here handles secrets but what `p256` does with it.
"""

from pki import der

# prime, order, b, generator x and y, bytes of a number
P256 = (
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    32,
)
P384 = (
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    48,
)
_STEPS = const(8)  # of the inversion between two yields


def double(point, p):
    """Twice the point."""
    if point is None:
        return None
    x, y, z = point
    delta = z * z % p
    gamma = y * y % p
    beta = x * gamma % p
    alpha = 3 * (x - delta) * (x + delta) % p
    x = (alpha * alpha - 8 * beta) % p
    return x, (alpha * (4 * beta - x) - 8 * gamma * gamma) % p, 2 * y * z % p


def add(point, x2, y2, p):
    """The point plus the affine one."""
    if point is None:
        return x2, y2, 1
    x, y, z = point
    zz = z * z % p
    h = (x2 * zz - x) % p
    r = (y2 * z * zz - y) % p
    if not h:
        return None if r else double(point, p)
    hh = h * h % p
    v = x * hh % p
    hhh = h * hh % p
    x = (r * r - hhh - 2 * v) % p
    return x, (r * (v - x) - y * hhh) % p, z * h % p


def inverse(a, m):
    """A generator that returns 1/a modulo the prime m; a is not a multiple of it."""
    a %= m
    b = m
    x, y = 1, 0
    n = 0
    while a > 1:
        n += 1
        if n % _STEPS == 0:
            yield
        q = b // a
        a, b = b - q * a, a
        x, y = y - q * x, x
    return x % m


def affine(point, p):
    """A generator that returns x and y of a point that is not at infinity."""
    x, y, z = point
    i = yield from inverse(z, p)
    ii = i * i % p
    return x * ii % p, y * ii * i % p


def on_curve(curve, x, y):
    p = curve[0]
    return x < p and y < p and (y * y - x * x * x + 3 * x - curve[2]) % p == 0


def parts(signature):
    """(r, s) of an ECDSA signature in DER, None if it is malformed."""
    try:
        found = der.sequence(signature, 0, len(signature))
        if len(found) == 2:
            r, s = [der.number(signature, i) for i in found]
            return r, s
    except der.DERError:
        pass
    return None


def verify(curve, x, y, hashed, signature):
    """A generator that returns True if the signature, DER, of the hash fits the public key (x, y),
    which is on the curve."""
    p, n, _, gx, gy, size = curve
    found = parts(signature)
    if not found:
        return False
    r, s = found
    if not (0 < r < n and 0 < s < n):
        return False
    e = int.from_bytes(hashed[:size], "big")
    w = yield from inverse(s, n)
    u = e * w % n
    v = r * w % n
    both = add((gx, gy, 1), x, y, p)
    both = both and (yield from affine(both, p))
    point = None
    for i in range(size * 8 - 1, -1, -1):
        point = double(point, p)
        if u >> i & 1:
            if not v >> i & 1:
                point = add(point, gx, gy, p)
            elif both:
                point = add(point, both[0], both[1], p)
        elif v >> i & 1:
            point = add(point, x, y, p)
        yield
    if point is None:
        return False
    found = yield from affine(point, p)
    return found[0] % n == r
