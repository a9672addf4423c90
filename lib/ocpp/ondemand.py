"""Code and schemas that are loaded when they are needed and let go afterwards."""

import sys

from ocpp import schema
from ocpp.rpc import CallError

_SCHEMAS = const(4)  # compact schemas kept in memory


class OnDemand:
    """The part of a Station that loads. `_schemas`: (action, is request, compact schema), the latest last."""

    def load(self, name):
        """Import a module for one use, or None if there is none. See `unload`."""
        try:
            return __import__(name, None, None, ("handle",))
        except ImportError:
            return None

    def unload(self, module):
        """Let a module go, so that its code does not stay in memory."""
        package, _, leaf = module.__name__.rpartition(".")
        sys.modules.pop(module.__name__, None)
        parent = sys.modules.get(package)
        if parent and hasattr(parent, leaf):
            delattr(parent, leaf)

    def check(self, action, is_request, payload, lenient=False):
        """Raise CallError if a payload breaks the schema of its action; unknown actions pass."""
        compact = self._schema(action, is_request)
        if compact is None:
            return
        try:
            schema.check(compact, payload, lenient)
        except schema.Violation as e:
            raise CallError(
                self.dialect.code(e.kind), "%s: %s" % (e.path or "payload", e.kind)
            ) from None

    def knows(self, action):
        """True if the running version has this action."""
        return self._schema(action, True) is not None

    def _schema(self, action, is_request):
        for i, entry in enumerate(self._schemas):
            if entry[0] == action and entry[1] == is_request:
                self._schemas.append(self._schemas.pop(i))
                return entry[2]
        module = schema.load(self.dialect.package + ".schema", action)
        if module is None:
            return None
        compact = module.REQ if is_request else module.CONF
        self.unload(module)
        if len(self._schemas) >= _SCHEMAS:
            self._schemas.pop(0)
        self._schemas.append((action, is_request, compact))
        return compact
