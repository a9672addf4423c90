"""Who may charge: cache, the central system's word, and the rules for when it can't be asked.

OCPP 1.6 §3.5, §4.1. Identifiers are compared without regard to case.
"""

import binascii
import os

from ocpp.log import log
from ocpp.station.identity import ACCEPTED, INVALID, LIST, IdInfo

_VALID = (ACCEPTED, "ConcurrentTx")  # the latter may charge, but does so elsewhere
_NOBODY = const("NoAuthorization")
_FRESH = const(8)  # a use is written down after that part of the lifetime
_BUCKETS = const(8)
_BUCKET_MAX = const(16)  # entries: 128 in all, the longest unused dropped first


class Cache:
    """Authorization cache on flash (OCPP 1.6 §3.5.1): a few entries per file, loaded one file at
    a time,
    so that memory does not grow with it."""

    def __init__(self, store):
        self._store = store

    def get(self, id_token, life=None, now=None):
        """IdInfo or None. `life`: s after its last use that an entry is kept, None: for ever;
        `now`: Unix s, None: not known. A use is written down where it matters."""
        bucket = self._load(id_token)
        key = id_token.lower()
        entry = bucket.get(key)
        if entry is None:
            return None
        if life is not None and now is not None:
            used = entry[4] if len(entry) > 4 else None
            if used is not None and now - used >= life:
                del bucket[key]
                self._store.save(_name(key), bucket)
                return None
            if used is None or now - used > life // _FRESH:
                bucket[key] = entry[:4] + [now]
                self._store.save(_name(key), bucket)
        return IdInfo(entry[0], entry[1], entry[2])

    def put(self, id_token, info, now=None):
        """Keep `info`. Writes only what changed. `now`: Unix s of this use, if that matters."""
        bucket = self._load(id_token)
        key = id_token.lower()
        entry = [info.status, info.parent, info.expiry]
        old = bucket.get(key)
        if old and old[:3] == entry and (now is None or old[4:] == [now]):
            return
        newest = max([e[3] for e in bucket.values()]) if bucket else 0
        if old is None and len(bucket) >= _BUCKET_MAX:
            del bucket[min(bucket, key=lambda k: bucket[k][3])]
        bucket[key] = entry + [newest + 1] + ([] if now is None else [now])
        self._store.save(_name(key), bucket)

    def remove(self, id_token):
        """Forget an identifier, also in the previous version that is kept."""
        bucket = self._load(id_token)
        if bucket.pop(id_token.lower(), None):
            name = _name(id_token.lower())
            self._store.remove(name)
            self._store.save(name, bucket)

    def clear(self):
        for n in range(_BUCKETS):
            self._store.remove("cache%d" % n)

    def _load(self, id_token):
        bucket = self._store.load(_name(id_token.lower()))
        return bucket if isinstance(bucket, dict) and all(map(_is_entry, bucket.values())) else {}


def _is_entry(entry):
    """[status, group or None, expiry in Unix s or None, age, and perhaps Unix s of its use]"""
    return (
        isinstance(entry, list)
        and len(entry) in (4, 5)
        and isinstance(entry[-1], int)
        and isinstance(entry[2] or 0, int)
        and isinstance(entry[3], int)
    )


def _name(key):
    return "cache%d" % (binascii.crc32(key.encode()) % _BUCKETS)


class Authorization:
    """Answers "may this identifier charge?" now or later, online or offline."""

    def __init__(self, station):
        self._station = station
        self.cache = Cache(station.store)

    def local(self, id_token):
        """What the station itself knows: the local list first, then the cache (OCPP 1.6 §3.5.3).
        IdInfo or None."""
        info = self.listed(id_token)
        settings = self._station.settings
        if info is None and settings.get("AuthorizationCacheEnabled"):
            life = settings.get("AuthCacheCtrlr.LifeTime")
            info = self.cache.get(id_token, life, self._station.clock.unix())
        return info

    def listed(self, id_token):
        """What the local list says of an identifier: IdInfo or None."""
        station = self._station
        if not station.settings.get("LocalAuthListEnabled"):
            return None
        try:
            os.stat(station.store.root + "/" + LIST)
        except OSError:
            return None  # none was ever sent: its code is not needed
        return station.part("local_list").find(id_token)

    def learn(self, id_token, info):
        """The central system said `info` of an identifier: keep it, unless the local list has it.
        A list that says otherwise is a warning (OCPP 1.6 §3.5.2)."""
        station = self._station
        listed = self.listed(id_token)
        if listed:
            valid = listed.at(station.clock.unix()) in _VALID
            if valid != (info.status in _VALID):
                about = "%s: %s, listed %s" % (id_token, info.status, listed.status)
                station.set_error("LocalListConflict", about, faulted=False)
        elif station.settings.get("AuthorizationCacheEnabled") and id_token and not info.evses:
            life = station.settings.get("AuthCacheCtrlr.LifeTime")
            self.cache.put(id_token, info, None if life is None else station.clock.unix())

    def check(self, id_token, kind, done, extra=None):
        """Judge an identifier; `done(IdInfo)` is called once, perhaps before this returns.
        `extra`: see `Tokens.ask`.

        OCPP 1.6 §3.5.3 (LocalPreAuthorize), §4.1, §3.5.2 when the central system can't be asked.
        """
        settings = self._station.settings
        if len(id_token) > self._station.dialect.id_max:
            return done(IdInfo(INVALID))  # cut short it might be somebody else's
        if kind == _NOBODY or not settings.get("AuthCtrlr.Enabled"):
            return done(IdInfo(ACCEPTED))
        unix = self._station.clock.unix()
        known = self.local(id_token) if settings.get("LocalPreAuthorize") else None
        if known and known.at(unix) == ACCEPTED:
            return done(IdInfo(ACCEPTED, known.parent, known.expiry))
        if not self._station.online:
            return done(self.offline(id_token))
        if known and settings.get("AuthCacheCtrlr.DisablePostAuthorize"):
            return done(IdInfo(known.at(unix), known.parent, known.expiry))
        if settings.get("AuthCtrlr.DisableRemoteAuthorization"):
            known = known or self.local(id_token)
            status = known.at(unix) if known else INVALID
            return done(IdInfo(status, known.parent if known else None))

        def answered(info, error):
            if info is None:
                log.info("auth", "no answer about", id_token, "-", error, "- offline rules decide")
                if error and error.code == "Timeout":
                    self._station.emit("AuthorizationTimeout", None)
                return done(self.offline(id_token))
            try:
                self.learn(id_token, info)
            finally:  # the card must not wait for ever
                done(info)

        self._station.dialect.authorize(id_token, kind, answered, extra)

    def offline(self, id_token):
        """Judge without the central system (OCPP 1.6 §9.1: LocalAuthorizeOffline,
        AllowOfflineTxForUnknownId). Who is known to be not valid is no unknown (§3.5.4)."""
        settings = self._station.settings
        known = self.local(id_token)
        if known:
            status = known.at(self._station.clock.unix())
            if status != ACCEPTED or settings.get("LocalAuthorizeOffline"):
                return IdInfo(status, known.parent, known.expiry)
        if settings.get("AllowOfflineTxForUnknownId"):
            return IdInfo(ACCEPTED)
        return IdInfo(INVALID)
