"""Modbus RTU master on a half-duplex line (Modbus over Serial Line 1.02 §2.5).

Every request is a generator: it yields while it waits for its turn, for the line, or for bytes,
returns the data of the answer and raises `BusError`. Devices of one line share one `Bus`:

    data = yield from bus.read(1, 4, 0x0048, 2)      bytes, two a register

What the line does to bytes is dealt with here: noise before the answer (turn-round of the
transceiver), our own echo, answers of others, answers that come too late, half answers.
"""

import struct

_QUIET_MS = const(40)  # silence that ends what was left over from a failed request
_LATE_MS = const(200)  # and how long after it an answer may still come
_MAX_READ = const(80)  # registers in one answer: the most an Eastron gives
_ROOM = const(2 * _MAX_READ + 37)  # the longest answer, an echo and some noise
_NIBBLES = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


class BusError(Exception):
    """`kind`: "silent" no byte came, "garbled" bytes came but no answer, "refused" the device
    answered with exception `code`, "bus" the line itself can't be used."""

    def __init__(self, kind, text, code=0):
        super().__init__(text)
        self.kind = kind
        self.code = code


def crc16(data, start, end):
    """CRC of `data[start:end]` as it is sent: low byte first."""
    crc = 0xFFFF
    for i in range(start, end):
        crc ^= data[i]
        crc = (crc >> 4) ^ _NIBBLES[crc & 15]
        crc = (crc >> 4) ^ _NIBBLES[crc & 15]
    return crc


class Bus:
    """One line. `direction`: pin that drives the transceiver (1: send), None: it does so itself.
    `timer`: a one-shot `machine.Timer` that lets the line go in time even if the loop is late;
    without it `step`s must come faster than the slave answers. `echo`: we hear what we send."""

    def __init__(self, uart, clock, *, baud=9600, direction=None, timer=None, echo=False,
                 timeout_ms=300, gap_ms=0):  # fmt: skip
        self._uart = uart
        self._clock = clock
        self._direction = direction
        self._timer = timer
        self._echo = echo
        self._timeout_ms = timeout_ms  # from the end of the request to the answer's last byte
        self.configure(baud, gap_ms)
        self._rx = bytearray(_ROOM)
        self._n = 0  # bytes in _rx
        self._busy = False  # a request has the line
        self._dirty = (
            1  # requests before which to wait for what may still arrive and is not theirs
        )
        self._end = clock.ticks()  # of the last request
        self.requests = 0
        self.failures = 0
        self._release(None)

    def configure(self, baud, gap_ms=0):
        """Note the line's rate (Bd) and the pause between requests (ms; at least 3.5 characters
        and one tick)."""
        self._char_us = 11000000 // baud
        self._gap_ms = max(gap_ms, self._char_us * 7 // 2000 + 2)

    # -- requests: generators --------------------------------------------------------------------

    def read(self, unit, function, address, count):
        """Read `count` registers with function 3 or 4. -> bytes, two each, high byte first."""
        if not 1 <= count <= _MAX_READ:
            raise ValueError("registers")
        request = struct.pack(">BBHH", unit, function, address, count)
        data = yield from self._ask(request, 5 + 2 * count)
        return data[3:-2]

    def write(self, unit, address, value):
        """Write one register (function 6)."""
        yield from self._ask(struct.pack(">BBHH", unit, 6, address, value), 8)

    def write_coil(self, unit, address, on):
        """Switch one coil (function 5)."""
        request = struct.pack(">BBHH", unit, 5, address, 0xFF00 if on else 0)
        yield from self._ask(request, 8)

    def write_many(self, unit, address, values):
        """Write registers at once (function 16)."""
        size = len(values)
        request = struct.pack(">BBHHB", unit, 16, address, size, 2 * size)
        yield from self._ask(request + struct.pack(">%dH" % size, *values), 8)

    # -- how -------------------------------------------------------------------------------------

    def _ask(self, request, size):
        """Send `request`, which gets its CRC here; -> the answer, `size` bytes with CRC."""
        while self._busy:
            yield
        self._busy = True
        self.requests += 1
        try:
            yield from self._silence()
            self._dirty = True  # until the answer has come, or if this generator is closed
            yield from self._send(request)
            reply = yield from self._answer(request, size)
            self._dirty = False
            return reply
        except BusError as e:
            self._dirty = e.kind != "refused"
            self.failures += 1
            raise
        except OSError as e:
            self.failures += 1
            raise BusError("bus", "the UART fails: %s" % e) from None
        finally:
            self._end = self._clock.ticks()
            self._release(None)
            self._busy = False

    def _silence(self):
        """Wait until the line is free, and until nothing late can come if the last one failed."""
        clock = self._clock
        quiet = clock.ticks()
        gap = _LATE_MS if self._dirty else self._gap_ms
        while clock.diff(clock.ticks(), self._end) < gap or (
            self._dirty and clock.diff(clock.ticks(), quiet) < _QUIET_MS
        ):
            if self._take():
                quiet = clock.ticks()
                if clock.diff(quiet, self._end) > 10 * _LATE_MS:
                    raise BusError("bus", "the line is never silent")
            yield
        self._take()

    def _send(self, request):
        crc = crc16(request, 0, len(request))
        frame = request + bytes((crc & 255, crc >> 8))
        self._n = 0
        duration = len(frame) * self._char_us // 1000 + 1  # ms
        if self._direction is not None:
            self._direction.value(1)
        done = self._uart.write(frame)
        if done is not None and done != len(frame):
            raise BusError("bus", "the UART took %d of %d bytes" % (done, len(frame)))
        if self._direction is not None and self._timer is not None:
            self._timer.init(mode=0, period=duration + 1, callback=self._release)  # ONE_SHOT
        start = self._clock.ticks()
        while self._clock.diff(self._clock.ticks(), start) < duration:
            yield
        txdone = getattr(self._uart, "txdone", None)
        while txdone and not txdone():
            if self._clock.diff(self._clock.ticks(), start) > 2 * duration + _QUIET_MS:
                raise BusError("bus", "the UART does not send")
            yield
        self._release(None)
        self._end = self._clock.ticks()

    def _release(self, _timer):
        if self._direction is not None:
            self._direction.value(0)

    def _answer(self, request, size):
        clock = self._clock
        heard = 0
        while True:
            heard += self._take(True)
            if self._n >= 5 or self._n >= size:
                found = self._find(request, size)
                if found:
                    return found
            # What takes longer on the line gets longer.
            limit = self._timeout_ms + size * self._char_us // 1000
            if clock.diff(clock.ticks(), self._end) >= limit:
                break
            yield
        where = "unit %d, function %d" % (request[0], request[1])
        if not heard:
            raise BusError("silent", where + ": no answer")
        raise BusError("garbled", where + ": %d bytes, no answer among them" % heard)

    def _take(self, keep=False):
        """Take what the UART has; -> number of bytes. Kept: the last that have room."""
        count = self._uart.any()
        if not count:
            return 0
        data = self._uart.read(count) or b""
        if keep:
            if self._n + len(data) > _ROOM:  # noise without end: no answer has so many bytes
                self._n = 0
                data = data[-_ROOM:]
            self._rx[self._n : self._n + len(data)] = data
            self._n += len(data)
        return len(data)

    def _find(self, request, size):
        """The answer in what was received, or None. Before it may be noise, or our own echo."""
        rx, n = self._rx, self._n
        start = 0
        if self._echo:
            start = len(request) + 2
        for i in range(start, n - 3):
            if rx[i] != request[0]:
                continue
            if rx[i + 1] == request[1] | 0x80 and n >= i + 5 and self._good(i, i + 5):
                code = rx[i + 2]
                text = "unit %d refuses function %d: exception %d"
                raise BusError("refused", text % (request[0], request[1], code), code)
            end = i + size
            if rx[i + 1] == request[1] and end <= n and self._good(i, end):
                if self._fits(request, i, size):
                    return bytes(rx[i:end])
        return None

    def _good(self, start, end):
        rx = self._rx
        return crc16(rx, start, end - 2) == rx[end - 2] | rx[end - 1] << 8

    def _fits(self, request, i, size):
        """An answer with registers tells how many bytes it has; to a write it tells what of."""
        if request[1] in (1, 2, 3, 4):
            return self._rx[i + 2] == size - 5
        if request[1] in (5, 6, 16):
            return bytes(self._rx[i + 2 : i + 6]) == request[2:6]
        return True
