"""Secrets in OCPP frames: passwords, keys, and users in URLs are made `***` before a frame is kept
or shown. In memory only while a frame is looked at that may hold one."""

import json

_MASK = "***"
# Settings and fields whose value is secret; upper or lower case
_NAMES = ("authorizationkey", "basicauthpassword")
_FIELDS = ("password", "apnpassword", "basicauthpassword", "key")
_CONNECTION = ("vpn", "apn")


def masked(text):
    """The frame without its secrets. What can't be read as JSON is not kept at all."""
    try:
        frame = json.loads(text)
    except ValueError:
        return _MASK
    return json.dumps(_clean(frame, False), separators=(",", ":"))


def _clean(value, inside):
    """`value` without secrets; `inside`: it belongs to the settings of a network."""
    if isinstance(value, list):
        return [_clean(item, inside) for item in value]
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, dict):
        return value
    found = {}
    hide = _names_secret(value)
    for name in value:
        low = name.lower()
        secret = low in _FIELDS[:3] or (inside and low == "key")
        if secret or (hide and low in ("value", "attributevalue")):
            found[name] = _MASK
        else:
            found[name] = _clean(value[name], low in _CONNECTION)
    return found


def _names_secret(value):
    """True if these are the fields of a setting that is secret: `{"key": NAME, "value": ...}` of
    OCPP 1.6, `{"variable": {"name": NAME}, "attributeValue": ...}` of 2.x."""
    variable = value.get("variable")
    for name in (value.get("key"), variable.get("name") if isinstance(variable, dict) else None):
        if isinstance(name, str) and name.lower() in _NAMES:
            return True
    return False


def _text(text):
    """A text without a password, or the user and password of a URL, in it."""
    if "password" in text.lower() and (":" in text or "=" in text):
        return _MASK
    scheme, sign, rest = text.partition("://")
    if not sign or "@" not in rest.partition("/")[0]:
        return text
    host, slash, path = rest.partition("/")
    return "%s://%s@%s%s%s" % (scheme, _MASK, host.rpartition("@")[2], slash, path)
