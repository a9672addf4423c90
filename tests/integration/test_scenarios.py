"""The shipped scenarios, each played against the shipped programs."""

import sys

import pytest
from clients import ROOT
from patience import FACTOR

sys.path.insert(0, str(ROOT / "tools"))

from scenario_app import loader, report
from scenario_app.runner import Runner

FILES = sorted((ROOT / "tests" / "scenarios").glob("*.yaml"))


@pytest.fixture(scope="session")
def runner():
    """One CSMS serves all scenarios of a worker that configure none of their own."""
    runner = Runner(patience=FACTOR)
    yield runner
    runner.close()


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_scenario(path, runner):
    result = runner.play(loader.load(path))
    if result.failure:
        print(report.mermaid(result))
        print(result.logs)
    assert result.failure is None, result.failure


def test_there_are_many_and_no_two_are_called_the_same():
    names = [loader.load(path).name for path in FILES]
    assert len(names) >= 40
    assert len(set(names)) == len(names)


def test_each_asserts_something():
    looks = {"expect", "count", "connector", "status", "uploaded", "call"}
    for path in FILES:
        steps = loader.load(path).steps
        assert looks & {loader.kind_of(step) for step in steps}, path
