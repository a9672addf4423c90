"""Images of a flash as a released firmware leaves it, kept in `images/`: a line of JSON about its
past, then the blocks; all of it compressed. `tools/flash_image.py` makes one with `write`."""

import json

import deflate
from powercut import Flash
from wreck import History

from ocpp.store import Store

_BLOCK = const(4096)
PREFIX = "00c0ffee0042"  # of transaction ids in 2.x


class Image(History):
    """An image that was kept, for `wreck.Case`."""

    def __init__(self, path):
        with open(path, "rb") as f:
            file = deflate.DeflateIO(f, deflate.ZLIB)
            past = json.loads(file.readline())
            data = file.read()
        self.blocks = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)]
        self.ms, self.wh, self.flowed = past["ms"], past["wh"], past["flowed"]
        self.told = [tuple(t) for t in past["told"]]
        self.pending = [tuple(t) for t in past["pending"]]


def write(path):
    """Write the image of this firmware to a file, not compressed."""
    history = History()
    flash = Flash(len(history.blocks))
    for mine, theirs in zip(flash.blocks, history.blocks):
        mine[:] = theirs
    flash.mount("/image")
    Store("/image/state").save("transactions", PREFIX)
    flash.umount("/image")
    past = {n: getattr(history, n) for n in ("ms", "wh", "flowed", "told", "pending")}
    with open(path, "wb") as f:
        f.write(json.dumps(past).encode() + b"\n")
        for block in flash.blocks:
            f.write(block)
    print(len(history.told), "told,", len(history.pending), "to tell")
