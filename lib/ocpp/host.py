"""What a host asks of its station: the part of `Station` that firmware is written against
(docs/api.md)."""

from ocpp.station.identity import checked


class Host:
    """The functions of `acts` (while it runs) and of `wiring` (as it starts) that take a station
    first are its methods, too. They are needed now and then, and not kept in memory in between."""

    # Hooks that the host sets
    reset_allowed = None  # fn(kind) -> False: a reset is refused
    on_reset = None  # fn(kind) -> False if it can't be done; otherwise the restart is under way
    on_unlock = None  # fn(connector) -> True open, False failed, None still trying; None: no lock
    boot_reason = "PowerUp"

    def connector(self, number):
        """Connector 1, 2, ... ValueError if there is none of that number."""
        if not isinstance(number, int) or not 1 <= number <= len(self.connectors):
            raise ValueError("no connector %r" % (number,))
        return self.connectors[number - 1]

    def present(self, id_token, connector=None, type=""):
        """A card (or another means of authorization, `type`: IdTokenEnumType of OCPP 2.x) is
        presented, at the reader of connector number `connector` or at that of all. It begins, ends
        or withdraws (OCPP 1.6 §4.8, §4.10). ValueError for an identifier or number that is
        none."""
        target = None if connector is None else self.connector(connector)
        self.tokens.present(checked(id_token), target, type)

    def __getattr__(self, name):
        if name[0] == "_":
            raise AttributeError(name)
        from ocpp import acts

        fn = getattr(acts, name, None)
        if fn is None:
            from ocpp import wiring

            fn = getattr(wiring, name)
        self.quiet_soon()
        return lambda *arguments, **named: fn(self, *arguments, **named)
