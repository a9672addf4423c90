"""Time of the fake chip: it stands still until somebody moves it, and the timers ring as it goes.

    simtime.advance(5)       5 ms go by; what is in `every` is called each ms, timers when due
    simtime.spend(12)        12 us of the running code, as an ADC takes them: nothing rings

Also the module `time` of the firmware, once `install()` has put it in its place.
"""

import sys

import utime  # the interpreter's own

_MASK = const(0x3FFFFFFF)  # ticks of a chip wrap at 2**30

now_us = 5_000_000  # since the chip was switched on
_seen_us = now_us  # when the world was last called
timers = []  # machine.Timer that run
every = []  # fn(ms), about each ms: the world around the chip
epoch_s = 0  # what time() tells at the start: boards have no clock


def install():
    """Have the firmware see this as `time`."""
    sys.modules["time"] = sys.modules["simtime"]
    for name in ("ocpp.clock", "hardware.board"):
        if name in sys.modules:
            sys.modules[name].time = sys.modules["simtime"]


def spend(us):
    global now_us
    now_us += us


def advance(ms):
    """Let `ms` milliseconds go by, in order: the world, then the timers that are due. What they
    spend counts."""
    global now_us, _seen_us
    end = (now_us // 1000 + ms) * 1000
    while now_us < end:
        now_us += 1000 - now_us % 1000
        gone = (now_us - _seen_us) // 1000
        _seen_us = now_us
        for fn in every:
            fn(gone)
        for timer in list(timers):
            timer.ring(now_us)


def ticks_us():
    return now_us & _MASK


def ticks_ms():
    return now_us // 1000 & _MASK


def ticks_diff(a, b):
    return ((a - b + (_MASK + 1) // 2) & _MASK) - (_MASK + 1) // 2


def ticks_add(a, b):
    return (a + b) & _MASK


def sleep_ms(ms):
    advance(ms)


def sleep_us(us):
    spend(us)


def sleep(s):
    advance(int(s * 1000))


def time():
    return epoch_s + now_us // 1000000


def time_ns():
    return time() * 1000000000


def gmtime(seconds=None):
    return utime.gmtime(time() if seconds is None else seconds)


localtime = gmtime


def mktime(parts):
    return utime.mktime(parts)
