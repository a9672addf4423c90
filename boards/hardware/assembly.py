"""Puts a board together at its start; let go afterwards.

Contactors come first, and off. What can't be made is told by its connector: without pilot,
contactor or a monitor it is out of order; all else is only missing.
"""

import gc

from hardware import build
from hardware.evse import Evse
from ocpp.log import log


class Assembly:
    """See `Board.__init__` for what is made of `plan`."""

    def __init__(self, plan, clock, store):
        # Nothing is on from here on; whatever else goes wrong, it stays so.
        self.mains = [_main(outlet) for outlet in plan["connectors"]]
        self._clock = clock
        self._builder = build.Builder(plan, clock, store)
        self.parts = []
        self.jumps = {}
        self.readers = []
        self.evses = []
        for number, outlet in enumerate(plan["connectors"], 1):
            self._evse(number, outlet)
            gc.collect()
        self.button = self.buzzer = self.display = self.id_tag = None
        self._front(plan)

    def _evse(self, number, outlet):
        main = self.mains[number - 1]
        troubles = {}
        meter = self._part(troubles, "Meter", lambda: self._meter(number, outlet))
        try:
            main = self._falls_back(number, outlet, main)
            make = self._foreign if "foreign" in outlet else self._own
            evse = make(number, outlet, main, meter)
        except Exception as e:  # what protects people is missing
            from hardware.standin import Nothing

            words = text(e)
            log.error("connector %d" % number, "out of order:", words)
            nothing = Nothing(words, main)
            evse = Evse(number, nothing, nothing, meter)
        self.evses.append(evse)
        if meter is not None:
            self.parts.append(("Meter", number, meter))
        if hasattr(evse.sensor, "step"):
            self.parts.append(("Temperature", number, evse.sensor))
        if "lights" in outlet:
            make = lambda: _front().lights(self._builder, outlet["lights"])  # noqa: E731
            evse.lights = self._part(troubles, "Lights", make)
        evse.troubles = troubles
        evse.tell()

    def _falls_back(self, number, outlet, main):
        """The contactor by an output that falls back by itself, if the board asks for that."""
        part = outlet.get("contactor") or {}
        if part.get("beat") is not None or part.get("hold_ms") is not None:
            main = self.mains[number - 1] = self._builder.falling_back(part, 2 * number - 2)
        return main

    def _meter(self, number, outlet):
        part = outlet.get("meter")
        if part is None:
            return None
        name = "meter%d" % number
        # The most that can flow: more than is allowed, at more than the usual voltage
        meter = self._builder.meter(part, name, outlet["max_a"] * 400 * outlet["phases"])
        if hasattr(meter.register, "jumps"):
            self.jumps[name] = meter.register.jumps
        return meter

    def _own(self, number, outlet, main, meter):
        """An outlet with a pilot, or without, under our own state machine."""
        from evse.controller import Controller
        from evse.guard import Guard

        load = None
        if "pilot" not in outlet:
            from hardware.plug import Load

            load = Load()
        hal = self._builder.outlet(outlet, main, load)
        hal.meter = meter
        hal.sensor = self._sensor(outlet, hal)
        guard = Guard(hal, self._clock)
        controller = Controller(hal, self._clock, guard)
        evse = Evse(number, controller, guard, meter, _parking(outlet), hal.sensor)
        evse.switches_phases = hal.switches_phases
        evse.all_phases = hal.phases
        evse.locked = hal.locked if hal.has_lock else None
        if load is not None:
            evse.load, evse.clock = load, self._clock
            evse.idle_w, evse.idle_s = outlet["load"]["idle_w"], outlet["load"]["idle_s"]
        return evse

    def _sensor(self, outlet, hal):
        part = outlet.get("temperature")
        if part is None:
            return None
        hal.derate_c, hal.stop_c = part["derate_c"], part["stop_c"]
        return self._builder.thermometer(part)

    def _foreign(self, number, outlet, main, meter):
        from hardware.standin import Relay

        controller = self._builder.foreign(outlet["foreign"], outlet["max_a"] * 1000)
        if meter is None and hasattr(controller, "energy_wh"):
            meter = controller
        relay = Relay(main, controller, self._clock)
        evse = Evse(number, controller, relay, meter, _parking(outlet))
        evse.relay = relay
        return evse

    def _part(self, troubles, name, make):
        """What `make()` gives; None if it can't, which is noted."""
        try:
            return make()
        except Exception as e:  # drivers raise what they like, and so do ports
            log.error("hardware", name + ":", text(e))
            troubles[name] = text(e)
            return None

    def _front(self, plan):
        """What people touch and see."""
        builder = self._builder
        for part in plan.get("rfid", ()):
            number = part["connector"] or 1
            evse = self.evses[min(number, len(self.evses)) - 1]
            reader = self._part(
                evse.troubles, "Reader", lambda p=part: _front().reader(builder, p)
            )
            if reader:
                self.readers.append(reader)
                self.parts.append(("Reader", evse.id, reader.driver))
            evse.tell()
        if plan.get("expander"):
            expander = self._part(self.evses[0].troubles, "Expander", builder.expander)
            if expander:
                self.parts.append(("Expander", 1, expander))
            self.evses[0].tell()
        log_only = {}
        for name in ("button", "buzzer", "display", "lights"):
            part = plan.get(name)
            if part:
                make = lambda n=name, p=part: getattr(_front(), n)(builder, p)  # noqa: E731
                made = self._part(log_only, name, make)
                if name == "lights":
                    self.evses[0].lights = self.evses[0].lights or made
                else:
                    setattr(self, name, made)
        if plan.get("button"):
            self.id_tag = plan["button"]["id_tag"]


def _front():
    from hardware import front

    return front


def _main(outlet):
    """The contactor, off; None without one."""
    part = outlet.get("contactor")
    if part is None:
        return None
    main = build.output(part["pin"], part["active"])
    if part["second"] is not None:
        main.second = build.output(part["second"], part["second_active"])
    return main


def _parking(outlet):
    part = outlet.get("parking")
    if part is None:
        return None
    return build.input(part["pin"], part["active"], part["pull"])


def text(error):
    return str(error) or type(error).__name__
