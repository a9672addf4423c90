"""Prices and costs that the central system tells, for the host to show (`Host.on_price`); meter
values at the moments it names, so that it can tell them anew (OCPP 2.0.1 I, California pricing).

What is told is a dict: `kind` is "user" (price for an identifier, before it charges), "running" or
"final" (cost of a transaction), the other fields are those of the message: `cost`, `text`, ...
"""

from ocpp.clock import Timer
from ocpp.log import log

_FRESH_S = const(60)  # a price told that long ago is still meant for who is authorized now
_BAND = const(20)  # a power that was reached counts anew after a change by a 20th
_CONTEXT = const("Other")


class Pricing:
    """A part of the station (see `OnDemand.part`), there while something is due."""

    def __init__(self, station):
        self._station = station
        self._moments = {}  # connector number -> `_moment`
        self._held = []  # (identifier, fn, Timer): wait for the price to be shown
        self._fresh = {}  # identifier -> uptime until which its price counts as told
        self._leaving = {}  # connector number -> id of the transaction whose EV is to leave

    @property
    def busy(self):
        return bool(self._moments or self._held or self._fresh or self._leaving)

    def user(self, id_token, told):
        """The price for an identifier; who waits for it goes on."""
        told["kind"] = "user"
        told["id_token"] = id_token
        self._tell(None, told)
        self._fresh[id_token] = self._station.clock.uptime() + _FRESH_S
        for entry in list(self._held):
            if entry[0] == id_token:
                self._release(entry)

    def hold(self, id_token, ms, fn):
        """Call `fn()` once the price for an identifier is told, after `ms` at the latest."""
        if self._fresh.pop(id_token, None) is not None or ms <= 0:
            return fn()
        timer = Timer(self._station.clock)
        timer.start(ms)
        self._held.append((id_token, fn, timer))

    def running(self, connector, told, moment=None):
        """What a transaction costs by now. `moment`: when to send meter values, a dict with
        `time` (Unix s), `wh` (register), `w` (power), `states`, each perhaps missing."""
        told["kind"] = "running"
        self._tell(connector, told)
        if moment:
            moment["seen"] = self._power(connector)
            moment["state"] = connector.status
            self._moments[connector.id] = moment
        else:
            self._moments.pop(connector.id, None)
        if self._station.settings.get("CustomIdleFeeAfterStop"):
            self._leaving[connector.id] = connector.tx.id

    def final(self, connector, told):
        """What a transaction has cost. `connector`: None if it is not known any more."""
        told["kind"] = "final"
        self._tell(connector, told)

    def step(self):
        """Ten times a second."""
        for entry in list(self._held):
            if entry[2].due():
                self._give_up(entry)
        now = self._station.clock.uptime()
        for id_token, until in list(self._fresh.items()):
            if now >= until:
                del self._fresh[id_token]
        for number in list(self._moments):
            c = self._station.connectors[number - 1]
            if not c.tx and not c.plugged:
                del self._moments[number]
            elif self._reached(c, self._moments[number]):
                self._send(c)
        for number in list(self._leaving):
            c = self._station.connectors[number - 1]
            if not c.tx and not c.plugged:
                self._station.dialect.ev_left(self._leaving.pop(number))

    # -- inside --

    def _tell(self, connector, told):
        if not self._station.on_price:
            return
        try:
            self._station.on_price(connector, told)
        except Exception as e:  # the host's fault
            log.error("price", "on_price failed:", repr(e))

    def _give_up(self, entry):
        """No price was told in time: there may be one for all."""
        log.warn("price", "none was told for", entry[0])
        text = _usual(self._station.settings)
        if text:
            self._tell(None, {"kind": "user", "id_token": entry[0], "text": text})
        self._release(entry)

    def _release(self, entry):
        self._held.remove(entry)
        entry[1]()

    def _reached(self, c, moment):
        """True if meter values are due; each moment comes once, a power again and again."""
        hit = False
        unix = self._station.clock.unix()
        if moment.get("time") is not None and unix is not None and unix >= moment["time"]:
            moment["time"] = None
            hit = True
        if moment.get("wh") is not None and (c.read_energy() or 0) >= moment["wh"]:
            moment["wh"] = None
            hit = True
        state = c.status
        if state != moment["state"]:
            moment["state"] = state
            hit = hit or state in (moment.get("states") or ())
        return self._crossed(c, moment) or hit

    def _crossed(self, c, moment):
        """True if the power has come to the other side of what is named."""
        limit = moment.get("w")
        if limit is None:
            return False
        power, seen = self._power(c), moment["seen"]
        if (power >= limit) == (seen >= limit) or abs(power - limit) * _BAND < limit:
            return False
        moment["seen"] = power
        return True

    def _power(self, c):
        total = 0
        for name, _, unit, _, fn in c.measures:
            if name == "Power.Active.Import":
                total += (fn() or 0) * (1000 if unit == "kW" else 1)
        return total

    def _send(self, c):
        station = self._station
        wanted = station.settings.get("MeterValuesSampledData")
        samples = station.metering.samples(c, wanted, _CONTEXT)
        if c.tx and not c.tx.ending:
            from ocpp.station import charging

            charging.record_samples(c, samples, "Trigger")
        elif samples:
            station.dialect.idle_samples(c, station.stamp(), samples)


def _usual(settings):
    """The text of the price for whom no other is told (DefaultPrice), in the language of the
    display if there is one; None: there is none."""
    from ocpp.strictjson import loads

    try:
        text = settings.get("DefaultPriceText," + settings.get("Language"))
    except KeyError:
        text = None
    text = text or settings.get("DefaultPrice")
    return loads(text).get("priceText") if text else None


def moment_of(wanted):
    """When meter values are wanted, as `Pricing.running` takes it, of a triggerMeterValue; None:
    never. ValueError, TypeError, AttributeError for what is none."""
    if not wanted:
        return None
    from ocpp.iso import from_iso

    moment = {"states": list(wanted.get("atCPStatus") or wanted.get("atConnectorStatus") or ())}
    if wanted.get("atTime"):
        moment["time"] = from_iso(wanted["atTime"])
    if wanted.get("atEnergykWh") is not None:
        moment["wh"] = int(wanted["atEnergykWh"] * 1000)
    if wanted.get("atPowerkW") is not None:
        moment["w"] = wanted["atPowerkW"] * 1000
    return moment


def wrong(text):
    """Why a text can't be a price as JSON, None: it can."""
    from ocpp.strictjson import loads

    try:
        if not text or isinstance(loads(text), dict):
            return None
    except (ValueError, RuntimeError):
        pass
    return "not an object in JSON"
