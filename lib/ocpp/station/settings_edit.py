"""Everything about settings but reading them: definitions, checks, changes. Imported when needed.

The functions take the `Settings` first; they are called as its methods.
"""

from ocpp.log import log
from ocpp.station import (
    measurands,  # noqa: F401 - for `settings_rules`, where little of the stack is left
    settings_rows,
)
from ocpp.station import settings_rules as rules

FILE = "settings"


def load(s):
    """Put all values into memory that belong there."""
    for d in rules.definitions(()):
        settle(s, d)


def lookup(s, spelling):
    """The canonical name for a name in either version's spelling, any case; or None."""
    d = rules.find(s._declared, spelling)
    return rules.name_of(d) if d else None


def rows(s):
    """All settings in table order: (name, text, readonly, writeonly). The text is None while
    the setting is absent, and always if it is write-only."""
    for d, text in settings_rows.details(s):
        access = d[rules.ACCESS]
        yield rules.name_of(d), text, access == "r", access == "w"


def change(s, spelling, text):
    """A change by the CSMS, on flash before this returns (OCPP 1.6 §5.3).

    Returns "Accepted", "RebootRequired", "Rejected" or "NotSupported" (unknown setting).
    """
    d = rules.find(s._declared, spelling)
    if d is None:
        return "NotSupported"
    name = rules.name_of(d)
    try:
        value = permitted(s, d, text)
        keep(s, name, value, base(s, d))
    except (ValueError, OSError) as e:
        log.info("settings", name, "not changed:", e)
        return "Rejected"
    s.adopt(name, value)
    return "RebootRequired" if "reboot" in d[rules.FLAGS] else "Accepted"


def force(s, spelling, text):
    """A change by the owner, also of what is read-only; None: back to the default.

    KeyError: unknown setting. ValueError: says what is accepted. OSError: can't be stored.
    """
    d = rules.find(s._declared, spelling)
    if d is None:
        raise KeyError(spelling)
    name = rules.name_of(d)
    usual = base(s, d)
    value = usual if text is None else checked(s, d, text)
    keep(s, name, value, usual)
    s.adopt(name, value)


def commit(s, name):
    """Keep the value that was assumed. OSError: can't be stored."""
    keep(s, name, s.get(name), base(s, rules.find(s._declared, name)))


def initial(s, values):
    """This installation's defaults, {name in either spelling: text}. Read-only ones too.

    Returns what could not be used: a list of (name, what is wrong, in words).
    """
    problems = []
    for spelling, text in values.items():
        try:
            d = named(s, spelling)
            s._installed[rules.name_of(d)] = checked(s, d, text, False)
            settle(s, d)
        except ValueError as e:
            problems.append((spelling, str(e)))
    return problems


def install(s, name, text):
    """One more default of this installation, by canonical name; texts may have any length.
    KeyError: unknown setting. ValueError: not of its type."""
    d = rules.find(s._declared, name)
    if d is None:
        raise KeyError(name)
    value = text if d[rules.TYPE] == "str" else rules.value(d, settings_rows.text_of(text))
    s._installed[name] = value
    settle(s, d)


def set_fixed(s, name, text):
    """A setting the station itself computes: the CSMS may only read it."""
    if name not in s._fixed:
        s._fixed.append(name)
    install(s, name, text)


def declare(s, line):
    """A setting of the host's own, in the form of `settings_table`. ValueError if malformed
    or if one of its names is taken."""
    d = rules.check_definition(line)
    for name in d[:2]:
        if rules.find(s._declared, name):
            raise ValueError("setting %s is there already" % name)
    s._declared.append(line)
    settle(s, d)


def base(s, d):
    """What counts without a change."""
    name = rules.name_of(d)
    return s._installed[name] if name in s._installed else rules.default(d)


def settle(s, d):
    """Put the value that counts into memory."""
    name = rules.name_of(d)
    if name in s._stored and name not in s._fixed:
        try:
            s.adopt(name, rules.value(d, s._stored[name]))
            return
        except ValueError:
            log.warn("settings", name, "stored value is not usable, default taken")
    if name in s._installed or "lazy" not in d[rules.FLAGS]:
        s.adopt(name, base(s, d))


def named(s, spelling):
    """The definition for a name of the configuration. ValueError if there is none."""
    d = rules.find(s._declared, spelling)
    if d is None:
        name, at, _ = spelling.partition("@")
        if at and rules.find(s._declared, name):
            raise ValueError("unknown, but %s is, for the whole station" % name)
        raise ValueError("unknown, nearest is %s" % rules.nearest(s._declared, spelling))
    return d


def checked(s, d, text, validate=True):
    """The value of `text`. ValueError with what is accepted."""
    name = rules.name_of(d)
    value = rules.value(d, text, most(s, d))
    if d[rules.TYPE] == "rotation":
        for item in value.split(",") if value else ():
            if int(item.split(".")[0]) > s.get("NumberOfConnectors"):
                raise ValueError("no such connector")
    wrong = why_not(s, name, settings_rows.text_of(value)) if validate else None
    if wrong:
        raise ValueError(wrong)
    return value


def guarded(s, name):
    """True if somebody says whether the CSMS may change a setting that asks for it."""
    return name in s.validators or (s.owner is not None and name == "SecurityProfile")


def why_not(s, name, text):
    """What validators have against it, or None."""
    if name in s.validators:
        return s.validators[name](text)
    if s.owner is None:
        return None
    from ocpp.station import changes

    return changes.wrong(s.owner, name, text)


def most(s, d):
    """Items a list setting may hold, None for any number and for other types."""
    if d[rules.TYPE] in ("csl", "measurands", "rotation"):
        try:
            return s.get(rules.name_of(d) + "MaxLength")
        except KeyError:
            pass
    return None


def permitted(s, d, text):
    """The value of `text` if the CSMS may set it. ValueError with the reason if not."""
    name = rules.name_of(d)
    if d[rules.ACCESS] == "r" or name in s._fixed:
        raise ValueError("read-only")
    if "guard" in d[rules.FLAGS] and not guarded(s, name):
        raise ValueError("can't be changed")
    value = checked(s, d, text)
    if "rise" in d[rules.FLAGS] and value <= s.get(name):
        raise ValueError("can only be raised")
    return value


def keep(s, name, value, usual):
    """Have on flash what differs from `usual`. OSError if flash does not take it."""
    text = None if value == usual else settings_rows.text_of(value)
    if text == s._stored.get(name):
        return
    stored = dict(s._stored)
    if text is None:
        del stored[name]
    else:
        stored[name] = text
    if not s._store.save(FILE, stored):
        raise OSError("flash does not take it")
    s._stored = stored
