"""Fake card readers: PN532 behind I2C, SPI and UART, MFRC522 behind SPI, and cards of type A."""


def crc_a(data):
    """CRC_A bit by bit (ISO/IEC 14443-3 annex B): reflected 1021, start 6363."""
    value = 0x6363
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0x8408 if value & 1 else value >> 1
    return bytes((value & 255, value >> 8))


class Card:
    """A card of type A with a number of 4, 7 or 10 bytes; states idle, ready, active, halt."""

    def __init__(self, uid):
        self.uid = uid
        parts = []
        if len(uid) == 4:
            parts = [uid]
        elif len(uid) == 7:
            parts = [b"\x88" + uid[:3], uid[3:]]
        else:
            parts = [b"\x88" + uid[:3], b"\x88" + uid[3:6], uid[6:]]
        self.parts = [p + bytes((p[0] ^ p[1] ^ p[2] ^ p[3],)) for p in parts]
        self.state = "idle"
        self.level = 0
        self.halts = 0

    def hear(self, data, bits):
        """What the card answers to a frame, None: nothing."""
        if bits == 7:
            if data == b"\x52" or (data == b"\x26" and self.state != "halt"):
                self.state, self.level = "ready", 0
                return bytes((0x04 | (len(self.parts) - 1) << 6, 0))
            return None
        if data == b"\x50\x00" + crc_a(b"\x50\x00"):
            self.state = "halt"
            self.halts += 1
            return None
        if self.state == "ready" and data[0] == (0x93, 0x95, 0x97)[self.level]:
            part = self.parts[self.level]
            if data[1:] == b"\x20":
                return part
            if data[1:7] == b"\x70" + part and crc_a(data[:-2]) == data[-2:]:
                self.level += 1
                last = self.level == len(self.parts)
                if last:
                    self.state = "active"
                sak = bytes((0x08 if last else 0x04,))
                return sak + crc_a(sak)
        self.state = "idle"
        return None


class FakePN532:
    """The chip behind all three buses. `card`: bytes of a card's number or None. What goes wrong:
    `dead`, `no_ack`, `damage` (index of a byte of each answer), `cut`, `slow_ms`, `wrong_command`,
    `error` frame instead of an answer, `ic`."""

    def __init__(self, clock):
        self.clock = clock
        self.card = None
        self.commands = []
        self.out = []  # (ticks, frame)
        self.ats = b""
        self.fix()

    def fix(self):
        self.dead = self.no_ack = self.wrong_command = self.error = False
        self.damage = self.cut = None
        self.slow_ms = 5
        self.ic = 0x32

    def hear(self, data):
        start = data.find(b"\x00\x00\xff")
        if self.dead or start < 0:
            return
        data = data[start:]
        size = data[3]
        assert (size + data[4]) & 255 == 0, "length"
        body = data[5 : 5 + size]
        assert sum(body) + data[5 + size] & 255 == 0, "checksum"
        assert data[6 + size] == 0 and body[0] == 0xD4
        self.commands.append(bytes(body[1:]))
        self.out = []
        if self.no_ack:
            return
        self.out.append((self.clock.now + 1, b"\x00\x00\xff\x00\xff\x00"))
        frame = b"\x00\x00\xff\x01\xff\x7f\x81\x00" if self.error else self.frame(body[1:])
        if self.damage is not None:
            frame = bytearray(frame)
            frame[self.damage % len(frame)] ^= 0x04
            frame = bytes(frame)
        if self.cut is not None:
            frame = frame[: self.cut]
        self.out.append((self.clock.now + self.slow_ms, frame))

    def frame(self, command):
        code = command[0]
        if code == 0x02:
            reply = bytes((self.ic, 1, 6, 7))
        elif code == 0x4A:
            reply = self.targets()
        else:
            reply = b""
        body = b"\xd5" + bytes((code + (3 if self.wrong_command else 1),)) + reply
        size = len(body)
        return b"\x00\x00\xff" + bytes((size, -size & 255)) + body + bytes((-sum(body) & 255, 0))

    def targets(self):
        if self.card is None:
            return b"\x00"
        return b"\x01\x01\x00\x44\x20" + bytes((len(self.card),)) + self.card + self.ats

    def ready(self):
        return bool(self.out) and self.clock.diff(self.clock.now, self.out[0][0]) >= 0

    def pop(self):
        return self.out.pop(0)[1]


class FakeI2C:
    """Bus with a PN532 at 24. A read of one byte tells whether a frame is ready; a longer one
    takes it. `nack`: nobody answers."""

    def __init__(self, chip):
        self.chip = chip
        self.nack = False

    def writeto(self, address, data):
        if self.nack or address != 0x24 or self.chip.dead:
            raise OSError(19)
        self.chip.hear(bytes(data))

    def readfrom_into(self, address, buffer):
        if self.nack or address != 0x24 or self.chip.dead:
            raise OSError(19)
        ready = self.chip.ready()
        data = b"\x01" if ready else b"\x00"
        if ready and len(buffer) > 1:
            data += self.chip.pop()
        for i in range(len(buffer)):
            buffer[i] = data[i] if i < len(data) else 0


def turned(byte):
    """The bits of a byte in the other order."""
    value = 0
    for i in range(8):
        value |= (byte >> i & 1) << 7 - i
    return value


class FakeSPI:
    """SPI with a PN532: each transfer, from chip select on, begins with what is wanted."""

    def __init__(self, chip, cs):
        self.chip = chip
        self.cs = cs

    def write(self, data):
        assert self.cs.level == 0, "not selected"
        data = bytes([turned(byte) for byte in data])
        self.what = data[0]
        if data[0] == 1:
            self.chip.hear(data[1:])

    def readinto(self, buffer, filler):
        assert self.cs.level == 0, "not selected"
        ready = self.chip.ready() and not self.chip.dead
        data = b""
        if self.what == 2:
            data = b"\x01" if ready else b"\x00"
        elif self.what == 3 and ready:
            data = self.chip.pop()
        for i in range(len(buffer)):
            buffer[i] = turned(data[i]) if i < len(data) else 0


class FakeUART:
    """UART with a PN532: a byte a tick. `noise` comes before each frame."""

    def __init__(self, chip):
        self.chip = chip
        self.noise = b""
        self.waiting = b""
        self.awake = False

    def write(self, data):
        if data[:2] == b"\x55\x55":
            self.awake = True
        elif self.awake:
            self.chip.hear(bytes(data))

    def any(self):
        while self.chip.ready():
            self.waiting += self.noise + self.chip.pop()
        return min(len(self.waiting), 3)

    def read(self, count):
        data, self.waiting = self.waiting[:count], self.waiting[count:]
        return data or None


class FakeMFRC522:
    """The chip behind SPI: registers, FIFO, transceive with its timer, field.

    What goes wrong: `dead` (all ones), `stuck` (the timer stands still), `noise` (a bit of each
    answer of the card is turned), `collision`."""

    def __init__(self, clock, cs):
        self.clock = clock
        self.cs = cs
        self.cards = []
        self.dead = self.stuck = self.noise = self.collision = False
        self.reset()

    def reset(self):
        """Defaults of the data sheet, as after a brown-out."""
        self.regs = bytearray(64)
        self.regs[0x14] = 0x80
        self.regs[0x11] = 0x3F
        self.regs[0x04] = 0x14
        self.fifo = b""
        self.answer_at = None

    def write_readinto(self, out, into):
        assert self.cs.level == 0, "not selected"
        address, value = out[0], out[1]
        register = address >> 1 & 0x3F
        if self.dead:
            into[1] = 0xFF
        elif address & 0x80:
            into[1] = self._read(register)
        else:
            self._write(register, value)
            into[1] = 0

    def _read(self, register):
        self._time()
        if register == 0x09:
            byte, self.fifo = (self.fifo[0], self.fifo[1:]) if self.fifo else (0, b"")
            return byte
        if register == 0x0A:
            return len(self.fifo)
        if register == 0x37:
            return 0x92
        return self.regs[register]

    def _write(self, register, value):
        if register == 0x01:
            if value == 0x0F:
                self.reset()
            else:
                self.regs[1] = value
        elif register == 0x04:
            if value & 0x80:
                self.regs[4] |= value & 0x7F
            else:
                self.regs[4] &= ~value & 0x7F
        elif register == 0x09:
            self.fifo += bytes((value,))
        elif register == 0x0A:
            if value & 0x80:
                self.fifo = b""
        else:
            self.regs[register] = value
            if register == 0x0D and value & 0x80 and self.regs[1] == 0x0C:
                self._transmit(value & 7)

    def _transmit(self, bits):
        data, self.fifo = self.fifo, b""
        self.answer = None
        if self.regs[0x14] & 3 == 3 and self.regs[0x15] & 0x40:  # the field is on
            said = [a for a in [card.hear(data, bits) for card in self.cards] if a]
            if said:
                self.answer = said[0]
        ticks = (self.regs[0x2C] << 8 | self.regs[0x2D]) + 1
        prescaler = (self.regs[0x2A] & 15) << 8 | self.regs[0x2B]
        timer_ms = ticks * (2 * prescaler + 1) // 13560
        if self.answer:
            self.answer_at = self.clock.now + 1
        elif self.regs[0x2A] & 0x80:  # else the timer does not start by itself
            self.answer_at = self.clock.now + timer_ms

    def _time(self):
        if self.answer_at is None or self.stuck:
            return
        if self.clock.diff(self.clock.now, self.answer_at) < 0:
            return
        self.answer_at = None
        if self.answer is None:
            self.regs[4] |= 0x01
            return
        self.regs[6] = 0x08 if self.collision else 0
        answer = bytearray(self.answer)
        if self.noise:
            answer[0] ^= 0x01
        self.fifo = bytes(answer)
        self.regs[4] |= 0x20
