"""Phoenix Contact EV Charge Control Basic: charging controller on Modbus RTU (user manual
106377_en, chapter 9). It has no supervision of the link: see `simpleevse`.

Its register 4000 says what enables charging; it is set to 3, "by coil 20000", once. That coil is
volatile: after the device's own start nothing is enabled.
"""

from drivers.foreign import Foreign
from drivers.modbus import BusError

_ENABLED_BY = const(4000)  # 3: coil 20000
_LOCKED_BY = const(4002)  # 3: coil 20002
_ENABLE = const(20000)  # coil
_LOCK = const(20002)  # coil
_MAX_A = const(22000)  # 6 to 63
_STATE = const(24000)  # two letters: A1, A2, B1, ... F0
_ERRORS = const(24025)
_POLL_MS = const(500)
_RETRY_MS = const(1000)  # after a failure: late answers have come by then
# bit of _ERRORS: code, what
_FAULTS = {
    2: ("OtherError", "13 A cable rejected"),
    3: ("OtherError", "invalid PP"),
    4: ("OtherError", "invalid CP"),
    6: ("ConnectorLockFailure", "locking"),
    7: ("ConnectorLockFailure", "unlocking"),
    8: ("ConnectorLockFailure", "lock was lost"),
    11: ("OtherError", "car needs ventilation"),
    12: ("PowerSwitchFailure", "contactor"),
    13: ("EVCommunicationError", "no diode in the car"),
    15: ("GroundFailure", "residual current"),
}


class PhoenixEVCC(Foreign):
    """`bus`: a `modbus.Bus`; `unit`: the device's address; `has_lock`: it has a socket whose lock
    follows `lock_wanted`."""

    def __init__(self, bus, unit, clock, *, max_ma=32000, has_lock=False):
        super().__init__(clock, max_ma, "EV Charge Control")
        self._bus = bus
        self._unit = unit
        self._has_lock = has_lock
        self._job = None
        self._setup = False  # it is ready
        self._said = None  # (A, enabled, locked) as the device has it, None: not known
        self._next = clock.ticks()

    def step(self):
        """Go on with what is to be said to the device. Does not wait."""
        clock = self._clock
        self._watch()
        if self._job is None:
            wanted = (self.wanted_a(), self._has_lock and self.lock_wanted)
            if wanted == self._said and clock.diff(clock.ticks(), self._next) < 0:
                return
            if self.error is not None and clock.diff(clock.ticks(), self._next) < 0:
                return
            self._job = self._talk(wanted)
        wait_ms = _POLL_MS
        try:
            next(self._job)
            return
        except StopIteration:
            pass
        except BusError as e:
            self.error = str(e)
            self._said = None
            wait_ms = _RETRY_MS
        self._job = None
        self._next = clock.ticks() + wait_ms

    def _talk(self, wanted):
        bus, unit = self._bus, self._unit
        if not self._setup:
            yield from self._assign(_ENABLED_BY)
            if self._has_lock:
                yield from self._assign(_LOCKED_BY)
            self._setup = True
        if wanted != self._said:
            amps, locked = wanted
            if not amps:
                yield from bus.write_coil(unit, _ENABLE, False)
            if self._has_lock:
                yield from bus.write_coil(unit, _LOCK, locked)
            if amps:
                yield from bus.write(unit, _MAX_A, amps)
                yield from bus.write_coil(unit, _ENABLE, True)
            self._said = wanted
        state = yield from bus.read(unit, 3, _STATE, 1)
        errors = yield from bus.read(unit, 3, _ERRORS, 1)
        self._judge(state, errors)

    def _assign(self, register):
        """Make the coil decide. The register is kept by the device: not written without need."""
        data = yield from self._bus.read(self._unit, 3, register, 1)
        if data != b"\x00\x03":
            yield from self._bus.write(self._unit, register, 3)

    def _judge(self, state, errors):
        letter = chr(state[0])
        if letter not in "ABCDEF":
            raise BusError("garbled", "no state %r" % state)
        bits = errors[0] << 8 | errors[1]
        own = []
        for bit, (code, words) in _FAULTS.items():
            if bits >> bit & 1:
                own.append((code, "Phoenix%d" % bit, words))
        if letter == "E" and not own:
            own.append(("OtherError", "PhoenixE", "state E"))
        own.sort()
        on = state[1] == 0x32  # "2": the PWM is on
        enabled = self._said[0] > 0
        self._saw(letter, enabled and on, tuple(own))
        if enabled != on:  # it may have begun anew in between, its current with it
            self._said = None
