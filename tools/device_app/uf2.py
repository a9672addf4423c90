"""UF2 files, which RP2040 and RP2350 take as a disk (github.com/microsoft/uf2)."""

import struct

_MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_FAMILY_PRESENT = 0x2000
_PAYLOAD = 256
_SECTOR = 4096


def pack(image, address, family):
    """UF2 of `image` at `address`. Sectors that hold nothing are left out: nobody reads them."""
    return _blocks(_pages(image, address), family)


def joined(pages, image, address, family):
    """UF2 of `pages`, {address: page}, and of `image` at `address` in one file."""
    return _blocks({**pages, **_pages(image, address)}, family)


def _pages(image, address):
    pages = {}
    for at in range(0, len(image), _SECTOR):
        sector = image[at : at + _SECTOR]
        if sector.strip(b"\xff"):
            for inside in range(0, len(sector), _PAYLOAD):
                page = sector[inside : inside + _PAYLOAD].ljust(_PAYLOAD, b"\xff")
                pages[address + at + inside] = page
    return pages


def _blocks(pages, family):
    blocks = []
    for n, (where, page) in enumerate(sorted(pages.items())):
        head = (*_MAGIC[:2], _FAMILY_PRESENT, where, _PAYLOAD, n, len(pages), family)
        blocks.append(struct.pack("<8I476sI", *head, page, _MAGIC[2]))
    return b"".join(blocks)


def unpack(data):
    """{address: page} of a UF2 file. ValueError: it is none."""
    pages = {}
    for at in range(0, len(data), 512):
        block = data[at : at + 512]
        if len(block) != 512:
            raise ValueError("not UF2: cut off")
        found = struct.unpack("<8I476sI", block)
        if (found[0], found[1], found[9]) != _MAGIC:
            raise ValueError("not UF2 at byte %d" % at)
        pages[found[3]] = found[8][: found[4]]
    return pages
