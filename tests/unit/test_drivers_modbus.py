"""The Modbus RTU master against slaves on a line on which everything goes wrong."""

import random

from driver_fakes import FakePin, FakeTimer, Line, Slave, crc, run
from support import FakeClock, raises

from drivers import meters
from drivers.find import find
from drivers.modbus import Bus, BusError, crc16


def _bus(clock=None, baud=9600, direction=False, timer=None, **options):
    clock = clock or FakeClock()
    pin = FakePin(clock) if direction else None
    line = Line(clock, baud, pin)
    slave = Slave(clock)
    slave.put(4, 0, b"\x12\x34\x56\x78\x9a\xbc")
    slave.put(3, 10, b"\x00\x07\x00\x08")
    slave.coils[5] = False
    line.devices.append(slave)
    bus = Bus(line, clock, baud=baud, direction=pin, timer=timer, **options)
    return clock, line, slave, bus


def _fails(kind, job, clock):
    error = raises(BusError, run, job, clock)
    assert error.kind == kind, (error.kind, str(error))
    return error


def test_crc_of_the_specification():
    data = b"\x02\x07"  # Modbus over Serial Line 1.02 §6.2.2: CRC 1241
    assert crc16(data, 0, 2) == 0x1241
    for n in range(40):
        data = bytes([random.getrandbits(8) for _ in range(n)])
        got = crc16(b"x" + data, 1, 1 + n)
        assert bytes((got & 255, got >> 8)) == crc(data)


def test_read_and_write():
    clock, line, slave, bus = _bus()
    assert run(bus.read(1, 4, 0, 3), clock) == b"\x12\x34\x56\x78\x9a\xbc"
    assert line.sent[0] == b"\x01\x04\x00\x00\x00\x03\xb0\x0b"
    assert run(bus.read(1, 3, 10, 2), clock) == b"\x00\x07\x00\x08"
    run(bus.write(1, 10, 0x1234), clock)
    run(bus.write_many(1, 10, (1, 65535)), clock)
    run(bus.write_coil(1, 5, True), clock)
    assert slave.writes == [(10, 0x1234), (10, 1), (11, 65535), (5, True)]
    assert bus.requests == 5 and bus.failures == 0


def test_refusal_tells_its_code():
    clock, line, slave, bus = _bus()
    error = _fails("refused", bus.read(1, 4, 100, 1), clock)
    assert error.code == 2 and "exception 2" in str(error)
    assert _fails("refused", bus.read(1, 3, 10, 3), clock).code == 2
    assert run(bus.read(1, 4, 0, 1), clock) == b"\x12\x34"


def test_silence_and_then_an_answer():
    clock, line, slave, bus = _bus(timeout_ms=200)
    line.mute = True
    start = clock.ticks()
    error = _fails("silent", bus.read(1, 4, 0, 1), clock)
    assert "unit 1" in str(error)
    assert 200 <= clock.diff(clock.ticks(), start) < 500
    line.fix()
    assert run(bus.read(1, 4, 0, 1), clock) == b"\x12\x34"


def test_noise_at_the_turn_round_does_no_harm():
    clock, line, slave, bus = _bus()
    for noise in (
        b"\x00",
        b"\xff\x00",
        b"\x01",
        b"\x01\x04",
        b"\x01\x04\x02",
        b"\x01\x84\x02\x00",
    ):
        line.noise = noise
        assert run(bus.read(1, 4, 0, 3), clock) == b"\x12\x34\x56\x78\x9a\xbc", noise


def test_a_damaged_answer_is_never_taken():
    clock, line, slave, bus = _bus(timeout_ms=50)
    for at in range(7):
        line.damage = at
        _fails("garbled", bus.read(1, 4, 0, 1), clock)
    line.fix()
    assert run(bus.read(1, 4, 0, 1), clock) == b"\x12\x34"


def test_half_an_answer():
    clock, line, slave, bus = _bus(timeout_ms=50)
    for cut in range(1, 7):
        line.cut = cut
        _fails("garbled", bus.read(1, 4, 0, 1), clock)
    line.fix()
    assert run(bus.read(1, 4, 0, 1), clock) == b"\x12\x34"


def test_a_late_answer_is_not_that_of_the_next_request():
    clock, line, slave, bus = _bus(timeout_ms=100)
    for late in (90, 110, 150, 230):
        line.late_ms = late
        _fails("silent", bus.read(1, 4, 0, 1), clock)
        line.fix()
        assert run(bus.read(1, 4, 1, 1), clock) == b"\x56\x78", late


def test_an_abandoned_request_leaves_no_answer_behind():
    clock, line, slave, bus = _bus()
    job = bus.read(1, 4, 0, 1)
    while not line.sent:
        next(job)
        clock.advance(1)
    job.close()
    assert run(bus.read(1, 4, 1, 1), clock) == b"\x56\x78"


def test_an_answer_of_another_unit_or_register_is_none():
    clock, line, slave, bus = _bus(timeout_ms=50)
    stranger = b"\x02\x04\x02\x12\x34"
    other = b"\x01\x06\x00\x0b\x00\x01"  # the write of another register is confirmed
    longer = b"\x01\x04\x04\x12\x34\x00\x00"
    slave.hear = lambda data: answer + crc(answer)
    answer = stranger
    _fails("garbled", bus.read(1, 4, 0, 1), clock)
    answer = longer
    _fails("garbled", bus.read(1, 4, 0, 1), clock)
    answer = other
    _fails("garbled", bus.write(1, 10, 1), clock)
    other = b"\x01\x06\x00\x0a\x00\x01"
    answer = other
    run(bus.write(1, 10, 1), clock)


def test_bytes_without_end():
    clock, line, slave, bus = _bus(timeout_ms=100)
    line.devices = []
    line.put(b"\x01\x04" * 1500)
    _fails("bus", bus.read(1, 4, 0, 1), clock)
    clock.advance(5000)
    line.read(5000)
    line.devices = [slave]
    assert run(bus.read(1, 4, 0, 1), clock) == b"\x12\x34"


def test_two_take_turns():
    clock, line, slave, bus = _bus()
    jobs = [bus.read(1, 4, 0, 1), bus.read(1, 4, 1, 1), bus.read(1, 3, 10, 1)]
    got = [None] * 3
    for _ in range(500):
        for i, job in enumerate(jobs):
            if job:
                try:
                    next(job)
                except StopIteration as e:
                    got[i], jobs[i] = e.value, None
        clock.advance(1)
    assert got == [b"\x12\x34", b"\x56\x78", b"\x00\x07"] and bus.failures == 0


def test_the_pause_between_requests():
    clock, line, slave, bus = _bus(gap_ms=200)
    slave.gap_ms = 200
    start = clock.ticks()
    for _ in range(4):
        run(bus.read(1, 4, 0, 1), clock)
    assert clock.diff(clock.ticks(), start) > 600


def test_the_transceiver_is_let_go_in_time():
    for baud in (2400, 9600, 19200):
        clock, line, slave, bus = _bus(baud=baud, direction=True)
        slave.delay_ms = 5
        assert line.direction.value() == 0
        assert run(bus.read(1, 4, 0, 3), clock) == b"\x12\x34\x56\x78\x9a\xbc"
        run(bus.write(1, 10, 5), clock)
        on = [at for at, level in line.direction.history if level]
        assert len(on) == 2 and line.direction.value() == 0
        # It sent until the last byte was out.
        assert line.direction.level_at(on[0] + line.ms(8) - 1) == 1


def test_a_slow_loop_needs_the_timer():
    clock = FakeClock()
    timer = FakeTimer(clock)
    clock, line, slave, bus = _bus(clock, direction=True, timer=timer)
    slave.delay_ms = 5

    def slow(job):
        while True:  # a step each 60 ms, the timer each 1
            try:
                next(job)
            except StopIteration as e:
                return e.value
            for _ in range(60):
                clock.advance(1)
                timer.run()

    assert slow(bus.read(1, 4, 0, 3)) == b"\x12\x34\x56\x78\x9a\xbc"
    clock, line, slave, bus = _bus(clock, direction=True)
    slave.delay_ms = 5
    assert raises(BusError, slow, bus.read(1, 4, 0, 3)).kind in ("garbled", "silent")


def test_our_own_echo():
    clock, line, slave, bus = _bus(echo=True, timeout_ms=100)
    line.echo = True
    assert run(bus.read(1, 4, 0, 3), clock) == b"\x12\x34\x56\x78\x9a\xbc"
    run(bus.write(1, 10, 77), clock)
    assert slave.writes == [(10, 77)]
    line.devices = []  # an echo alone confirms nothing
    _fails("garbled", bus.write(1, 10, 78), clock)


def test_a_uart_that_does_not_send():
    clock, line, slave, bus = _bus()
    line.txdone = lambda: False
    _fails("bus", bus.read(1, 4, 0, 1), clock)


def test_a_uart_that_fails():
    clock, line, slave, bus = _bus()
    works = line.write

    def fail(data):
        raise OSError(5)

    line.write = fail
    assert "UART" in str(_fails("bus", bus.read(1, 4, 0, 1), clock))
    line.write = lambda data: 3
    assert "3 of 8" in str(_fails("bus", bus.read(1, 4, 0, 1), clock))
    line.write = works
    assert run(bus.read(1, 4, 0, 1), clock) == b"\x12\x34"


def test_where_a_meter_is_found():
    for baud, parity, unit in ((2400, None, 1), (9600, 0, 3), (19200, 0, 1)):
        clock, line, slave, bus = _bus(timeout_ms=60)
        slave.unit = unit
        slave.put(4, 0x34, bytes(4))
        line.devices = []

        def init(baudrate, bits, parity, stop):
            right = (baudrate, parity) == wanted
            line.char_us = 11000000 // baudrate
            line.devices = [slave] if right else []

        line.init = init
        wanted = (baud, parity)
        found = run(find(bus, line, meters.load("sdm72"), (1, 2, 3)), clock, 60000)
        assert found == (baud, parity, unit), found
        wanted = (1200, 1)
        assert run(find(bus, line, meters.load("sdm72"), (1, 2)), clock, 60000) is None


def test_random_damage_never_gives_wrong_data():
    clock, line, slave, bus = _bus(timeout_ms=60)
    random.seed(5)
    wrong = good = 0
    for _ in range(300):
        line.fix()
        kind = random.getrandbits(3)
        if kind == 0:
            line.noise = bytes([random.getrandbits(8) for _ in range(random.getrandbits(4))])
        elif kind == 1:
            line.cut = random.getrandbits(3)
        elif kind == 2:
            line.damage = random.getrandbits(8) % 7
        elif kind == 3:
            line.late_ms = random.getrandbits(8)
        elif kind == 4:
            line.mute = True
        address = random.getrandbits(1)
        try:
            data = run(bus.read(1, 4, address, 1), clock)
            good += 1
            wrong += data != (b"\x12\x34", b"\x56\x78")[address]
        except BusError:
            pass
    assert wrong == 0 and good > 100, (wrong, good)
