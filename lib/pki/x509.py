"""X.509 certificates (RFC 5280): what is needed of one."""

from pki import der
from pki.der import DERError

_MOST = const(5500)  # bytes of a certificate
_SERIAL = const(20)  # bytes
_V3 = const(2)
_RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01"  # then 01 plain, 0a PSS, 0b.. with SHA-2
_EC = b"\x2a\x86\x48\xce\x3d\x02\x01"
_CURVES = {b"\x2a\x86\x48\xce\x3d\x03\x01\x07": "P256", b"\x2b\x81\x04\x00\x22": "P384"}
_SIGNED = {
    _RSA + b"\x0b": ("rsa", "sha256"),
    _RSA + b"\x0c": ("rsa", "sha384"),
    _RSA + b"\x0d": ("rsa", "sha512"),
    b"\x2a\x86\x48\xce\x3d\x04\x03\x02": ("ecdsa", "sha256"),
    b"\x2a\x86\x48\xce\x3d\x04\x03\x03": ("ecdsa", "sha384"),
    b"\x2a\x86\x48\xce\x3d\x04\x03\x04": ("ecdsa", "sha512"),
}
_SHA = b"\x60\x86\x48\x01\x65\x03\x04\x02"  # then 1, 2, 3
_HASHES = {1: "sha256", 2: "sha384", 3: "sha512"}
_DAYS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)

# Bits of `usage`
DIGITAL_SIGNATURE = const(0x80)
CERT_SIGN = const(0x04)


class Certificate:
    """What is read from the DER of one certificate. DERError if it is none.

    Byte strings are pieces of `der`. `serial`: the number's bytes. `issuer`, `subject`: whole
    names. `starts`, `ends`: Unix s. `signed`: (kind, hash, salt) of its signature, None if
    unknown; `tbs`, `signature`. `key`: ("rsa", n, e), ("P256", x, y), ("P384", x, y) or None if
    unknown; `key_bits`: the public key itself; `spki`: with its algorithm. `ca`: may be an issuer,
    `path`: of how many more (None: any). `usage`: key usage bits, None without. `hosts`: DNS names
    of the subject. `unknown`: has a critical extension that is not understood.
    """

    def __init__(self, data):
        if len(data) > _MOST:
            raise DERError("too long")
        self.der = data
        outer = der.sequence(data, 0, len(data), 3)
        if len(outer) != 3:
            raise DERError("not a certificate")
        tbs, algorithm, signature = outer
        self.tbs = data[tbs[1] : tbs[3]]
        self.signature = der.bits(data, signature)
        fields = der.sequence(data, tbs[1], tbs[3], 7)
        version = 0
        if fields[0][0] == 0xA0:
            inner = der.items(data, fields[0][2], fields[0][3], 1)
            version = der.number(data, inner[0])
            fields.pop(0)
        if len(fields) < 6 or version > _V3:
            raise DERError("not a certificate")
        self.serial = der.unsigned(data, fields[0])
        if len(self.serial) > _SERIAL:
            raise DERError("serial number too long")
        if data[fields[1][1] : fields[1][3]] != data[algorithm[1] : algorithm[3]]:
            raise DERError("two signature algorithms")
        self.signed = _algorithm(data, algorithm)
        self.issuer = _whole(data, fields[2])
        validity = der.sequence(data, fields[3][1], fields[3][3], 2)
        self.starts = _time(data, validity[0])
        self.ends = _time(data, validity[1])
        self.subject = _whole(data, fields[4])
        self.spki = _whole(data, fields[5])
        self.key, self.key_bits = _key(data, fields[5])
        self.ca = self.unknown = False
        self.path = self.usage = None
        self.hosts = []
        for field in fields[6:]:
            if field[0] == 0xA3 and version == _V3:
                start, stop = der.expect(data, field[2], field[3], der.SEQUENCE)
                for item in der.items(data, start, stop):
                    self._extension(data, item)

    def _extension(self, data, item):
        parts = der.sequence(data, item[1], item[3], 2)
        if parts[-1][0] != der.OCTETS or len(parts) > 3:
            raise DERError("bad extension")
        oid = data[parts[0][2] : parts[0][3]]
        _, _, start, stop = parts[-1]
        critical = len(parts) == 3 and data[parts[1][2] : parts[1][3]] == b"\xff"
        kind = oid[2] if oid[:2] == b"\x55\x1d" and len(oid) == 3 else 0
        if kind == 19:
            self._constraints(data, der.sequence(data, start, stop))
        elif kind == 15:
            tag, at, end = der.read(data, start, stop)
            if tag != der.BITS or end - at < 2:
                raise DERError("bad key usage")
            self.usage = data[at + 1]
        elif kind == 17:
            for tag, _, at, end in der.sequence(data, start, stop):
                if tag == 0x82:
                    self.hosts.append(_ascii(data[at:end]))
        elif critical and kind != 37:  # extended key usage: any is fine
            self.unknown = True

    def _constraints(self, data, found):
        if found and found[0][0] == der.BOOLEAN:
            self.ca = data[found[0][2] : found[0][3]] == b"\xff"
            if len(found) > 1:
                self.path = der.number(data, found[1])

    def name(self, kind, issuer=False):
        """Text of a part of the subject (or the issuer), "O" or "CN"; None if there is none."""
        data = self.issuer if issuer else self.subject
        wanted = b"\x55\x04" + {"O": b"\x0a", "CN": b"\x03"}[kind]
        try:
            for part in der.sequence(data, 0, len(data)):
                for _, at, _, end in der.items(data, part[2], part[3]):
                    pair = der.sequence(data, at, end, 2)
                    if data[pair[0][2] : pair[0][3]] == wanted:
                        return _ascii(data[pair[1][2] : pair[1][3]])
        except DERError:
            pass
        return None


def _whole(data, item):
    if item[0] != der.SEQUENCE:
        raise DERError("not a sequence")
    return data[item[1] : item[3]]


def _ascii(data):
    try:
        return data.decode()
    except (ValueError, UnicodeError):
        return "?"


def _algorithm(data, item):
    """(kind, hash, salt) of an AlgorithmIdentifier, None if it is not known."""
    found = der.sequence(data, item[1], item[3], 1)
    oid = data[found[0][2] : found[0][3]]
    if oid == _RSA + b"\x0a":
        return _pss(data, found)
    known = _SIGNED.get(oid)
    return known and (known[0], known[1], None)


def _pss(data, found):
    """RSASSA-PSS-params (RFC 4055); only with the same SHA-2 for both hashes."""
    names = []
    salt = 20
    for tag, _, start, stop in der.sequence(data, found[1][1], found[1][3]) if found[1:] else ():
        if tag == 0xA2:
            salt = der.number(data, der.items(data, start, stop, 1)[0])
        elif tag in (0xA0, 0xA1):
            oids = der.sequence(data, start, stop, 1)
            if tag == 0xA1:
                oids = der.sequence(data, oids[-1][1], oids[-1][3], 1)
            oid = data[oids[0][2] : oids[0][3]]
            if oid[:-1] != _SHA:
                return None
            names.append(_HASHES.get(oid[-1]))
    if len(names) != 2 or not names[0] or names[0] != names[1]:
        return None
    return "rsa", names[0], salt


def public_key(spki):
    """The `key` of a certificate, from a SubjectPublicKeyInfo alone. DERError."""
    start, stop = der.expect(spki, 0, len(spki), der.SEQUENCE)
    return _key(spki, (der.SEQUENCE, 0, start, stop))[0]


def _key(data, item):
    """(key, bits) of a SubjectPublicKeyInfo."""
    info = der.sequence(data, item[1], item[3], 2)
    found = der.sequence(data, info[0][1], info[0][3], 1)
    bits = der.bits(data, info[1])
    oid = data[found[0][2] : found[0][3]]
    if oid in (_RSA + b"\x01", _RSA + b"\x0a"):
        n, e = [der.number(bits, i) for i in der.sequence(bits, 0, len(bits), 2)[:2]]
        return ("rsa", n, e), bits
    name = _CURVES.get(data[found[1][2] : found[1][3]]) if oid == _EC and found[1:] else None
    if name:
        half = len(bits) // 2
        if bits[:1] != b"\x04" or len(bits) != (65 if name == "P256" else 97):
            raise DERError("bad point")
        x, y = bits[1 : half + 1], bits[half + 1 :]
        return (name, int.from_bytes(x, "big"), int.from_bytes(y, "big")), bits
    return None, bits


def _time(data, item):
    """Unix s of a UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5)."""
    text = data[item[2] : item[3]]
    if item[0] == 0x17 and len(text) == 13:
        text = (b"19" if text[:2] >= b"50" else b"20") + text
    elif item[0] != 0x18:
        raise DERError("bad time")
    if len(text) != 15 or text[14:] != b"Z" or not text[:14].isdigit():
        raise DERError("bad time")
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:14])
    if not (year >= 1950 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24):
        raise DERError("bad time")
    if minute > 59 or second > 60:
        raise DERError("bad time")
    leaps = year - 1 if month < 3 else year
    days = leaps // 4 - leaps // 100 + leaps // 400 - 477 + (year - 1970) * 365
    return ((days + _DAYS[month - 1] + day - 1) * 24 + hour) * 3600 + minute * 60 + second
