"""How deep imports nest while the charger runs: each file that is loaded within the loading of
another takes 0.7 kB of the RP2040's 8 kB of stack, on top of the calls that led there."""

import ast
import re
import sys

from mpunit import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from charger_app import build

_DEEPEST = 3
_AT_REST = ("runner", "services", "terminal", "talk", "app", "hardware", "hardware.board")
_LATER = (
    "ocpp pki transfer wsclient drivers hardware slots bundles seals crash doctor transfers ntp"
)
FILES = {
    name.removesuffix("/__init__").replace("/", "."): path
    for name, path in build.sources("pico_w").items()
}


def imports(module):
    """Modules of ours that a module imports as it is loaded, in order."""
    found = []
    for node in ast.parse(FILES[module].read_text()).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".")[: -node.level]
                base = ".".join(package + ([base] if base else []))
            found += [base] + ["%s.%s" % (base, alias.name) for alias in node.names]
    return [name for name in found if name in FILES]


def load(module, loaded):
    """The deepest chain of files that are loaded one within the other."""
    parts = module.split(".")
    for i in range(1, len(parts)):  # packages are loaded before, one after the other
        load(".".join(parts[:i]), loaded)
    if module in loaded or module not in FILES:
        return []
    loaded.add(module)
    chains = [load(name, loaded) for name in imports(module)]
    return [module, *max(chains, key=len, default=[])]


def at_rest():
    """What is in memory while the charger runs, loaded as `chip` does."""
    source = (ROOT / "firmware" / "chip.py").read_text()
    kept = re.search(r"_KEPT = \((.*?)\n\)", source, re.S).group(1)
    names = " ".join(re.findall(r'"(.*?)"', kept)).split()
    assert len(names) > 20
    loaded, chains = set(), []
    for name in names + list(_AT_REST):
        chains.append(load(name, loaded))
    return loaded, chains


def test_the_start_is_shallow():
    for chain in at_rest()[1]:
        assert len(chain) <= _DEEPEST, " > ".join(chain)


def test_nothing_nests_deep_later():
    loaded = at_rest()[0]
    deepest = []
    for module in FILES:
        if module.split(".")[0] in _LATER.split():
            chain = load(module, set(loaded))
            assert len(chain) <= _DEEPEST, " > ".join(chain)
            deepest = max(deepest, chain, key=len)
    assert len(deepest) == _DEEPEST  # else the limit can go down


def test_what_is_counted():
    loaded = {"ocpp", "ocpp.station", "pki"}
    assert load("pki.x509", loaded) == ["pki.x509", "pki.der"]
    assert load("pki.x509", loaded) == []
