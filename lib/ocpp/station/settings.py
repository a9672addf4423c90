"""Settings: typed, named in OCPP 1.6 and 2.x alike, stored where they differ from the defaults.

A value comes from the table of definitions, from this installation (`initial`), or from a change
(`change`, `force`), the later winning. The canonical name is the 1.6 name, where there is none
`Component.Variable`. Only the values stay in memory; definitions (`settings_table`), rules and
everything that changes a setting (`settings_edit`) are there while they are needed.
"""

from ocpp.log import log
from ocpp.modules import unload

_MODULES = const(
    "settings_edit settings_rules settings_rows settings_core settings_extra settings_prices "
    "settings_table measurands changes"
)


class _Values:
    """Values as attributes: names are then kept once, however often they are written."""


class Settings:
    """The settings of one station, kept in `store` (see `ocpp.store`)."""

    owner = None  # the station, once it is to be told of changes and asked about them

    def __init__(self, store):
        self._store = store
        self._values = _Values()  # by canonical name: bool, int, float, str, None while absent
        self._installed = {}  # canonical name -> value: defaults of this installation
        self._fixed = []  # canonical names of what the station computes
        self._declared = []  # definitions of the host
        self._watchers = {}  # canonical name -> [fn(value)]
        self.validators = {}  # canonical name -> fn(text) -> what is wrong with it, or None
        stored = store.load("settings")
        self._stored = stored if isinstance(stored, dict) else {}  # canonical name -> text
        self._edit("load")

    def get(self, name):
        """The value of a setting by its canonical name: bool, int, float or str (lists too);
        None while absent. KeyError if there is no such setting."""
        value = getattr(self._values, name, self)  # self: not in memory, being at its default
        if value is not self:
            return value
        from ocpp.station import settings_rows

        try:
            return settings_rows.default(self, name)
        finally:
            _let_go()

    def text(self, name):
        """The value as text, None while absent."""
        value = self.get(name)
        from ocpp.station import settings_rows

        return settings_rows.text_of(value)

    def watch(self, name, fn):
        """Call `fn(value)` after each change of a setting; "*": `fn(name, value)` after that of
        any. KeyError if there is none of that name."""
        if name != "*":
            self.get(name)
        self._watchers.setdefault(name, []).append(fn)

    def adopt(self, name, value):
        """Take a value (of the setting's type) until the next start, without storing it."""
        before = getattr(self._values, name, self)
        if before == value:
            return
        setattr(self._values, name, value)
        try:
            if self.owner:
                from ocpp.station import changes

                changes.changed(self.owner, name, value, before)
        except Exception as e:
            log.error("settings", name, "- what follows failed:", repr(e))
        for key in (name, "*"):
            for fn in self._watchers.get(key, ()):
                try:
                    fn(value) if key == name else fn(name, value)
                except Exception as e:
                    log.error("settings", name, "- a watcher failed:", repr(e))

    def assume(self, name, value):
        """Take a value of which nobody is told."""
        setattr(self._values, name, value)

    # What these do is told in `settings_edit`.

    def lookup(self, spelling):
        return self._edit("lookup", spelling)

    def rows(self):
        return self._edit("rows")

    def items(self):
        """(name, text) of all settings that have a value and may be read, in table order."""
        for name, text, _, _ in self.rows():
            if text is not None:
                yield name, text

    def change(self, spelling, text):
        return self._edit("change", spelling, text)

    def force(self, spelling, text):
        return self._edit("force", spelling, text)

    def commit(self, name):
        return self._edit("commit", name)

    def initial(self, values):
        return self._edit("initial", values)

    def install(self, name, text):
        return self._edit("install", name, text)

    def set_fixed(self, name, text):
        return self._edit("set_fixed", name, text)

    def declare(self, line):
        return self._edit("declare", line)

    def _edit(self, name, *arguments):
        from ocpp.station import settings_edit

        try:
            return getattr(settings_edit, name)(self, *arguments)
        finally:
            _let_go()


def _let_go():
    """Forget the definitions: they are large and seldom needed."""
    for name in _MODULES.split():
        unload("ocpp.station." + name)
