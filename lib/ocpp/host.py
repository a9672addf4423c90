"""What a host asks of its station; the part of `Station` that firmware is written against (docs/api.md)."""

from ocpp.station.connector import Error


class Host:
    def change_availability(self, id, operative):
        return self.part("availability").change(id, operative)

    def reset(self, kind):
        """A reset is asked for ("Soft", "Hard"). False if it can't be."""
        if self.on_reset is None:
            return False
        self.part("reset").request(kind)
        return True

    def present(self, id_token, connector=None, type=""):
        """A card (or another means of authorization) is presented, at connector number `connector` or at the
        reader of all. ValueError for an identifier or number that is none."""
        if not 1 <= len(id_token) <= 36:
            raise ValueError("idTag must have 1 to 36 characters")
        self.tokens.present(id_token, self.connectors[connector - 1] if connector else None, type)

    def set_online(self, online):
        self.connection.set_online(online)

    # -- operations and events ---------------------------------------------------------------------

    def on(self, event, fn):
        """Call `fn(event, connector or None)` at each event; the names: docs/api.md."""
        self._events.setdefault(event, []).append(fn)

    def handle(self, action, fn):
        """Have `fn(request)` answer an incoming action, instead of or beside the built-in ones; see
        `incoming.Request`."""
        self.handlers[action] = fn

    def on_data(self, vendor, message, fn):
        """Have `fn(data)` answer DataTransfer of a vendor (and message; None: any). It returns (status,
        data or None)."""
        self.data_handlers[(vendor, message)] = fn

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

    # -- what is seldom done is told in `acts` -------------------------------------------------------

    def unlock(self, connector, done):
        self.act("unlock", connector, done)

    def set_error(self, code, info="", vendor_id="", vendor_code="", faulted=True):
        self.act("set_error", Error(code, info, vendor_id, vendor_code, faulted))

    def clear_error(self, code=None):
        self.errors = [e for e in self.errors if code is not None and e.code != code]

    def ocpp_status(self):
        return self.act("ocpp_status")

    def auth_cache_put(self, entry):
        self.act("auth_cache_put", entry)

    def auth_cache_clear(self):
        self.authorization.cache.clear()

    def act(self, name, *arguments):
        """Do one of the functions of `acts`."""
        from ocpp import acts

        self.quiet_soon()
        return getattr(acts, name)(self, *arguments)
