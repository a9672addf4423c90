"""Which module may import which, and what the domain must not say.

lib/ocpp       the MicroPython standard library, pki and itself, downward; time only in clock.py
lib/ocpp/station   also names no protocol version, no dialect and no RPC
lib/wsclient, lib/pki, lib/drivers, lib/evse   the standard library
lib/transfer   that, and wsclient
firmware, boards   no module of a dialect's inside; only boards may import `machine`
"""

import ast
import re

# Modules of MicroPython that every port has.
_PORTABLE = set(
    "array asyncio binascii collections deflate errno gc hashlib io json micropython os random re"
    " struct sys vfs".split()
)
_NET = {"_thread", "select", "socket", "ssl", "tls"}
_CPYTHON = set("abc dataclasses enum functools logging pathlib threading typing".split())

# What else the packages of lib/ besides ocpp may import.
_ALLOWED = {
    "drivers": {"drivers", "math"},
    "evse": {"evse"},
    "pki": {"pki"},
    "transfer": _NET | {"transfer", "wsclient"},
    "wsclient": _NET | {"time", "wsclient"},
}

# Rank of the rooms in lib/ocpp: an import goes to the same rank or down. What is not listed is a
# tool of all: rank 0, imports only its like.
_RANK = {
    "__init__": 7,
    "instance": 6,
    "acts": 6,  # parts of the instance, as are the next
    "hosting": 6,
    "iso15118": 6,
    "host": 6,
    "standing": 6,
    "ondemand": 6,
    "configure": 6,
    "linking": 6,
    "wiring": 6,
    "v16": 5,
    "v2": 5,
    "station": 4,
    "txlog": 3,
    "txboot": 3,
    "txcompact": 3,
    "txdelivery": 3,
    "txfiles": 3,
    "txparked": 3,
    "txtail": 3,
    "txtime": 3,
    "statefiles": 2,
    "store": 2,
    "records": 2,
    "rpc": 2,
    "incoming": 2,
    "connection": 2,
    "loopback": 1,
}
_NOT_FOR_STATION = ("v16", "v2", "rpc", "connection", "loopback", "schema", "instance")
_VERSION = re.compile(r"\b(1\.6|2\.0\.1|2\.1|v16|v201|v21|v2|ocpp[12])\b")


def problems(name, text):
    """(line, sentence) of each broken rule of the file `name` (relative, with slashes)."""
    tree = ast.parse(text)
    found = []
    for line, module in _imports(tree, name):
        reason = _wrong(name, module)
        if reason:
            found.append((line, "imports %s: %s" % (module, reason)))
    if name.startswith("lib/ocpp/station/"):
        for line, said in _strings(tree):
            if _VERSION.search(said):
                found.append((line, "the domain names a protocol version: %r" % said))
    return found


def _imports(tree, name):
    """(line, dotted module) of every import, relative ones made absolute."""
    package = name.split("/")[1:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(base + ([node.module] if node.module else []))
            for alias in node.names:
                # `from ocpp import schema` may name a module or a thing: the rank decides alike.
                yield node.lineno, module + ("." + alias.name if module == "ocpp" else "")


def _wrong(name, module):
    """Why the file `name` may not import `module`, or None."""
    top = module.split(".")[0]
    room = name.split("/")[0]
    if top in _CPYTHON:
        return "not on the device"
    if top in ("machine", "network", "esp32", "rp2") and room != "boards":
        return "hardware is handed in"
    if name.startswith("lib/ocpp/"):
        if top == "ocpp":
            return _wrong_inside(name[len("lib/ocpp/") :], module)
        if top == "time":
            return None if name == "lib/ocpp/clock.py" else "time comes from the clock"
        if top == "pki":
            return None
        return None if top in _PORTABLE else "not of the portable standard library"
    if name.startswith("lib/"):
        allowed = _PORTABLE | _ALLOWED[name.split("/")[1]]
        return None if top in allowed else "this package stands alone"
    if module.startswith(("ocpp.v16", "ocpp.v2")):
        return "dialects belong to the station"
    return None


def _wrong_inside(name, module):
    """The same for an import from lib/ocpp by lib/ocpp/`name`."""
    mine = name.split("/")[0].replace(".py", "")
    parts = module.split(".")
    other = parts[1] if len(parts) > 1 else "__init__"
    if mine == "station" and other in _NOT_FOR_STATION:
        return "the domain knows no protocol"
    if {mine, other} == {"v16", "v2"}:
        return "dialects do not know each other"
    if _RANK.get(other, 0) > _RANK.get(mine, 0):
        return "goes up"
    return None


def _strings(tree):
    """(line, text) of the string constants that are not docstrings."""
    docs = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docs.add(id(first.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value
