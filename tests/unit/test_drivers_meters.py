"""Meters on a Modbus line: every table against registers filled as the data sheets say, and what
a meter may say that is not true."""

import random
import struct

from driver_fakes import Line, Slave, step
from support import FakeClock, raises

from drivers import meters
from drivers.meter import Meter, f32, number
from drivers.modbus import Bus
from drivers.register import Register

# What all fake meters measure
_U = (230.1, 229.4, 231.7)  # V
_I = (16.02, 15.5, 0.25)  # A
_P = (3680.0, 3550.0, 57.0)  # W
_WH = 12345670
_OUT_WH = 890


def _words32(value, low_first):
    data = struct.pack(">i", value)
    return data[2:] + data[:2] if low_first else data


def _eastron(slave, three, currents=True):
    if currents:
        for i in range(0, 0x60):
            slave.put(4, i, b"\0\0")
        if three:
            for i in range(3):
                slave.put_f(4, 2 * i, _U[i])
                slave.put_f(4, 6 + 2 * i, _I[i])
                slave.put_f(4, 0xC + 2 * i, _P[i])
        else:
            slave.put_f(4, 0, _U[0])
            slave.put_f(4, 6, _I[0])
            slave.put_f(4, 0xC, _P[0])
            slave.put_f(4, 0x1E, 0.998)
        slave.put_f(4, 0x3E, 0.998)
        slave.put_f(4, 0x46, 50.02)
    if three:
        slave.put_f(4, 0x34, sum(_P))
    slave.put_f(4, 0x48, _WH / 1000)
    slave.put_f(4, 0x4A, _OUT_WH / 1000)


def _pzem(slave):
    slave.put(4, 0, struct.pack(">H", 2301) + _words32(16020, True) + _words32(36800, True))
    slave.put(4, 5, _words32(_WH, True) + struct.pack(">HHH", 500, 99, 0))


def _we504(slave):
    slave.put(3, 0, struct.pack(">7H", 2301, 160, 500, 3680, 0, 0, 998) + _words32(_WH, False))


def _we514(slave):
    slave.put(3, 0x130, struct.pack(">HH", 5002, 23010))
    slave.put(3, 0x139, _words32(16020, False))
    slave.put(3, 0x140, _words32(3680, False))
    slave.put(3, 0x158, b"\x03\xe6")
    slave.put(3, 0xA000, _words32(_WH // 10, False))


def _we516(slave):
    for i in range(3):
        slave.put_f(3, 0xE + 2 * i, _U[i])
        slave.put_f(3, 0x16 + 2 * i, _I[i])
        slave.put_f(3, 0x1E + 2 * i, _P[i] / 1000)
    slave.put_f(3, 0x14, 50.02)
    slave.put_f(3, 0x1C, sum(_P) / 1000)
    for i in range(10):
        slave.put(3, 0x108 + i, b"\0\0")
    slave.put_f(3, 0x108, _WH / 1000)
    slave.put_f(3, 0x110, _OUT_WH / 1000)


def _we525(slave):
    data = _words32(230100, False) + _words32(16020, False) + _words32(3680, False)
    slave.put(4, 0x100, data + bytes(8) + b"\x01\xf4\x03\xe6\x00\x00")
    slave.put(4, 0x10E, _words32(_WH // 10, False) + bytes(16) + _words32(_OUT_WH // 10, False))


def _dtsu(slave):
    for i in range(3):
        slave.put_f(3, 0x2006 + 2 * i, _U[i] * 10)
        slave.put_f(3, 0x200C + 2 * i, _I[i] * 1000)
        slave.put_f(3, 0x2014 + 2 * i, _P[i] * 10)
    slave.put_f(3, 0x2012, sum(_P) * 10)
    slave.put_f(3, 0x202A, 998.0)
    slave.put_f(3, 0x2044, 5002.0)
    for i in range(12):
        slave.put(3, 0x101E + i, b"\0\0")
    slave.put_f(3, 0x101E, _WH / 1000)
    slave.put_f(3, 0x1028, _OUT_WH / 1000)


def _ddsu(slave):
    slave.put_f(3, 0x2000, _U[0])
    slave.put_f(3, 0x2002, _I[0])
    slave.put_f(3, 0x2004, _P[0] / 1000)
    slave.put(3, 0x4000, bytes(24))
    slave.put_f(3, 0x4000, _WH / 1000)
    slave.put_f(3, 0x400A, _OUT_WH / 1000)


def _b23(slave):
    slave.put(3, 0x5B00, b"\xff" * 56)
    for i in range(3):
        slave.put(3, 0x5B00 + 2 * i, struct.pack(">I", round(_U[i] * 10)))
        slave.put(3, 0x5B0C + 2 * i, struct.pack(">I", round(_I[i] * 100)))
        slave.put(3, 0x5B16 + 2 * i, struct.pack(">i", round(_P[i] * 100)))
    slave.put(3, 0x5B14, struct.pack(">i", round(sum(_P) * 100)))
    slave.put(3, 0x5B2C, struct.pack(">H", 5002))
    slave.put(3, 0x5000, struct.pack(">QQ", _WH // 10, _OUT_WH // 10))


def _iem(slave):
    for i in range(3):
        slave.put_f(3, 0xBB7 + 2 * i, _I[i])
        slave.put_f(3, 0xBD3 + 2 * i, _U[i])
        slave.put_f(3, 0xBED + 2 * i, _P[i] / 1000)
    slave.put_f(3, 0xBF3, sum(_P) / 1000)
    slave.put_f(3, 0xC25, 50.02)
    slave.put(3, 0xC83, struct.pack(">QQ", _WH, _OUT_WH))


def _integers(slave, at, energy):
    """EM340 and EEM-350: low word first."""
    for i in range(0x50):
        slave.put(4, i, b"\0\0")
    for i in range(3):
        slave.put(4, 2 * i, _words32(round(_U[i] * 10), True))
        slave.put(4, 0xC + 2 * i, _words32(round(_I[i] * 1000), True))
        slave.put(4, 0x12 + 2 * i, _words32(round(_P[i] * 10), True))
    slave.put(4, 0x28, _words32(round(sum(_P) * 10), True))
    slave.put(4, at, energy)


def _em340(slave):
    _integers(slave, 0x34, _words32(_WH // 100, True))
    slave.put(4, 0x31, b"\x03\xe6\x00\x00\x01\xf4")
    slave.put(4, 0x4E, _words32(8, True))


_FILL = {
    "sdm120": lambda s: _eastron(s, False),
    "sdm220": lambda s: _eastron(s, False),
    "sdm230": lambda s: _eastron(s, False),
    "sdm630": lambda s: _eastron(s, True),
    "sdm72v2": lambda s: _eastron(s, True),
    "sdm72": lambda s: _eastron72(s),
    "pzem004t": _pzem,
    "we504": _we504,
    "we514": _we514,
    "we515": _we514,
    "we516": _we516,
    "we517": _we516,
    "we525": _we525,
    "we526": _we525,
    "dtsu666": _dtsu,
    "ddsu666": _ddsu,
    "b23": _b23,
    "iem3155": _iem,
    "iem3255": _iem,
    "iem3355": _iem,
    "iem3455": _iem,
    "em340": _em340,
    "eem350": lambda s: _integers(s, 0x3E, _words32(_WH // 100, True)),
}


def _eastron72(slave):
    slave.put(4, 0x34, b"\0\0\0\0")
    slave.put(4, 0x48, bytes(8))
    _eastron(slave, True, False)


def _meter(name="sdm630", **options):
    clock = FakeClock()
    table = meters.load(name)
    line = Line(clock, table["serial"][0])
    slave = Slave(clock, most=11 if name == "eem350" else 80, gap_ms=table.get("pause_ms", 0) // 9)
    _FILL[name](slave)
    line.devices.append(slave)
    bus = Bus(line, clock, baud=table["serial"][0])
    return clock, line, slave, Meter(bus, 1, table, clock, **options)


def _near(value, wanted, off):
    assert value is not None and abs(value - wanted) <= off, (value, wanted)


def test_every_table_reads_what_its_meter_holds():
    assert sorted(_FILL) == meters.names()
    for name in meters.names():
        clock, line, slave, meter = _meter(name)
        step([meter], clock, 4000)
        assert meter.error is None and not meter.stale, (name, meter.error)
        assert meter.polls >= 2
        _near(meter.energy_wh, _WH, 100)
        three = meters.load(name)["phases"] == 3
        _near(meter.power_w, sum(_P) if three else _P[0], 1)
        if name != "sdm72":
            for n in range(3 if three else 1):
                _near(meter.voltage_mv(n + 1), _U[n] * 1000, 100)
                _near(meter.current_ma(n + 1), _I[n] * 1000, 100)
        told = {(m, phase): fn() for m, fn, unit, phase, where in meter.measurands()}
        assert None not in told.values(), (name, told)
        if ("Frequency", None) in told:
            _near(told["Frequency", None], 50.0, 0.03)
        if ("Power.Factor", None) in told:
            _near(told["Power.Factor", None], 0.995, 0.01)


def test_a_name_nobody_knows():
    error = raises(ValueError, meters.load, "sdm63")
    assert "sdm630" in str(error)


def test_the_other_function_is_tried():
    clock, line, slave, meter = _meter("we525")  # the table says 3, this one knows only 4
    step([meter], clock, 3000)
    assert meter.error is None and slave.requests[-1][0] == 4


def test_floats_without_floats():
    random.seed(3)
    for value, scale, wanted in (
        (0.0, 1000, 0),
        (-0.0, 1, 0),
        (1.0, 1000, 1000),
        (230.1, 1000, 230100),
        (-5.25, 100, -525),
        (2301.0, -10, 230),
        (16777.217, 1000, 16777217),
        (65000.5, 1000, 65000500),
    ):
        data = struct.pack(">f", value)
        got = number(data, 0, "f", scale)
        exact = struct.unpack(">f", data)[0] * (scale if scale > 0 else -1 / scale)
        assert abs(got - exact) <= 0.5 + abs(exact) * 1e-9, (value, got, exact)
        _near(got, wanted, 2)
    for bits in (b"\x7f\xc0\0\0", b"\x7f\x80\0\0", b"\xff\x80\0\0", b"\x7e\0\0\0"):
        assert number(bits, 0, "f", 1) is None
    assert number(b"\0\0\0\1", 0, "f", 1000) == 0  # smaller than anything
    assert f32(0x4B80, 0x0001, 1000) == 16777218000


def test_integers_of_all_kinds():
    assert number(b"\xff\xfe", 0, "u", 1) == 65534
    assert number(b"\xff\xfe", 0, "s", 10) == -20
    assert number(b"\xff\xff\xff\xfe", 0, "S", -10) == 0
    assert number(b"\xff\xfe\xff\xff", 0, "l", 1) == -2
    assert number(b"\x00\x02\x00\x01", 0, "L", 1) == 0x10002
    assert number(b"\x00\x00\x00\x00\x00\x01\x00\x02", 0, "Q", 10) == 655380
    for undefined, kind in ((b"\xff" * 4, "U"), (b"\xff" * 8, "Q"), (b"\x7f\xff\xff\xff", "S")):
        assert number(undefined, 0, kind, 1) is None


def test_silence_makes_it_stale_but_keeps_the_register():
    clock, line, slave, meter = _meter(stale_ms=10000)
    step([meter], clock, 3000)
    line.mute = True
    step([meter], clock, 8000)
    assert meter.error and "no answer" in meter.error and not meter.stale
    step([meter], clock, 5000)
    assert meter.stale and meter.power_w is None and meter.current_ma(1) is None
    assert meter.age_ms >= 10000
    _near(meter.energy_wh, _WH, 2)
    line.fix()
    step([meter], clock, 5000)
    assert not meter.stale and meter.error is None and meter.power_w is not None


def test_a_meter_that_was_never_there():
    clock, line, slave, meter = _meter()
    line.devices = []
    step([meter], clock, 12000)
    assert meter.stale and meter.energy_wh is None and meter.error
    assert all([fn() is None for _, fn, _, _, _ in meter.measurands()])


def test_one_dead_meter_does_not_starve_the_others():
    clock, line, slave, meter = _meter()
    dead = Meter(meter._bus, 7, meters.load("sdm120"), clock)
    step([dead, meter], clock, 20000)
    assert dead.stale and not meter.stale and meter.polls >= 8, meter.polls


def test_noise_in_between_changes_nothing():
    clock, line, slave, meter = _meter()
    random.seed(7)
    step([meter], clock, 3000)
    for _ in range(40):
        line.fix()
        kind = random.getrandbits(2)
        if kind == 0:
            line.damage = random.getrandbits(8) % 9
        elif kind == 1:
            line.cut = random.getrandbits(3)
        elif kind == 2:
            line.late_ms = 400
        step([meter], clock, 1000)
        _near(meter.energy_wh, _WH, 2)
        assert meter.power_w in (None, 7287), meter.power_w
    line.fix()
    step([meter], clock, 8000)
    assert not meter.stale and meter.failures > 5


def test_a_slow_meter_never_mixes_its_registers_up():
    random.seed(8)
    for name in ("eem350", "we514"):
        clock, line, slave, meter = _meter(name)
        step([meter], clock, 4000)
        good = dict(meter.values)
        assert len(good) > 4
        for _ in range(60):
            line.late_ms = random.getrandbits(11) % 1200
            step([meter], clock, 1000)
            assert meter.values == good, (name, line.late_ms, meter.values)
        line.fix()
        step([meter], clock, 8000)
        assert meter.error is None


def test_impossible_values_are_dropped():
    clock, line, slave, meter = _meter()
    step([meter], clock, 3000)
    for at, value, words in (
        (0, 900.0, "U1"),
        (6, 9000.0, "I1"),
        (0x34, 1e6, "P"),
        (0x46, 9.0, "f"),
    ):
        data = [slave.registers[4][at], slave.registers[4][at + 1]]
        slave.put_f(4, at, value)
        step([meter], clock, 2000)
        assert meter.error and meter.error.startswith(words + " cannot be"), meter.error
        slave.registers[4][at], slave.registers[4][at + 1] = data
        step([meter], clock, 2000)
        assert meter.error is None


def test_no_number_for_the_register():
    clock, line, slave, meter = _meter()
    step([meter], clock, 3000)
    slave.put(4, 0x48, b"\x7f\xc0\x00\x00")
    step([meter], clock, 3000)
    assert meter.error == "no energy register"
    _near(meter.energy_wh, _WH, 2)


def test_upside_down():
    clock, line, slave, meter = _meter(invert=True)
    slave.put_f(4, 0x34, -7287.0)
    step([meter], clock, 3000)
    assert meter.power_w == 7287 and meter.energy_wh == _OUT_WH
    assert meter.value("X") == _WH


def test_a_register_moves_as_fast_as_the_connection_carries():
    clock = FakeClock()
    register = Register(clock, max_w=22000)
    assert not register.accept(1000)  # one reading alone is no level
    clock.advance(1000)
    assert register.accept(1001) and register.wh == 1001
    clock.advance(60000)
    assert register.accept(1001 + 366) and register.wh == 1367  # 22 kW for a minute
    clock.advance(1000)
    assert not register.accept(1367 + 500) and register.wh == 1367
    assert not register.accept(1366) and register.wh == 1367
    assert register.accept(1370) and register.rejected == 2 and register.jumps == 0
    clock.advance(30 * 86400000)  # silence for a month, the ticks have wrapped
    assert register.accept(1370 + 22000 * 24 * 30)


def test_a_meter_set_back_costs_nothing():
    clock = FakeClock()
    register = Register(clock, max_w=22000)
    for wh in (50000, 50000, 50006):
        clock.advance(1000)
        register.accept(wh)
    for i in range(4):
        clock.advance(1000)
        assert not register.accept(i)
    clock.advance(1000)
    assert register.accept(4) and register.jumps == 1
    assert register.wh == 50010 and register.offset_wh == 50006
    clock.advance(1000)
    register.accept(10)
    assert register.wh == 50016
    # After the next start it goes on, if the offset is given back.
    again = Register(clock, offset_wh=register.offset_wh)
    again.accept(10)
    again.accept(10)
    assert again.wh == 50016


def test_random_garbage_never_moves_a_register_by_more_than_can_flow():
    random.seed(11)
    clock = FakeClock()
    register = Register(clock, max_w=22000)
    true = 1000000
    last = None
    for i in range(3000):
        clock.advance(1000)
        true += random.getrandbits(3)  # at most 25 kW for a moment
        raw = random.getrandbits(24) if random.getrandbits(2) == 0 else true
        register.accept(raw)
        if register.wh is not None:
            if last is not None:
                assert last <= register.wh
            last = register.wh
    assert register.jumps == 0 and abs(register.wh - true) < 100, (register.wh, true)
