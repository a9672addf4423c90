"""The configuration of a charger: read, checked, defaults filled in.

`load(path)` or `check(data)` give the dictionary that everything else works with; every key is in
it. What is wrong is one `ConfigError` whose text names the key, its value and what is accepted.
"""

import json
import os
import sys

from rules import fits, nearest, words

from ocpp import strictjson

FILE = "config.json"
CERTIFICATE_USES = (
    "CSMSRootCertificate",
    "ManufacturerRootCertificate",
    "V2GRootCertificate",
    "MORootCertificate",
)
VERSIONS = ("1.6", "2.0.1", "2.1")
_MAX_SIZE = const(16384)
_SIM = "sim"  # the board without pins

# key: (rule, default); a default of ... means that the key must be there.
_TOP = {
    "board": (-32, "sim"),
    "connectors": (range(1, 17), 1),
    "connector_lock": (bool, True),
    "any_firmware": (bool, False),
    "charge_point": (dict, {}),
    "ocpp": (dict, ...),
    "network": (dict, {}),
    "settings": (dict, {}),
    "console": (dict, {}),
}
_MODULES = ("composition", "parts", "wiring", "boardfile")  # needed for hardware only
_CHARGE_POINT = {
    "vendor": (-50, "ocppy"),
    "model": (-20, "Sim"),
    "serial": (25, ""),
    "box_serial": (25, ""),
    "firmware": (50, ""),
    "meter_type": (25, ""),
    "meter_serial": (25, ""),
    "iccid": (20, ""),
    "imsi": (20, ""),
}
_OCPP = {
    "url": (-512, ...),
    "id": (-48, ...),
    "version": (VERSIONS, "1.6"),
    "security_profile": ((0, 1, 2, 3), 0),
    "password": (64, ""),
    "ca_file": (255, ""),
    "cert_file": (255, ""),
    "key_file": (255, ""),
    "tls_name": (255, ""),
    "certificates": (dict, {}),
}
_CONSOLE = {"enabled": (bool, True), "password": (64, "")}
_SECRET = (
    "ocpp.password",
    "settings.AuthorizationKey",
    "settings.SecurityCtrlr.BasicAuthPassword",
)


class ConfigError(Exception):
    """Bad configuration. The text is for the person who wrote it. `lines`: all that is known to be
    wrong, if it is the hardware."""

    lines = ()


def load(folder, boards, name=FILE):
    """The checked configuration in `folder`. `boards`: names of the boards in this build."""
    return check(read(folder, name), boards, lambda file: is_file(folder + "/" + file))


def read(folder, name=FILE):
    """The JSON value of the configuration in `folder`, not checked. ConfigError if there is
    none."""
    path = folder + "/" + name
    try:
        if os.stat(path)[6] > _MAX_SIZE:
            raise ConfigError("more than %d bytes" % _MAX_SIZE)
        with open(path) as file:
            return strictjson.loads(file.read())
    except OSError:
        raise ConfigError("there is no %s; accepted: a configuration file" % name) from None
    except (ValueError, UnicodeError):
        raise ConfigError("not JSON; accepted: a JSON object") from None


def check(data, boards, exists):
    """`data` with all defaults filled in. `exists(path)` tells whether a named file is there."""
    if not isinstance(data, dict):
        raise ConfigError("not an object; accepted: a JSON object with the key ocpp")
    board = data.get("board", _SIM)
    if isinstance(board, str):
        if board not in boards:
            _refuse("board", board, words(tuple(boards)))
        if board != _SIM:
            data, wanted = _apart(data)
    config = _table(data, _TOP, "")
    config["charge_point"] = _table(config["charge_point"], _CHARGE_POINT, "charge_point.")
    config["console"] = _table(config["console"], _CONSOLE, "console.")
    ocpp = dict(config["ocpp"])
    versions = _versions(ocpp.pop("version", "1.6"))
    ocpp = _table(ocpp, _OCPP, "ocpp.")
    ocpp["version"] = versions
    config["ocpp"] = ocpp
    if "1.6" in versions and len(config["charge_point"]["vendor"]) > 20:
        _refuse(
            "charge_point.vendor", config["charge_point"]["vendor"], words(-20) + " under OCPP 1.6"
        )
    _check_address(ocpp)
    _check_certificates(ocpp, exists)
    config["network"] = _network(config["network"])
    for name in config["settings"]:
        if not isinstance(config["settings"][name], str):
            _refuse("settings." + name, config["settings"][name], "a string")
    if board != _SIM:
        _compose(config, board, wanted)
    return config


def _apart(data):
    """The configuration without, and only, what describes hardware."""
    from composition import KEYS

    rest = {key: data[key] for key in data if key not in KEYS}
    return rest, {key: data[key] for key in data if key in KEYS}


def hardware_problems(data, boards):
    """Lines about what is wrong with the hardware alone, whatever else is."""
    if not isinstance(data, dict) or data.get("board", _SIM) not in boards:
        return []
    try:
        return [] if data.get("board", _SIM) == _SIM else _plan(data["board"], _apart(data)[1])[1]
    except ConfigError as e:
        return [str(e)]


def _plan(name, wanted):
    """(composition of that board, problems, its own facts)"""
    import boardfile
    import composition

    try:
        board = boardfile.board(name)
        return composition.check(wanted, board, boardfile.chip(board["chip"])) + (board,)
    except boardfile.BoardError as e:
        raise ConfigError(str(e)) from None
    finally:
        for module in _MODULES:
            sys.modules.pop(module, None)


def _compose(config, name, wanted):
    """`config["hardware"]` becomes what board and configuration make of it."""
    plan, problems, board = _plan(name, wanted)
    if problems:
        error = ConfigError(problems[0])
        error.lines = problems
        raise error
    _check_build(config, board.get("without", ()))
    config["hardware"] = plan
    config["connectors"] = len(plan["connectors"])
    config["connector_lock"] = any(["lock" in outlet for outlet in plan["connectors"]])
    if "model" in board and config["charge_point"]["model"] == _CHARGE_POINT["model"][1]:
        config["charge_point"]["model"] = board["model"]


def _check_build(config, without):
    """`without`: names of what this build has no code for."""
    for version in config["ocpp"]["version"]:
        if version in without:
            there = tuple([v for v in VERSIONS if v not in without])
            _refuse("ocpp.version", version, "what this build has code for: " + words(there))
    console = config["console"]
    if "console" in without and console["enabled"] and console["password"]:
        _refuse("console.enabled", True, "false: this build has no code for it")


def warnings(config, exists):
    """Lines about what is allowed but likely a mistake."""
    ocpp = config["ocpp"]
    if ocpp["security_profile"] in (1, 2) and not ocpp["password"]:
        yield "ocpp.security_profile is %d without ocpp.password" % ocpp["security_profile"]
    for key, path in files(ocpp):
        if not exists(path):
            yield '%s: there is no file "%s"' % (key, path)


def files(ocpp):
    """(key, path) of every certificate and key file that the configuration names."""
    for key in ("ca_file", "cert_file", "key_file"):
        if ocpp[key]:
            yield "ocpp." + key, ocpp[key]
    for use in ocpp["certificates"]:
        for path in ocpp["certificates"][use]:
            yield "ocpp.certificates." + use, path


def _table(data, rules, prefix):
    for key in data:
        if key not in rules:
            _unknown(prefix + key, data[key], nearest(key, rules), rules)
    checked = {}
    for key in rules:
        rule, default = rules[key]
        if key in data:
            if not fits(data[key], rule):
                _refuse(prefix + key, data[key], words(rule))
            checked[key] = data[key]
        elif default is ...:
            raise ConfigError("%s is missing; accepted: %s" % (prefix + key, words(rule)))
        else:
            checked[key] = dict(default) if isinstance(default, dict) else default
    return checked


def _versions(value):
    accepted = words(VERSIONS) + ", or a list of them"
    listed = value if isinstance(value, list) else [value]
    for i in range(len(listed)):
        if not fits(listed[i], VERSIONS) or listed[i] in listed[:i]:
            _refuse("ocpp.version", value, accepted)
    if not listed:
        _refuse("ocpp.version", value, accepted)
    if listed == ["2.1"]:  # not spoken yet
        _refuse("ocpp.version", value, words(VERSIONS[:2]) + ", or 2.1 in a list with one of them")
    return listed


def _network(data):
    from netconfig import check  # not kept

    return check(data, _refuse, _unknown)


def _check_address(ocpp):
    from wsclient.handshake import parse_url  # not kept: the link loads it anew when it dials

    url = ocpp["url"]
    try:
        secure = parse_url(url)[0]
    except ValueError as e:
        _refuse("ocpp.url", url, "ws://HOST[:PORT][/PATH] or wss://HOST[:PORT][/PATH] (%s)" % e)
    profile = ocpp["security_profile"]
    if profile >= 2 and not secure:
        _refuse("ocpp.url", url, "wss://... with ocpp.security_profile %d" % profile)
    for c in ocpp["id"]:
        if c < " " or c == "\x7f" or (c == ":" and profile in (1, 2)):
            _refuse(
                "ocpp.id",
                ocpp["id"],
                "printable characters, and no colon with basic authentication",
            )


def _check_certificates(ocpp, exists):
    uses = ocpp["certificates"]
    for use in uses:
        if use not in CERTIFICATE_USES:
            _unknown(
                "ocpp.certificates." + use,
                uses[use],
                nearest(use, CERTIFICATE_USES),
                CERTIFICATE_USES,
            )
        if not isinstance(uses[use], list) or not all(fits(path, -255) for path in uses[use]):
            _refuse("ocpp.certificates." + use, uses[use], "a list of file names")
    profile = ocpp["security_profile"]
    if profile >= 2 and not ocpp["ca_file"] and not uses.get("CSMSRootCertificate"):
        raise ConfigError(
            "ocpp.ca_file is missing; accepted: a PEM or DER file, for security profile %d"
            % profile
        )
    needed = (
        ()
        if profile < 2
        else ("ca_file",)
        if profile == 2
        else ("ca_file", "cert_file", "key_file")
    )
    for key in needed:
        if key != "ca_file" and not ocpp[key]:
            raise ConfigError(
                "ocpp.%s is missing; accepted: a PEM or DER file, for security profile 3" % key
            )
        if ocpp[key] and not exists(ocpp[key]):
            _refuse(
                "ocpp." + key, ocpp[key], "an existing file, for security profile %d" % profile
            )


def _refuse(key, value, accepted):
    raise ConfigError("%s is %s; accepted: %s" % (key, _shown(key, value), accepted))


def _unknown(key, value, near, known):
    hint = 'did you mean "%s"? ' % near if near else ""
    names = ", ".join(sorted(known))
    raise ConfigError(
        "unknown key %s (value %s); %saccepted: %s" % (key, _shown(key, value), hint, names)
    )


def _shown(key, value):
    """`value` as JSON on one line, not too long, and no secret."""
    if "password" in key.lower() or key in _SECRET:
        return "***"
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


def is_file(path):
    try:
        return os.stat(path)[0] & 0x8000 != 0
    except OSError:
        return False
