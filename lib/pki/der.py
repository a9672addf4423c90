"""DER (ITU-T X.690): a reader with bounds on everything, and a writer.

Positions are offsets into `data`; each function stays below the `end` it is given. Tags of one
byte and lengths of up to two are enough for certificates.
"""

BOOLEAN = const(0x01)
INTEGER = const(0x02)
BITS = const(0x03)
OCTETS = const(0x04)
OID = const(0x06)
UTF8 = const(0x0C)
SEQUENCE = const(0x30)
SET = const(0x31)
_MOST = const(64)  # values in one sequence


class DERError(ValueError):
    """Not the DER that was expected."""


def read(data, at, end):
    """The value at `at` -> (tag, start, stop) of its content. DERError."""
    if end > len(data) or at + 2 > end:
        raise DERError("cut off")
    tag = data[at]
    size = data[at + 1]
    at += 2
    if tag & 0x1F == 0x1F:
        raise DERError("long tag")
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 2 or at + count > end:
            raise DERError("bad length")
        size = int.from_bytes(data[at : at + count], "big")
        at += count
        if size < 0x80 or (count == 2 and size < 0x100):
            raise DERError("length not minimal")
    if size > end - at:
        raise DERError("cut off")
    return tag, at, at + size


def expect(data, at, end, tag):
    """(start, stop) of the value at `at`, which must have this tag. DERError."""
    found, start, stop = read(data, at, end)
    if found != tag:
        raise DERError("tag %02x for %02x" % (found, tag))
    return start, stop


def items(data, at, end, least=0):
    """[(tag, at, start, stop)] of the values one behind the other up to `end`. DERError."""
    found = []
    while at < end:
        tag, start, stop = read(data, at, end)
        found.append((tag, at, start, stop))
        at = stop
        if len(found) > _MOST:
            raise DERError("too many values")
    if len(found) < least:
        raise DERError("values missing")
    return found


def sequence(data, at, end, least=0):
    """`items` of the sequence that fills at..end. DERError."""
    start, stop = expect(data, at, end, SEQUENCE)
    if stop != end:
        raise DERError("something behind it")
    return items(data, start, stop, least)


def unsigned(data, item):
    """An INTEGER of `items` that is not negative, as bytes without leading zeros. DERError."""
    tag, _, start, stop = item
    if tag != INTEGER or start == stop or data[start] & 0x80:
        raise DERError("not a positive integer")
    if data[start] == 0 and stop - start > 1:
        start += 1
        if not data[start] & 0x80:
            raise DERError("integer not minimal")
    return data[start:stop]


def number(data, item):
    """The same as an int."""
    return int.from_bytes(unsigned(data, item), "big")


def bits(data, item):
    """The bytes of a BIT STRING of `items` with no bits unused. DERError."""
    tag, _, start, stop = item
    if tag != BITS or start == stop or data[start]:
        raise DERError("not a string of bytes")
    return data[start + 1 : stop]


def write(tag, *parts):
    """The value with this tag and the parts, bytes, as content."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        head = bytes([tag, size])
    elif size < 0x100:
        head = bytes([tag, 0x81, size])
    else:
        head = bytes([tag, 0x82, size >> 8, size & 0xFF])
    return head + content


def integer(value):
    """An INTEGER from an int that is not negative."""
    size = 1
    while value >> (size * 8 - 1):
        size += 1
    return write(INTEGER, value.to_bytes(size, "big"))
