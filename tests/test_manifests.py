"""The manifests of lib/: each names its whole package, for freezing and for compiling to .mpy."""

import ast
import json
import os
import sys
from pathlib import Path

import pytest
from mpunit import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import mip
from charger_app import build
from device_app import tree

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


class Frozen:
    """What MicroPython's manifest tool makes of a manifest: `files` {target: source}. As there,
    each manifest runs in its own folder, and a file that is not found, or comes twice, is an
    error."""

    def __init__(self, manifest):
        self.files = {}
        self._include(manifest)

    def _include(self, manifest):
        if str(manifest).startswith("$(PORT_DIR)"):
            return  # MicroPython's own
        manifest = Path(manifest).resolve()
        before = Path.cwd()
        os.chdir(manifest.parent)
        names = {name: getattr(self, name) for name in ("package", "module", "freeze")}
        try:
            exec(manifest.read_text(), {**names, "include": self._include})
        finally:
            os.chdir(before)

    def package(self, name, files=None, base_path=".", opt=None):
        sources = sorted(Path(base_path, name).rglob("*.py"))
        assert sources, name
        for source in sources:
            self._add(source.relative_to(base_path), source)

    def module(self, path, base_path=".", opt=None):
        self._add(path, Path(base_path, path))

    def freeze(self, path, script=None, opt=None):
        for name in [script] if isinstance(script, str) else script:
            self._add(name, Path(path, name))

    def _add(self, target, source):
        assert source.is_file() and str(target) not in self.files, target
        self.files[str(target)] = source.resolve()


BOARDS = [name for name in build.boards() if build.facts(name)["chip"]]


@pytest.mark.parametrize("board", BOARDS)
def test_frozen_modules_and_the_rest_on_flash_are_the_bundle(board):
    """Every module is in the image or on the flash, none in both."""
    big = 9 << 20
    bundle = modules(tree.of(board, None, big, everything=True))
    rest = modules(tree.of(board, None, big, frozen=True))
    found = Frozen(ROOT / "boards" / board / "manifest.py").files
    image = {name.removesuffix(".py") for name in found if not name.endswith("/manifest.py")}
    assert image | rest == bundle and not image & rest
    sources = build.sources(board)
    assert all(found[name + ".py"] == sources[name].resolve() for name in image)


def modules(files):
    """Names of the modules in a tree of the flash."""
    return {
        p[5:].removesuffix(".mpy") for p in files if p.startswith("/lib/") and p[-4:] == ".mpy"
    }
