"""Code and schemas that are loaded when they are needed and let go when all is quiet."""

import sys

from ocpp.calls import CallError
from ocpp.modules import unload

_SCHEMAS = const(2)  # compact schemas kept in memory
_OPS = const(2)  # modules of operations kept in memory
_QUIET_MS = const(250)

# Needed for messages only; whoever uses them imports them where they are used.
_MESSAGES = const(
    " acts hosting incoming iso iso15118 schema standing statefiles strictjson wiring "
    "txboot txcompact txdelivery txparked txtail txtime "
    "station.certificates station.changes station.composite station.diagnostics "
    "station.evaluate station.explain station.faults station.fields "
    "station.firmware_signature station.imports station.learning station.list_update "
    "station.measurands station.offers "
    "station.own station.profile_rules station.profiles station.roots station.schedule "
    "station.security_log station.settings_core station.settings_extra "
    "station.settings_prices station.settings_rows station.settings_table "
    "station.show station.signed station.zone "
    "v16.pnc v16.pricing v16.profile v16.schema v16.types "
    "v2.asked v2.live v2.message v2.parts v2.price v2.profile v2.reports v2.schema "
    "v2.types v2.values v2.variables "
)


class OnDemand:
    """The part of a Station that loads. `_schemas`: [(action, is request, compact schema)],
    `_ops`: [module], both with the latest last; `_parts`: {name: object}; `_quiet`: Timer."""

    few = 12  # modules looked at in one step of letting go

    def part(self, name):
        """A part that exists only while it has something to do (`busy`), made if it is not there:
        `part_name` is an object of class PartName of `station/part_name.py`."""
        part = self._parts.get(name)
        if part is None:
            cls = "".join([word[0].upper() + word[1:] for word in name.split("_")])
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

    def spare(self, name):
        """Let a part go that has nothing to do any more. True if it is gone now."""
        part = self._parts.get(name)
        if part is None or getattr(part, "busy", False):
            return False
        del self._parts[name]
        unload("ocpp.station." + name)
        return True

    def tidy(self):
        """Let go what only messages need, at once."""
        for _ in self.tidying():
            pass

    def tidying(self):
        """The same as a job: a few modules a step."""
        self._quiet.stop()
        self._schemas = []
        ops, self._ops = self._ops, []
        for module in ops:
            unload(module.__name__)
        yield
        for name in list(self._parts):
            if self.spare(name):
                yield
        if "metering" not in self._parts:
            unload("ocpp.station.samples")
        if not any([c.tx for c in self.connectors]):
            unload("ocpp.station.charging")
            unload("ocpp.station.points")
        borrowed = () if self.lasting() else self.borrowed
        for i, name in enumerate(list(sys.modules)):
            if i % self.few == 0:
                yield
            top, _, rest = name.partition(".")
            if top == "ocpp":
                # and what schemas share
                gone = " " + rest + " " in _MESSAGES or ".schema." in name
            else:
                gone = top == "pki" or top in borrowed  # the arithmetic of keys
            if gone:
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
