"""An EVSE of the board as the firmware sees it, the like of `sim.evse.Evse`: behind it is the
state machine of `lib/evse`, or a foreign controller, or nothing that works. And its card reader.
"""

from evse.stopwatch import Stopwatch

_LIVE_MA = const(1000)  # a phase with less is not in use


class Evse:
    """`controller`: of `lib/evse` or `lib/drivers`; `meter`, `parking`: or None. `guard`: whoever
    has a `tick()` and an `open()`."""

    public_key = sign = None
    switches_phases = False
    lights = None
    locked = None  # fn() -> as `Hal.locked`; None: no lock
    shown = "booting"  # state of the station's connector
    all_phases = 1  # of the contactor, when all are closed
    relay = None  # `Relay` of a foreign controller
    # Without a pilot
    load = None  # `Load`
    idle_w = 0  # less power than this is none
    idle_s = 0  # so long with none, and the load is gone; 0: never
    clock = None
    _idle = None  # `Stopwatch` while it draws nothing
    _done = False  # it has drawn nothing for so long that it counts as gone

    def __init__(self, number, controller, guard, meter=None, parking=None, sensor=None):
        self.id = number
        self.controller = controller
        self.guard = guard
        self.meter = meter
        self._parking = parking
        self.sensor = sensor
        self.permit = False  # from the station
        self.limit_ma = None
        self.limit_phases = None
        self.lock_wanted = False
        self.authorized = None
        # For the station
        self.connected = self.ev_ready = self.offering = self.occupied = False
        self.cable_ma = None  # what the cable carries, None: not known
        self.energy_wh = None  # import register in Wh, None: silent or broken, 0: there is none
        self.phases = None  # that the car uses when all are offered, None: not known (yet)
        self.errors = ()  # (code, info, vendor id, vendor code, faulted); a new one at a change
        self._faults = ()
        self.troubles = {}  # part: words, of parts without which charging goes on

    def step(self):
        controller = self.controller
        controller.permit = bool(self.permit)
        controller.limit_ma = self.limit_ma
        controller.limit_phases = self.limit_phases
        controller.lock_wanted = self.lock_wanted
        if self.load is not None:
            self._watch_load()
        controller.step()
        if self.relay is not None:
            self.relay.step()
        if controller.faults is not self._faults:
            self._faults = controller.faults
            self.tell()
        self._see()

    def tell(self):
        """Faults or troubles have changed."""
        errors = []
        for f in self._faults:
            errors.append((f.code, f.info, f.vendor_id, f.vendor_code, f.faulted))
        for part, words in sorted(self.troubles.items()):
            code = _CODES.get(part, "OtherError")
            # Another name than that of a fault of `lib/evse`
            errors.append((code, words[:50], "ocppy", part + "Part", False))
        self.errors = tuple(errors)

    def off(self):
        """The station's software is not there: no current."""
        self.permit = False
        self.limit_ma = self.limit_phases = None
        self.guard.open()

    # -- what the station sees -------------------------------------------------------------------

    def _see(self):
        """What the station may look at as often as it likes."""
        controller = self.controller
        self.connected = controller.plugged
        self.ev_ready = controller.ev_ready
        self.offering = controller.offering
        self.cable_ma = getattr(controller, "cable_ma", None)
        self.occupied = self._parking is not None and self._parking.on
        meter = self.meter
        if meter is None:
            self.energy_wh = None if "Meter" in self.troubles else 0
        elif meter.stale:
            self.energy_wh = None
        else:
            self.energy_wh = meter.energy_wh
            if self.connected and self.guard.phases == self.all_phases:
                self._count_phases(meter)
        if not self.connected:
            self.phases = None

    def _count_phases(self, meter):
        live = 0
        for phase in (1, 2, 3):
            live += (meter.current_ma(phase) or 0) >= _LIVE_MA
        if live > (self.phases or 0):  # they need not begin together
            self.phases = live

    def measurands(self):
        """(measurand, fn() -> number or None, unit, phase, location) beside the register."""
        if self.meter is not None:
            yield from self.meter.measurands()
        if self.sensor is not None:
            yield "Temperature", self.sensor.temperature, "Celsius", None, "Body"

    def unlock(self):
        """True: the lock is open; False: there is none; None: it still moves."""
        if self.locked is None:
            return False
        return True if self.locked() is False else None

    # -- without a pilot -------------------------------------------------------------------------

    def _watch_load(self):
        """A switch can't tell a load how much it may draw: less than all is nothing."""
        load = self.load
        if self.limit_ma is not None and self.limit_ma < load.max_ma:
            self.controller.limit_ma = 0
        if not self.authorized:
            self._done = False
        elif self.idle_s and not self._done:
            self._done = not self._draws()
        load.wanted = bool(self.authorized) and not self._done

    def _draws(self):
        """Does the load still draw power, or did a moment ago?"""
        power = getattr(self.meter, "power_w", None) or 0
        if power >= self.idle_w or not self.guard.phases:
            self._idle = None
            return True
        if self._idle is None:
            self._idle = Stopwatch(self.clock)
        return self._idle.ms() < self.idle_s * 1000


_CODES = {"Meter": "PowerMeterFailure", "Reader": "ReaderFailure"}


class Reader:
    """A card reader with the way it writes numbers. `connector`: whose it is, None: of all."""

    def __init__(self, driver, options, connector):
        self.driver = driver
        self.connector = connector
        self._options = options  # of `cards.id_tag`

    def take(self):
        """idTag of a card that was held to it, or None."""
        uid = self.driver.take()
        if uid is None:
            return None
        from drivers.cards import id_tag

        return id_tag(uid, **self._options)
