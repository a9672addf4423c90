"""Meters that pulse: S0 with its register on flash, HLW8012 and BL0937."""

import random

from driver_fakes import FakePin, step
from support import FakeClock, raises

from drivers.hlw8012 import PowerChip
from drivers.pulses import PinCounter
from drivers.s0 import S0


class FakeStore:
    """`cut`: the n-th save from now fails, the old value stays."""

    def __init__(self):
        self.kept = {}
        self.saves = 0
        self.broken = False

    def load(self, name):
        return self.kept.get(name)

    def save(self, name, value):
        self.saves += 1
        if self.broken:
            return False
        self.kept[name] = value
        return True


class Counter:
    count = 0

    def value(self):
        return self.count


def test_bounces_are_no_pulses():
    clock = FakeClock()
    pin = FakePin()
    counter = PinCounter(pin, clock, "falling")
    assert pin.trigger == "falling" and pin.hard is None
    for _ in range(10):
        pin.pulse()
        clock.advance(3)
        pin.pulse(4)
        clock.advance(160)
    assert counter.value() == 10
    assert PinCounter(pin, clock, 2, hard=True).value() == 0 and pin.hard is True


def test_a_kilowatt_hour_is_as_many_pulses_as_it_says():
    for per_kwh in (100, 800, 1000, 2000, 10000):
        clock, source = FakeClock(), Counter()
        meter = S0(source, clock, per_kwh=per_kwh)
        for _ in range(100):
            source.count += per_kwh // 100
            clock.advance(5000)  # 10 Wh in 5 s: 7.2 kW
            meter.step()
        assert meter.energy_wh == 1000, (per_kwh, meter.energy_wh)
        assert abs(meter.power_w - 7200) <= 8
    raises(ValueError, lambda: S0(source, clock, per_kwh=0))


def test_power_falls_when_no_pulse_comes():
    clock, source = FakeClock(), Counter()
    meter = S0(source, clock)
    assert meter.power_w == 0 and meter.current_ma(1) == 0
    for _ in range(3):
        source.count += 1
        meter.step()
        clock.advance(1000)
    assert meter.power_w == 3600 and meter.current_ma(1) == 15652 and meter.current_ma(2) == 0
    clock.advance(9000)
    meter.step()
    assert meter.power_w == 360
    clock.advance(3600000)
    meter.step()
    assert meter.power_w == 0
    source.count += 1
    meter.step()
    assert meter.power_w == 0 and meter.energy_wh == 4  # one pulse alone has no rate


def test_the_register_survives_and_flash_is_spared():
    clock, source, store = FakeClock(), Counter(), FakeStore()
    meter = S0(source, clock, store=store, max_w=25000)
    for _ in range(3600):  # 22 kW for an hour
        source.count += 6
        clock.advance(1000)
        meter.step()
    assert meter.energy_wh == 21600
    assert 40 <= store.saves <= 60
    again = S0(Counter(), clock, store=store)
    assert 21600 - 500 <= again.energy_wh <= 21600
    meter.flush()
    assert S0(Counter(), clock, store=store).energy_wh == 21600
    saves = store.saves
    for _ in range(1000):  # nothing flows, nothing is written
        clock.advance(10000)
        meter.step()
    assert store.saves == saves


def test_power_cuts_never_add_energy():
    random.seed(2)
    clock, store = FakeClock(), FakeStore()
    true = told = 0
    for _ in range(50):
        source = Counter()
        meter = S0(source, clock, store=store, max_w=100000)
        assert told - 500 - 30 <= meter.energy_wh <= told
        store.broken = random.getrandbits(2) == 0
        if store.broken:
            floor = store.kept.get("s0", [0])[0]
        for _ in range(random.getrandbits(6)):
            source.count += 8
            true += 8
            clock.advance(1000)
            meter.step()
            assert meter.energy_wh <= true
        if store.broken and meter.energy_wh - floor >= 500:
            assert meter.error
        told = store.kept.get("s0", [0])[0] if store.broken else meter.energy_wh
    assert told > 0


def test_a_damaged_register_is_told():
    clock = FakeClock()
    for kept in ("x", [1], [-1, 0], [1.5, 0], {"a": 1}, [1, "x"], True):
        store = FakeStore()
        store.kept["s0"] = kept
        meter = S0(Counter(), clock, store=store, energy_wh=77)
        assert meter.energy_wh == 77 and meter.error == "the register kept is damaged", kept


def test_noise_is_not_energy():
    clock, source = FakeClock(), Counter()
    meter = S0(source, clock, max_w=11000)
    for _ in range(100):
        source.count += 50  # 180 kW
        clock.advance(1000)
        meter.step()
    assert meter.energy_wh <= 11000 * 100 // 3600 + 12 and meter.register.rejected > 4000
    source.count = 0  # a hardware counter began anew
    meter.step()
    before = meter.energy_wh
    clock.advance(10000)
    source.count += 3
    meter.step()
    assert meter.energy_wh == before + 3


def test_a_loop_that_stood_still_loses_nothing():
    clock, source = FakeClock(), Counter()
    meter = S0(source, clock, max_w=11000)
    clock.advance(60000)
    source.count += 180  # 10.8 kW for a minute
    meter.step()
    assert meter.energy_wh == 180


class FakeChip:
    """BL0937 or HLW8012 as the data sheets give its frequencies: integrated over time."""

    def __init__(self, chip, divider, shunt_ohm):
        self.chip, self.divider, self.shunt = chip, divider, shunt_ohm
        self.cf, self.cf1, self.sel = Counter(), Counter(), FakePin()
        self.volt = self.amps = 0.0
        self._f = self._f1 = 0.0

    def pass_(self, ms):
        u, i = self.volt / self.divider, self.amps * self.shunt
        if self.chip == "bl0937":
            power = 1721506 * u * i / 1.218**2
            other = 15397 * u / 1.218 if self.sel.level else 94638 * i / 1.218
        else:
            power = u * i * 48 / 2.43**2 * 3579000 / 128
            other = (u * 2 if self.sel.level else i * 24) / 2.43 * 3579000 / 512
        self._f += power * ms / 1000
        self._f1 += other * ms / 1000
        self.cf.count, self.cf1.count = int(self._f), int(self._f1)


def _flow(chip, clock, meter, ms):
    for _ in range(ms // 100):
        chip.pass_(100)
        clock.advance(100)
        meter.step()


def test_power_chips():
    for name, divider in (("bl0937", 2041), ("hlw8012", 2351)):
        clock = FakeClock()
        chip = FakeChip(name, divider, 0.001)
        meter = PowerChip(chip.cf, chip.cf1, chip.sel, clock, chip=name)
        chip.volt, chip.amps = 230.0, 13.0
        _flow(chip, clock, meter, 3600000)
        assert abs(meter.energy_wh - 2990) <= 1, (name, meter.energy_wh)
        assert abs(meter.power_w - 2990) <= 12, (name, meter.power_w)
        assert abs(meter.voltage_mv(1) - 230000) <= 1500, (name, meter.voltage_mv(1))
        assert abs(meter.current_ma(1) - 13000) <= 60, (name, meter.current_ma(1))
        assert meter.error is None and meter.current_ma(2) == 0
        assert [m for m, fn, u, p, w in meter.measurands() if fn() is None] == []
        chip.amps = 0.0
        _flow(chip, clock, meter, 12000)
        assert meter.power_w == 0 and meter.current_ma(1) == 0
    raises(ValueError, lambda: PowerChip(chip.cf, None, None, clock, chip="hlw8032"))


def test_a_power_chip_is_calibrated_and_turned():
    clock = FakeClock()
    chip = FakeChip("bl0937", 2351, 0.002)
    level = FakePin()
    chip.sel = level
    meter = PowerChip(
        chip.cf, chip.cf1, level, clock, shunt_ohm=0.002, divider=2351, power=1100, voltage=900
    )
    chip.volt, chip.amps = 230.0, 8.0
    _flow(chip, clock, meter, 20000)
    assert abs(meter.power_w - 1840 * 1.1) <= 5 and abs(meter.voltage_mv(1) - 207000) < 1500
    plain = PowerChip(chip.cf, None, None, clock)
    assert plain.voltage_mv(1) is None and len(list(plain.measurands())) == 1


def test_a_dead_power_chip_is_told():
    clock = FakeClock()
    chip = FakeChip("bl0937", 2041, 0.001)
    meter = PowerChip(chip.cf, chip.cf1, chip.sel, clock)
    assert meter.error is None
    step([meter], clock, 10000, 100)
    assert meter.error == "no voltage: the chip is silent"
