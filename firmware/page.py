"""The page by which a charger is set up. In memory only while it is shown."""

import json

_FORM = (
    "<!doctype html><html lang=en><meta charset=utf-8>"
    '<meta name=viewport content="width=device-width"><title>Charger set-up</title>'
    "<style>body{font:16px sans-serif;max-width:30em;margin:1em auto;padding:0 1em}"
    "label{display:block;margin:.6em 0}"
    "input,select{width:100%%;box-sizing:border-box;font:inherit}"
    "p{color:#a00}</style><h1>Charger set-up</h1><p>%s</p><form method=post>"
    '<label>Wi-Fi network<input name=ssid maxlength=32 value="%s"></label>'
    "<label>Wi-Fi password<input name=wifi_password type=password maxlength=63></label>"
    '<label>Central system (URL)<input name=url maxlength=512 value="%s"'
    ' placeholder="wss://csms.example/ocpp"></label>'
    '<label>Identity of this charger<input name=id maxlength=48 value="%s"></label>'
    "<label>OCPP<select name=version>%s</select></label>"
    "<label>Security profile<select name=security_profile>%s</select></label>"
    "<label>Password of the charger<input name=password type=password maxlength=64></label>"
    "<button>Save and restart</button></form>"
)
_VERSIONS = ("1.6", "2.0.1", "2.0.1,1.6")


def page(data, message):
    """`data`: the configuration there is; `message`: what is wrong with what was entered."""
    ocpp = data.get("ocpp", {})
    ocpp = ocpp if isinstance(ocpp, dict) else {}
    version = ocpp.get("version", _VERSIONS[0])
    version = ",".join([str(v) for v in version]) if isinstance(version, list) else version
    return _FORM % (
        _escaped(message),
        _escaped(_first_network(data)),
        _escaped(ocpp.get("url", "")),
        _escaped(ocpp.get("id", "")),
        _choices(_VERSIONS, version),
        _choices("0123", str(ocpp.get("security_profile", 0))),
    )


def _choices(values, chosen):
    made = ""
    for value in values:
        made += "<option%s>%s" % (" selected" if value == chosen else "", value)
    return made


def _first_network(data):
    try:
        return data["network"]["wifi"][0]["ssid"]
    except (KeyError, IndexError, TypeError):
        return ""


def _escaped(value):
    """Fit for an attribute or the text of a page."""
    text = value if isinstance(value, str) else json.dumps(value)
    for bad, good in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(bad, good)
    return text
