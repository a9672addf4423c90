"""Parts of a charger as their data sheets describe them, byte by byte, in time that a FakeClock
tells: pins, a serial line with what can go wrong on it, and Modbus devices."""

import struct


class FakePin:
    """`history`: (ticks, level) of each write."""

    OUT, IN = "out", "in"

    def __init__(self, clock=None, level=0):
        self.clock = clock
        self.level = level
        self.history = []
        self.handler = None
        self.hard = None

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        if self.clock:
            self.history.append((self.clock.now, level))
        return None

    def level_at(self, ticks):
        """Level that was put out at `ticks`, the clock not having wrapped since."""
        level = 0
        for at, value in self.history:
            if self.clock.diff(ticks, at) >= 0:
                level = value
        return level

    def irq(self, handler, trigger, hard=None):
        self.handler, self.trigger, self.hard = handler, trigger, hard

    def pulse(self, times=1):
        for _ in range(times):
            self.handler(self)


class FakeTimer:
    """One shot, fired by `run` when its time has come."""

    def __init__(self, clock):
        self.clock = clock
        self.at = None

    def init(self, mode, period, callback):
        assert mode == 0
        self.at, self.callback = self.clock.ticks() + period, callback

    def run(self):
        if self.at is not None and self.clock.diff(self.clock.ticks(), self.at) >= 0:
            self.at = None
            self.callback(self)


class Line:
    """A half-duplex line with devices on it, and the master's UART at its other end. What is
    written takes its time on the line; so does each byte that comes back.

    What goes wrong is set in attributes, for all answers until it is changed: `noise` bytes before
    an answer, `late_ms`, `cut` bytes of it that get through, `damage` (index of a byte whose bit
    is turned), `mute`, `echo` of what the master sends."""

    def __init__(self, clock, baud=9600, direction=None):
        self.clock = clock
        self.char_us = 11000000 // baud
        self.devices = []
        self.direction = direction
        self.sent = []  # what the master wrote, the last ones
        self._coming = []  # (ticks of arrival, byte)
        self._here = 0  # of these have arrived
        self.fix()

    def fix(self):
        self.noise = b""
        self.late_ms = 0
        self.cut = None
        self.damage = None
        self.mute = False
        self.echo = False

    def ms(self, count):
        return (count * self.char_us + 999) // 1000

    def put(self, data, after_ms=0):
        """Bytes that begin to arrive after `after_ms`."""
        for i, byte in enumerate(data):
            at = (self.clock.now + after_ms + self.ms(i + 1)) & 0x1FFFFFFF
            self._coming.append((at, byte))

    def write(self, data):
        data = bytes(data)
        self.sent = self.sent[-20:] + [data]
        duration = self.ms(len(data))
        if self.echo:
            self.put(data)
        if self.direction is not None:
            assert self.direction.value() == 1, "the transceiver listens"
        if self.mute:
            return len(data)
        for device in self.devices:
            answer = device.hear(data)
            if answer:
                self._answer(answer, duration + device.delay_ms)
        return len(data)

    def _answer(self, answer, after_ms):
        if self.damage is not None:
            answer = bytearray(answer)
            answer[self.damage % len(answer)] ^= 0x10
            answer = bytes(answer)
        if self.cut is not None:
            answer = answer[: self.cut]
        self.put(self.noise + answer, after_ms + self.late_ms)

    def _arrived(self):
        """Number of bytes that are here; those that came while the transceiver was sending are
        lost."""
        while self._here < len(self._coming):
            at = self._coming[self._here][0]
            if self.clock.diff(self.clock.now, at) < 0:
                break
            if self.direction and not self.echo and self.direction.level_at(at):
                self._coming.pop(self._here)
            else:
                self._here += 1
        return self._here

    def any(self):
        return self._arrived()

    def read(self, count):
        count = min(count, self._arrived())
        data = bytes([byte for _, byte in self._coming[:count]])
        self._coming = self._coming[count:]
        self._here -= count
        return data or None


def crc(data):
    """CRC-16/MODBUS, bit by bit (Modbus over Serial Line 1.02 §6.2.2)."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return bytes((value & 255, value >> 8))


class Slave:
    """A Modbus device. `registers`: {function: {address: value}}; a register that is in no dict is
    refused with exception 2, a function without a dict with exception 1. `coils`: {address: bool}.
    `gap_ms`: it does not hear a request that follows its last answer sooner."""

    def __init__(self, clock, unit=1, delay_ms=20, most=80, gap_ms=0):
        self.clock = clock
        self.unit = unit
        self.delay_ms = delay_ms
        self.most = most
        self.gap_ms = gap_ms
        self.registers = {}
        self.coils = {}
        self.requests = []  # (function, address, count), the last ones
        self.writes = []  # (address, value)
        self._last = None

    def put(self, function, address, data):
        """Fill registers from bytes, two each."""
        table = self.registers.setdefault(function, {})
        for i in range(0, len(data), 2):
            table[address + i // 2] = data[i] << 8 | data[i + 1]

    def put_f(self, function, address, value):
        self.put(function, address, struct.pack(">f", value))

    def hear(self, data):
        """-> answer or None."""
        if len(data) < 4 or crc(data[:-2]) != data[-2:] or data[0] != self.unit:
            return None
        now = self.clock.ticks()
        if self._last is not None and self.clock.diff(now, self._last) < self.gap_ms:
            return None
        self._last = now
        try:
            answer = self.answer(data[1], data[2:-2])
        except ValueError as e:
            answer = bytes((data[1] | 0x80, e.args[0]))
        answer = bytes((self.unit,)) + answer
        return answer + crc(answer)

    def answer(self, function, body):
        if function in (3, 4):
            address, count = struct.unpack(">HH", body)
            self.requests = self.requests[-20:] + [(function, address, count)]
            if function not in self.registers:
                raise ValueError(1)
            if not 1 <= count <= self.most:
                raise ValueError(3)
            table = self.registers[function]
            data = b""
            for at in range(address, address + count):
                if at not in table:
                    raise ValueError(2)
                data += struct.pack(">H", table[at])
            return bytes((function, 2 * count)) + data
        if function == 5:
            address, value = struct.unpack(">HH", body)
            if value not in (0, 0xFF00):
                raise ValueError(3)
            if address not in self.coils:
                raise ValueError(2)
            self.coils[address] = value != 0
            self.writes.append((address, value != 0))
            return bytes((function,)) + body
        if function == 6:
            self._write(struct.unpack(">HH", body))
            return bytes((function,)) + body
        if function == 16:
            address, count, size = struct.unpack(">HHB", body[:5])
            if size != 2 * count or len(body) != 5 + size:
                raise ValueError(3)
            for i, value in enumerate(struct.unpack(">%dH" % count, body[5:])):
                self._write((address + i, value))
            return bytes((function,)) + body[:4]
        raise ValueError(1)

    def _write(self, pair):
        if pair[0] not in self.registers.get(3, {}):
            raise ValueError(2)
        self.registers[3][pair[0]] = pair[1]
        self.writes.append(pair)


def run(job, clock, ms=5000, each=1, timer=None):
    """Drive a generator; -> what it returns. It may not take longer than `ms`."""
    for _ in range(ms // each):
        try:
            next(job)
        except StopIteration as e:
            return e.value
        clock.advance(each)
        if timer:
            timer.run()
    raise AssertionError("not done")


def step(things, clock, ms, each=5):
    """Let time pass, all `things` stepped."""
    for _ in range(ms // each):
        for thing in things:
            thing.step()
        clock.advance(each)
