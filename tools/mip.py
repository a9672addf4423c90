"""Generates the `package.json` by which `mip` installs a library: `.venv/bin/python tools/mip.py
[--check]`. With --check nothing is written; the exit status tells whether all is up to date.

    mpremote mip install github:OWNER/ocppy/lib/ocpp/package.json
"""

import ast
import json
import sys
from pathlib import Path

LIB = Path(__file__).resolve().parent.parent / "lib"
# What a package needs besides itself
PACKAGES = {
    "ocpp": ("ocpp", "pki"),
    "wsclient": ("wsclient",),
    "transfer": ("transfer", "wsclient"),
    "evse": ("evse",),
    "drivers": ("drivers",),
}


def package(name):
    """The package.json of a library, as a dict."""
    urls = []
    for folder in PACKAGES[name]:
        for path in sorted((LIB / folder).rglob("*.py")):
            if path.name != "manifest.py":
                target = str(path.relative_to(LIB))
                inside = path.is_relative_to(LIB / name)
                source = path.relative_to(LIB / name) if inside else "../" + target
                urls.append([target, str(source)])
    return {"urls": urls, "deps": [], "version": _version(name)}


def _version(name):
    """What the manifest says."""
    tree = ast.parse((LIB / name / "manifest.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "version":
            return node.value.value
    raise ValueError("lib/%s/manifest.py has no version" % name)


def text(name):
    made = package(name)
    lines = ",\n".join("    " + json.dumps(pair) for pair in made["urls"])
    return '{\n  "urls": [\n%s\n  ],\n  "deps": [],\n  "version": "%s"\n}\n' % (
        lines,
        made["version"],
    )


def main(words):
    stale = []
    for name in PACKAGES:
        path = LIB / name / "package.json"
        if not path.exists() or path.read_text() != text(name):
            stale.append(path)
            if "--check" not in words:
                path.write_text(text(name))
    for path in stale:
        where = path.relative_to(LIB.parent)
        print("%s:1: %s" % (where, "run tools/mip.py" if "--check" in words else "written"))
    return 1 if stale and "--check" in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
