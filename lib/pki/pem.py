"""PEM (RFC 7468): certificates in text."""

import binascii

from pki.der import SEQUENCE, DERError, expect

_MOST = const(8)  # blocks in a message


def blocks(data, kind="CERTIFICATE", most=_MOST):
    """The DER of each block whose name ends in `kind`; of plain DER that one. DERError if there
    is none, more than `most`, or something broken. `data`: str or bytes."""
    begin, end, dashes = "-----BEGIN ", "-----END ", "-----"
    if not isinstance(data, str):
        if data[:1] == b"\x30":
            return [data]
        kind, begin, end, dashes = kind.encode(), begin.encode(), end.encode(), dashes.encode()
    found = []
    at = data.find(begin)
    while at >= 0:
        start = data.find(dashes, at + 11)
        stop = data.find(end, start)
        if start < 0 or stop < 0:
            raise DERError("PEM cut off")
        if data[at + 11 : start].endswith(kind):
            found.append(_block(data[start + 5 : stop]))
            if len(found) > most:
                raise DERError("too many blocks")
        at = data.find(begin, stop)
    if not found:
        raise DERError("no PEM")
    return found


def _block(text):
    try:
        der = binascii.a2b_base64(text)
    except ValueError:
        raise DERError("not base64") from None
    if expect(der, 0, len(der), SEQUENCE)[1] != len(der):
        raise DERError("something behind it")
    return der


def text(name, der):
    """The PEM of `der` as str; `name` as CERTIFICATE REQUEST."""
    body = binascii.b2a_base64(der)[:-1].decode()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (name, "\n".join(lines), name)
