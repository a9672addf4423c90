"""What a host asks of its station; the part of `Station` that firmware is written against (docs/api.md)."""

from ocpp.clock import Timer
from ocpp.station.identity import ACCEPTED, IdInfo
from ocpp.station.connector import Error

_ENDING_S = const(15)  # longest wait for a transaction to end, and for the lock to open


class Host:
    def change_availability(self, id, operative):
        return self.part("availability").change(id, operative)

    def reset(self, kind):
        """A reset is asked for ("Soft", "Hard"). False if it can't be."""
        if self.on_reset is None:
            return False
        self.part("reset").request(kind)
        return True

    def unlock(self, connector, done):
        if self.on_unlock is None:
            return done("NotSupported")
        connector.end(None, "UnlockCommand")
        self.jobs.append(_unlocking(self, connector, done, Timer(self.clock)))

    def present(self, id_token, connector=None, type=""):
        """A card (or another means of authorization) is presented, at connector number `connector` or at the
        reader of all. ValueError for an identifier or number that is none."""
        if not 1 <= len(id_token) <= 36:
            raise ValueError("idTag must have 1 to 36 characters")
        self.tokens.present(id_token, self.connectors[connector - 1] if connector else None, type)

    def set_error(self, code, info="", vendor_id="", vendor_code="", faulted=True):
        """An error of the station as a whole; see `Connector.set_error`."""
        self.errors = [e for e in self.errors if e.code != code]
        self.errors.append(Error(code, info[:50], vendor_id[:255], vendor_code[:50], faulted))

    def clear_error(self, code=None):
        self.errors = [e for e in self.errors if code is not None and e.code != code]

    def set_online(self, online):
        self.connection.set_online(online)

    # -- operations and events ---------------------------------------------------------------------

    def on(self, event, fn):
        """Call `fn(event, connector or None)` at each event; the names: docs/api.md."""
        self._events.setdefault(event, []).append(fn)

    def handle(self, action, fn):
        """Have `fn(request)` answer an incoming action, instead of or beside the built-in ones; see
        `rpc.Request`."""
        self.handlers[action] = fn

    def on_data(self, vendor, message, fn):
        """Have `fn(data)` answer DataTransfer of a vendor (and message; None: any). It returns (status,
        data or None)."""
        self._data_handlers[(vendor, message)] = fn

    def call(self, action, payload, done=None):
        """Send any operation; `done(result, error)`."""
        self.rpc.call(action, payload, done)

    def observe(self, action, fn):
        """Call `fn(event, payload)` for an operation of either side; `event`: "received" and "answered" for
        calls that come in, "sent", "result" and "error" for calls of ours."""
        self.rpc.observers.setdefault(action, []).append(fn)

    def listen(self, fn):
        """Call `fn("in" | "out", text)` for each frame."""
        self.rpc.listeners.append(fn)

    def data_transfer(self, vendor, message, data):
        """Result of an incoming DataTransfer (OCPP 1.6 §5.6)."""
        fn = self._data_handlers.get((vendor, message)) or self._data_handlers.get((vendor, None))
        if fn is None:
            known = any(v == vendor for v, _ in self._data_handlers)
            return {"status": "UnknownMessageId" if known else "UnknownVendorId"}
        status, data = fn(data)
        return {"status": status} if data is None else {"status": status, "data": data}

    def ocpp_status(self):
        connection = self.connection
        last = connection.last_rx
        return {
            "connected": connection.connected,
            "version": self.version,
            "registration": self.registration.status,
            "queued": self.log.pending(),
            "parked": self.log.parked(),
            "last_frame_s": None
            if last is None
            else self.clock.diff(self.clock.ticks(), last) // 1000,
            "error": connection.error,
        }

    def auth_cache_put(self, entry):
        """Put an entry into the authorization cache: idTag, status, group, expiry (ISO 8601 or None)."""
        from ocpp.iso import from_iso

        expiry = entry.get("expiry")
        info = IdInfo(
            entry.get("status", ACCEPTED), entry.get("group"), from_iso(expiry) if expiry else None
        )
        self.authorization.cache.put(entry["idTag"], info)

    def auth_cache_clear(self):
        self.authorization.cache.clear()


def _unlocking(station, connector, done, timer):
    """Job: wait for the transaction to end, then for the lock."""
    timer.start_s(_ENDING_S)
    while connector.tx and not timer.due():
        yield
    connector.release_lock()
    while True:
        state = station.on_unlock(connector)
        if state is not None or timer.due():
            return done("Unlocked" if state else "UnlockFailed")
        yield
