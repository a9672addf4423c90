"""Server side of WebSocket frames, for the tests of `wsclient`."""


def frame(op, payload=b"", fin=True, rsv=0, mask=False, length=None):
    """A frame as a server sends it; the options break the rules."""
    n = len(payload) if length is None else length
    bit = 0x80 if mask else 0
    head = bytes(((0x80 if fin else 0) | rsv | op,))
    if n < 126:
        head += bytes((bit | n,))
    elif n < 65536:
        head += bytes((bit | 126,)) + n.to_bytes(2, "big")
    else:
        head += bytes((bit | 127,)) + n.to_bytes(8, "big")
    return head + payload


def text(payload, fin=True):
    return frame(1, payload.encode() if isinstance(payload, str) else payload, fin)


def close(code, reason=b""):
    return frame(8, code.to_bytes(2, "big") + reason)


def decode(data):
    """(list of (fin, op, payload) of masked client frames, the masks, bytes left over)."""
    frames = []
    masks = []
    while len(data) >= 2:
        assert data[1] & 0x80, "client frame without a mask"
        n = data[1] & 127
        at = 2
        if n == 126:
            n = int.from_bytes(data[2:4], "big")
            at = 4
            assert n > 125, "length is not minimal"
        assert n != 127
        if len(data) < at + 4 + n:
            break
        mask = data[at : at + 4]
        body = data[at + 4 : at + 4 + n]
        frames.append(
            (data[0] >> 7, data[0] & 0x7F, bytes([c ^ mask[i & 3] for i, c in enumerate(body)]))
        )
        masks.append(bytes(mask))
        data = data[at + 4 + n :]
    return frames, masks, data


def drained(frames, piece=None):
    """All bytes that `frames` wants to send, taken `piece` bytes at a time."""
    out = b""
    while True:
        data = frames.output()
        if data is None:
            return out
        part = bytes(data[:piece] if piece else data)
        out += part
        frames.sent(len(part))


def put(frames, data):
    """Bytes arrive; nobody looks at them yet."""
    frames.room()[: len(data)] = data
    frames.received(len(data))


def fed(frames, data, piece=None):
    """Give `data` to `frames` as a socket would; returns the messages."""
    got = []
    while True:
        while not frames.parse():
            if frames.ready:
                got.append(frames.recv())
        if not data:
            return got
        room = frames.room()
        n = min(len(room), len(data), piece or len(data))
        assert n > 0, "no room"
        room[:n] = data[:n]
        frames.received(n)
        data = data[n:]
