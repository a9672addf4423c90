"""Helpers of the unit tests: a clock that is moved by hand, and `raises`."""

from ocpp.clock import Clock

_MASK = const(0x1FFFFFFF)


class FakeClock(Clock):
    """Time stands still until `advance(ms)`."""

    def __init__(self, start=0x1FFFFF00, unix=None):
        self.now = start & _MASK  # close to the wrap on purpose
        super().__init__()
        if unix is not None:
            self.set_unix(unix)

    def ticks(self):
        return self.now

    def advance(self, ms):
        # In steps, so that uptime is read often enough to survive any number of wraps.
        while ms > 0:
            part = min(ms, 0x8000000)
            self.now = (self.now + part) & _MASK
            self.uptime()
            ms -= part


def raises(exception, fn, *args):
    """Call `fn(*args)`; it must raise `exception`, which is returned."""
    try:
        fn(*args)
    except exception as e:
        return e
    raise AssertionError("%s not raised" % exception.__name__)
