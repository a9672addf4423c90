"""Network profiles: slots that say where the central system is, tried in order of priority.

A slot is [URL, security profile, message timeout in s, subprotocols]; URL None: that of the
configuration. Slot 1 is what is configured, until it is written. On flash (`network`):

    slots   {number as text: slot}
    good    [number, slot] of the last connection: it is tried when all in the list have failed

The order counts from the next start on (NetworkConfigurationPriority); a slot is left after
NetworkProfileConnectionAttempts failures, and the first follows the last.
"""

from ocpp.log import log

_STATE = const("network")
_PRIORITY = const("OCPPCommCtrlr.NetworkConfigurationPriority")
_ATTEMPTS = const("OCPPCommCtrlr.NetworkProfileConnectionAttempts")
_SLOTS = const("1234")
_LONGEST = const(600)  # s of a message timeout


class Network:
    """A part of the station (see `OnDemand.part`); what it knows is on flash and in
    `station.route`: [numbers in order, place in it, failures there, number of the last link]."""

    def __init__(self, station):
        self._station = station
        kept = station.store.load(_STATE)
        self._kept = kept if isinstance(kept, dict) else {}

    def slot(self, number):
        """The slot of a number as text; "0": the last that worked. None: it is empty."""
        if number == "0":
            return self._kept["good"][1]
        if number == "1" and not self._kept:
            return [None, self._station.settings.get("SecurityProfile"), 0, None]
        return self._kept.get("slots", {}).get(number)

    def write(self, number, slot):
        """Fill a slot. What is wrong with it in words, None: it is kept. OSError: the flash does
        not take it."""
        url, profile, timeout, _ = slot
        if number not in _SLOTS or len(number) != 1:
            return "no such slot"
        scheme, _, rest = url.partition("://")
        host = rest.split("/")[0]
        if scheme.lower() not in ("ws", "wss") or not host or " " in url or "@" in host:
            return "not a URL of a WebSocket"
        if not 0 <= profile <= 3 or not 0 < timeout <= _LONGEST:
            return "out of range"
        if profile < self._station.settings.get("SecurityProfile"):
            return "lower security profile"
        first = self.slot("1")
        slots = dict(self._kept.get("slots", {"1": first}))
        slots[number] = slot
        self._keep({"slots": slots, "good": self._kept.get("good", ["1", first])})
        return None

    def wrong(self, text):
        """Why a text can't be the order of the slots, or None."""
        station = self._station
        if not text:
            return "empty"
        for number in text.split(","):
            slot = self.slot(number)
            if slot is None:
                return "slot %s is empty" % number
            if slot[1] < station.settings.get("SecurityProfile"):
                return "slot %s has a lower security profile" % number
            why = station.part("credentials").wrong_profile(str(slot[1]))
            if why:
                return why
        return None

    # -- dialling --

    def plan(self):
        """The order for this start, for `station.route`; None: there is but what is configured."""
        if not self._kept:
            return None
        order = [n for n in self._station.settings.get(_PRIORITY).split(",") if self.slot(n)]
        good, slot = self._kept["good"]
        if good not in order or self.slot(good) != slot:
            order.append("0")
        return [order, 0, 0, None]

    def number(self):
        """Number of the slot in use."""
        order, place, _, _ = self._station.route
        return self._kept["good"][0] if order[place] == "0" else order[place]

    def dialled(self, url, protocols):
        """(URL, subprotocols) of the slot whose turn it is; its security profile counts."""
        station = self._station
        order, place, _, _ = station.route
        there, profile, timeout, spoken = self.slot(order[place])
        station.settings.assume("SecurityProfile", profile)
        if timeout:
            station.rpc.timeout_ms = timeout * 1000
        return there or url, spoken or protocols

    def failed(self):
        """A dial failed."""
        route = self._station.route
        route[2] += 1
        if route[2] >= self._station.settings.get(_ATTEMPTS):
            route[1] = (route[1] + 1) % len(route[0])
            route[2] = 0
            log.warn("network", "slot", route[0][route[1]], "has its turn")

    def connected(self):
        """The slot works: it is what counts. True if the last connection was to another."""
        station = self._station
        route = station.route
        number = self.number()
        slot = self.slot(route[0][route[1]])
        route[2] = 0
        if self._kept["good"] != [number, slot]:
            self._raise_profile(slot[1])
            self._keep({"slots": self._kept["slots"], "good": [number, slot]})
        other = route[3] not in (None, number)
        route[3] = number
        return other

    def on_trial(self):
        """True while a slot is dialled that has not worked yet."""
        route = self._station.route
        return route is not None and self._kept["good"][1] != self.slot(route[0][route[1]])

    def profile_changed(self, profile):
        """The security profile was changed otherwise: the slot in use has it, too."""
        number, slot = self._kept["good"]
        slot = slot[:1] + [profile] + slot[2:]
        slots = dict(self._kept["slots"])
        slots[number] = slot
        self._keep({"slots": slots, "good": [number, slot]})

    def _raise_profile(self, profile):
        """A higher security profile has proved itself: no slot below it is tried any more."""
        settings = self._station.settings
        settings.commit("SecurityProfile")
        order = settings.get(_PRIORITY).split(",")
        left = [n for n in order if self.slot(n) and self.slot(n)[1] >= profile]
        if left and left != order:
            settings.force(_PRIORITY, ",".join(left))

    def _keep(self, kept):
        if not self._station.store.save(_STATE, kept):
            raise OSError("flash does not take it")
        self._kept = kept
