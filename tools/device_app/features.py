"""What of the code a charger needs, by its configuration: the rest need not be on its flash.

`ROWS` is the only place that says which modules a part, a driver or a feature means; what these
import comes with them. What is in no row, nor only for those that are, is always there. An import
within a function of `GATES` is made only for the part that asks for it; all others count, so that
nothing is left out that something else on the flash imports.

The names of what is left out go into the board's `board.json` on the flash, as "without": there
the check of a configuration refuses them.
"""

import ast
import json
import subprocess
import sys

from charger_app.build import ROOT, BuildError

ROWS = {
    # parts of a connector
    "pilot": "evse/controller evse/guard",
    "load": "evse/controller evse/guard hardware/plug",
    "lock": "hardware/lock",
    "rcm": "drivers/rcm",
    "proximity": "hardware/analog",
    # their drivers
    "s0": "drivers/s0 drivers/pulses",
    "bl0937": "drivers/hlw8012 drivers/pulses",
    "hlw8012": "drivers/hlw8012 drivers/pulses",
    "ntc": "drivers/ntc hardware/analog",
    "ds18b20": "drivers/ds18b20",
    "mcp9700": "hardware/analog",
    "openevse": "drivers/openevse",
    "simpleevse": "drivers/simpleevse drivers/modbus",
    "phoenix_evcc": "drivers/phoenix_evcc drivers/modbus",
    "led": "drivers/blink",
    "leds": "drivers/lights",
    "neopixel": "drivers/lights",
    # of the station
    "pcf8574": "drivers/pcf8574",
    "mcp23017": "drivers/mcp23017",
    "pn532": "drivers/pn532 drivers/pn532_i2c drivers/pn532_spi drivers/pn532_uart",
    "mfrc522": "drivers/mfrc522",
    "rdm6300": "drivers/rdm6300",
    "wiegand": "drivers/wiegand",
    "ssd1306": "drivers/display",
    "button": "drivers/button",
    "buzzer": "drivers/buzzer",
    # networks beside Wi-Fi
    "lan8720": "drivers/ethernet",
    "w5500": "drivers/ethernet",
    # features
    "console": "api console controls door fields routes views",
}
_METER = "drivers/meter drivers/modbus drivers/find drivers/meters/"  # and its family
GATES = ("hardware/assembly", "hardware/build", "hardware/front", "port", "chip")
_OPTIONAL = ("drivers", "evse", "hardware")  # folders of which modules may be left out

_ALWAYS = ("ocpp", "pki", "wsclient", "transfer", "microdot")


def rows():
    """`ROWS`, with the meters that have a table in `lib/drivers/meters`."""
    found = {name: modules.split() for name, modules in ROWS.items()}
    path = ROOT / "lib" / "drivers" / "meters" / "__init__.py"
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "FAMILIES":
            for family, names in ast.literal_eval(node.value).items():
                for name in names.split():
                    found[name] = (_METER + family).split()
    return found


def checked(data, folder):
    """The configuration `data` as the firmware sees it, all defaults filled in. `folder`: of the
    files that it names. BuildError: all that is wrong."""
    command = [sys.executable, str(ROOT / "tools" / "config"), "plan", str(folder)]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True)
    if done.returncode:
        raise BuildError("the configuration can't be used\n" + done.stderr.rstrip())
    return json.loads(done.stdout)


def wanted(config, network):
    """Names of `rows()` that a checked configuration asks for. `network`: of the board."""
    plan = config["hardware"]
    parts = [part for outlet in plan["connectors"] for part in outlet.items()]
    parts += [part for part in plan.items() if part[0] not in ("connectors", "chip")]
    names = {network.get("kind")}
    for name, found in parts:
        for part in found if isinstance(found, list) else [found]:
            if part:
                names |= {name, part.get("driver") if isinstance(part, dict) else None}
    if config["console"]["enabled"] and config["console"]["password"]:
        names.add("console")
    return names & set(rows())


def left_out(found, names):
    """(modules, names of rows) that need not be there. `found`: {module: source}; `names`: those
    of `rows()` that are wanted."""
    imports = {module: _imports(module, found) for module in found}
    known = rows()
    apart = set()
    for modules in known.values():
        apart |= {m for m in _reached(modules, imports) if _may_go(m, known)}
    kept = _reached([m for m in found if m not in apart], imports)
    for name in names:
        kept |= _reached(known[name], imports)
    gone = {name for name, modules in known.items() if not kept.issuperset(modules)}
    return set(found) - kept, gone


def _may_go(module, known):
    return module.split("/")[0] in _OPTIONAL or any(module in listed for listed in known.values())


def _reached(modules, imports):
    found, left = set(), list(modules)
    while left:
        module = left.pop()
        if module not in found:
            found.add(module)
            left += imports[module]
    return found


def _imports(module, found):
    """Those of `found` that a module imports. The libraries that stand for themselves import none
    that may be left out (tools/layers.py sees to that)."""
    if module.split("/")[0] in _ALWAYS:
        return []
    tree = ast.parse(found[module].read_text())
    nodes = tree.body if module in GATES else ast.walk(tree)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names |= {base} | {"%s.%s" % (base, alias.name) for alias in node.names}
    return [m for m in found if m.removesuffix("/__init__").replace("/", ".") in names]
