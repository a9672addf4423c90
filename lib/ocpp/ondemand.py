"""Code and schemas that are loaded when they are needed and let go when all is quiet."""

import sys

from ocpp.calls import CallError

_SCHEMAS = const(2)  # compact schemas kept in memory
_OPS = const(2)  # modules of operations kept in memory
_QUIET_MS = const(250)

# Needed for messages only; whoever uses them imports them where they are used.
_MESSAGES = (
    "ocpp.acts",
    "ocpp.hosting",
    "ocpp.wiring",
    "ocpp.station.diagnostics",
    "ocpp.station.composite",
    "ocpp.station.evaluate",
    "ocpp.station.explain",
    "ocpp.station.fields",
    "ocpp.station.faults",
    "ocpp.station.certificates",
    "ocpp.station.measurands",
    "ocpp.station.firmware_signature",
    "ocpp.station.imports",
    "ocpp.station.own",
    "ocpp.station.roots",
    "ocpp.station.security_log",
    "ocpp.station.signed",
    "ocpp.station.offers",
    "ocpp.station.profile_rules",
    "ocpp.station.profiles",
    "ocpp.station.schedule",
    "ocpp.station.zone",
    "ocpp.statefiles",
    "ocpp.txboot",
    "ocpp.txcompact",
    "ocpp.txdelivery",
    "ocpp.txparked",
    "ocpp.txtail",
    "ocpp.txtime",
    "ocpp.schema",
    "ocpp.incoming",
    "ocpp.strictjson",
    "ocpp.iso",
    "ocpp.v16.profile",
    "ocpp.v16.types",
    "ocpp.v2.types",
    "ocpp.v2.variables",
    "ocpp.v16.schema",
    "ocpp.v2.schema",
)


# Parts of a station that exist only while they have something to do (`busy`).
_PARTS = {
    "authorization": "Authorization",
    "availability": "Availability",
    "local_list": "LocalList",
    "certificates": "Certificates",
    "metering": "Metering",
    "recovery": "Recovery",
    "reservations": "Reservations",
    "reset": "Reset",
    "security": "Security",
    "tokens": "Tokens",
    "update": "Update",
    "upload": "Upload",
}


class OnDemand:
    """The part of a Station that loads. `_schemas`: [(action, is request, compact schema)],
    `_ops`:
    [module], both with the latest last; `_parts`: {name: object}; `_quiet`: Timer."""

    def part(self, name):
        """One of `_PARTS`, made if it is not there: an object of `station/NAME.py`."""
        part = self._parts.get(name)
        if part is None:
            cls = _PARTS[name]
            module = __import__("ocpp.station." + name, None, None, (cls,))
            part = self._parts[name] = getattr(module, cls)(self)
            self.quiet_soon()
        return part

    @property
    def authorization(self):
        return self.part("authorization")

    @property
    def metering(self):
        return self.part("metering")

    @property
    def reservations(self):
        """The part, or None while there are none."""
        return self._parts.get("reservations")

    @property
    def tokens(self):
        return self.part("tokens")

    def op(self, package, action):
        """The module of an operation, None if there is none."""
        from ocpp.schema import module_name

        name = package + ".ops." + module_name(action)
        for i, module in enumerate(self._ops):
            if module.__name__ == name:
                self._ops.append(self._ops.pop(i))
                return module
        try:
            module = __import__(name, None, None, ("handle",))
        except ImportError as e:
            if name in str(e):
                return None
            raise
        if len(self._ops) >= _OPS:
            unload(self._ops.pop(0).__name__)
        self._ops.append(module)
        self.quiet_soon()
        return module

    def quiet_soon(self):
        """Something was loaded: it is let go when it has not been needed for a while."""
        self._quiet.start(_QUIET_MS)

    def lasting(self):
        """How many jobs are under way that take minutes."""
        count = 0
        for name in ("update", "upload"):
            if name in self._parts and self._parts[name].job:
                count += 1
        return count

    def tidy(self):
        """Let go what only messages need."""
        borrowed = () if self.lasting() else self.borrowed
        self._quiet.stop()
        self._schemas = []
        for module in self._ops:
            unload(module.__name__)
        self._ops = []
        for name in list(self._parts):
            if not getattr(self._parts[name], "busy", False):
                del self._parts[name]
                unload("ocpp.station." + name)
        if "metering" not in self._parts:
            unload("ocpp.station.samples")
        if not any(c.tx for c in self.connectors):
            unload("ocpp.station.charging")
        for name in _MESSAGES:
            unload(name)
        for name in list(sys.modules):  # what schemas share, and the arithmetic of keys
            top = name.split(".")[0]
            if (".schema." in name and top == "ocpp") or top == "pki" or top in borrowed:
                unload(name)

    def return_borrowed(self):
        """Let go what the host lent (`Host.borrowed`): something else needs the memory now."""
        for name in list(sys.modules):
            if name.split(".")[0] in self.borrowed:
                unload(name)

    def knows(self, action):
        """True if the running version has this action."""
        return self._schema(action, True) is not None

    def check(self, action, is_request, payload, lenient=False):
        """Raise CallError if a payload breaks the schema of its action; unknown actions pass."""
        compact = self._schema(action, is_request)
        if compact is None:
            return
        from ocpp.schema import Violation, check

        try:
            check(compact, payload, lenient)
        except Violation as e:
            text = "%s: %s" % (e.path or "payload", e.kind)
            raise CallError(self.dialect.code(e.kind), text) from None

    def _schema(self, action, is_request):
        for i, entry in enumerate(self._schemas):
            if entry[0] == action and entry[1] == is_request:
                self._schemas.append(self._schemas.pop(i))
                return entry[2]
        from ocpp import schema

        module = schema.load(self.dialect.package + ".schema", action)
        if module is None:
            return None
        compact = module.REQ if is_request else module.CONF
        unload(module.__name__)
        if len(self._schemas) >= _SCHEMAS:
            self._schemas.pop(0)
        self._schemas.append((action, is_request, compact))
        self.quiet_soon()
        return compact


def unload(name):
    """Let a module go, so that its code does not stay in memory."""
    if sys.modules.pop(name, None):
        package, _, leaf = name.rpartition(".")
        parent = sys.modules.get(package)
        if parent and hasattr(parent, leaf):
            delattr(parent, leaf)
