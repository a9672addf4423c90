"""Cards and other identifiers: what presenting one does, and which connector it is for.

One reader may serve several connectors: a card without a connector goes to the one that is
plugged in and
waiting; with none plugged in, the grant floats: it is shown at the first free connector and moves
to the one that is plugged in first.
"""

from ocpp.log import log
from ocpp.station.identity import ACCEPTED, same

_LATE_S = const(5)  # after the time-out of an authorization it can be asked for again


class Grant:
    """An identifier that may charge here and waits for its transaction to begin."""

    def __init__(self, id_token, kind="", parent=None, floating=False):
        self.id_token = id_token
        self.kind = kind
        self.parent = parent
        self.floating = floating  # True: given without a connector; moves to the one plugged first
        # True: has been accepted for a whole step, so that this state is reported
        self.seen = False
        self.due = False  # True: all is ready, and what led here is let go
        self.remote_start_id = None  # number that a remote start gave
        self.trigger = None  # what completes the start, once accepted
        self.profile = None  # charging profile that came with a remote start
        self.reservation = None  # id of the reservation that it uses
        self.offered = (
            False  # True: energy may flow before its transaction begins, which it starts
        )
        self.wh = None  # register when that was
        self.extra = None  # what else goes with the identifier
        self.languages = None  # see `IdInfo`


class Tokens:
    def __init__(self, station):
        self._station = station
        # (identifier, connector or None) being asked for -> uptime by which there is an answer
        self._asked = {}

    @property
    def busy(self):
        now = self._station.clock.uptime()
        return any([by > now for by in self._asked.values()])

    def present(self, id_token, connector=None, kind="", extra=None):
        """A card is held to the reader (of `connector`, or of all). Stops what it started,
        withdraws an
        authorization not yet used, or asks for one (OCPP 1.6 §3.5, §4.9 B1, §4.10)."""
        reach = [connector] if connector else self._station.connectors
        if self._opens_lock(reach, id_token, None):
            return
        for c in reach:
            if c.tx and c.tx.authorized and same(c.tx.id_token, id_token):
                return c.stop(id_token, "Local", kind)
        for c in reach:
            if c.grant and same(c.grant.id_token, id_token):
                log.info("card", id_token, "withdrawn")
                return c.revoke()
        self.ask(
            id_token,
            kind,
            lambda info: self._judged(id_token, kind, connector, reach, info, extra),
            connector,
            extra,
        )

    def authorize(self, connector, grant):
        """Ask whether the identifier of `grant` may charge at `connector`, and let it if so."""

        def judged(info):
            if info.status != ACCEPTED or (info.evses and connector.id not in info.evses):
                self.rejected(grant.id_token, info, connector)
            elif connector.free and not self.barred(connector, grant.id_token, info.parent):
                grant.parent = info.parent
                grant.languages = info.languages
                connector.accept(grant)

        self.ask(grant.id_token, grant.kind, judged, connector, grant.extra)

    def remote_start(
        self,
        id_token,
        connector=None,
        kind="",
        remote_start_id=None,
        profile=None,
        parent=None,
        extra=None,
    ):
        """OCPP 1.6 §5.11. `profile`: charging profile of the transaction to come, kept with the
        grant. `parent`: group, if it is told. `extra`: what else goes with the identifier, for
        the dialect. Returns True if it will be tried."""
        station = self._station
        if parent is None and station.reservations:
            known = station.authorization.local(id_token)
            parent = known.parent if known else None
        target = connector or self.choose(station.connectors, id_token, parent)
        if target is None or not target.free or station.resetting:
            return False
        if self.barred(target, id_token, parent, parent is not None):
            return False
        station.emit("RemoteStart", target)
        if station.on_remote_start:
            return bool(station.on_remote_start(id_token, connector, kind))
        grant = Grant(id_token, kind, parent, connector is None and not target.plugged)
        grant.remote_start_id = remote_start_id
        grant.profile = profile
        grant.extra = extra
        ask = station.settings.get("AuthorizeRemoteTxRequests") and kind != "Central"  # C05
        if ask or not admits(target, id_token, parent):  # of which group is it? (§5.13)
            self.authorize(target, grant)
        else:
            target.accept(grant)
        return True

    def plugged(self, connector):
        """A car was connected to a free connector: who is it for?"""
        for other in self._station.connectors:
            if other.tx and other.tx.floating and not other.plugged and other is not connector:
                if admits(connector, other.tx.id_token, other.tx.parent):
                    from ocpp.station import points

                    return points.move(other, connector)
            grant = other.grant
            if (
                grant
                and grant.floating
                and not other.plugged
                and other is not connector
                and admits(connector, grant.id_token, grant.parent)
            ):
                other.revoke()
                grant.floating = False
                return connector.accept(grant)
        settings = self._station.settings
        fixed = settings.get("PlugAndChargeIdTag")
        if settings.get("FreeVend") or not settings.get("AuthCtrlr.Enabled"):
            grant = Grant(settings.get("FreeVendIdTag") or "")
            if not self.barred(connector, grant.id_token):
                connector.accept(grant)
        elif fixed:
            self.authorize(connector, Grant(fixed))

    def choose(self, reach, id_token, parent):
        """The connector that a card without one is for, or None. Not one that is, or whose cable
        is, kept for somebody else (OCPP 1.6 §3.5.4, §5.13)."""
        free = [
            c for c in reach if c.free and c.lock_holder is None and admits(c, id_token, parent)
        ]
        for c in free:
            if c.tx or (c.plugged and not c.finishing):
                return c
        for c in free:
            if c.reservation is not None and not c.finishing:
                return c
        for c in free:
            if not c.plugged and not c.occupied and not c.finishing:
                return c
        # Left plugged in without a card for too long: only that same user can mean it, and only
        # where
        # there is no other connector (OCPP 1.6 errata 3.20).
        if len(self._station.connectors) == 1 or len(reach) == 1:
            return free[0] if free else None
        return None

    def ask(self, id_token, kind, judged, connector=None, extra=None):
        """Have `judged(info)` called, unless this identifier is being asked for there already.
        `extra`: what else goes with it, for the dialect."""
        key = (id_token.lower(), connector)
        now = self._station.clock.uptime()
        if self._asked.get(key, 0) > now or self._station.resetting:
            return
        self._asked[key] = now + self._station.settings.get("AuthorizationTimeout") + _LATE_S

        def done(info):
            self._asked.pop(key, None)
            judged(info)

        self._station.authorization.check(id_token, kind, done, extra)

    def _judged(self, id_token, kind, connector, reach, info, extra):
        if info.status != ACCEPTED:
            return self.rejected(id_token, info, connector)
        if info.parent and same(
            info.parent, self._station.settings.get("AuthCtrlr.MasterPassGroupId")
        ):
            return self._stop_all(id_token, kind)
        if self._opens_lock(reach, id_token, info.parent):
            return
        for c in reach:
            if c.tx and c.tx.authorized and info.parent and same(c.tx.parent, info.parent):
                return c.stop(id_token, "Local", kind)
        if info.evses:
            reach = [c for c in reach if c.id in info.evses]
        target = self.choose(reach, id_token, info.parent)
        if target is None:
            log.info("card", id_token, "accepted, but no connector is free")
            for c in reach:
                if c.free and self.barred(c, id_token, info.parent):
                    return
            return self._station.emit("NoConnector", connector)
        grant = Grant(id_token, kind, info.parent, connector is None and not target.plugged)
        grant.extra, grant.languages = extra, info.languages
        target.accept(grant)

    def _stop_all(self, id_token, kind):
        """A master pass: it ends what runs and opens all locks, and begins nothing."""
        log.info("card", id_token, "is a master pass")
        for c in self._station.connectors:
            if c.tx and c.tx.authorized:
                c.stop(id_token, "MasterPass", kind)
            elif c.lock_holder:
                c.release_lock()

    def barred(self, connector, id_token, parent=None, sure=True):
        """True if it is kept for somebody else, which the host is told. Not `sure`: whether the
        identifier is of a group is not known yet."""
        if admits(connector, id_token, parent):
            return False
        part = self._station.reservations
        if not sure and part and part.grouped(connector):
            return False
        self._station.emit("ReservationConflict", connector)
        return True

    def _opens_lock(self, reach, id_token, parent):
        for c in reach:
            holder = c.lock_holder
            if holder and (same(holder[0], id_token) or same(holder[1], parent)):
                log.info("card", id_token, "opens the lock of connector", c.id)
                c.release_lock()
                return True
        return False

    def rejected(self, id_token, info, connector):
        """Tell the host that an identifier may not charge."""
        log.info("card", id_token, "refused:", info.status)
        self._station.emit("AuthorizationRejected", connector)


def admits(connector, id_token, parent):
    """False if a reservation keeps it for others than this identifier and its group."""
    station = connector.station
    part = station.reservations
    if part:
        part.mark()
    if connector.reservation is None:
        return True
    if station.reserved_for:
        return bool(station.reserved_for(connector, id_token, parent))
    return part is not None and part.claim(connector, id_token, parent) is not None
