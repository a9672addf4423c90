"""Metering: what is measured when, as the settings say (OCPP 1.6 §3.16, §4.7 and errata).

Periodic samples run from the start of each transaction, clock-aligned ones from midnight UTC for
every connector. Both go to `station.on_samples(connector, context, samples)`. What the end of a
transaction shall tell is collected in a bounded number of entries.

Asks of the station: `clock`, `settings`, `connectors`, `stamp()` (the present time as the log has
it), `on_samples`. Of a connector: `id`, `tx` (`start_wh`, `last_wh`), `read_energy()` (int Wh or
None), `measures`, `limit_ma`, `charging_permitted`.
"""

from ocpp.log import log
from ocpp.station.samples import ENERGY, OFFERED, covers, parse, sample, unit_of

_PERIODIC = const("Sample.Periodic")
_CLOCK = const("Sample.Clock")
_DAY = const(86400)
_LATE = const(10)  # s: a boundary the clock was set past by less is made up for


class _Collector:
    """Sampling of one transaction."""

    def __init__(self, uptime, interval):
        self.interval = interval  # s, as used for `next`
        self.next = uptime + interval  # uptime of the next periodic sample; no meaning if 0
        self.begin = None  # entry [stamp, samples] of the start
        self.entries = []  # those between start and end, every `stride`-th that came
        self.stride = 1
        self.seen = 0
        # Where the values that the end tells have intervals of their own
        self.sampled = None  # uptime of the next sample, None: not begun
        self.aligned = None  # number of the interval since midnight, None: not begun

    def add(self, entry, most):
        """Keep an entry; where more than `most` come, an even selection of them."""
        self.seen += 1
        if most < 1 or self.seen % self.stride:
            return
        if len(self.entries) >= most:
            self.entries = self.entries[1::2]
            self.stride *= 2
            if self.seen % self.stride:
                return
        self.entries.append(entry)


class Metering:
    def __init__(self, station):
        self._station = station
        self._clock = station.clock
        self._settings = station.settings
        self._running = {}  # connector id -> _Collector
        self._interval = 0  # s, as used for `_boundary`
        self._boundary = None  # Unix s of the next clock-aligned sample, None: none is planned
        self._due = 0  # the same as uptime
        self._done = None  # Unix s of the last boundary served
        self._offset = None  # what the clock was set to when `_boundary` was computed
        self._turn = -1  # index of the connector whose clock-aligned sample is next, -1: none

    @property
    def busy(self):
        """True while there is something to remember."""
        return bool(self._running) or self._settings.get("ClockAlignedDataInterval") > 0

    # -- what there is to measure --

    def supports(self, measurand, phase=None):
        """True if some connector can measure it."""
        if phase is None and measurand in (ENERGY, OFFERED):
            return True
        for connector in self._station.connectors:
            for m in connector.measures:
                if m[0] == measurand and covers(phase, m[1]):
                    return True
        return False

    def trim(self, lists):
        """Take out of the lists (names) what this station can't measure. Call once it is
        complete."""
        for name in lists:
            text = self._settings.get(name)
            keep = [item for item in text.split(",") if item and not self.check(item)]
            if ",".join(keep) != text:
                self._settings.adopt(name, ",".join(keep))

    def samples(self, connector, wanted, context, energy=None):
        """Samples (see `samples.py`) of a connector now. `wanted`: list as text, or parsed.
        `energy`: the register in Wh where it is known better than by reading."""
        if isinstance(wanted, str):
            wanted = parse(wanted)
        found = []
        for measurand, phase in wanted:
            if measurand == ENERGY and phase is None:
                wh = self._energy(connector) if energy is None else energy
                _add(found, wh, context, ENERGY, None, "Outlet", "Wh")
            declared = False
            for name, at, unit, location, fn in connector.measures:
                if name != measurand or not covers(phase, at):
                    continue
                if name != ENERGY or at is not None:
                    declared = True
                    unit = unit or unit_of(name)
                    _add(found, _read(name, fn), context, name, at, location, unit)
            if measurand == OFFERED and phase is None and not declared:
                _add(found, _offered(connector), context, OFFERED, None, "Outlet", "A")
        return found

    # -- transactions --

    def begin(self, connector, resumed=False):
        """A transaction began, or goes on after a restart."""
        c = _Collector(self._clock.uptime(), self._settings.get("MeterValueSampleInterval"))
        self._running[connector.id] = c
        if not resumed:
            self._started(connector)
            c.begin = self._edge(connector, "Transaction.Begin", connector.tx.start_wh)

    def step(self, connector):
        """Call often while the transaction runs. Allocates nothing when nothing is due."""
        c = self._running.get(connector.id)
        if c is None:  # its beginning failed
            return self.begin(connector, True)
        interval = self._settings.get("MeterValueSampleInterval")
        if not self._settings.get("SampledDataCtrlr.Enabled"):
            interval = 0
        now = self._clock.uptime()
        if self._station.dialect.tracks_states:
            self._collect(connector, c, now)
        if interval != c.interval:
            c.interval = interval
            c.next = now + interval
        if not interval or now < c.next:
            return
        c.next += (now - c.next) // interval * interval + interval
        self._report(connector, _PERIODIC, "MeterValuesSampledData", "StopTxnSampledData")

    def _collect(self, connector, c, now):
        """What the end shall tell has intervals of its own (OCPP 2.x J01, J02)."""
        get = self._settings.get
        interval = get("SampledDataCtrlr.TxEndedInterval")
        if not interval or not get("SampledDataCtrlr.Enabled"):
            c.sampled = None
        elif c.sampled is None:
            c.sampled = now + interval
        elif now >= c.sampled:
            c.sampled += (now - c.sampled) // interval * interval + interval
            self._keep(connector, c, "StopTxnSampledData", _PERIODIC)
        interval = get("AlignedDataCtrlr.TxEndedInterval")
        if not interval or not get("AlignedDataCtrlr.Enabled"):
            return
        unix = self._clock.unix()
        if unix is None:
            return
        number = unix % _DAY // interval
        if c.aligned is not None and number != c.aligned:
            self._keep(connector, c, "StopTxnAlignedData", _CLOCK, unix - unix % _DAY % interval)
        c.aligned = number

    def _keep(self, connector, c, wanted, context, stamp=None):
        entry = self._entry(connector, self._settings.get(wanted), context)
        if entry:
            if stamp is not None:
                self._sign(connector, context, entry[1], "AlignedDataSignReadings")
            entry[0] = entry[0] if stamp is None else stamp
            c.add(entry, self._settings.get("StopTransactionMaxMeterValues") - 2)

    def end(self, connector):
        """The transaction ends: what its end shall tell, a list of [stamp, samples]; empty if it
        shall tell nothing (OCPP 1.6 §3.16.5)."""
        c = self._running.pop(connector.id, None)
        get = self._settings.get
        if c is None or not (
            get("StopTxnSampledData")
            or get("StopTxnAlignedData")
            or (connector.sign and get("SampledDataSignReadings"))
        ):
            return []
        last = self._edge(connector, "Transaction.End", connector.tx.last_wh)
        return [entry for entry in [c.begin] + c.entries + [last] if entry]

    def step_aligned(self):
        """Call often, transaction or not. Allocates nothing when nothing is due."""
        if self._turn >= 0:
            return self._serve()
        interval = self._settings.get("ClockAlignedDataInterval")
        # The offset is another object after each setting of the clock; asking for the time would
        # make a new integer on small ports.
        if interval != self._interval or self._clock._offset is not self._offset:
            self._plan(interval)
        if self._boundary is not None and self._clock.uptime() >= self._due:
            self._done = self._boundary
            self._offset = None  # plan anew
            self._turn = 0

    # -- inside --

    def check(self, text):
        """What of a list can't be measured here, in words; None: all can."""
        for measurand, phase in parse(text):
            if not self.supports(measurand, phase):
                where = " in phase " + phase if phase else ""
                return "%s is not measured here%s" % (measurand, where)
        return None

    def _energy(self, connector):
        """The register in Wh or None; during a transaction never lower than told before."""
        wh = connector.read_energy()
        tx = connector.tx
        if tx is None or wh is None:
            return wh
        if wh > tx.last_wh:
            tx.last_wh = wh
        return tx.last_wh

    def _edge(self, connector, context, energy):
        """Entry for the start or the end: each measurand of both lists once; None: no lists."""
        get = self._settings.get
        wanted = parse(get("StopTxnSampledData") if get("SampledDataCtrlr.Enabled") else "")
        aligned = "" if self._station.dialect.tracks_states else get("StopTxnAlignedData")
        for item in parse(aligned):
            if item not in wanted:
                wanted.append(item)
        return self._entry(connector, wanted, context, energy)

    def _entry(self, connector, wanted, context, energy=None):
        found = self.samples(connector, wanted, context, energy)
        if context != _PERIODIC and context != _CLOCK:
            self._sign(connector, context, found, "SampledDataSignReadings")
        return [self._station.stamp(), found] if found else None

    def opening(self, connector, signed):
        """What the start of a transaction tells itself, where the version has it so. `signed`:
        with the signed reading, whatever the settings say."""
        context = "Transaction.Begin"
        wh = connector.tx.start_wh
        found = []
        if self._settings.get("SampledDataCtrlr.Enabled"):
            wanted = self._settings.get("SampledDataCtrlr.TxStartedMeasurands")
            found = self.samples(connector, wanted, context, wh)
        if signed and connector.sign:
            from ocpp.station import signed as signing

            reading = signing.sample(self._station, connector, context)
            if reading:
                found.append(reading)
        else:
            self._sign(connector, context, found, "SampledDataSignStartedReadings")
        return found

    def _started(self, connector):
        """Tell the values of the start, if that is wanted (signed meter values 1.0 §3.3.4)."""
        if self._station.dialect.tracks_states:
            return
        wanted = self._settings.get("StartTxnSampledData")
        if wanted:
            context = "Transaction.Begin"
            found = self.samples(connector, wanted, context, connector.tx.start_wh)
            self._sign(connector, context, found, "SampledDataSignStartedReadings")
            if found:
                self._station.on_samples(connector, context, found, None)

    def _sign(self, connector, context, found, switch):
        """Put the signed reading in, if the meter signs, `switch` is on, and the general one."""
        general = "AlignedDataSignReadings" if switch[0] == "A" else "SampledDataSignReadings"
        settings = self._settings
        if connector.sign and settings.get(general) and settings.get(switch):
            from ocpp.station import signed

            reading = signed.sample(self._station, connector, context)
            if reading:
                found.append(reading)

    def _report(self, connector, context, live, collected, stamp=None):
        """Hand out and collect the samples of one moment, `stamp` if it is not now. `live`,
        `collected`: names of lists."""
        found = self.samples(connector, self._settings.get(live), context)
        kind = "Aligned" if context == _CLOCK else "Sampled"
        self._sign(connector, context, found, kind + "DataSignUpdatedReadings")
        if found:
            self._station.on_samples(connector, context, found, stamp)
        c = self._running.get(connector.id)
        if c and not self._station.dialect.tracks_states:
            self._keep(connector, c, collected, context)

    def _plan(self, interval):
        """Find the next boundary: a multiple of the interval since midnight UTC, or midnight."""
        pending = self._boundary if interval == self._interval else None
        self._interval = interval
        self._offset = self._clock._offset
        self._boundary = None
        now = self._clock.unix()
        if not interval or now is None:
            return
        if pending is not None and pending != self._done and 0 <= now - pending < _LATE:
            self._boundary = pending  # the clock was put forward over it
        else:
            self._boundary = _next(now, interval)
            if self._boundary == self._done:  # the clock was put back
                self._boundary = _next(self._done, interval)
        self._due = self._clock.uptime() + self._boundary - now

    def _serve(self):
        """One connector a call."""
        connectors = self._station.connectors
        connector = connectors[self._turn]
        self._turn += 1
        if self._turn >= len(connectors):
            self._turn = -1
        get = self._settings.get
        if not get("AlignedDataCtrlr.Enabled"):
            return
        if get("AlignedDataCtrlr.SendDuringIdle") and any([c.tx for c in connectors]):
            return
        lists = "MeterValuesAlignedData", "StopTxnAlignedData"
        self._report(connector, _CLOCK, lists[0], lists[1], self._done)


def _next(now, interval):
    """The boundary after `now`, Unix s."""
    midnight = now - now % _DAY
    return min(midnight + (now % _DAY // interval + 1) * interval, midnight + _DAY)


def _read(measurand, fn):
    """What the host's `fn` says; its faults must not reach the transaction."""
    try:
        return fn()
    except Exception as e:
        log.warn("metering", measurand, "can't be read:", e)
        return None


def _offered(connector):
    """A, or None if nothing limits it."""
    if not connector.charging_permitted:
        return 0
    return None if connector.limit_ma is None else connector.limit_ma / 1000


def _add(found, value, *what):
    made = sample(value, *what)
    if made:
        found.append(made)
