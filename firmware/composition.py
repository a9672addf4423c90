"""The hardware of a charger, as board and configuration put it together: checked, defaults filled
in, pins as numbers. docs/boards.md tells the keys; parts.py has them as tables.

`check()` gives everything that is wrong, each as a line that names the key, its value and what is
accepted. It runs on the charger and, by `tools/config check`, on a PC.
"""

import json

import parts
from rules import fits, is_int, nearest, words
from wiring import Wiring

BUS_KINDS = parts.BUSES
KEYS = ("connectors",) + tuple(parts.OF_STATION) + parts.BUSES  # of the configuration
_REFERENCE = ((172, -12000), (2533, 12000))  # of the pilot circuit in docs/boards.md
_SERIAL = {"none": None, "even": 0, "odd": 1}
_MOST = const(16)  # connectors
# Parts of a connector with our own state machine
_OWN = tuple("pilot load lock rcm proximity temperature emergency earth".split())
_FOR_BUILDING = ("family", "adc_us", "timer", "hard_irq", "counters")  # facts of the chip


def check(config, board, chip):
    """(plan, problems): the composition for `hardware.board`, and lines about what is wrong; the
    plan is of use only if there are none. `config`: of the keys `KEYS`, what the user wants."""
    work = _Check(board, chip)
    work.run(config)
    return work.plan, work.problems


class _Check:
    def __init__(self, board, chip):
        self.problems = []
        self.plan = {"connectors": []}
        self._board = board
        self._chip = chip
        self._wiring = Wiring(board, chip, self._problem)
        self._buses = {}  # kind: {"1": {...}} as merged
        self._addresses = {}  # (uart, address): key

    def _problem(self, key, value, accepted, hint=""):
        shown = json.dumps(value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        self.problems.append("%s is %s; %saccepted: %s" % (key, shown, hint, accepted))

    def run(self, config):
        usual = self._board.get("hardware", {})
        for name, pin in self._board.get("network", {}).items():
            if isinstance(pin, str) and pin[:4] == "GPIO":
                self._wiring.take("the network (%s)" % name, pin)
        for kind in parts.BUSES:
            self._buses[kind] = dict(usual.get(kind, {}))
            given = config.get(kind, {})
            if not isinstance(given, dict):
                self._problem(kind, given, "an object of buses")
                given = {}
            for number, bus in given.items():
                self._buses[kind][number] = _merged(self._buses[kind].get(number), bus)
        self._wiring.expanded = self._expander(usual, config)
        for i, outlet in enumerate(self._connectors(usual, config.get("connectors"))):
            self.plan["connectors"].append(self._connector("connectors[%d]" % i, outlet))
        for name, kinds in parts.OF_STATION.items():
            self._of_station(name, kinds, _merged(usual.get(name), config.get(name, ...)))
        for kind in parts.BUSES:
            self._lines(kind)
        self.plan["chip"] = {key: self._chip.get(key) for key in _FOR_BUILDING}

    def _expander(self, usual, config):
        """How many pins the expander has, which is needed before anything is on them."""
        part = _merged(usual.get("expander"), config.get("expander", ...))
        driver = part.get("driver") if isinstance(part, dict) else None
        return parts.EXPANDED.get(driver, 0) if isinstance(driver, str) else 0

    def _connectors(self, usual, given):
        """What is to be known of each connector, board and configuration merged."""
        usual = usual.get("connectors", [])
        if given is None:
            given = len(usual) or 1
        if is_int(given):
            if not 1 <= given <= len(usual):
                most = "1 to %d, or " % len(usual) if usual else ""
                self._problem("connectors", given, most + "a list with an object for each")
            return usual[:given]
        if not isinstance(given, list) or not 1 <= len(given) <= _MOST:
            self._problem("connectors", given, "a number, or a list of 1 to %d objects" % _MOST)
            return []
        found = []
        for i, outlet in enumerate(given):
            if not isinstance(outlet, dict):
                self._problem("connectors[%d]" % i, outlet, "an object")
                continue
            merged = dict(usual[i]) if i < len(usual) else {}
            for name, value in outlet.items():
                merged[name] = _merged(merged.get(name), value)
            found.append(merged)
        return found

    # -- parts -----------------------------------------------------------------------------------

    def _connector(self, key, outlet):
        plain = parts.parsed(parts.CONNECTOR)
        own = {name: value for name, value in outlet.items() if name not in parts.OF_CONNECTOR}
        found = self._fields(key, own, plain, tuple(plain) + tuple(parts.OF_CONNECTOR))
        for name, kinds in parts.OF_CONNECTOR.items():
            part = outlet.get(name)
            if part is not None:
                found[name] = self._part("%s.%s" % (key, name), part, kinds)
        self._whole(key, found)
        return found

    def _whole(self, key, found):
        """Is it all there?"""
        if "foreign" in found:
            self._beside_foreign(key, found)
        elif "contactor" not in found:
            self._problem(key + ".contactor", None, "an object with the pin of the contactor")
        if "pilot" in found and "load" in found:
            self._problem(key + ".load", "there", "null: with a pilot the car tells")
        if "pilot" not in found and "foreign" not in found and "load" not in found:
            self._problem(
                key + ".pilot", None, "an object; or load or foreign for a connector without pilot"
            )
        if found.get("socket") and "proximity" not in found:
            self._problem(key + ".socket", True, "false without proximity: cables differ")
        contactor = found.get("contactor") or {}
        if contactor.get("hold_ms") is not None:
            self._held(key + ".contactor.hold_ms", contactor)
        second = contactor.get("second")
        if second is not None and found.get("phases") != 3:
            self._problem(key + ".contactor.second", "GPIO%d" % second, "null with one phase")

    def _held(self, key, contactor):
        """PIO holds the contactor, as only RP2 can, and only high."""
        most = 2  # connectors: PIO 0 has four state machines
        low = 0 in (contactor["active"], contactor["second_active"])
        if self._chip["family"] != "rp2":
            self._problem(key, contactor["hold_ms"], "null: only an RP2 can do this; see beat")
        elif low or contactor["beat"] is not None:
            words = "null where active or second_active is 0, and beside beat"
            self._problem(key, contactor["hold_ms"], words)
        elif len(self.plan["connectors"]) >= most:
            self._problem(key, contactor["hold_ms"], "null from the third connector on")

    def _beside_foreign(self, key, found):
        """What only the own state machine would look at is not to be taken for protection."""
        for name in _OWN:
            if name in found:
                words = "null: with a foreign controller nobody looks at it"
                self._problem("%s.%s" % (key, name), "there", words)
        if (found.get("contactor") or {}).get("feedback") is not None:
            self._problem(key + ".contactor.feedback", "there", "null with a foreign controller")

    def _of_station(self, name, kinds, given):
        if given is None:
            return
        if name != "rfid":
            self.plan[name] = self._part(name, given, kinds)
            return
        if isinstance(given, list):
            keys = ["rfid[%d]" % i for i in range(len(given))]
        else:
            given, keys = [given], ["rfid"]
        self.plan[name] = [self._part(key, part, kinds) for key, part in zip(keys, given)]

    def _part(self, key, part, kinds):
        """A part with all its fields, or {}."""
        if not isinstance(part, dict):
            self._problem(key, part, "an object, or null for none")
            return {}
        drivers = parts.drivers(kinds)
        driver = part.get("driver")
        if drivers:
            if self._missing(key + ".driver", driver, driver):
                return {}
            if driver not in drivers:
                self._unknown(key + ".driver", driver, drivers)
                return {}
            part = {name: value for name, value in part.items() if name != "driver"}
        elif self._missing(key, part, key.split(".")[-1]):
            return {}
        rules = parts.parsed(parts.fields(kinds, driver))
        found = self._fields(key, part, rules, tuple(rules))
        if drivers:
            found["driver"] = driver
        self._more(key, driver, found, part)
        return found

    def _missing(self, key, value, name):
        """Is the code for it not in this build? That is told as a problem then."""
        if name not in self._board.get("without", ()):
            return False
        self._problem(key, value, "what this build has code for")
        return True

    def _fields(self, key, given, rules, known):
        """Each field checked, defaults filled in, pins as numbers."""
        for name in given:
            if name not in rules:
                near = nearest(name, known)
                hint = 'did you mean "%s"? ' % near if near else ""
                self.problems.append(
                    "unknown key %s.%s (value %s); %saccepted: %s"
                    % (key, name, json.dumps(given[name]), hint, ", ".join(sorted(known)))
                )
        found = {}
        for name, (rule, default) in rules.items():
            value = given.get(name)
            if value is None:
                if default is ...:
                    self.problems.append(
                        "%s.%s is missing; accepted: %s" % (key, name, _words(rule))
                    )
                found[name] = None if default is ... else default
            else:
                found[name] = self._value("%s.%s" % (key, name), value, rule)
        if found.get("pull") not in (None, "none"):
            for name in ("pin", "d0", "d1", "feedback", "sense", "second"):
                if isinstance(found.get(name), int) and rules[name][0] in ("in", "irq", "touch"):
                    self._wiring.pull(key + ".pull", found["pull"], found[name])
        return found

    def _value(self, key, value, rule):
        if rule in parts.PIN_USES:
            number = self._wiring.pin(key, value, rule)
            if rule == "pwm":
                what = "pilot" if key.endswith(".pilot.pin") else key
                self._wiring.pwm(key, value, number, what)
            return number
        if rule == "curve":
            return self._curve(key, value)
        if rule in parts.BUSES:
            rule = range(0, 8)
        if not fits(value, rule):
            self._problem(key, value, words(rule))
            return None
        return value

    def _curve(self, key, value):
        good = isinstance(value, list) and 2 <= len(value) <= 8
        last = (-1, -20001)
        for pair in value if good else ():
            good = good and fits(pair, list) and len(pair) == 2
            good = good and fits(pair[0], range(0, 3301)) and fits(pair[1], range(-20000, 20001))
            good = good and pair[0] > last[0] and pair[1] > last[1]
            last = pair if good else last
        if not good:
            words = "2 to 8 pairs [mV at the ADC, mV of the pilot], both rising"
            self._problem(key, value, words)
            return _REFERENCE
        return tuple([tuple(pair) for pair in value])

    def _more(self, key, driver, found, part):
        """What one field alone can't tell."""
        if key.endswith(".pilot") and found["curve"] is None:
            found["curve"] = _REFERENCE
        if driver == "leds" and not any(
            [part.get(c) is not None for c in ("red", "green", "blue")]
        ):
            self._problem(key, "no LED", "red, green or blue with a pin")
        if driver == "pn532":
            ways = [kind for kind in parts.BUSES if part.get(kind) is not None]
            if len(ways) != 1 or (ways == ["spi"]) != (part.get("cs") is not None):
                self._problem(key, ways, "one of i2c, uart, and spi with cs")
        for kind in parts.BUSES:
            if found.get(kind) is not None:
                self._on_bus(key, kind, driver, found)

    # -- buses -----------------------------------------------------------------------------------

    def _on_bus(self, key, kind, driver, found):
        sort = kind  # any number of parts with addresses or chip selects
        if kind == "uart":
            sort = self._serial(key, driver, found)
        self._wiring.bus("%s.%s" % (key, kind), kind, found[kind], sort, self._buses[kind])
        if sort and kind == "uart":
            at = (found[kind], found["address"])
            if at in self._addresses:
                words = "an address of its own (%s has this one)" % self._addresses[at]
                self._problem(key + ".address", found["address"], words)
            self._addresses[at] = key

    def _serial(self, key, driver, found):
        """How the line is set for a device on Modbus, else None."""
        if "address" not in found:
            return None
        usual = (9600, None)
        if "baud" in found:
            from drivers import meters

            usual = meters.load(driver)["serial"]
        parity = found.get("parity")
        found["parity"] = usual[1] if parity is None else _SERIAL[parity]
        found["baud"] = found.get("baud") or usual[0]
        return "%d %s" % (found["baud"], found["parity"])

    def _lines(self, kind):
        """The pins of the buses that are in use."""
        self.plan[kind] = {}
        rules = parts.parsed(parts.OF_BUS[kind])
        for number, bus in self._buses[kind].items():
            key = "%s.%s" % (kind, number)
            if len(number) != 1 or number not in "01234567" or not isinstance(bus, dict):
                self._problem(key, bus, 'an object with pins, its key a number like "1"')
            elif (kind, int(number)) in self._wiring.buses:
                found = self._fields(key, bus, rules, tuple(rules))
                for wire in rules:
                    value = bus.get(wire)
                    self._wiring.fixed(key + "." + wire, kind, number, wire, value, found[wire])
                self.plan[kind][int(number)] = found

    def _unknown(self, key, value, known):
        near = nearest(value, known) if isinstance(value, str) else None
        hint = 'did you mean "%s"? ' % near if near else ""
        self._problem(key, value, ", ".join(known), hint)


def _merged(usual, given):
    """What the user says, over what the board says; ...: he says nothing."""
    if given is ...:
        return usual
    if not isinstance(usual, dict) or not isinstance(given, dict):
        return given
    if given.get("driver", usual.get("driver")) != usual.get("driver"):
        return given
    both = dict(usual)
    for name, value in given.items():
        both[name] = value
    return both


def _words(rule):
    if rule in parts.PIN_USES:
        return "a pin, such as GPIO4"
    if rule in parts.BUSES:
        return "the number of a bus"
    return words(rule)
