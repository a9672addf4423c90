"""Which pin may do what: the pins and buses of a composition, held against board and chip."""

_USES = {
    "out": "a pin that can be an output",
    "in": "a pin that can be an input",
    "irq": "a pin that can be an input",
    "pwm": "a pin that can be an output",
    "adc": "a pin of an ADC",
}
_LIKE = {"lamp": "out", "touch": "in"}  # what may be on an expander, too


def _parts(key):
    """Names in a key: "connectors[0].contactor.pin" has connectors, contactor and pin."""
    return [part.split("[")[0] for part in key.split(".")]


class Wiring:
    """`problem(key, value, accepted)` is called for each thing that is wrong."""

    def __init__(self, board, chip, problem):
        self._board = board
        self._chip = chip
        self._problem = problem
        self._used = {}  # pin: key
        self._slices = {}  # PWM slice: [(key, what for, 1 if its odd pin)]
        self._buses = {}  # (kind, number): [(key, sort of user)]
        self.expanded = 0  # pins of the expander: X0, X1, ...

    # -- pins ------------------------------------------------------------------------------------

    def pin(self, key, value, use, exclusive=True):
        """The number of the pin that `value` names ("X0" of one of the expander), or None, told as
        a problem. `key`: where."""
        if use in _LIKE:
            if value in ["X%d" % n for n in range(self.expanded)] and value not in self._used:
                self._used[value] = key
                return value
            use = _LIKE[use]
        number = self._number(value)
        there = number is not None and value in self._board["pins"]
        if number is None or not (there or number in self._chip["flash"]):
            self._problem(key, value, "a pin of this board: " + self._free(use))
            return None
        why = self._unfit(number, value, use, key) if there else "the flash is on it"
        if why:
            self._problem(key, value, "%s (%s): %s" % (_USES[use], why, self._free(use)))
            return None
        if exclusive and value in self._used:
            words = "a pin that nothing else uses (%s does): %s"
            self._problem(key, value, words % (self._used[value], self._free(use)))
            return None
        self._used[value] = key
        return number

    def take(self, key, value):
        """A pin is in use by something that is not of this composition."""
        self._used[value] = key

    def pull(self, key, value, number):
        """Pins that can only be inputs have no pull resistors."""
        if value != "none" and number in self._chip["inputs"]:
            self._problem(key, value, '"none": GPIO%d has no pull resistors' % number)

    def _number(self, value):
        if not isinstance(value, str) or value[:4] != "GPIO" or len(value) > 6:
            return None
        for number in self._chip["pins"]:
            if value == "GPIO%d" % number:
                return number
        return None

    def _unfit(self, number, value, use, key):
        """Why this pin can't be used so, or None."""
        chip = self._chip
        facts = self._board["pins"][value]
        facts = facts if isinstance(facts, dict) else {}
        role = facts.get("role")
        if role and role not in _parts(key):
            return "it is wired to the " + role
        if not facts.get("safe"):
            if number in chip["flash"]:
                return "the flash is on it"
            if number in chip["psram"] and self._board.get("psram"):
                return "the PSRAM is on it"
            if number in chip["strapping"]:
                return "its level at the start chooses how the chip boots"
            if number in chip["console"]:
                return "the console is on it"
        if use in ("out", "pwm") and number in chip["inputs"]:
            return "it can only be an input"
        if use == "adc":
            return self._no_adc(number)
        return None

    def _no_adc(self, number):
        adc = self._chip["adc"]
        if number in adc["1"]:
            return None
        if number in adc.get("2", ()):
            if self._board.get("wifi", True):
                return "ADC2 does not work beside Wi-Fi"
            return None
        return "it has no ADC"

    def _free(self, use):
        """Names of the pins that would do."""
        names = []
        for value in self._board["pins"]:
            number = self._number(value)
            if number is None or value in self._used:
                continue
            facts = self._board["pins"][value]
            if isinstance(facts, dict) and facts.get("role"):
                continue
            if not self._unfit(number, value, use, "x.x"):
                names.append((number, value))
        return ", ".join([name for _, name in sorted(names)]) or "none is left"

    def pwm(self, key, value, number, what):
        """Two pins of a slice have one frequency, and the same pin of two slices one duty."""
        slices = self._chip.get("slices")
        if not slices or number is None:
            return
        slice = (number >> 1) % slices
        for other, other_what, odd in self._slices.get(slice, ()):
            if what != other_what or odd == number & 1:
                words = "a pin of another PWM slice than that of %s"
                self._problem(key, value, words % other)
        self._slices.setdefault(slice, []).append((key, what, number & 1))

    # -- buses -----------------------------------------------------------------------------------

    def bus(self, key, kind, number, sort, given):
        """Somebody at `key` uses a bus. `sort`: users of one sort share it, None: nobody shares.
        `given`: the buses there are, {"1": ...}."""
        if number not in self._chip[kind + "s"] or str(number) not in given:
            there = [n for n in self._chip[kind + "s"] if str(n) in given]
            words = ", ".join([str(n) for n in there]) or "none: %s gives no pins" % kind
            self._problem(key, number, "a bus that has pins: " + words)
            return
        for other, other_sort in self._buses.get((kind, number), ()):
            if sort is None or sort != other_sort:
                self._problem(key, number, "a bus for itself (%s uses it)" % other)
                return
        self._buses.setdefault((kind, number), []).append((key, sort))

    def fixed(self, key, kind, number, wire, value, pin):
        """On some chips a bus can only be at certain pins."""
        able = self._chip.get("fixed", {}).get("%s%s" % (kind, number), {}).get(wire)
        if able and pin is not None and pin not in able:
            self._problem(key, value, ", ".join(["GPIO%d" % n for n in able]))

    @property
    def buses(self):
        """(kind, number) of the buses in use."""
        return self._buses
