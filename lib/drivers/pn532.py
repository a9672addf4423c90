"""PN532, reader of 13.56 MHz cards: what is said to it. How: `pn532_i2c`, `_spi`, `_uart`.

A frame (PN532 user manual §6.2.1): 00 00 FF, length, its complement, D4 to the chip or D5 from it,
data, complement of the sum, 00. Each command is acknowledged (00 00 FF 00 FF 00), then answered.

A transport has `wake()`, `send(frame)` and `receive(buffer, n)`: put what came into `buffer` from
`n` on, -> the new n; it does not wait. OSError if the bus fails.
"""

from drivers.cards import Cards

_ROOM = const(64)
_ACK_MS = const(50)
_REPLY_MS = const(400)
_RETRY_MS = const(2000)  # pause before the chip is set up anew
_RETRIES = const(2)  # of the chip for a card: then it answers that there is none


class ReaderError(Exception):
    pass


def frame(data):
    """A frame to the chip with `data` (command and parameters)."""
    size = len(data) + 1
    total = 0xD4 + sum(data)
    return b"\x00\x00\xff%c%c\xd4" % (size, -size & 255) + data + bytes((-total & 255, 0))


def parse(buffer, n):
    """(what, end) of the first frame in `buffer[:n]`: "ack", "nack", "error", or the data after
    D5; None if it is not complete. ReaderError if it is damaged."""
    i = 0
    while i + 4 < n and not (buffer[i] == 0 and buffer[i + 1] == 0xFF):
        i += 1
    if i + 4 >= n:
        return None
    size, check = buffer[i + 2], buffer[i + 3]
    if (size, check) == (0, 0xFF):
        return "ack", i + 5
    if (size, check) == (0xFF, 0):
        return "nack", i + 5
    if (size + check) & 255 or not size:
        raise ReaderError("damaged length")
    end = i + 4 + size
    if end >= n:
        return None
    if sum(buffer[i + 4 : end + 1]) & 255:
        raise ReaderError("wrong checksum")
    if size == 1 and buffer[i + 4] == 0x7F:
        return "error", end + 1
    if buffer[i + 4] != 0xD5:
        raise ReaderError("not from the chip")
    return bytes(buffer[i + 5 : end]), end + 1


class PN532:
    """`interval_ms`: time between two looks for a card. `take()` gives 4, 7 or 10 bytes."""

    def __init__(self, transport, clock, *, interval_ms=150):
        self._link = transport
        self._clock = clock
        self._interval_ms = interval_ms
        self._cards = Cards(clock)
        self._buffer = bytearray(_ROOM)
        self._n = 0
        self.error = "not there yet"  # words, None: the chip answers
        self.firmware = None  # "1.6"
        self.failures = 0
        self._job = None

    def take(self):
        return self._cards.take()

    def step(self):
        """Go on. Does not wait for the chip."""
        if self._job is None:
            self._job = self._run()
        next(self._job)

    def _run(self):
        while True:
            try:
                yield from self._setup()
                while True:
                    yield from self._look()
                    self.error = None
                    yield from self._pause(self._interval_ms)
            except (ReaderError, OSError) as e:
                self.failures += 1
                self.error = "PN532: %s" % e
            yield from self._pause(_RETRY_MS)

    def _pause(self, ms):
        start = self._clock.ticks()
        while self._clock.diff(self._clock.ticks(), start) < ms:
            yield
        self._cards.tidy()

    def _setup(self):
        self._link.wake()
        yield from self._command(b"\x14\x01\x14\x00")  # SAMConfiguration: as a reader, no IRQ
        version = yield from self._command(b"\x02")  # GetFirmwareVersion
        if len(version) < 3 or version[0] != 0x32:
            raise ReaderError("another chip answers")
        self.firmware = "%d.%d" % (version[1], version[2])
        # RFConfiguration, MaxRetries
        yield from self._command(bytes((0x32, 5, 0xFF, 1, _RETRIES)))

    def _look(self):
        reply = yield from self._command(b"\x4a\x01\x00")  # InListPassiveTarget, 106 kbit/s type A
        if not reply:
            raise ReaderError("short answer")
        if reply[0] == 0:
            return
        # Number of targets, its number, SENS_RES (2), SEL_RES, length of the UID, UID
        size = reply[5] if len(reply) > 5 else 0
        if size not in (4, 7, 10) or len(reply) < 6 + size:
            raise ReaderError("damaged card number")
        self._cards.seen(reply[6 : 6 + size])

    def _command(self, data):
        """Send a command; -> data of its answer without the code."""
        self._link.receive(self._buffer, 0)  # what is left of an earlier one
        self._n = 0
        self._link.send(frame(data))
        got = yield from self._receive(_ACK_MS)
        if got != "ack":
            raise ReaderError("command not acknowledged")
        got = yield from self._receive(_REPLY_MS)
        if isinstance(got, str):
            raise ReaderError("command refused")
        if got[:1] != bytes((data[0] + 1,)):
            raise ReaderError("answer to another command")
        return got[1:]

    def _receive(self, timeout_ms):
        start = self._clock.ticks()
        while True:
            if self._n >= _ROOM:
                raise ReaderError("noise")
            self._n = self._link.receive(self._buffer, self._n)
            found = parse(self._buffer, self._n) if self._n else None
            if found:
                rest = self._n - found[1]
                self._buffer[:rest] = self._buffer[found[1] : self._n]
                self._n = rest
                return found[0]
            if self._clock.diff(self._clock.ticks(), start) >= timeout_ms:
                raise ReaderError("silent" if not self._n else "half an answer")
            yield
