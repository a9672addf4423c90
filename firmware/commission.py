"""First configuration, or another one: the same by web page and by serial line.

What comes in is a flat set of texts (`FIELDS`); it is laid over the configuration there is,
checked like any other (`config.py`), and put onto the flash as `config.new`, which the next start
takes over. In memory only while somebody sets the charger up.
"""

import json
import os

import config
from config import ConfigError

_NEW = "config.new"
# text: where it goes in the configuration; (section, key)
FIELDS = {
    "ssid": ("wifi", "ssid"),
    "wifi_password": ("wifi", "password"),
    "url": ("ocpp", "url"),
    "id": ("ocpp", "id"),
    "version": ("ocpp", "version"),
    "security_profile": ("ocpp", "security_profile"),
    "password": ("ocpp", "password"),
    "ca_file": ("ocpp", "ca_file"),
    "vendor": ("charge_point", "vendor"),
    "model": ("charge_point", "model"),
    "serial": ("charge_point", "serial"),
}
_MANY = const(20)


def current(folder, board):
    """The configuration there is, as JSON, what waits for the next start included; a beginning for
    `board` if there is none."""
    for name in (_NEW, config.FILE):
        try:
            found = config.read(folder, name)
            if isinstance(found, dict):
                return found
        except ConfigError:
            pass  # the next one
    return {"board": board, "ocpp": {}}


def merged(data, told):
    """`data` with the texts `told` laid over it. What is "" stays as it is. ValueError names a
    field that there is not."""
    for name in told:
        if name not in FIELDS:
            raise ValueError("unknown field %s; accepted: %s" % (name, ", ".join(sorted(FIELDS))))
        if not isinstance(told[name], str):
            raise ValueError("%s is not a text" % name)
    data = dict(data)
    for name in told:
        section, key = FIELDS[name]
        value = told[name]
        if not value or section == "wifi":
            continue
        data[section] = dict(_object(data, section))
        data[section][key] = _valued(name, value)
    if told.get("ssid"):
        _add_wifi(data, told["ssid"], told.get("wifi_password", ""))
    return data


def _object(data, section):
    found = data.get(section, {})
    return found if isinstance(found, dict) else {}


def _valued(name, value):
    if name == "security_profile":
        return int(value) if value.isdigit() and len(value) == 1 else value
    if name == "version" and "," in value:
        return [part.strip() for part in value.split(",")]
    return value


def _add_wifi(data, ssid, password):
    """The network becomes the first choice."""
    network = dict(_object(data, "network"))
    known = network.get("wifi", [])
    known = [n for n in known if isinstance(n, dict) and n.get("ssid") != ssid]
    network["wifi"] = ([{"ssid": ssid, "password": password}] + known)[:8]
    data["network"] = network


def apply(folder, boards, board, told):
    """Check and store. ConfigError or ValueError: what is wrong; nothing is stored then."""

    def exists(path):
        return config.is_file(folder + "/" + path)

    data = merged(current(folder, board), told)
    config.check(_copied(data), boards, exists)
    store(folder, data)


def replace(folder, boards, text):
    """The same with a whole configuration, as JSON."""
    from ocpp import strictjson

    def exists(path):
        return config.is_file(folder + "/" + path)

    try:
        data = strictjson.loads(text)
    except ValueError:
        raise ConfigError("not JSON; accepted: a JSON object") from None
    config.check(_copied(data), boards, exists)
    store(folder, data)


def store(folder, data):
    """`data` is the configuration from the next start on. OSError: the flash takes nothing."""
    path = folder + "/" + _NEW
    with open(path + ".part", "w") as file:
        json.dump(data, file)
    os.rename(path + ".part", path)


def _copied(data):
    """`check` fills in what it is given."""
    return json.loads(json.dumps(data))


def fields(body):
    """{name: text} of a form (application/x-www-form-urlencoded). ValueError: not one."""
    found = {}
    try:
        text = body.decode()
    except UnicodeError:
        raise ValueError("not a form") from None
    for pair in text.split("&"):
        name, mark, value = pair.partition("=")
        if not mark or len(found) >= _MANY:
            raise ValueError("not a form")
        found[name] = unquoted(value)
    return found


def unquoted(text):
    """Percent-encoding undone. ValueError."""
    first, *parts = text.replace("+", " ").encode().split(b"%")
    try:
        return (first + b"".join([bytes([int(p[:2], 16)]) + p[2:] for p in parts])).decode()
    except (ValueError, UnicodeError):
        raise ValueError("not a form") from None
