"""Settings: typed, named in OCPP 1.6 and 2.x alike, stored where they differ from the defaults.

A value comes from the table of definitions, from this installation (`initial`), or from a change
(`change`, `force`), the later winning. The canonical name is the 1.6 name, where there is none
`Component.Variable`. The definitions are in memory only while they are needed.
"""

import sys

from ocpp.log import log

_FILE = const("settings")
_MODULES = const("settings_rules settings_table")


class Settings:
    """The settings of one station, kept in `store` (see `ocpp.store`)."""

    def __init__(self, store):
        self._store = store
        self._values = {}  # canonical name -> value: bool, int, float, str, None while absent
        self._installed = {}  # canonical name -> value: defaults of this installation
        self._fixed = []  # canonical names of what the station computes
        self._declared = []  # definitions of the host
        self._watchers = {}  # canonical name -> [fn(value)]
        self.validators = {}  # canonical name -> fn(text) -> what is wrong with it, or None
        stored = store.load(_FILE)
        self._stored = stored if isinstance(stored, dict) else {}  # canonical name -> text
        try:
            rules = _rules()
            for d in rules.definitions(()):
                self._settle(rules, d)
        finally:
            _let_go()

    # -- reading --

    def get(self, name):
        """The value of a setting by its canonical name: bool, int, float or str (lists too);
        None while absent. KeyError if there is no such setting."""
        value = self._values.get(name, self)  # self: not in memory, being at its default
        return self._default(name) if value is self else value

    def text(self, name):
        """The value as text, None while absent."""
        return _text(self.get(name))

    def lookup(self, spelling):
        """The canonical name for a name in either version's spelling, any case; or None."""
        try:
            rules = _rules()
            d = rules.find(self._declared, spelling)
            return rules.name_of(d) if d else None
        finally:
            _let_go()

    def rows(self):
        """All settings in table order: (name, text, readonly, writeonly). The text is None while
        the setting is absent, and always if it is write-only."""
        try:
            rules = _rules()
            for d in rules.definitions(self._declared):
                name = rules.name_of(d)
                value = self._values.get(name, self)
                if value is self:
                    value = self._base(rules, d)
                hidden = d[rules.ACCESS] == "w"
                readonly = d[rules.ACCESS] == "r" or name in self._fixed
                yield name, None if hidden else _text(value), readonly, hidden
        finally:
            _let_go()

    def items(self):
        """(name, text) of all settings that have a value and may be read, in table order."""
        for name, text, _, _ in self.rows():
            if text is not None:
                yield name, text

    def watch(self, name, fn):
        """Call `fn(value)` after each change of a setting."""
        self._watchers.setdefault(name, []).append(fn)

    # -- setting --

    def change(self, spelling, text):
        """A change by the CSMS, on flash before this returns (OCPP 1.6 §5.3).

        Returns "Accepted", "RebootRequired", "Rejected" or "NotSupported" (unknown setting).
        """
        try:
            rules = _rules()
            d = rules.find(self._declared, spelling)
            if d is None:
                return "NotSupported"
            name = rules.name_of(d)
            try:
                value = self._permitted(rules, d, text)
                self._keep(name, value, self._base(rules, d))
            except (ValueError, OSError) as e:
                log.info("settings", name, "not changed:", e)
                return "Rejected"
            self._take(name, value)
            return "RebootRequired" if "reboot" in d[rules.FLAGS] else "Accepted"
        finally:
            _let_go()

    def force(self, spelling, text):
        """A change by the owner, also of what is read-only; None: back to the default.

        KeyError: unknown setting. ValueError: says what is accepted. OSError: can't be stored.
        """
        try:
            rules = _rules()
            d = rules.find(self._declared, spelling)
            if d is None:
                raise KeyError(spelling)
            name = rules.name_of(d)
            base = self._base(rules, d)
            value = base if text is None else self._checked(rules, d, text)
            self._keep(name, value, base)
            self._take(name, value)
        finally:
            _let_go()

    def initial(self, values):
        """This installation's defaults, {name in either spelling: text}. Read-only ones too.

        Returns what could not be used: a list of (name, what is wrong, in words).
        """
        problems = []
        try:
            rules = _rules()
            for spelling, text in values.items():
                try:
                    d = self._named(rules, spelling)
                    self._installed[rules.name_of(d)] = self._checked(rules, d, text, False)
                    self._settle(rules, d)
                except ValueError as e:
                    problems.append((spelling, str(e)))
        finally:
            _let_go()
        return problems

    def install(self, name, text):
        """One more default of this installation, by canonical name; texts may have any length.
        KeyError: unknown setting. ValueError: not of its type."""
        try:
            rules = _rules()
            d = rules.find(self._declared, name)
            if d is None:
                raise KeyError(name)
            value = text if d[rules.TYPE] == "str" else rules.value(d, _text(text))
            self._installed[name] = value
            self._settle(rules, d)
        finally:
            _let_go()

    def set_fixed(self, name, text):
        """A setting the station itself computes: the CSMS may only read it."""
        if name not in self._fixed:
            self._fixed.append(name)
        self.install(name, text)

    def adopt(self, name, value):
        """Take a value (of the setting's type) until the next start, without storing it."""
        self._take(name, value)

    def declare(self, line):
        """A setting of the host's own, in the form of `settings_table`. ValueError if malformed
        or if one of its names is taken."""
        try:
            rules = _rules()
            d = rules.check_definition(line)
            for name in d[:2]:
                if rules.find(self._declared, name):
                    raise ValueError("setting %s is there already" % name)
            self._declared.append(line)
            self._settle(rules, d)
        finally:
            _let_go()

    # -- inside --

    def _default(self, name):
        try:
            rules = _rules()
            d = rules.find(self._declared, name)
            if d is None:
                raise KeyError(name)
            return rules.default(d)
        finally:
            _let_go()

    def _base(self, rules, d):
        """What counts without a change."""
        name = rules.name_of(d)
        return self._installed[name] if name in self._installed else rules.default(d)

    def _settle(self, rules, d):
        """Put the value that counts into memory."""
        name = rules.name_of(d)
        if name in self._stored:
            try:
                self._take(name, rules.value(d, self._stored[name]))
                return
            except ValueError:
                log.warn("settings", name, "stored value is not usable, default taken")
        if name in self._installed or "lazy" not in d[rules.FLAGS]:
            self._take(name, self._base(rules, d))

    def _named(self, rules, spelling):
        """The definition for a name of the configuration. ValueError if there is none."""
        d = rules.find(self._declared, spelling)
        if d is None:
            name, at, _ = spelling.partition("@")
            if at and rules.find(self._declared, name):
                raise ValueError("unknown, but %s is, for the whole station" % name)
            raise ValueError("unknown, nearest is %s" % rules.nearest(self._declared, spelling))
        return d

    def _checked(self, rules, d, text, validate=True):
        """The value of `text`. ValueError with what is accepted."""
        name = rules.name_of(d)
        value = rules.value(d, text, self._most(rules, d))
        if d[rules.TYPE] == "rotation":
            for item in value.split(",") if value else ():
                if int(item.split(".")[0]) > self.get("NumberOfConnectors"):
                    raise ValueError("no such connector")
        validator = self.validators.get(name) if validate else None
        wrong = validator(_text(value)) if validator else None
        if wrong:
            raise ValueError(wrong)
        return value

    def _most(self, rules, d):
        """Items a list setting may hold, None for any number and for other types."""
        if d[rules.TYPE] in ("csl", "measurands", "rotation"):
            try:
                return self.get(rules.name_of(d) + "MaxLength")
            except KeyError:
                pass
        return None

    def _permitted(self, rules, d, text):
        """The value of `text` if the CSMS may set it. ValueError with the reason if not."""
        name = rules.name_of(d)
        if d[rules.ACCESS] == "r" or name in self._fixed:
            raise ValueError("read-only")
        if "guard" in d[rules.FLAGS] and name not in self.validators:
            raise ValueError("can't be changed")
        value = self._checked(rules, d, text)
        if "rise" in d[rules.FLAGS] and value <= self.get(name):
            raise ValueError("can only be raised")
        return value

    def _keep(self, name, value, base):
        """Have on flash what differs from `base`. OSError if flash does not take it."""
        text = None if value == base else _text(value)
        if text == self._stored.get(name):
            return
        stored = dict(self._stored)
        if text is None:
            del stored[name]
        else:
            stored[name] = text
        if not self._store.save(_FILE, stored):
            raise OSError("flash does not take it")
        self._stored = stored

    def _take(self, name, value):
        if self._values.get(name, self) == value:
            return
        self._values[name] = value
        for fn in self._watchers.get(name, ()):
            fn(value)


def _text(value):
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        text = "%.3f" % value
        return text.rstrip("0").rstrip(".")
    return value if value is None else str(value)


def _rules():
    from ocpp.station import settings_rules

    return settings_rules


def _let_go():
    """Forget the definitions: they are large and seldom needed."""
    package = sys.modules["ocpp.station"]
    for name in _MODULES.split():
        sys.modules.pop("ocpp.station." + name, None)
        if hasattr(package, name):
            delattr(package, name)
