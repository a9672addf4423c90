"""The manifests of lib/: each names its whole package, for freezing and for compiling to .mpy."""

from pathlib import Path

import pytest

LIB = Path(__file__).resolve().parent.parent / "lib"


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
