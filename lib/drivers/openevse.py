"""OpenEVSE controller over RAPI: lines on a UART, 115200 Bd 8N1.

    $GS^30\\r          a command: the check is the XOR of all before '^', in hexadecimal
    $OK 02 ...^XX\\r   its answer, or $NK; $AT ... and $AB ... come unasked

It supervises us: without a pulse ($SY) for `heartbeat_s` it falls back to `fallback_a`. Charging
is forbidden by sending it to sleep ($FS) and allowed by $FE; currents are set volatile, so that
its EEPROM is not worn out.
"""

from drivers.foreign import Foreign
from drivers.register import Register

_TIMEOUT_MS = const(500)
_POLL_MS = const(500)
_LINE = const(64)  # the longest line that is used
_COOKIE = const(165)  # acknowledges that a pulse was missed
_CONNECTED = const(0x0100)  # bits of vflags
_CHARGING = const(0x0040)
_ASLEEP = (0xFE, 0xFF)  # asleep, disabled
_STATES = {1: "A", 2: "B", 3: "C", 4: "D"}
_FAULTS = {
    4: ("OtherError", "car needs ventilation"),
    5: ("EVCommunicationError", "no diode in the car"),
    6: ("GroundFailure", "residual current"),
    7: ("GroundFailure", "no protective earth"),
    8: ("PowerSwitchFailure", "relay does not open"),
    9: ("GroundFailure", "residual current monitor failed its test"),
    10: ("HighTemperature", "too hot"),
    11: ("OverCurrentFailure", "the car ignores its limit"),
}


class RAPIError(Exception):
    pass


def line(text):
    """A command with its check, as it is sent."""
    check = 0
    for char in text:
        check ^= ord(char)
    return ("%s^%02X\r" % (text, check)).encode()


def words(raw):
    """The words of a received line, check taken off; None if it is wrong or there is none."""
    at = raw.rfind(b"^")
    start = raw.rfind(b"$")
    if start < 0 or at < start or len(raw) != at + 3:
        return None
    check = 0
    for byte in raw[start:at]:
        check ^= byte
    try:
        if int(raw[at + 1 :].decode(), 16) != check:
            return None
        return raw[start + 1 : at].decode().split()
    except ValueError:
        return None


class OpenEVSE(Foreign):
    """`heartbeat_s`, `fallback_a`: see above. Also a meter: `energy_wh`, `power_w`, ..."""

    def __init__(self, uart, clock, *, max_ma=32000, heartbeat_s=20, fallback_a=6, phases=1):
        super().__init__(clock, max_ma, "OpenEVSE")
        self._uart = uart
        self._heartbeat_s = heartbeat_s
        self._fallback_a = fallback_a
        self._phases = phases
        self.register = Register(clock, max_w=max_ma * phases * 3 // 10, step_wh=10)
        self._ma = None
        self._mv = None
        self._buffer = b""
        self._job = None
        self._agreed = True  # the last answer was no refusal
        self._supervised = False  # the heartbeat is agreed
        self._said_a = None  # as the device has it, None: not known
        self._next = clock.ticks()
        self._pulsed = clock.ticks()
        self.missed = 0  # pulses that came too late

    # -- meter

    @property
    def stale(self):
        return self.silent

    @property
    def energy_wh(self):
        """Import register in Wh, None before it was read."""
        return self.register.wh

    @property
    def power_w(self):
        """Computed from current and voltage in W, None if not known."""
        if self.silent or self._ma is None:
            return None
        return self._ma * (self._mv // 1000) * self._phases // 1000

    def current_ma(self, phase):
        return None if self.silent or phase > self._phases else self._ma

    def voltage_mv(self, phase):
        return None if self.silent or phase > self._phases else self._mv

    def measurands(self):
        """(measurand, fn() -> number or None, unit, phase, location) beside the register."""
        yield "Power.Active.Import", lambda: self.power_w, "W", None, "Outlet"
        yield "Current.Import", lambda: _milli(self.current_ma(1)), "A", "L1", "Outlet"
        yield "Voltage", lambda: _milli(self.voltage_mv(1)), "V", "L1-N", "Outlet"

    # -- exchange

    def step(self):
        """Go on with what is to be said to the device. Does not wait."""
        clock = self._clock
        self._watch()
        if self._job is None:
            urgent = self.error is None and self.wanted_a() != self._said_a
            if not urgent and clock.diff(clock.ticks(), self._next) < 0:
                return
            self._job = self._talk()
        try:
            next(self._job)
            return
        except StopIteration:
            pass
        except (RAPIError, OSError) as e:
            self.error = "OpenEVSE: %s" % e
            self._said_a = None  # it may have begun anew
            self._supervised = False
        self._job = None
        self._next = clock.ticks() + _POLL_MS

    def _talk(self):
        if not self._supervised:
            yield from self._ask("$SY %d %d" % (self._heartbeat_s, self._fallback_a), 1)
            self._supervised = True
            self._pulsed = self._clock.ticks()
        yield from self._pulse()
        yield from self._set()
        told = yield from self._ask("$GS", 2)
        state, flags = _hex(told[0]), _hex(told[3]) if len(told) > 3 else None
        setting = yield from self._ask("$GE", 1)
        self._compare(state, _int(setting[0]))
        usage = yield from self._ask("$GU", 2)
        self._judge(state, flags, _int(usage[0]), _int(usage[1]))
        flow = yield from self._ask("$GG", 2)
        self._ma, self._mv = max(0, _int(flow[0])), max(0, _int(flow[1]))

    def _pulse(self):
        clock = self._clock
        if clock.diff(clock.ticks(), self._pulsed) < self._heartbeat_s * 250:
            return
        yield from self._ask("$SY", 0, True)
        if not self._agreed:  # one was missed before: the limit is down until this is acknowledged
            self.missed += 1
            yield from self._ask("$SY %d" % _COOKIE, 0)
            self._said_a = None
        self._pulsed = clock.ticks()

    def _set(self):
        wanted = self.wanted_a()
        if wanted == self._said_a:
            return
        if wanted:
            # It may set less, or refuse and set its own limits; more it must not.
            answer = yield from self._ask("$SC %d V" % wanted, 1, True)
            if _int(answer[0]) > wanted:
                yield from self._ask("$FS", 0)
                raise RAPIError("it sets %s A, not %d" % (answer[0], wanted))
            if not self._said_a:
                yield from self._ask("$FE", 0)
        else:
            yield from self._ask("$FS", 0)
        self._said_a = wanted

    def _compare(self, state, amps):
        """What we set is gone if the device began anew, however quickly: then all is said again.
        Less than we set is its own affair."""
        awake = state not in _ASLEEP and state not in _FAULTS
        if amps > self._said_a if self._said_a else awake:
            self._said_a = None
            self._supervised = False

    def _judge(self, state, flags, session_ws, total_wh):
        own = ()
        connected = flags & _CONNECTED if flags is not None else state in (2, 3, 4)
        if state in _STATES:
            letter = _STATES[state]
        elif state in _ASLEEP:
            letter = "B" if connected else "A"
        elif state in _FAULTS:
            code, info = _FAULTS[state]
            own = ((code, "OpenEVSE%02X" % state, info),)
            letter = "E"
        else:
            return  # it is starting, or a state nobody knows: not heard
        if letter == "D":
            code, info = _FAULTS[4]
            own = ((code, "OpenEVSE04", info),)
        if letter == "E":
            self.plugged = bool(connected)
        self._saw(letter, bool(self._said_a) and state not in _ASLEEP, own)
        # The total grows only when the car leaves: until then the session comes on top.
        self.register.accept(total_wh + (session_ws // 3600 if connected else 0))

    def _ask(self, command, count, refusable=False):
        """Send a command, -> the words of its answer, at least `count`. `refusable`: those of a
        refusal too, after False in `self._agreed`."""
        self._buffer = b""
        if self._uart.any():
            self._uart.read(self._uart.any())
        self._uart.write(line(command))
        start = self._clock.ticks()
        damaged = False
        while self._clock.diff(self._clock.ticks(), start) < _TIMEOUT_MS:
            self._take()
            while True:
                end = self._buffer.find(b"\r")
                if end < 0:
                    break
                told = words(self._buffer[:end])
                self._buffer = self._buffer[end + 1 :]
                if told is None:
                    damaged = True
                elif told and told[0] == "OK" and len(told) > count:
                    self._agreed = True
                    return told[1:]
                elif told and told[0] == "NK":
                    if not refusable or len(told) <= count:
                        raise RAPIError("refuses " + command)
                    self._agreed = False
                    return told[1:]
            yield
        raise RAPIError("%s to %s" % ("damaged answer" if damaged else "no answer", command))

    def _take(self):
        count = self._uart.any()
        if count:
            self._buffer = (self._buffer + (self._uart.read(count) or b""))[-4 * _LINE :]


def _hex(word):
    try:
        return int(word, 16)
    except ValueError:
        raise RAPIError("nonsense") from None


def _int(word):
    try:
        return int(word)
    except ValueError:
        raise RAPIError("nonsense") from None


def _milli(value):
    return None if value is None else value / 1000
