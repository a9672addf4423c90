"""The manifests of lib/: each names its whole package, for freezing and for compiling to .mpy."""

import ast
import json
import sys

import pytest
from mpunit import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import mip
from charger_app import build

LIB = ROOT / "lib"


def executed(manifest):
    """What a manifest asks for: its metadata, and {target: source} of its files."""
    told, files = {}, {}

    def package(name, files_=None, base_path="."):
        base = (manifest.parent / base_path).resolve()
        for source in sorted((base / name).rglob("*.py")):
            files[str(source.relative_to(base))] = source

    exec(manifest.read_text(), {"metadata": told.update, "package": package})
    return told, files


@pytest.mark.parametrize("name", ["ocpp", "transfer", "wsclient"])
def test_a_manifest_has_its_whole_package(name):
    told, files = executed(LIB / name / "manifest.py")
    assert told["version"].count(".") == 2 and told["description"].endswith(".")
    for source in (LIB / name).rglob("*.py"):
        assert files[str(source.relative_to(LIB))] == source
    assert name + "/__init__.py" in files


def test_every_package_has_one():
    packages = {path.parent.name for path in LIB.glob("*/__init__.py")}
    assert packages == {path.parent.name for path in LIB.glob("*/manifest.py")}


@pytest.mark.parametrize("name", mip.PACKAGES)
def test_mip_installs_a_whole_library(name):
    """Every file that `package.json` names is there, and nothing that is imported is missing."""
    told = json.loads((LIB / name / "package.json").read_text())
    targets = set()
    for target, source in told["urls"]:
        assert (LIB / name / source).resolve() == LIB / target
        targets.add(target)
    packages = {target.split("/")[0] for target in targets}
    for folder in packages:
        there = {str(p.relative_to(LIB)) for p in (LIB / folder).rglob("*.py")}
        assert there - targets <= {folder + "/manifest.py"}
    ours = {path.parent.name for path in LIB.glob("*/__init__.py")}
    for target in targets:
        for node in ast.walk(ast.parse((LIB / target).read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for found in names:
                top = found.split(".")[0]
                assert top not in ours or top in packages, (target, found)


def frozen(manifest, found):
    """Adds {target: source} of what a board's manifest freezes."""

    def include(path):
        if not path.startswith("$(PORT_DIR)"):  # that is MicroPython's own
            frozen((manifest.parent / path).resolve(), found)

    def package(name, base_path=".", opt=None):
        base = (manifest.parent / base_path).resolve()
        for source in sorted((base / name).rglob("*.py")):
            found[str(source.relative_to(base))] = source

    def module(name, base_path=".", opt=None):
        found[name] = (manifest.parent / base_path / name).resolve()

    def freeze(folder, opt=None):
        base = (manifest.parent / folder).resolve()
        for source in sorted(base.rglob("*.py")):
            found[str(source.relative_to(base))] = source

    names = {"include": include, "package": package, "module": module, "freeze": freeze}
    exec(manifest.read_text(), names)
    return found


def test_each_board_with_a_chip_can_be_frozen():
    boards = sorted(path.parent for path in (ROOT / "boards").glob("*/board.json"))
    for board in boards:
        if "chip" not in json.loads((board / "board.json").read_text()):
            continue
        found = frozen(board / "manifest.py", {})
        assert all(source.is_file() for source in found.values())
        wanted = build.sources(board.name)
        missing = {name for name in wanted if name + ".py" not in found}
        # The web server is not ours to freeze; what a board adds lies beside its manifest.
        assert {name.split("/")[0] for name in missing} <= {"microdot", board.name}
