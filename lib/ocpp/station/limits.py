"""The current that each connector may offer now: what of smart charging is needed all the time.

Of the profiles only results are in memory: `base` and `pool`, and until when they hold. What works
them out (`evaluate`) and what shares them between the connectors (`offers`) is imported when that
time has come or something has changed: a profile, a transaction, an EV, the clock, the host.
"""

_NEVER = const(0x3FFFFFFF)  # s of uptime
_MASK = const(0xFFFFFF)
_RETRY_S = const(5)


class Limits:
    def __init__(self, station):
        self.station = station
        self.slots = []  # numbers of the profiles on flash
        self.volatile = []  # profiles in memory alone
        self.external = {}  # (source, connector or 0) -> (tenths of A, uptime of its end or None)
        self.base = [(None, None, 0, None)] * len(station.connectors)
        # of each connector: limit in tenths of A or None, phases to offer or None: all, least
        # rate that is worth it in tenths of A, phase to use or None
        self.pool = [None, None]  # tenths of A per phase, of W: for all connectors together
        self.idle = [None] * len(station.connectors)  # see `offers`
        self.editing = False  # True: a job changes the profiles
        self.shifted = False  # True: the host has changed a limit of its own
        self.turn = 0  # uptime at which they are shared anew
        self.until = 0  # uptime until which `base` and `pool` hold
        self._stale = True
        self._working = False
        self._seen = self._asking = 0
        self.told_at = 0  # uptime at which the host is told its schedules anew
        self.active = False  # True: there is something to look at
        self.changed()

    def changed(self):
        """Something they depend on has changed: they are worked out anew, as a job."""
        self._stale = True
        self.active = self.active or self._used()

    def _used(self):
        return bool(self.slots or self.volatile or self.external or self.station.on_schedule)

    @property
    def settled(self):
        """True: what each connector may offer is known, to whom is authorized as well."""
        return not (self.active and (self._stale or self._working))

    def begin(self, tx, profile, known=False):
        """A transaction begins, perhaps with a profile of its own. It gets no energy before its
        limit is `known`."""
        tx.profile = profile
        self.active = bool(self.active or profile)
        tx.held = self.active and not known
        self._stale = True

    def step(self):
        """Called with each step of the domain. Allocates nothing while nothing changes."""
        if not self.active:
            if self.station.on_schedule:
                self.changed()
            return
        seen = self.station.clock.sets
        asking = 0
        for c in self.station.connectors:
            tx = c.tx
            if tx is None:
                stage = 4 if c.grant and c.plugged else 0
            else:
                stage = 2 if tx.ending else 1 if c.plugged and tx.authorized else 3
            seen = (seen * 31 + 5 * (c.phases_in_use or 0) + stage) & _MASK
            asking = (asking * 2 + (1 if c.ev_ready else 0)) & _MASK
        now = self.station.clock.uptime()
        if now >= self.told_at and self.station.on_schedule:
            self._stale = True
            self.told_at = _NEVER
        if seen != self._seen or now >= self.until:
            self._seen = seen
            self._stale = True
        if self._stale and not self._working:
            self._stale = False
            self.until = _NEVER
            self._working = True
            self.station.jobs.append(self._work())
        elif now >= self.turn or (asking != self._asking and self._shared()):
            self._share()
        self._asking = asking

    def _shared(self):
        """True if what one EV draws may matter for another."""
        return bool(self.pool[0] is not None or self.pool[1] is not None or self.external)

    def _share(self):
        from ocpp.station import offers

        offers.share_out(self)
        self.station.quiet_soon()

    def _work(self):
        try:
            yield from self.station.tidying()  # what led here is not needed any more
            from ocpp.station import evaluate

            yield from evaluate.work(self)
            self.active = self._stale or self._used()
        except Exception as e:  # the limits stay; who waits for one goes on waiting
            self.station.failed("limits", e)
            self.until = self.station.clock.uptime() + _RETRY_S
        finally:
            self._working = False
        self.station.quiet_soon()
