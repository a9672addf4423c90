"""The configuration file of the CSMS: every key, its default and what is accepted."""

import difflib
import json
import pathlib

from csms_app import tokens

BOOT_STATUSES = ("Accepted", "Pending", "Rejected")

# In a new store whose configuration names no tokens, so that a first card works at once.
SHIPPED_TOKENS = {
    "DEADBEEF": {"status": "Accepted"},
    "CAFEBABE": {"status": "Accepted", "group": "FAMILY"},
    "FEEDC0DE": {"status": "Accepted", "group": "FAMILY"},
    "BLOCKED1": {"status": "Blocked"},
}


class ConfigError(Exception):
    """One line: the key, its value and what is accepted."""


def _fail(key, value, accepted):
    shown = json.dumps(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    raise ConfigError("%s: %s is not accepted; accepted: %s" % (key, shown, accepted))


def _one_of(*words):
    def check(key, value, folder):
        if value not in words:
            _fail(key, value, ", ".join(words))
        return value

    return check


def _number(low, high, whole=True):
    def check(key, value, folder):
        kinds = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            _fail(key, value, "%s from %s to %s" % (kind, low, high))
        return value

    return check


def _text(key, value, folder):
    if not isinstance(value, str) or not value:
        _fail(key, value, "a text")
    return value


def _file(key, value, folder):
    _text(key, value, folder)
    path = folder / value
    if not path.is_file():
        _fail(key, value, "the path of a file, relative to the configuration file")
    return str(path)


def _bool(key, value, folder):
    if not isinstance(value, bool):
        _fail(key, value, "true, false")
    return value


def _object(checks):
    def check(key, value, folder):
        if not isinstance(value, dict):
            _fail(key or "configuration", value, "an object")
        done = {}
        for name in value:
            full = key + "." + name if key else name
            if name not in checks:
                near = difflib.get_close_matches(name, checks, 1)
                hint = "did you mean %s?" % near[0] if near else "known: %s" % ", ".join(checks)
                raise ConfigError("%s: unknown key; %s" % (full, hint))
            done[name] = checks[name](full, value[name], folder)
        return done

    return check


def _map(check_item):
    def check(key, value, folder):
        if not isinstance(value, dict):
            _fail(key, value, "an object")
        return {n: check_item(key + "." + n, value[n], folder) for n in value}

    return check


def _token(key, value, folder):
    fields = {"status": value} if isinstance(value, str) else value
    try:
        return tokens.checked(key.split(".", 1)[1], fields)
    except ValueError as e:
        raise ConfigError("%s: %s" % (key, e)) from None


def _password(key, value, folder):
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= 64):
        raise ConfigError("%s: accepted: null or a text of 1 to 64 characters" % key)
    return value


def _hosts(key, value, folder):
    names = isinstance(value, list) and value
    if not names or not all(isinstance(n, str) and n and n.isascii() for n in value):
        _fail(key, value, "a list of host names and addresses of this CSMS")
    return value


def _port(key, value, folder):
    return None if value is None else _number(0, 65535)(key, value, folder)


_interval = _number(0, 2**31 - 1)
_BOOT = {"status": _one_of(*BOOT_STATUSES), "interval": _interval}
_STATION = {"password": _password, "evses": _number(1, 1000), "boot": _object(_BOOT)}
_TLS = {
    "cert_file": _file,
    "key_file": _file,
    "ca_file": _file,
    "hosts": _hosts,
    "client_certs": _one_of("none", "optional", "required"),
    "match_identity": _bool,
}
_KEYS = {
    "boot": _object(_BOOT),
    "unknown_stations": _one_of("accept", "reject"),
    "unknown_tokens": _one_of(*tokens.STATUSES),
    "tokens": _map(_token),
    "stations": _map(_object(_STATION)),
    "tls": _object(_TLS),
    "call_timeout": _number(0.1, 600, whole=False),
    "ping_interval": _number(0, 3600, whole=False),
    "message_bytes": _number(1000, 2**30),
    "keep_frames": _number(100, 10**7),
    "ftp_port": _port,
}


def station_fields(body):
    """Checks the body of PUT /api/stations/ID. Raises ConfigError."""
    return _object(_STATION)("", body, None)


def load(path):
    """The complete configuration; `path` None: defaults. Raises ConfigError."""
    values, folder = {}, None
    if path is not None:
        values = _read(path)
        folder = pathlib.Path(path).parent
    values = _object(_KEYS)("", values, folder)
    tls = values.get("tls")
    if tls is not None:
        _complete_tls(tls)
    defaults = {
        "unknown_stations": "accept",
        "unknown_tokens": "Invalid",
        "tokens": None,
        "stations": {},
        "tls": None,
        "call_timeout": 30,
        "ping_interval": 20,
        "message_bytes": 2**20,
        "keep_frames": 5000,
        "ftp_port": None,
    }
    boot = {"status": "Accepted", "interval": 300, **values.pop("boot", {})}
    return {**defaults, **values, "boot": boot}


def _read(path):
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as e:
        reason = getattr(e, "strerror", None) or "not UTF-8"
        raise ConfigError("--config %s: %s; accepted: a JSON file" % (path, reason)) from None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        raise ConfigError("--config %s: not JSON: %s" % (path, e)) from None


def _complete_tls(tls):
    own = "hosts" in tls
    for name in ("cert_file", "key_file"):
        if own and name in tls:
            raise ConfigError("tls.%s: not together with tls.hosts" % name)
        if not own and name not in tls:
            raise ConfigError("tls.%s: missing; accepted: the path of a PEM file" % name)
    default = "optional" if own else "required" if "ca_file" in tls else "none"
    tls.setdefault("client_certs", default)
    tls.setdefault("match_identity", False)
    if tls["client_certs"] != "none" and "ca_file" not in tls and not own:
        raise ConfigError(
            'tls.ca_file: missing; needed with tls.client_certs "optional", "required"'
        )
