"""The module `machine` of a chip that is not there, in the time of `simtime`.

`power_on(chip)` begins anew; `chip`: facts as in boards/chips/NAME.json. What is outside is
attached to pins and buses: `pin(26).drive(fn)`, `uart_line(1, line)`, `i2c_device(0, 0x24,
device)`, `spi_device(1, pin_number, device)`. What the firmware does is seen at them:
`pin(26).level`, `.history`, `.pwm`. `resets` tells of restarts; a watchdog that bites and
`reset()` raise `Restarted`.
"""

import array

import micropython
import simtime

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

_KEPT = const(64)

chip = {}
pins = {}  # number: Line
resets = []  # "reset", "watchdog"
uarts, i2cs, spis = {}, {}, {}  # what is attached
watchdog = None
cause = PWRON_RESET
hard_timers = None  # whether timers can be hard interrupts, None: as the chip's facts tell
hung = False  # True: C code hangs, and what is not a hard interrupt waits for it
quiet = False  # interrupts are disabled
inside = False  # a timer's callback runs
races = 0  # readings of an ADC that an interrupt could have disturbed
broken = set()  # names of what can't be made: "UART1", "I2C0", ...


class Restarted(Exception):
    """The chip has restarted: the program is gone."""


def power_on(facts, why=PWRON_RESET):
    global chip, watchdog, cause, hard_timers, hung, quiet, inside, races
    hard_timers = None
    hung = False
    quiet = inside = False
    races = 0
    chip = facts
    cause = why
    watchdog = None
    pins.clear()
    del resets[:], simtime.timers[:], simtime.every[:]
    for attached in (uarts, i2cs, spis, broken):
        attached.clear()
    simtime.every.append(_watch)


def _watch(_ms):
    if watchdog and simtime.now_us - watchdog.fed > watchdog.timeout * 1000:
        restart("watchdog")


def restart(why):
    """The chip restarts: outputs float, timers are gone."""
    global watchdog, cause
    watchdog = None
    cause = WDT_RESET if why == "watchdog" else HARD_RESET
    resets.append(why)
    del simtime.timers[:]
    for line in pins.values():
        line.floats()
    raise Restarted(why)


def reset():
    restart("reset")


def reset_cause():
    return cause


def unique_id():
    return b"\x24\x0a\xc4\x00\x00\x01"


def freq(*_):
    return 160000000


def idle():
    pass


def disable_irq():
    global quiet
    was, quiet = quiet, True
    return was


def enable_irq(state):
    global quiet
    quiet = state


class Line:
    """One pin of the chip as the world sees it. `first`: the level it had in the moment it became
    an output, None: whatever was there."""

    def __init__(self, number):
        self.number = number
        self.level = 0  # as put out
        self.output = False
        self.first = None
        self._times = array.array("q", [0] * _KEPT)
        self._levels = bytearray(_KEPT)
        self._changes = 0
        self.pull = None
        self.source = None  # fn() -> level or, at an ADC, mV
        self.pwm = None  # (Hz, duty_u16)
        self.handler = None
        self.trigger = 0

    def drive(self, fn):
        """The world drives this pin: `fn()` -> 0 or 1; at an ADC: mV."""
        self.source = fn
        return self

    def floats(self):
        self.output = False
        self.pwm = None
        self.handler = None

    def put(self, level):  # also from interrupts, which may not allocate
        if level != self.level or not self._changes:
            at = self._changes % _KEPT
            self._times[at] = simtime.now_us
            self._levels[at] = level
            self._changes += 1
        self.level = level

    @property
    def history(self):
        """(us, level) of the last levels that were put out, the oldest first."""
        numbers = range(max(0, self._changes - _KEPT), self._changes)
        return [(self._times[n % _KEPT], self._levels[n % _KEPT]) for n in numbers]

    def look(self):
        if self.output:
            return self.level
        if self.source:
            return int(self.source())
        return 1 if self.pull == Pin.PULL_UP else 0

    @property
    def high(self):
        """What the world sees: False where nobody drives it."""
        return self.output and self.level == 1

    def pulse(self, times=1):
        """Falling and rising edges from outside."""
        for _ in range(times):
            if self.handler:
                self.handler(None)


def pin(number):
    """The pin as the world sees it."""
    if number not in pins:
        pins[number] = Line(number)
    return pins[number]


class Pin:
    IN, OUT, OPEN_DRAIN = 0, 1, 2
    PULL_UP, PULL_DOWN = 1, 2
    IRQ_RISING, IRQ_FALLING = 4, 8

    def __init__(self, id, mode=None, pull=None, *, value=None, **_):
        if id not in chip["pins"]:
            raise ValueError("invalid pin")
        self._line = pin(id)
        self.init(mode, pull, value=value)

    def init(self, mode=None, pull=None, *, value=None, **_):
        line = self._line
        if mode in (Pin.OUT, Pin.OPEN_DRAIN):
            if line.number in chip["inputs"]:
                raise ValueError("pin can only be input")
            if not line.output:
                line.first = value
            line.output = True
            line.pwm = None
        elif mode == Pin.IN:
            line.output = False
        if pull is not None:
            line.pull = pull
        if value is not None:
            line.put(value)

    def value(self, level=None):
        if level is None:
            return self._line.look()
        self._line.put(1 if level else 0)
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=12, hard=None):
        if hard is not None and not chip.get("hard_irq"):
            raise TypeError("extra keyword arguments given")
        self._line.handler, self._line.trigger = handler, trigger


class ADC:
    """Takes `adc_us` a reading. Without an input it reads what a floating one may: half."""

    ATTN_0DB, ATTN_11DB = 0, 3
    CORE_TEMP = 4

    def __init__(self, id, *, atten=None, **_):
        self._line = id._line if isinstance(id, Pin) else pin(id)
        if self._line.number not in chip["adc"]["1"] + chip["adc"].get("2", []):
            raise ValueError("Pin doesn't have ADC capabilities")
        self._us = chip["adc_us"]
        if chip["family"] == "esp32":  # the only one that is calibrated
            self.read_uv = self._read_uv

    def read_u16(self):
        return self._mv() * 65535 // 3300

    def _read_uv(self):
        return self._mv() * 1000

    def _mv(self):
        global races
        if chip.get("hard_irq") and not (inside or quiet):
            races += 1
        simtime.spend(self._us)
        source = self._line.source
        return min(max(source(), 0), 3300) if source else 1650


class PWM:
    def __init__(self, pin, *, freq=0, duty_u16=0, invert=0):
        if pin._line.number in chip["inputs"]:
            raise ValueError("invalid pin")
        self._line = pin._line
        self._line.output = True
        self._freq, self._duty = freq, duty_u16
        self._tell()

    def _tell(self):
        if chip["family"] == "rp2":  # two pins a slice, one frequency
            slice = self._line.number >> 1 & 7
            for other in pins.values():
                if other.pwm and other.number >> 1 & 7 == slice:
                    other.pwm = (self._freq, other.pwm[1])
        self._line.pwm = (self._freq, self._duty)

    def freq(self, hertz=None):
        if hertz is None:
            return self._freq
        self._freq = hertz
        return self._tell()

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        self._duty = min(duty, 65535)
        return self._tell()

    def deinit(self):
        self._line.floats()


class Timer:
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, id=-1, **options):
        if id == -1 and chip["family"] != "rp2":
            raise ValueError("Timer doesn't exist")
        self._due = None
        if options:
            self.init(**options)

    def init(self, *, mode=1, period=-1, freq=-1, callback=None, hard=False):
        if hard and not (chip.get("hard_irq") if hard_timers is None else hard_timers):
            raise TypeError("extra keyword arguments given")
        self._ms = period if period > 0 else 1000 // freq
        self._once = mode == Timer.ONE_SHOT
        self._callback = callback
        self._hard = hard
        self._due = simtime.now_us + self._ms * 1000
        if self not in simtime.timers:
            simtime.timers.append(self)

    def deinit(self):
        self._due = None
        if self in simtime.timers:
            simtime.timers.remove(self)

    def ring(self, now):
        global inside
        if self._due is None or now < self._due or (hung and not self._hard):
            return
        if self._once:
            self.deinit()
        else:
            self._due = max(self._due + self._ms * 1000, now)
        inside = True
        if self._hard:  # an interrupt may not allocate
            micropython.heap_lock()
        try:
            self._callback(self)
        finally:
            inside = False
            if self._hard:
                micropython.heap_unlock()


class WDT:
    def __init__(self, id=0, timeout=5000):
        global watchdog
        if chip["family"] == "rp2" and timeout > 8388:
            raise ValueError("timeout exceeds 8388")
        self.timeout = timeout
        watchdog = self
        self.feed()

    def feed(self):
        self.fed = simtime.now_us


class UART:
    """`line` that is attached: as `driver_fakes.Line`, for the rate and parity it has."""

    def __init__(self, id, baudrate=9600, bits=8, parity=None, stop=1, *, tx=None, rx=None, **_):
        if "UART%d" % id in broken:
            raise OSError(5)
        self._id = id
        self.tx, self.rx = tx, rx
        self.init(baudrate, bits, parity, stop)

    def init(self, baudrate=9600, bits=8, parity=None, stop=1, **_):
        self._serial = (baudrate, parity)

    @property
    def _line(self):
        """What is attached, unless it speaks another way."""
        line, serial = uarts.get(self._id, (None, None))
        return line if serial is None or serial == self._serial else None

    def any(self):
        return self._line.any() if self._line else 0

    def read(self, count=None):
        line = self._line
        return line.read(line.any() if count is None else count) if line else None

    def write(self, data):
        return self._line.write(data) if self._line else len(data)

    def txdone(self):
        return True


def uart_line(id, line, serial=None):
    """Attach `line` to a UART. `serial`: (Bd, parity) that it understands, None: any."""
    uarts[id] = (line, serial)


class I2C:
    """Devices as `reader_fakes.FakeI2C`: `writeto`, `readfrom_into`. Nobody there: OSError."""

    def __init__(self, id, *, scl=None, sda=None, freq=400000, timeout=50000):
        if "I2C%d" % id in broken:
            raise OSError(5)
        self._devices = i2cs.setdefault(id, {})

    def _device(self, address):
        if address not in self._devices:
            raise OSError(19)
        return self._devices[address]

    def writeto(self, address, data, stop=True):
        return self._device(address).writeto(address, data)

    def readfrom_into(self, address, buffer):
        self._device(address).readfrom_into(address, buffer)

    def writevto(self, address, parts):
        return self.writeto(address, b"".join(parts))

    def scan(self):
        return sorted(self._devices)


def i2c_device(id, address, device):
    i2cs.setdefault(id, {})[address] = device


class SPI:
    """The device whose chip select is low is spoken to."""

    MSB, LSB = 0, 1

    def __init__(
        self, id, baudrate=1000000, *, polarity=0, phase=0, sck=None, mosi=None, miso=None
    ):
        if "SPI%d" % id in broken:
            raise OSError(5)
        self._devices = spis.setdefault(id, {})

    @property
    def _device(self):
        for number, device in self._devices.items():
            if not pin(number).level:
                return device
        return None

    def write(self, data):
        if self._device:
            self._device.write(data)

    def readinto(self, buffer, filler=0):
        if self._device:
            self._device.readinto(buffer, filler)
        else:
            for i in range(len(buffer)):
                buffer[i] = 0xFF

    def write_readinto(self, out, into):
        if self._device:
            self._device.write_readinto(out, into)
        else:
            for i in range(len(into)):
                into[i] = 0xFF


def spi_device(id, select, device):
    spis.setdefault(id, {})[select] = device


class Counter:
    """Pulse counter of the ESP32: `pin(n).pulse()` counts."""

    RISING, FALLING = 1, 2

    def __init__(self, id, src=None, *, edge=1, filter_ns=0, **_):
        if chip["family"] != "esp32":
            raise ValueError("no counter")
        self._count = 0
        src._line.handler = self._pulse

    def _pulse(self, _pin):
        self._count += 1

    def value(self, count=None):
        was = self._count
        if count is not None:
            self._count = count
        return was


class RTC:
    def datetime(self, parts=None):
        return (2000, 1, 1, 5, 0, 0, 0, 0) if parts is None else None
