"""Foreign controllers: SimpleEVSE, Phoenix EV Charge Control and OpenEVSE, each against a device
that speaks as its manual says, with a line on which things go wrong."""

import random

from driver_fakes import Line, Slave, step
from support import FakeClock

from drivers.modbus import Bus
from drivers.openevse import OpenEVSE, line, words
from drivers.phoenix_evcc import PhoenixEVCC
from drivers.simpleevse import SimpleEVSE


def _codes(device):
    return [(fault.code, fault.vendor_code) for fault in device.faults]


# -- SimpleEVSE -----------------------------------------------------------------------------------


def _simple(state=1, boot_a=16, **options):
    clock = FakeClock()
    wire = Line(clock)
    slave = Slave(clock, gap_ms=200)
    slave.registers[3] = {1000: 16, 1001: 16, 1002: state, 2000: boot_a}
    wire.devices.append(slave)
    return clock, wire, slave, SimpleEVSE(Bus(wire, clock), 1, clock, **options)


def test_simpleevse_offers_what_is_permitted():
    clock, wire, slave, device = _simple()
    step([device], clock, 2000)
    assert device.error is None and slave.registers[3][1000] == 0  # nothing is permitted yet
    assert slave.registers[3][2000] == 0 and device.state == "A" and not device.plugged
    slave.registers[3][1002] = 2
    device.permit = True
    for limit, amps in ((None, 32), (16000, 16), (15900, 15), (6000, 6), (5999, 0), (80000, 32)):
        device.limit_ma = limit
        step([device], clock, 1200)
        assert slave.registers[3][1000] == amps, (limit, slave.registers[3][1000])
        assert device.offering is (amps > 0) and device.plugged and not device.ev_ready
    slave.registers[3][1002] = 3
    step([device], clock, 600)
    assert device.ev_ready and device.state == "C"
    device.permit = False
    step([device], clock, 1000)
    assert slave.registers[3][1000] == 0 and not device.offering
    assert [w for w in slave.writes if w[0] == 2000] == [(2000, 0)]  # EEPROM once


def test_simpleevse_eeprom_is_left_alone_if_it_is_right():
    clock, wire, slave, device = _simple(boot_a=0)
    step([device], clock, 5000)
    assert device.error is None and [w for w in slave.writes if w[0] == 2000] == []


def test_simpleevse_failure_and_nonsense():
    clock, wire, slave, device = _simple(5)
    device.permit = True
    step([device], clock, 2000)
    assert _codes(device) == [("OtherError", "SimpleEVSE5")] and not device.offering
    told = device.faults
    step([device], clock, 2000)
    assert device.faults is told  # only a change makes a new one
    slave.registers[3][1002] = 2
    step([device], clock, 2000)
    assert device.faults == () and device.offering
    for nonsense in (0, 6, 999, 65535):
        slave.registers[3][1002] = nonsense
        step([device], clock, 2000)
        assert device.error and device.state == "B"
    step([device], clock, 12000)
    assert _codes(device) == [("InternalError", "ControllerSilent")]


def _goes_silent(clock, wire, device):
    """Silence is a fault after ten seconds, and its end ends it."""
    assert device.offering and device.plugged and device.faults == ()
    wire.mute = True
    step([device], clock, 8000)
    assert device.error and device.faults == ()
    step([device], clock, 3000)
    assert _codes(device) == [("InternalError", "ControllerSilent")]
    assert not device.offering and not device.ev_ready and device.plugged and device.state is None
    wire.fix()
    step([device], clock, 4000)
    assert device.faults == () and device.error is None and device.offering


def test_simpleevse_silence():
    clock, wire, slave, device = _simple(3)
    device.permit = True
    step([device], clock, 3000)
    _goes_silent(clock, wire, device)


def test_simpleevse_never_there():
    clock, wire, slave, device = _simple()
    wire.devices = []
    step([device], clock, 12000)
    assert _codes(device) == [("InternalError", "ControllerSilent")] and not device.plugged


def test_simpleevse_that_restarts_is_told_again():
    clock, wire, slave, device = _simple(2)
    device.permit, device.limit_ma = True, 10000
    step([device], clock, 3000)
    slave.registers[3][1000] = 0
    step([device], clock, 2000)
    assert slave.registers[3][1000] == 10


# -- Phoenix --------------------------------------------------------------------------------------


class FakePhoenix(Slave):
    """The second character of the state tells whether the PWM is on: as coil 20000 says."""

    def answer(self, function, body):
        letter = self.registers[3][24000] >> 8
        if 0x41 <= letter <= 0x44:
            self.registers[3][24000] = letter << 8 | (0x32 if self.coils[20000] else 0x31)
        return super().answer(function, body)

    def restart(self):
        self.coils = {20000: False, 20002: False}
        self.registers[3][22000] = 63


def _phoenix(state=b"A1", **options):
    clock = FakeClock()
    wire = Line(clock)
    slave = FakePhoenix(clock)
    slave.registers[3] = {4000: 1, 4002: 0, 22000: 63, 24000: 0, 24025: 0}
    slave.put(3, 24000, state)
    slave.coils = {20000: False, 20002: False}
    wire.devices.append(slave)
    return clock, wire, slave, PhoenixEVCC(Bus(wire, clock), 1, clock, **options)


def test_phoenix_offers_what_is_permitted():
    clock, wire, slave, device = _phoenix()
    step([device], clock, 2000)
    assert device.error is None and device.state == "A" and slave.registers[3][4000] == 3
    assert slave.coils[20000] is False and slave.registers[3][4002] == 0
    slave.put(3, 24000, b"B1")
    device.permit = True
    for limit, amps in ((None, 32), (16000, 16), (6000, 6)):
        device.limit_ma = limit
        step([device], clock, 1200)
        assert slave.registers[3][22000] == amps and slave.coils[20000] is True
        assert device.offering and device.plugged and not device.ev_ready
    device.limit_ma = 5000
    step([device], clock, 1000)
    assert slave.coils[20000] is False and not device.offering
    device.limit_ma = None
    slave.put(3, 24000, b"C2")
    step([device], clock, 1500)
    assert device.ev_ready and device.state == "C"
    assert [w for w in slave.writes if w[0] == 4000] == [(4000, 3)]


def test_phoenix_lock():
    clock, wire, slave, device = _phoenix(b"B1", has_lock=True)
    device.lock_wanted = True
    step([device], clock, 2000)
    assert slave.coils[20002] is True and slave.registers[3][4002] == 3
    device.lock_wanted = False
    step([device], clock, 1000)
    assert slave.coils[20002] is False


def test_phoenix_faults():
    clock, wire, slave, device = _phoenix(b"B2")
    device.permit = True
    step([device], clock, 2000)
    slave.registers[3][24025] = 1 << 15 | 1 << 12
    step([device], clock, 1500)
    assert sorted(_codes(device)) == [
        ("GroundFailure", "Phoenix15"),
        ("PowerSwitchFailure", "Phoenix12"),
    ]
    assert not device.offering
    slave.registers[3][24025] = 0
    slave.put(3, 24000, b"E0")
    step([device], clock, 1500)
    assert _codes(device) == [("OtherError", "PhoenixE")] and device.plugged
    slave.put(3, 24000, b"\x00\x00")
    step([device], clock, 1500)
    assert "no state" in device.error
    slave.put(3, 24000, b"B2")
    step([device], clock, 1500)
    assert device.faults == () and device.offering


def test_phoenix_silence():
    clock, wire, slave, device = _phoenix(b"C2")
    device.permit = True
    step([device], clock, 3000)
    _goes_silent(clock, wire, device)


def test_phoenix_that_restarts_is_told_again():
    clock, wire, slave, device = _phoenix(b"C2")
    device.permit, device.limit_ma = True, 10000
    step([device], clock, 3000)
    for silent_ms in (0, 3000):  # so quickly that no answer was missed, and with a pause
        slave.restart()
        wire.mute = silent_ms > 0
        step([device], clock, silent_ms)
        wire.fix()
        step([device], clock, 3000)
        assert slave.coils[20000] is True and slave.registers[3][22000] == 10


def test_random_damage_on_the_line_never_offers_what_is_not_permitted():
    random.seed(9)
    for make in (_simple, _phoenix):
        clock, wire, slave, device = make()
        for _ in range(150):
            wire.fix()
            kind = random.getrandbits(2)
            if kind == 0:
                wire.damage = random.getrandbits(3)
            elif kind == 1:
                wire.late_ms = 250 + random.getrandbits(8)
            elif kind == 2:
                wire.noise = bytes([random.getrandbits(8) for _ in range(5)])
            step([device], clock, 500)
            assert slave.registers[3].get(1000, 0) in (0, 16)
            assert not slave.coils.get(20000, False)
        wire.fix()
        step([device], clock, 5000)
        assert device.error is None and slave.registers[3].get(1000, 0) == 0


# -- OpenEVSE -------------------------------------------------------------------------------------


class FakeOpenEVSE:
    """RAPI as firmware 8 speaks it. It is hung into a `Line` at 115200 Bd. `old`: no vflags."""

    delay_ms = 3

    def __init__(self, clock):
        self.clock = clock
        self.state = 0xFE
        self.car = None  # None, 2 or 3
        self.fault = None
        self.amps, self.most, self.saved = 24, 32, 0
        self.session_ws, self.total_wh = 0, 5000
        self.milliamps = 0
        self.heartbeat = None
        self.missed = 0  # 2: missed and not acknowledged, 1: acknowledged
        self.pulse_at = 0
        self.old = False
        self.asleep = False
        self.commands = []
        self.text = ""

    def hear(self, data):
        self._supervise()
        self.text += data.decode()
        answer = b""
        while "\r" in self.text:
            one, _, self.text = self.text.partition("\r")
            self.commands = self.commands[-40:] + [one]
            answer += self._answer(one)
        return answer

    def _answer(self, one):
        body, _, check = one.partition("^")
        value = 0
        for char in body:
            value ^= ord(char)
        if check != "%02X" % value or body[0] != "$":
            return self.say("$NK")
        parts = body[1:].split()
        return self.say(getattr(self, "do_" + parts[0])(*parts[1:]))

    def say(self, text):
        value = 0
        for char in text:
            value ^= ord(char)
        return ("%s^%02X\r" % (text, value)).encode()

    def _supervise(self):
        if self.heartbeat and self.clock.uptime() - self.pulse_at > self.heartbeat[0]:
            self.missed = 2
            self.amps = min(self.amps, self.heartbeat[1])

    def _now(self):
        if self.fault:
            return self.fault
        return 0xFE if self.asleep else self.car or 1

    def do_SY(self, *args):
        self.pulse_at = self.clock.uptime()
        if len(args) == 2:
            self.heartbeat = (int(args[0]), int(args[1]))
            self.missed = 0
        elif args == ("165",):
            self.missed = 1
        elif self.missed == 2:
            return "$NK %d %d 2" % self.heartbeat
        return "$OK %d %d %d" % (self.heartbeat + (self.missed,))

    def do_SC(self, amps, volatile=""):
        assert volatile == "V", "wears out the EEPROM"
        wanted = int(amps)
        self.amps = max(6, min(wanted, self.most))
        return "$%s %d" % ("OK" if self.amps == wanted else "NK", self.amps)

    def do_FE(self):
        self.asleep = False
        return "$OK"

    def do_FS(self):
        self.asleep = True
        return "$OK"

    def do_GS(self):
        state = self._now()
        if self.old:
            return "$OK %02x 0" % state
        flags = (0x0100 if self.car else 0) | (0x0040 if state == 3 else 0)
        return "$OK %02x 0 %02x %04x" % (state, self.car or 1, flags)

    def do_GE(self):
        return "$OK %d 0229" % self.amps

    def do_GU(self):
        return "$OK %d %d" % (self.session_ws, self.total_wh)

    def do_GG(self):
        return "$OK %d 230000" % self.milliamps


def _open(**options):
    clock = FakeClock()
    wire = Line(clock, 115200)
    fake = FakeOpenEVSE(clock)
    wire.devices.append(fake)
    return clock, wire, fake, OpenEVSE(wire, clock, **options)


def test_lines_of_rapi():
    assert line("$GS") == b"$GS^30\r" and line("$GU") == b"$GU^36\r" and line("$GC") == b"$GC^20\r"
    assert words(b"$GS^30") == ["GS"] and words(b"\x00$GS^30") == ["GS"]
    for bad in (
        b"",
        b"$GS",
        b"$GS^31",
        b"GS^30",
        b"$GS^3",
        b"$GS^30 ",
        b"$GS^zz",
        b"$\xff\xfe^25",
    ):
        assert words(bad) is None, bad


def test_openevse_session():
    clock, wire, fake, device = _open()
    step([device], clock, 2000)
    assert device.error is None and fake.heartbeat == (20, 6) and fake.asleep
    assert device.state == "A" and not device.plugged and device.energy_wh == 5000
    fake.car = 2
    step([device], clock, 1000)
    assert device.plugged and device.state == "B" and not device.offering
    device.permit, device.limit_ma = True, 16500
    step([device], clock, 1000)
    assert fake.amps == 16 and not fake.asleep and device.offering
    fake.car, fake.milliamps = 3, 16000
    for _ in range(60):
        fake.session_ws += 3680
        step([device], clock, 1000)
    assert device.ev_ready and device.state == "C"
    assert device.power_w == 3680 and device.current_ma(1) == 16000
    assert abs(device.energy_wh - 5061) <= 2, device.energy_wh
    device.limit_ma = 5000
    step([device], clock, 1000)
    assert fake.asleep and not device.offering and device.plugged
    fake.total_wh += fake.session_ws // 3600
    fake.car = None
    step([device], clock, 2000)
    assert device.state == "A" and not device.plugged and 5060 <= device.energy_wh <= 5061
    assert fake.missed == 0


def test_openevse_clamps_but_never_sets_more_than_allowed():
    clock, wire, fake, device = _open()
    fake.most = 24
    device.permit, device.limit_ma = True, 32000
    fake.car = 2
    step([device], clock, 1500)
    assert fake.amps == 24 and device.error is None and device.offering
    fake.do_SC = lambda amps, volatile: "$NK 24"  # its least is more than we may
    device.limit_ma = 6000
    step([device], clock, 1500)
    assert fake.asleep and "it sets 24 A" in device.error


def test_openevse_faults():
    clock, wire, fake, device = _open()
    device.permit = True
    fake.car = 3
    step([device], clock, 1500)
    for state, code in (
        (5, "EVCommunicationError"),
        (6, "GroundFailure"),
        (8, "PowerSwitchFailure"),
        (10, "HighTemperature"),
    ):
        fake.fault = state
        step([device], clock, 1500)
        assert _codes(device) == [(code, "OpenEVSE%02X" % state)]
        assert not device.offering and device.plugged
    fake.fault = None
    step([device], clock, 1500)
    assert device.faults == () and device.offering


def test_openevse_supervises_us():
    clock, wire, fake, device = _open(heartbeat_s=8)
    device.permit = True
    fake.car = 3
    step([device], clock, 30000)
    assert fake.missed == 0 and fake.amps == 32
    clock.advance(15000)  # we stood still
    fake._supervise()
    assert fake.amps == 6
    step([device], clock, 4000)
    assert device.missed >= 1 and fake.amps == 32 and device.error is None


def test_openevse_that_restarts_or_is_silent():
    clock, wire, fake, device = _open()
    device.permit, device.limit_ma = True, 10000
    fake.car = 3
    step([device], clock, 3000)
    wire.mute = True
    fake.amps, fake.asleep, fake.heartbeat = 24, False, None
    step([device], clock, 2000)
    wire.fix()
    step([device], clock, 2000)
    assert fake.amps == 10 and fake.heartbeat
    _goes_silent(clock, wire, device)
    assert device.power_w is not None


def test_openevse_that_restarts_so_quickly_that_nothing_is_missed():
    clock, wire, fake, device = _open()
    fake.car = 3
    step([device], clock, 3000)
    assert fake.asleep
    fake.asleep, fake.amps, fake.heartbeat = False, 24, None  # awake, though not permitted
    step([device], clock, 1500)
    assert fake.asleep and fake.heartbeat == (20, 6)
    device.permit, device.limit_ma = True, 10000
    step([device], clock, 1500)
    fake.amps, fake.heartbeat = 24, None
    step([device], clock, 1500)
    assert fake.amps == 10 and fake.heartbeat == (20, 6)
    fake.amps = 8  # it is hot, and takes less
    fake.commands = []
    step([device], clock, 3000)
    assert fake.amps == 8 and not [c for c in fake.commands if c.startswith("$SC")]


def test_openevse_of_the_past_tells_no_flags():
    clock, wire, fake, device = _open()
    fake.old, fake.car = True, 2
    device.permit = True
    step([device], clock, 2000)
    assert device.state == "B" and device.plugged and device.error is None


def test_openevse_with_a_bad_line():
    random.seed(6)
    clock, wire, fake, device = _open()
    device.permit, device.limit_ma = True, 16000
    fake.car = 3
    step([device], clock, 2000)
    energy = device.energy_wh
    for _ in range(100):
        wire.fix()
        kind = random.getrandbits(2)
        if kind == 0:
            wire.damage = random.getrandbits(2)
        elif kind == 1:
            wire.cut = random.getrandbits(3)
        elif kind == 2:
            wire.noise = b"$AT 03 03 16 0140^0" + bytes([random.getrandbits(8)]) + b"\r\xff"
        else:
            wire.late_ms = random.getrandbits(9)
        step([device], clock, 700)
        assert fake.amps in (16, 6) and device.energy_wh == energy and not fake.asleep
        assert set(_codes(device)) <= {("InternalError", "ControllerSilent")}
    wire.fix()
    step([device], clock, 5000)
    assert device.error is None and fake.amps == 16 and device.faults == ()
