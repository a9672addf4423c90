"""What a host asks of its station: the part of `Station` that firmware is written against
(docs/api.md)."""

from ocpp.station.identity import checked

_ACTING = const(
    "begin,call,change_availability,check_flash,clear_error,data_transfer,end,report_damage,reset,"
    "security_event,set_error,unlock"
)
_ISO15118 = const(
    "certificate_status,ev_charging_needs,ev_charging_schedule,get_ev_certificate,"
    "present_contract,sign_v2g_certificate"
)
_WIRING = const("bind,handle,listen,measure,observe,on,on_data,publish")


class Host:
    """The functions of `acts`, `hosting` and `standing` (while it runs), and of `wiring` (as it
    starts) that take a station first are its methods, too. They are needed now and then, and not
    kept in memory in between."""

    # Hooks that the host sets
    reset_allowed = None  # fn(kind) -> False: a reset is refused
    on_reset = None  # fn(kind) -> False if it can't be done; otherwise the restart is under way
    # fn(what, value, clear) -> lines of text the host knows of a customer, or None; `what`:
    # "idToken", "customerIdentifier" or "customerCertificate", in the words of OCPP 2.x
    on_customer = None
    on_evse_reset = None  # fn(connector): reset its hardware; None: it can't be alone
    on_unlock = None  # fn(connector) -> True open, False failed, None still trying; None: no lock
    on_schedule = None  # fn(connector number or 0, composite schedule), see `composite.publish`
    # A controller that speaks with the EV: an object with schedules(connector, schedules),
    # certificate(chain) -> True: taken, request() -> True: sign_v2g_certificate() follows
    iso15118 = None
    on_reserve = None  # fn(id, connector or None, id_token, group, until) -> status, as `reserve`
    on_cancel_reservation = None  # fn(id) -> True if there was one
    reserved_for = None  # fn(connector, id_token, group) -> True: may use a reserved connector
    on_remote_start = None  # fn(id_token, connector or None, kind) -> True: the host begins it
    boot_reason = "PowerUp"
    variables = ()  # (line, fn) of variables of the host's own, see `publish`
    switches = None  # (number, source) -> (priority, enabled), see `enable`
    # Files and firmware, see docs/firmware-update.md
    transfers = None  # fn() -> object with get() and put(); None: no files can be transferred
    updater = None  # fn() -> object with unpack(), activate(), result(), confirm(), revert()
    self_test = None  # fn() -> None, or why newly installed firmware is no good
    on_update = None  # fn(request) -> False: built in; else the host does it: firmware_status()
    on_upload = None  # fn(request) -> name of a file the host uploads: upload_status(); or None
    on_display = (
        None  # fn(messages): show these in turn, see `station/display.py`; None: no display
    )
    on_price = None  # fn(connector or None, told): show a price or cost, see `station/pricing.py`
    on_diagnostics = None  # fn(oldest, latest) -> iterator of further lines, None: wait
    borrowed = ()  # packages that only those need, let go afterwards
    installing = False  # True: new firmware waits for the transactions to end, none begins

    @property
    def may_begin(self):
        """False while transactions have to wait for the central system to accept the station."""
        if self.registration.accepted:
            return True
        return self.settings.get("TxCtrlr.TxBeforeAcceptedEnabled")

    def connector(self, number):
        """Connector 1, 2, ... ValueError if there is none of that number."""
        if not isinstance(number, int) or not 1 <= number <= len(self.connectors):
            raise ValueError("no connector %r" % (number,))
        return self.connectors[number - 1]

    def present(self, id_token, connector=None, type="", extra=None):
        """A card (or another means of authorization, `type`: IdTokenEnumType of OCPP 2.x) is
        presented, at the reader of connector number `connector` or at that of all. It begins, ends
        or withdraws (OCPP 1.6 §4.8, §4.10). `extra`: a list of AdditionalInfoTypes that go with it
        (2.x). ValueError for an identifier or number that is none."""
        target = None if connector is None else self.connector(connector)
        if id_token or type != "NoAuthorization":  # a start button has none
            checked(id_token)
        self.tokens.present(id_token, target, type, extra)

    def __getattr__(self, name):
        if name[0] == "_":
            raise AttributeError(name)
        if name in ("ocpp_status", "explain"):
            from ocpp import standing as place
        elif name in _ACTING.split(","):
            from ocpp import acts as place
        elif name in _WIRING.split(","):
            from ocpp import wiring as place
        elif name in _ISO15118.split(","):
            from ocpp import iso15118 as place
        else:
            from ocpp import hosting as place
        fn = getattr(place, name)
        self.quiet_soon()
        return lambda *arguments, **named: fn(self, *arguments, **named)
