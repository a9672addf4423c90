"""MFRC522, reader of 13.56 MHz cards on SPI (mode 0, up to 10 MHz).

A card's number comes in up to three levels of four bytes (ISO/IEC 14443-3 §6.5): a level that
begins with 88 holds three bytes of a number that goes on.
"""

from drivers.cards import Cards

# Registers (data sheet §9.2)
_COMMAND = const(0x01)
_IRQ = const(0x04)
_ERROR = const(0x06)
_FIFO = const(0x09)
_LEVEL = const(0x0A)
_FRAMING = const(0x0D)
_MODE = const(0x11)
_TX_CONTROL = const(0x14)
_TX_ASK = const(0x15)
_T_MODE = const(0x2A)
_T_PRESCALER = const(0x2B)
_T_HIGH = const(0x2C)
_T_LOW = const(0x2D)
_VERSION = const(0x37)

_IDLE = const(0x00)
_TRANSCEIVE = const(0x0C)
_RESET = const(0x0F)
_RX_IRQ = const(0x20)
_IDLE_IRQ = const(0x10)
_TIMER_IRQ = const(0x01)
_ERRORS = const(0x1B)  # overflow, collision, parity, protocol
_SETUP = (
    (_T_MODE, 0x80),  # the timer starts when a frame was sent
    (_T_PRESCALER, 0xA9),  # 25 us a tick
    (_T_HIGH, 0x01),  # 10 ms
    (_T_LOW, 0x90),
    (_TX_ASK, 0x40),  # 100 % modulation
    (_MODE, 0x3D),
)
_WUPA = b"\x52"
_LEVELS = (0x93, 0x95, 0x97)  # select, by level
_CASCADE = const(0x88)
_MORE = const(0x04)  # bit of SAK: the number goes on
_DONE_MS = const(40)  # the chip's own timer ends sooner
_RETRY_MS = const(2000)


class _Nothing(Exception):
    """No card, or none that could be read this time."""


def crc_a(data):
    """Checksum of type A (ISO/IEC 14443-3 annex B), two bytes as they are sent."""
    crc = 0x6363
    for byte in data:
        byte ^= crc & 0xFF
        byte ^= byte << 4 & 0xFF
        crc = crc >> 8 ^ byte << 8 ^ byte << 3 ^ byte >> 4
    return bytes((crc & 0xFF, crc >> 8 & 0xFF))


class MFRC522:
    """`cs`: pin of chip select; `reset`: of NRSTPD, or None. `take()` gives 4, 7 or 10 bytes."""

    def __init__(self, spi, cs, clock, *, reset=None, interval_ms=150):
        self._spi = spi
        self._cs = cs
        self._clock = clock
        self._reset = reset
        self._interval_ms = interval_ms
        self._cards = Cards(clock)
        self._two = bytearray(2)
        self.error = "not there yet"
        self.failures = 0
        self._job = None
        cs.value(1)
        if reset is not None:
            reset.value(1)

    def take(self):
        return self._cards.take()

    def step(self):
        """Go on. Does not wait for chip or card."""
        if self._job is None:
            self._job = self._run()
        next(self._job)

    def _run(self):
        while True:
            try:
                yield from self._setup()
                while True:
                    try:
                        uid = yield from self._look()
                        self._cards.seen(uid)
                    except _Nothing:
                        self._cards.tidy()
                    self._check()
                    self.error = None
                    yield from self._pause(self._interval_ms)
            except OSError as e:
                self.failures += 1
                self.error = "MFRC522: %s" % (e.args[-1] if e.args else e)
            yield from self._pause(_RETRY_MS)

    def _pause(self, ms):
        start = self._clock.ticks()
        while self._clock.diff(self._clock.ticks(), start) < ms:
            yield

    # -- the chip --------------------------------------------------------------------------------

    def _transfer(self, first, second):
        self._two[0], self._two[1] = first, second
        self._cs.value(0)
        try:
            self._spi.write_readinto(self._two, self._two)
        finally:
            self._cs.value(1)
        return self._two[1]

    def _read(self, register):
        return self._transfer(register << 1 | 0x80, 0)

    def _write(self, register, value):
        self._transfer(register << 1, value)

    def _setup(self):
        if self._reset is not None:
            self._reset.value(0)
            yield from self._pause(2)
            self._reset.value(1)
            yield from self._pause(50)
        self._write(_COMMAND, _RESET)
        yield from self._pause(50)
        version = self._read(_VERSION)
        if version in (0, 0xFF):
            raise OSError("no answer")
        for register, value in _SETUP:
            self._write(register, value)
        self._write(_TX_CONTROL, self._read(_TX_CONTROL) | 3)  # field on

    def _check(self):
        """After a brown-out the chip stands there with its defaults: the field is off."""
        if self._read(_TX_CONTROL) & 3 != 3 or self._read(_TX_ASK) != 0x40:
            raise OSError("it has lost its settings")

    def _exchange(self, data, bits=0):
        """Send to the card, the last byte only `bits` bits of it (0: all); -> what it answers."""
        self._write(_COMMAND, _IDLE)
        self._write(_IRQ, 0x7F)  # clear
        self._write(_LEVEL, 0x80)  # empty the FIFO
        for byte in data:
            self._write(_FIFO, byte)
        self._write(_FRAMING, bits)
        self._write(_COMMAND, _TRANSCEIVE)
        self._write(_FRAMING, 0x80 | bits)
        start = self._clock.ticks()
        while True:
            irq = self._read(_IRQ)
            if irq & (_RX_IRQ | _IDLE_IRQ):
                break
            if irq & _TIMER_IRQ:
                raise _Nothing
            if self._clock.diff(self._clock.ticks(), start) > _DONE_MS:
                raise OSError("its timer stands still")
            yield
        if self._read(_ERROR) & _ERRORS:
            raise _Nothing
        count = self._read(_LEVEL)
        if count > 64:
            raise OSError("nonsense")
        return bytes([self._read(_FIFO) for _ in range(count)])

    # -- the card --------------------------------------------------------------------------------

    def _look(self):
        """Number of the card that is there. `_Nothing`: none, or several at once."""
        answer = yield from self._exchange(_WUPA, 7)
        if len(answer) != 2:
            raise _Nothing
        uid = b""
        for level in _LEVELS:
            part, more = yield from self._select(level)
            if not more:
                uid += part
                break
            if part[0] != _CASCADE:
                raise _Nothing
            uid += part[1:]
        else:
            raise _Nothing
        try:  # HLTA: the card falls silent until it is woken again; it does not answer
            yield from self._exchange(b"\x50\x00" + crc_a(b"\x50\x00"))
        except _Nothing:
            pass
        return uid

    def _select(self, level):
        """(four bytes, whether the number goes on) of one level."""
        part = yield from self._exchange(bytes((level, 0x20)))
        if len(part) != 5 or part[0] ^ part[1] ^ part[2] ^ part[3] != part[4]:
            raise _Nothing
        command = bytes((level, 0x70)) + part
        answer = yield from self._exchange(command + crc_a(command))
        if len(answer) != 3 or crc_a(answer[:1]) != answer[1:]:
            raise _Nothing
        return part[:4], answer[0] & _MORE != 0
